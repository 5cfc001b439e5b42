/*
 * gzip for answers: for whole ones, and for those that are written piece by piece.
 *
 * Thread rule: one thread at a time.
 */
#ifndef HTTP_PACKING_H
#define HTTP_PACKING_H

#include <stdbool.h>

#include "base/error.h"
#include "base/stream.h"

/* Whether a content type is text of some kind, of which packing leaves less than half. */
bool http_packing_pays(const char *content_type);

/* Whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3); ptr NULL does not. */
bool http_packing_accepted(struct str accept_encoding);

/* Appends `text`, packed, to `out`; level from 1 (fast) to 9. */
int http_pack(struct text_buffer *out, struct str text, int level, struct error *error);

/* Packs what is written and writes it to `inner`; finish() ends the last block. `inner` must outlive
   it and is not ended by it. */
int http_packing_open(struct stream **out, struct stream *inner, struct error *error);

#endif
