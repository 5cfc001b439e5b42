/*
 * What the functions that read pages have in common. Inside src/empi only.
 *
 * Thread rule: as a connection.
 */
#ifndef EMPI_READING_H
#define EMPI_READING_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "store/store.h"

/* ISO 8601 with offset and microseconds, in UTC. */
#define READING_TIMESTAMP(column) \
    "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"

/* Several statements that see the index as it is at the first of them. Ends with
   transaction_roll_back(): nothing is written. */
int reading_begin(struct connection *connection, struct error *error);

/* The text of a value, in the arena and with a NUL behind it; ptr NULL for NULL. False when there is
   no memory. */
bool reading_text(struct str *out, struct arena *arena, const struct rows *rows, size_t row,
                  size_t column);

/* A list of texts that was selected as to_json(…). */
int reading_list(struct str **out, size_t *count, struct arena *arena, struct str json,
                 struct error *error);

/* The sum of a column of list_count. */
int reading_total(int64_t *out, struct connection *connection, const char *sql,
                  struct error *error);

#endif
