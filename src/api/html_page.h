/*
 * Pages that the server makes itself: HTML without scripts and without anything from elsewhere, so
 * that they work in any browser, by keyboard and with a screen reader, and before the web UI is there.
 *
 * Begin, append, answer; a failure for lack of memory sticks to the buffer and becomes a 503.
 *
 * Thread rule: any thread.
 */
#ifndef API_HTML_PAGE_H
#define API_HTML_PAGE_H

#include "http/exchange.h"

/* All up to the heading, which is the title. `out` is empty and has no room of its own yet. */
void html_page_begin(struct text_buffer *out, const char *title);

/* Text, with what HTML would take for its own escaped; good for attributes in double quotes, too. */
void html_page_append(struct text_buffer *out, struct str text);

/* Ends the page and answers with it: not to be stored, and allowed nothing but its one style. Frees
   the buffer. */
void html_page_answer(struct http_exchange *exchange, unsigned status, struct text_buffer *page);

#endif
