/*
 * What the handlers of the HTTP API share: the service, connections to the database, answers.
 *
 * A handler is `int handle_verb_noun(struct http_exchange *, struct error *)`, named in routes.c. It
 * answers the exchange and returns 0; or it fails, and ends with api_answer_failure().
 *
 * Thread rule: struct api is set up before the server starts and then used by all its threads; what
 * changes in it has its own locks.
 */
#ifndef API_API_H
#define API_API_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "api/field_faults.h"
#include "base/error.h"
#include "config/config.h"
#include "http/exchange.h"
#include "http/gate.h"
#include "identity/identity.h"
#include "store/store.h"

struct api_documents;
struct database_watch;

struct api {
    struct store *store;
    const struct config *config;
    struct identity *identity;
    const struct api_documents *documents; /* the OpenAPI document and its page */
    struct database_watch *watch;          /* what the health check asks */
    /* Connections that are held for as long as others take, a client that reads or S3. */
    atomic_uint slow;
    struct http_gate *imports; /* of uploads, which hold one each, too */
};

/* The service of a request. */
struct api *api_of(const struct http_exchange *exchange);

/* Who sends it: not NULL in a handler whose route lets in nobody but members and admins. */
const struct identity_user *api_user(const struct http_exchange *exchange);

/* A connection for a few statements. STATUS_RESOURCES when all are busy for ten seconds. */
int api_take_connection(struct connection **out, const struct http_exchange *exchange,
                        struct error *error);

/* A connection for the import of an upload: at most so many are given away like this, a quarter of
   db.pool_size. Others wait for ten seconds, as for a connection. To be given back with the last. */
unsigned api_most_imports(const struct config *config);
int api_take_import_connection(struct connection **out, const struct http_exchange *exchange,
                               struct error *error);
void api_give_back_import(struct api *api, struct connection *connection);

/*
 * A connection for as long as a client, or S3, takes: at most half of db.pool_size are given away like
 * this, so that others go on; STATUS_RESOURCES when they are. To be given back with the second, which
 * any thread may call.
 */
int api_take_slow_connection(struct connection **out, const struct http_exchange *exchange,
                             struct error *error);
void api_give_back_slow(struct api *api, struct connection *connection); /* NULL is fine */

/* 400 "Validation failed" with the faults; returns 0. STATUS_RESOURCES when one had no room. */
int api_answer_faults(struct http_exchange *exchange, const struct field_faults *faults,
                      struct error *error);

/*
 * The end of every handler: `status` and its error, as the client is to see them. 0 is 0. What is
 * wrong with the request (STATUS_INVALID) becomes 400 "Validation failed" with message and detail
 * under "details", and 0. Anything else is returned as it is, for http_respond_failure().
 */
int api_answer_failure(struct http_exchange *exchange, int status, const struct error *error);

/* What is wrong with an object of S3 that a request named is the request's fault, whatever it is: S3
   says so, or is not there. Gives the status as it is then. */
int api_blame_s3(int status, struct error *error);

/*
 * The body of a request, an object or list; no body is {}. The object belongs to the exchange's
 * caller: json_decref(). *out is NULL when it is no JSON, or too much, and the exchange is answered.
 */
int api_read_json(json_t **out, struct http_exchange *exchange, struct error *error);

#endif
