/* What the tests of http share: texts, exchanges, and running something while memory fails. */
#ifndef TEST_HTTP_SUPPORT_H
#define TEST_HTTP_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "http/exchange.h"

/* As fail_every_allocation() of tests/unit/base: each failure must be STATUS_RESOURCES and leave no
   memory behind. Gives their number. */
unsigned fail_every_allocation(int (*work)(void *context, struct error *error), void *context);

/* An exchange with these headers, "Name: value" each, ended by NULL; at most 16. */
void exchange_begin(struct http_exchange *out, const char *const *headers);

#define assert_str(text, expected)                                \
    do {                                                          \
        struct str text_ = (text);                                \
        struct str expected_ = str_from(expected);                \
        assert_non_null(text_.ptr);                               \
        assert_int_equal(text_.len, expected_.len);               \
        assert_memory_equal(text_.ptr, expected_.ptr, text_.len); \
    } while (0)

#endif
