/*
 * Fuzzes the bodies of configurations: any bytes are refused with faults that have a message, or read;
 * and the model's text, which is cut out of the body as it stands there, is the model.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/config_request.h"
#include "base/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check_text(const struct config_request *request, const json_t *body)
{
    struct error error;
    json_t *again;
    json_t *model = json_object_get(body, "splink_settings");
    if (request->json.ptr == NULL || !json_is_object(model)) {
        return;
    }
    require(json_read(&again, request->json, NULL, &error) == 0);
    require(json_equal(again, model));
    json_decref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA(64 << 20);
    struct field_faults faults = {.arena = &arena};
    struct config_request request;
    struct error error;
    json_t *body;
    struct str text = {(const char *)data, size};
    if (json_read(&body, text, NULL, &error) != 0) {
        return 0;
    }
    if (config_request_read(&request, &faults, body, text, &error) == 0) {
        check_text(&request, body);
        for (const struct field_fault *at = faults.first; at != NULL; at = at->next) {
            require(at->message[0] != '\0');
        }
        /* What is accepted has a model and thresholds in order. */
        require(faults.count > 0 || (request.json.ptr != NULL &&
                                     request.potential_threshold <= request.auto_threshold));
    }
    json_decref(body);
    arena_free(&arena);
    return 0;
}
