/* GET /potential-matches and /potential-matches/{id}, POST /potential-matches/export. */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "api/api.h"
#include "api/export_download.h"
#include "api/field_read.h"
#include "api/handlers.h"
#include "api/match_group_json.h"
#include "api/page_json.h"
#include "api/person_json.h"
#include "api/query.h"
#include "base/clock.h"
#include "empi/exports.h"
#include "empi/match_groups.h"
#include "empi/object_id.h"
#include "jobs/queue.h"

int handle_list_potential_matches(struct http_exchange *exchange, struct error *error)
{
    struct field_faults faults = {.arena = &exchange->arena};
    struct search search;
    struct page_request page;
    query_read_search(&search, &page, &faults, exchange);
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    struct connection *connection;
    struct match_group_list list;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = match_groups_list(&list, &exchange->arena, connection, &search, page, error);
    }
    store_give_back(connection);
    if (status == 0) {
        match_group_json_write_list(http_respond_json(exchange, 200), &list);
    }
    return api_answer_failure(exchange, status, error);
}

/* ---- one ---- */

/* The part before the next comma, which goes from *text. */
static struct str next_name(struct str *text)
{
    const char *comma = memchr(text->ptr, ',', text->len);
    size_t length = comma == NULL ? text->len : (size_t)(comma - text->ptr);
    struct str name = {text->ptr, length};
    length += comma == NULL ? 0 : 1;
    *text = (struct str){text->ptr + length, text->len - length};
    return str_trim(name);
}

static uint32_t read_fields(struct field_faults *faults, const struct http_exchange *exchange)
{
    struct str text = query_value(exchange, "fields");
    struct field_path path = {NULL, "fields", 0};
    uint32_t fields = 0;
    while (text.len > 0) {
        struct str name = next_name(&text);
        enum person_field field = person_json_find_field(name);
        if (field == PERSON_FIELD_COUNT) {
            field_faults_add(faults, &path, "\"%.*s\" is not a valid choice.", STR_ARG(name));
        } else {
            fields |= UINT32_C(1) << field;
        }
    }
    return fields == 0 ? PERSON_FIELDS_ALL : fields;
}

int handle_get_potential_match(struct http_exchange *exchange, struct error *error)
{
    static const char *const known[] = {"fields", "include_metadata", "page", "page_size", NULL};
    struct field_faults faults = {.arena = &exchange->arena};
    struct page_request page;
    int64_t id = 0;
    bool metadata = true;
    query_refuse_others(&faults, exchange, known);
    query_read_id(&id, &faults, exchange, OBJECT_ID_POTENTIAL_MATCH, "potential_match_id",
                  "PotentialMatch");
    uint32_t fields = read_fields(&faults, exchange);
    query_read_boolean(&metadata, &faults, exchange, "include_metadata");
    query_read_page(&page, &faults, exchange);
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    struct connection *connection;
    struct match_group_detail group;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = match_groups_read(&group, &exchange->arena, connection, id, page, error);
    }
    store_give_back(connection);
    if (status == 0) {
        match_group_json_write(http_respond_json(exchange, 200), &group, fields, metadata);
    }
    return api_answer_failure(exchange, status, error);
}

/* ---- export ---- */

struct export_request {
    struct str s3_uri; /* ptr NULL: a download */
    bool estimate;
};

static void read_export(struct export_request *out, struct field_faults *faults, const json_t *body)
{
    static const char *const known[] = {"s3_uri", "estimate", NULL};
    struct field_path uri_path = {NULL, "s3_uri", 0};
    struct field_path estimate_path = {NULL, "estimate", 0};
    *out = (struct export_request){0};
    if (!field_is_object(faults, NULL, body)) {
        return;
    }
    field_refuse_others(faults, NULL, body, known);
    const json_t *uri = json_object_get(body, "s3_uri");
    const json_t *estimate = json_object_get(body, "estimate");
    if (uri != NULL) {
        (void)field_read_s3_uri(&out->s3_uri, faults, &uri_path, uri);
    }
    if (estimate != NULL) {
        (void)field_read_boolean(&out->estimate, faults, &estimate_path, estimate);
    }
}

/* 1234567 as "1,234,567". */
static void append_grouped(struct text_buffer *out, uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            text_append_char(out, ',');
        }
        text_append_char(out, digits[i]);
    }
}

static int answer_estimate(struct http_exchange *exchange, struct error *error)
{
    uint64_t count = 0;
    struct connection *connection;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = exports_count_potential_matches(&count, connection, error);
    }
    store_give_back(connection);
    if (status != 0) {
        return status;
    }
    struct text_buffer text = TEXT_BUFFER(256);
    text_append(&text, STR("Estimated "));
    append_grouped(&text, count);
    text_append(&text, STR(" potential match pairs to export"));
    struct json_writer *json = http_respond_json(exchange, 200);
    json_write_open_object(json);
    json_write_key(json, "estimated_count");
    json_write_unsigned(json, count);
    page_json_write_text(json, "message", text_str(&text));
    json_write_close_object(json);
    status = text.failed ? error_out_of_memory(error) : 0;
    text_free(&text);
    return status;
}

static int answer_job(struct http_exchange *exchange, struct str s3_uri, struct error *error)
{
    int64_t id = 0;
    struct connection *connection;
    const char *uri = arena_copy(&exchange->arena, s3_uri);
    if (uri == NULL) {
        return error_out_of_memory(error);
    }
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = queue_add_export(&id, connection, uri, error);
    }
    store_give_back(connection);
    if (status != 0) {
        return status;
    }
    struct text_buffer text = TEXT_BUFFER(s3_uri.len + 256);
    text_appendf(&text, "Export job " OBJECT_ID_JOB "%" PRId64 " created for S3 export to %s", id,
                 uri);
    struct json_writer *json = http_respond_json(exchange, 202);
    json_write_open_object(json);
    page_json_write_id(json, "job_id", OBJECT_ID_JOB, id);
    page_json_write_text(json, "status", STR("new"));
    page_json_write_text(json, "message", text_str(&text));
    json_write_close_object(json);
    text_free(&text);
    return 0;
}

static int answer_download(struct http_exchange *exchange, struct error *error)
{
    char name[64];
    struct tm now;
    time_t seconds = (time_t)(clock_now() / 1000000);
    gmtime_r(&seconds, &now);
    strftime(name, sizeof name, "potential_matches_export_%Y%m%d_%H%M%S.csv", &now);
    return export_download_answer(exchange, name, exports_potential_matches, error);
}

int handle_export_potential_matches(struct http_exchange *exchange, struct error *error)
{
    struct field_faults faults = {.arena = &exchange->arena};
    struct export_request request;
    json_t *body;
    int status = api_read_json(&body, exchange, error);
    if (status != 0 || body == NULL) {
        return status;
    }
    read_export(&request, &faults, body);
    if (field_faults_any(&faults)) {
        status = api_answer_faults(exchange, &faults, error);
    } else if (request.estimate) {
        status = answer_estimate(exchange, error);
    } else if (request.s3_uri.ptr != NULL) {
        status = answer_job(exchange, request.s3_uri, error);
    } else {
        status = answer_download(exchange, error);
    }
    json_decref(body);
    return api_answer_failure(exchange, status, error);
}
