/*
 * Writes JSON as a stream of calls, without building a tree. Commas, indentation and escapes are
 * the writer's; that calls nest rightly is asserted. Reading is jansson's, behind json_read.h.
 *
 * All names begin with json_write: json_string(), json_null() and their like are jansson's, and a
 * program that defined them would have jansson call ours.
 *
 * Thread rule: one thread at a time.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { JSON_MAX_DEPTH = 64 };

struct json_writer {
    struct text_buffer *out; /* failures stick there */
    unsigned indent;         /* spaces a level; 0 writes on one line. With indentation the layout
                                is that of Python's json.dump: "key": value, [] and {} when empty */
    bool ascii; /* write what is not ASCII as \uXXXX (lower case, surrogate pairs), as Python's
                   json.dump does; set it after json_write_begin() */
    unsigned depth;
    bool has_items[JSON_MAX_DEPTH]; /* whether the open container at each depth has an item */
    bool is_object[JSON_MAX_DEPTH]; /* and whether it is an object, for the assertions */
    bool after_key;
};

void json_write_begin(struct json_writer *writer, struct text_buffer *out, unsigned indent);
void json_write_open_object(struct json_writer *writer);
void json_write_close_object(struct json_writer *writer);
void json_write_open_array(struct json_writer *writer);
void json_write_close_array(struct json_writer *writer);
void json_write_key(struct json_writer *writer, const char *key);
void json_write_key_str(struct json_writer *writer, struct str key);
/* Valid UTF-8 expected; each byte that is not is written as U+FFFD. ptr NULL writes null. */
void json_write_string(struct json_writer *writer, struct str text);
void json_write_integer(struct json_writer *writer, int64_t number);
void json_write_unsigned(struct json_writer *writer, uint64_t number);
/* Shortest round-trip form, always with a point or exponent; not a number or infinite: null. */
void json_write_double(struct json_writer *writer, double number);
void json_write_boolean(struct json_writer *writer, bool value);
void json_write_null(struct json_writer *writer);
/* A value that is JSON already; copied as it stands. */
void json_write_raw(struct json_writer *writer, struct str json);

#endif
