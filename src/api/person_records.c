/* POST /person-records/import and /person-records/export. */

#include <string.h>

#include "api/api.h"
#include "api/export_download.h"
#include "api/field_read.h"
#include "api/handlers.h"
#include "api/page_json.h"
#include "aws/s3_download.h"
#include "empi/configs.h"
#include "empi/exports.h"
#include "empi/imports.h"
#include "empi/object_id.h"

/* ---- import: the request ---- */

struct import_request {
    int64_t config_id;
    struct str s3_uri;            /* ptr NULL: a file */
    const struct http_part *file; /* NULL: an object of S3 */
};

static const char *const import_fields[] = {"s3_uri", "file", "config_id"};
enum { S3_URI, IMPORT_FILE, CONFIG_ID, IMPORT_FIELDS };

/* A field of a form as it would stand in JSON; NULL when there is none. A file in its place is no
   text, and refused as any other value that is none. To be given back with json_decref(). */
static json_t *form_value(struct field_faults *faults, const struct http_part *part)
{
    if (part == NULL) {
        return NULL;
    }
    json_t *value =
        part->file != NULL ? json_false() : json_stringn(part->text.ptr, part->text.len);
    faults->failed = faults->failed || value == NULL;
    return value;
}

static void refuse_field(struct field_faults *faults, const char *name, const char *message)
{
    struct field_path path = {NULL, name, 0};
    field_faults_add(faults, &path, "%s", message);
}

static void find_parts(const struct http_part *parts[IMPORT_FIELDS], struct field_faults *faults,
                       const struct http_exchange *exchange)
{
    for (size_t i = 0; i < exchange->part_count; i++) {
        const struct http_part *part = &exchange->parts[i];
        size_t at = 0;
        while (at < IMPORT_FIELDS && !str_equal(part->name, str_from(import_fields[at]))) {
            at++;
        }
        if (at == IMPORT_FIELDS) {
            refuse_field(faults, part->name.ptr, "Unexpected field");
        } else if (parts[at] != NULL) {
            refuse_field(faults, import_fields[at], "This field may be given only once.");
        } else {
            parts[at] = part;
        }
    }
}

static void read_values(struct import_request *out, struct field_faults *faults,
                        const json_t *s3_uri, const json_t *config_id)
{
    struct field_path uri_path = {NULL, import_fields[S3_URI], 0};
    struct field_path config_path = {NULL, import_fields[CONFIG_ID], 0};
    if (s3_uri != NULL) {
        (void)field_read_s3_uri(&out->s3_uri, faults, &uri_path, s3_uri);
    }
    (void)field_read_id(&out->config_id, faults, &config_path, config_id, OBJECT_ID_CONFIG,
                        "Config");
}

static void check_source(struct field_faults *faults, bool has_uri, bool has_file)
{
    if (!has_uri && !has_file) {
        field_faults_add(faults, NULL, "Must provide either 's3_uri' or 'file'.");
    } else if (has_uri && has_file) {
        field_faults_add(faults, NULL, "Provide only one of 's3_uri' or 'file', not both.");
    }
}

#define NO_FILE "The submitted data was not a file. Check the encoding type on the form."

static void read_form(struct import_request *out, struct field_faults *faults,
                      const struct http_exchange *exchange)
{
    const struct http_part *parts[IMPORT_FIELDS] = {NULL};
    find_parts(parts, faults, exchange);
    json_t *s3_uri = form_value(faults, parts[S3_URI]);
    json_t *config_id = form_value(faults, parts[CONFIG_ID]);
    read_values(out, faults, s3_uri, config_id);
    if (parts[IMPORT_FILE] != NULL && parts[IMPORT_FILE]->file == NULL) {
        refuse_field(faults, "file", NO_FILE);
    }
    check_source(faults, parts[S3_URI] != NULL, parts[IMPORT_FILE] != NULL);
    out->file = parts[IMPORT_FILE];
    if (s3_uri != NULL && out->s3_uri.ptr != NULL) {
        /* It is a view of what is given back now. */
        out->s3_uri.ptr = arena_copy(faults->arena, out->s3_uri);
        faults->failed = faults->failed || out->s3_uri.ptr == NULL;
    }
    json_decref(s3_uri);
    json_decref(config_id);
}

static void read_object(struct import_request *out, struct field_faults *faults, const json_t *body)
{
    static const char *const known[] = {"s3_uri", "file", "config_id", NULL};
    if (!field_is_object(faults, NULL, body)) {
        return;
    }
    field_refuse_others(faults, NULL, body, known);
    const json_t *s3_uri = json_object_get(body, "s3_uri");
    const json_t *file = json_object_get(body, "file");
    read_values(out, faults, s3_uri, json_object_get(body, "config_id"));
    if (file != NULL) {
        refuse_field(faults, "file", NO_FILE);
    }
    check_source(faults, s3_uri != NULL, file != NULL);
    if (out->s3_uri.ptr != NULL) {
        out->s3_uri.ptr = arena_copy(faults->arena, out->s3_uri);
        faults->failed = faults->failed || out->s3_uri.ptr == NULL;
    }
}

/* *answered: there was no JSON. */
static int read_import(struct import_request *out, bool *answered, struct field_faults *faults,
                       struct http_exchange *exchange, struct error *error)
{
    *out = (struct import_request){0};
    *answered = false;
    if (exchange->is_form) {
        read_form(out, faults, exchange);
        return 0;
    }
    json_t *body;
    int status = api_read_json(&body, exchange, error);
    if (status == 0 && body == NULL) {
        *answered = true;
    } else if (status == 0) {
        read_object(out, faults, body);
        json_decref(body);
    }
    return status;
}

