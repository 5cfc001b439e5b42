/*
 * Reads the query of a request. What is wrong is added to the faults, under the parameter's name.
 *
 * As Django reads it: of a parameter that comes repeatedly the last one counts, and white space at
 * the ends of a value says nothing. An empty value is as none: forms send their empty fields, too.
 *
 * Thread rule: as the exchange.
 */
#ifndef API_QUERY_H
#define API_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "api/field_faults.h"
#include "empi/page.h"
#include "empi/search.h"
#include "http/exchange.h"

/* ptr NULL when there is none. */
struct str query_value(const struct http_exchange *exchange, const char *name);

/* A fault for every parameter that is not among `known`, which ends with NULL. */
void query_refuse_others(struct field_faults *faults, const struct http_exchange *exchange,
                         const char *const *known);

/* `page` and `page_size`, with their defaults. */
void query_read_page(struct page_request *out, struct field_faults *faults,
                     const struct http_exchange *exchange);

/* Unchanged when it is not given. */
void query_read_boolean(bool *out, struct field_faults *faults,
                        const struct http_exchange *exchange, const char *name);

/* All parameters of a list of persons or potential matches; others are faults. */
void query_read_search(struct search *out, struct page_request *page, struct field_faults *faults,
                       const struct http_exchange *exchange);

/* The id in the path (parameter 0): a fault of `field` when it is none. */
void query_read_id(int64_t *out, struct field_faults *faults, const struct http_exchange *exchange,
                   const char *prefix, const char *field, const char *kind);

#endif
