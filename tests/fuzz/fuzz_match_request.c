/*
 * Fuzzes the bodies of decisions: any bytes are refused, with at least one fault that has a message,
 * or read, and then every id and version is one.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/match_request.h"
#include "base/json_read.h"
#include "empi/object_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check_read(const struct manual_match *match)
{
    require(match->group_id > 0);
    for (size_t i = 0; i < match->person_count; i++) {
        const struct manual_person *person = &match->persons[i];
        require(person->uuid == NULL || object_id_is_uuid(str_from(person->uuid)));
        for (size_t j = 0; j < person->record_count; j++) {
            require(person->record_ids[j] > 0);
        }
    }
    for (size_t i = 0; i < match->comment_count; i++) {
        require(match->comments[i].record_id > 0 && match->comments[i].text.len > 0);
    }
}

static void check_faults(const struct field_faults *faults)
{
    size_t count = 0;
    for (const struct field_fault *at = faults->first; at != NULL; at = at->next) {
        require(at->message[0] != '\0');
        count++;
    }
    require(count == faults->count && count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA(64 << 20);
    struct field_faults faults = {.arena = &arena};
    struct manual_match match;
    struct error error;
    json_t *body;
    if (json_read(&body, (struct str){(const char *)data, size}, NULL, &error) != 0) {
        return 0;
    }
    int status = match_request_read(&match, &faults, body, &error);
    if (status == 0) {
        check_read(&match);
    } else if (status == STATUS_INVALID) {
        check_faults(&faults);
    }
    json_decref(body);
    arena_free(&arena);
    return 0;
}
