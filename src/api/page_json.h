/* What lists of the HTTP API have in common. Thread rule: as json_writer. */
#ifndef API_PAGE_JSON_H
#define API_PAGE_JSON_H

#include "base/json.h"
#include "empi/page.h"

/* The key "pagination" of an open object, and its value. */
void page_json_write(struct json_writer *json, const struct page *page);

/* A key and an id: the prefix and a number. */
void page_json_write_id(struct json_writer *json, const char *key, const char *prefix, int64_t id);

/* A key and a person's id: the prefix and a uuid. */
void page_json_write_person_id(struct json_writer *json, const char *key, struct str uuid);

/* A key and a text; ptr NULL is null. */
void page_json_write_text(struct json_writer *json, const char *key, struct str text);

/* A key and a list of texts. */
void page_json_write_texts(struct json_writer *json, const char *key, const struct str *texts,
                           size_t count);

#endif
