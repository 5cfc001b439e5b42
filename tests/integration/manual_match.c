/*
 * manual-match < REQUEST.json: a steward's decision on the configured index, for service tests.
 *
 * The request is that of steward_request.h, and may have "hold": true.
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
#include "steward_request.h"

static int decide(struct store *store, const struct steward_request *request, bool hold,
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
    static struct steward_request request;
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
        steward_request_read(&request, json);
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
