/*
 * The small XML documents of S3 and STS: answers and errors. An element that has no elements in it
 * is a path of names from the root on, and a text. Attributes and namespaces do not count.
 *
 * A document type, and so every entity of its own, is refused; depth, number and length are limited.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AWS_XML_H
#define AWS_XML_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum { XML_MOST_DEPTH = 16, XML_MOST_ITEMS = 1000, XML_MOST_BYTES = 1 << 20 };

struct xml_item {
    struct str path; /* "ErrorResponse/Error/Code" */
    struct str text; /* NUL-terminated, white space at its ends removed */
};

struct xml {
    struct arena arena;
    struct xml_item *items; /* in the document's order */
    size_t count;
};

/* xml_free() only when it succeeds. STATUS_INVALID for what is no XML, or beyond the limits. */
int xml_read(struct xml *out, struct str text, struct error *error);

/* The text of the first item whose path is `end` or ends with it ("Error/Code"); ptr NULL when there
   is none. */
struct str xml_find(const struct xml *xml, const char *end);

void xml_free(struct xml *xml);

#endif
