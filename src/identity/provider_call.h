/*
 * Requests to an identity provider: JSON comes back, a form goes there.
 *
 * Thread rule: any thread.
 */
#ifndef IDENTITY_PROVIDER_CALL_H
#define IDENTITY_PROVIDER_CALL_H

#include <jansson.h>

#include "base/error.h"
#include "base/str.h"

struct provider_call {
    const char *what; /* for messages: "the identity provider's token endpoint" */
    const char *url;
    const char *authorization; /* a header's value, or NULL */
    struct str form;           /* ptr NULL: GET */
    size_t most_bytes;         /* of the answer; 0: 1 MiB */
};

/*
 * *status is the answer's; *out its object or list when that is 200, else NULL, to be given back with
 * json_decref(). STATUS_RESOURCES when there is no answer within seconds: the provider may be back
 * soon. STATUS_IO for one that is no JSON.
 */
int provider_call(json_t **out, unsigned *status, const struct provider_call *call,
                  struct error *error);

/* The same, but whatever is not 200 is STATUS_IO. */
int provider_get(json_t **out, const struct provider_call *call, struct error *error);

/* Appends `text` percent-encoded, for a part of a path, a query or a form. */
void provider_append_encoded(struct text_buffer *out, struct str text);

/* Appends "&name=value", without the & when it is the first after `start` bytes. */
void provider_append_field(struct text_buffer *out, size_t start, const char *name,
                           const char *value);

/* "http://" or "https://" and a host behind it. */
bool provider_is_url(const char *text);

#endif
