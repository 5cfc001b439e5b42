/* An OpenAPI document as a page of HTML. Thread rule: any thread. */
#ifndef API_DOCS_PAGE_H
#define API_DOCS_PAGE_H

#include <jansson.h>

#include "base/str.h"

/* What stands in the page's one style element. */
extern const char docs_page_style[];

/* Appends the page; failures stick in `out`. */
void docs_page_write(struct text_buffer *out, const json_t *document);

#endif
