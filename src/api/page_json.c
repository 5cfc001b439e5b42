#include "api/page_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "empi/object_id.h"

static void write_integer(struct json_writer *json, const char *key, int64_t number)
{
    json_write_key(json, key);
    json_write_integer(json, number);
}

static void write_neighbour(struct json_writer *json, const char *key, bool exists, int64_t number)
{
    json_write_key(json, key);
    if (exists) {
        json_write_integer(json, number);
    } else {
        json_write_null(json);
    }
}

void page_json_write(struct json_writer *json, const struct page *page)
{
    bool next = page_has_next(page);
    bool previous = page_has_previous(page);
    json_write_key(json, "pagination");
    json_write_open_object(json);
    write_integer(json, "page", page->number);
    write_integer(json, "page_size", page->size);
    write_integer(json, "total_count", page->total_count);
    write_integer(json, "total_pages", page_total(page));
    json_write_key(json, "has_next");
    json_write_boolean(json, next);
    json_write_key(json, "has_previous");
    json_write_boolean(json, previous);
    write_neighbour(json, "next_page", next, page->number + 1);
    write_neighbour(json, "previous_page", previous, page->number - 1);
    json_write_close_object(json);
}

void page_json_write_id(struct json_writer *json, const char *key, const char *prefix, int64_t id)
{
    char text[40];
    int length = snprintf(text, sizeof text, "%s%" PRId64, prefix, id);
    json_write_key(json, key);
    json_write_string(json, (struct str){text, (size_t)length});
}

void page_json_write_person_id(struct json_writer *json, const char *key, struct str uuid)
{
    char text[OBJECT_ID_UUID_SIZE + 8];
    int length = snprintf(text, sizeof text, OBJECT_ID_PERSON "%.*s", STR_ARG(uuid));
    json_write_key(json, key);
    json_write_string(json, (struct str){text, (size_t)length});
}

void page_json_write_text(struct json_writer *json, const char *key, struct str text)
{
    json_write_key(json, key);
    json_write_string(json, text);
}

void page_json_write_texts(struct json_writer *json, const char *key, const struct str *texts,
                           size_t count)
{
    json_write_key(json, key);
    json_write_open_array(json);
    for (size_t i = 0; i < count; i++) {
        json_write_string(json, texts[i]);
    }
    json_write_close_array(json);
}
