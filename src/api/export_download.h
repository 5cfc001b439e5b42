/*
 * Downloads of what is exported: produced from the database while the client reads, so that memory
 * does not grow with them.
 *
 * Thread rule: as a handler.
 */
#ifndef API_EXPORT_DOWNLOAD_H
#define API_EXPORT_DOWNLOAD_H

#include <stdint.h>

#include "base/stream.h"
#include "http/exchange.h"
#include "store/store.h"

/* Writes the rows; *rows may be NULL. */
typedef int export_rows(uint64_t *rows, struct connection *connection, struct stream *out,
                        struct error *error);

/*
 * Answers with a CSV file of this name. A download holds a database connection until the client has
 * read all of it: see api_take_slow_connection().
 */
int export_download_answer(struct http_exchange *exchange, const char *file_name,
                           export_rows *export, struct error *error);

/* Writes it to an object of S3 instead: all of it or nothing. What is wrong with the place is
   STATUS_INVALID. */
int export_download_put(const struct http_exchange *exchange, const char *s3_uri,
                        export_rows *export, struct error *error);

#endif
