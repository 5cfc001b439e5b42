#include "api/yaml_json.h"

#include <stdbool.h>
#include <string.h>

#include <yaml.h>

#include "base/json.h"
#include "base/number_text.h"

/* Where a scalar stands: keys of objects come before each value. */
struct converting {
    yaml_parser_t parser;
    struct json_writer json;
    unsigned depth;
    bool is_object[JSON_MAX_DEPTH];
    bool awaits_key[JSON_MAX_DEPTH];
};

static int refuse(const struct converting *converting, const yaml_mark_t *mark, const char *what,
                  struct error *error)
{
    (void)converting;
    return error_set(error, STATUS_INVALID, "line %zu, column %zu: %s", mark->line + 1,
                     mark->column + 1, what);
}

/* ---- scalars ---- */

static bool write_plain(struct json_writer *json, struct str text)
{
    int64_t integer;
    double number;
    if (text.len == 0 || str_equal(text, STR("null")) || str_equal(text, STR("~"))) {
        json_write_null(json);
    } else if (str_equal(text, STR("true")) || str_equal(text, STR("false"))) {
        json_write_boolean(json, text.ptr[0] == 't');
    } else if (integer_from_text(text, &integer)) {
        json_write_integer(json, integer);
    } else if (strchr("+-.0123456789", text.ptr[0]) != NULL && double_from_text(text, &number)) {
        json_write_double(json, number);
    } else {
        return false;
    }
    return true;
}

static int write_scalar(struct converting *converting, const yaml_event_t *event,
                        struct error *error)
{
    struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    unsigned depth = converting->depth;
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
        return refuse(converting, &event->start_mark, "anchors and tags have no place here", error);
    }
    if (converting->is_object[depth] && converting->awaits_key[depth]) {
        json_write_key_str(&converting->json, text);
        converting->awaits_key[depth] = false;
        return 0;
    }
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (!plain || !write_plain(&converting->json, text)) {
        json_write_string(&converting->json, text);
    }
    converting->awaits_key[depth] = true;
    return 0;
}

/* ---- lists and objects ---- */

static int open_container(struct converting *converting, const yaml_event_t *event, bool is_object,
                          struct error *error)
{
    unsigned depth = converting->depth;
    if (depth + 2 >= JSON_MAX_DEPTH) {
        return refuse(converting, &event->start_mark, "this is nested too deeply", error);
    }
    if (converting->is_object[depth] && converting->awaits_key[depth]) {
        return refuse(converting, &event->start_mark, "a key has to be a text", error);
    }
    if (is_object) {
        json_write_open_object(&converting->json);
    } else {
        json_write_open_array(&converting->json);
    }
    converting->depth = depth + 1;
    converting->is_object[depth + 1] = is_object;
    converting->awaits_key[depth + 1] = true;
    return 0;
}

static void close_container(struct converting *converting)
{
    if (converting->is_object[converting->depth]) {
        json_write_close_object(&converting->json);
    } else {
        json_write_close_array(&converting->json);
    }
    converting->depth--;
    converting->awaits_key[converting->depth] = true;
}

/* ---- events ---- */

static int take_event(struct converting *converting, const yaml_event_t *event, struct error *error)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT: return write_scalar(converting, event, error);
    case YAML_SEQUENCE_START_EVENT: return open_container(converting, event, false, error);
    case YAML_MAPPING_START_EVENT: return open_container(converting, event, true, error);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: close_container(converting); return 0;
    case YAML_ALIAS_EVENT:
        return refuse(converting, &event->start_mark, "aliases have no place here", error);
    default: return 0;
    }
}

static int convert(struct converting *converting, struct error *error)
{
    yaml_event_t event;
    bool more = true;
    int status = 0;
    while (status == 0 && more) {
        if (!yaml_parser_parse(&converting->parser, &event)) {
            const char *problem = converting->parser.problem;
            return refuse(converting, &converting->parser.problem_mark,
                          problem == NULL ? "no memory" : problem, error);
        }
        more = event.type != YAML_DOCUMENT_END_EVENT && event.type != YAML_STREAM_END_EVENT;
        status = take_event(converting, &event, error);
        yaml_event_delete(&event);
    }
    return status;
}

int yaml_json_convert(struct text_buffer *out, struct str yaml, struct error *error)
{
    struct converting converting = {.depth = 0};
    if (!yaml_parser_initialize(&converting.parser)) {
        return error_out_of_memory(error);
    }
    json_write_begin(&converting.json, out, 0);
    yaml_parser_set_input_string(&converting.parser, (const unsigned char *)yaml.ptr, yaml.len);
    int status = convert(&converting, error);
    yaml_parser_delete(&converting.parser);
    return status == 0 && out->failed ? error_out_of_memory(error) : status;
}
