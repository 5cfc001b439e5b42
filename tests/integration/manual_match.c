/*
 * manual-match < REQUEST.json: a steward's decision on the configured index, for service tests.
 *
 * {"group": 1, "version": 1, "user": 0, "hold": false,
 *  "persons": [{"uuid": "…", "version": 1, "records": [1, 2]}, {"records": [3]}],
 *  "comments": [{"record": 1, "text": "…"}]}
 *
 * Prints the event's id, or the message on standard error with the status as exit status. With
 * "hold" it takes the lock of a job that updates matches first, on another connection.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "base/stream.h"
#include "cmd/index.h"
#include "empi/locks.h"
#include "empi/manual_match.h"

enum { MOST = 64 };

struct request {
    struct manual_match match;
    struct manual_person persons[MOST];
    struct manual_comment comments[MOST];
    int64_t records[MOST][MOST];
};

static void read_person(struct request *request, size_t i, const json_t *from)
{
    struct manual_person *person = &request->persons[i];
    const json_t *version = json_object_get(from, "version");
    const json_t *records = json_object_get(from, "records");
    person->uuid = json_string_value(json_object_get(from, "uuid"));
    person->has_version = version != NULL;
    person->version = json_integer_value(version);
    person->record_ids = request->records[i];
    person->record_count = json_array_size(records);
    for (size_t j = 0; j < person->record_count && j < MOST; j++) {
        request->records[i][j] = json_integer_value(json_array_get(records, j));
    }
}

static void read_request(struct request *request, const json_t *from)
{
    const json_t *persons = json_object_get(from, "persons");
    const json_t *comments = json_object_get(from, "comments");
    request->match = (struct manual_match){
        .group_id = json_integer_value(json_object_get(from, "group")),
        .group_version = json_integer_value(json_object_get(from, "version")),
        .user_id = json_integer_value(json_object_get(from, "user")),
        .persons = request->persons,
        .person_count = json_array_size(persons),
        .comments = request->comments,
        .comment_count = json_array_size(comments),
    };
    for (size_t i = 0; i < request->match.person_count && i < MOST; i++) {
        read_person(request, i, json_array_get(persons, i));
    }
    for (size_t i = 0; i < request->match.comment_count && i < MOST; i++) {
        const json_t *comment = json_array_get(comments, i);
        request->comments[i].record_id = json_integer_value(json_object_get(comment, "record"));
        request->comments[i].text = str_from(json_string_value(json_object_get(comment, "text")));
    }
}

static int decide(struct store *store, const struct request *request, bool hold,
                  struct error *error)
{
    struct connection *connection = NULL;
    struct connection *holder = NULL;
    int64_t event_id = 0;
    int status = store_take(&connection, store, 10, error);
    if (status == 0 && hold) {
        status = store_take(&holder, store, 10, error);
        if (status == 0) {
            status = query_script(
                holder, "begin; select pg_advisory_xact_lock(" LOCK_MATCH_UPDATE ")", error);
        }
    }
    if (status == 0) {
        status = manual_match_run(&event_id, connection, &request->match, error);
    }
    if (status == 0) {
        printf("%" PRId64 "\n", event_id);
    }
    if (holder != NULL) {
        transaction_roll_back(holder);
    }
    store_give_back(holder);
    store_give_back(connection);
    return status;
}

int main(void)
{
    static struct request request;
    struct error error;
    struct stream *input;
    struct text_buffer text = TEXT_BUFFER(1 << 20);
    json_t *json = NULL;
    struct index *index = NULL;
    int status = stream_open_file(&input, "-", &error);
    if (status == 0) {
        status = stream_read_all(input, &text, &error);
        stream_free(input);
    }
    if (status == 0) {
        status = json_read(&json, text_str(&text), "request", &error);
    }
    if (status == 0) {
        read_request(&request, json);
        status = index_open(&index, NULL, &error);
    }
    if (status == 0) {
        bool hold = json_is_true(json_object_get(json, "hold"));
        status = decide(index->store, &request, hold, &error);
    }
    index_close(index);
    json_decref(json);
    text_free(&text);
    if (status != 0) {
        fprintf(stderr, "%s\n", error.message);
    }
    return status;
}
