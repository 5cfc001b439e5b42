/*
 * The pages of signing in; a password manager finds its way in them.
 *
 * Thread rule: any thread.
 */
#ifndef API_SIGN_IN_PAGE_H
#define API_SIGN_IN_PAGE_H

#include "http/exchange.h"

struct sign_in_page {
    const char *title;
    const char *fault;       /* what went wrong: read out by screen readers at once; or NULL */
    const char *hint;        /* what to do now; or NULL */
    const char *return_path; /* where to go when it is done */
    struct str name;         /* as it was typed */
    bool new_password;       /* the form for choosing one; else the one for signing in */
    bool no_form;            /* only a link to try again */
};

/* Answers with the page. */
void sign_in_page_answer(struct http_exchange *exchange, unsigned status,
                         const struct sign_in_page *page);

#endif