/* ---- import: the work ---- */

/* Told before a large file is read, and under the field that it stands in. */
static int check_config(struct field_faults *faults, struct connection *connection,
                        int64_t config_id, struct error *error)
{
    bool exists;
    int status = configs_exist(&exists, connection, config_id, error);
    if (status == 0 && !exists) {
        refuse_field(faults, "config_id", "Config does not exist");
    }
    return status;
}

/* "upload:///people.csv": what is before the name's last slash is of the sender's machine. */
static const char *upload_uri(struct arena *arena, const struct http_part *file)
{
    struct str name = file->file_name;
    const char *slash = name.ptr == NULL ? NULL : memrchr(name.ptr, '/', name.len);
    size_t before = slash == NULL ? 0 : (size_t)(slash + 1 - name.ptr);
    struct text_buffer uri = TEXT_BUFFER(4096);
    text_append(&uri, STR("upload:///"));
    text_append(&uri, (struct str){name.ptr + before, name.len - before});
    const char *copy = uri.failed ? NULL : arena_copy(arena, text_str(&uri));
    text_free(&uri);
    return copy;
}

static int import_records(struct import_report *out, struct connection *connection,
                          struct http_exchange *exchange, const struct import_request *request,
                          struct error *error)
{
    struct stream *object = NULL;
    struct import import = {.config_id = request->config_id,
                            .most_bytes = api_of(exchange)->config->server.max_body_bytes};
    int status = 0;
    if (request->file != NULL) {
        import.records = request->file->file;
        import.source_uri = upload_uri(&exchange->arena, request->file);
        status = import.source_uri == NULL ? error_out_of_memory(error) : 0;
    } else {
        import.source_uri = request->s3_uri.ptr;
        status = s3_open_stream(&object, request->s3_uri.ptr, error);
        import.records = object;
    }
    if (status == 0) {
        status = imports_create(out, connection, &import, error);
    }
    stream_free(object);
    return request->file != NULL ? status : api_blame_s3(status, error);
}

static int import(struct http_exchange *exchange, struct field_faults *faults,
                  const struct import_request *request, struct error *error)
{
    bool slow = request->file == NULL;
    struct connection *connection;
    struct import_report report = {0};
    int status = slow ? api_take_slow_connection(&connection, exchange, error)
                      : api_take_import_connection(&connection, exchange, error);
    if (status == 0) {
        status = check_config(faults, connection, request->config_id, error);
    }
    if (status == 0 && !field_faults_any(faults)) {
        status = import_records(&report, connection, exchange, request, error);
    }
    if (slow) {
        api_give_back_slow(api_of(exchange), connection);
    } else {
        api_give_back_import(api_of(exchange), connection);
    }
    if (status == 0 && field_faults_any(faults)) {
        status = api_answer_faults(exchange, faults, error);
    } else if (status == 0) {
        struct json_writer *json = http_respond_json(exchange, 200);
        json_write_open_object(json);
        page_json_write_id(json, "job_id", OBJECT_ID_JOB, report.job_id);
        json_write_close_object(json);
    }
    return status;
}

int handle_import_person_records(struct http_exchange *exchange, struct error *error)
{
    struct field_faults faults = {.arena = &exchange->arena};
    struct import_request request;
    bool answered;
    int status = read_import(&request, &answered, &faults, exchange, error);
    if (status != 0 || answered) {
        return status;
    }
    status = field_faults_any(&faults) ? api_answer_faults(exchange, &faults, error)
                                       : import(exchange, &faults, &request, error);
    return api_answer_failure(exchange, status, error);
}

/* ---- export ---- */

static int export_to(struct http_exchange *exchange, struct str s3_uri, struct error *error)
{
    const char *uri = arena_copy(&exchange->arena, s3_uri);
    int status = uri == NULL ? error_out_of_memory(error)
                             : export_download_put(exchange, uri, exports_crosswalk, error);
    if (status == 0) {
        struct json_writer *json = http_respond_json(exchange, 200);
        json_write_open_object(json);
        json_write_close_object(json);
    }
    return status;
}

int handle_export_person_records(struct http_exchange *exchange, struct error *error)
{
    static const char *const known[] = {"s3_uri", NULL};
    struct field_faults faults = {.arena = &exchange->arena};
    struct field_path path = {NULL, "s3_uri", 0};
    struct str s3_uri = {NULL, 0};
    json_t *body;
    int status = api_read_json(&body, exchange, error);
    if (status != 0 || body == NULL) {
        return status;
    }
    if (field_is_object(&faults, NULL, body)) {
        field_refuse_others(&faults, NULL, body, known);
        const json_t *value = json_object_get(body, "s3_uri");
        if (value != NULL) {
            (void)field_read_s3_uri(&s3_uri, &faults, &path, value);
        }
    }
    if (field_faults_any(&faults)) {
        status = api_answer_faults(exchange, &faults, error);
    } else if (s3_uri.ptr != NULL) {
        status = export_to(exchange, s3_uri, error);
    } else {
        status =
            export_download_answer(exchange, "person-record-export.csv", exports_crosswalk, error);
    }
    json_decref(body);
    return api_answer_failure(exchange, status, error);
}
