/* What the tests of the engine share: small tables of records, and running something while memory
   fails. */
#ifndef TEST_LINKAGE_TABLE_H
#define TEST_LINKAGE_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "linkage/columns.h"

/* A sealed set in the order of arrival. `cells` are the records one after the other, a text for
   each column; NULL is NULL. */
void table_make(struct columns *out, const char *const *names, uint32_t column_count,
                const char *const *cells, uint32_t record_count);

/* The same, told what may fail; the set is empty after a failure. */
int table_try(struct columns *out, const char *const *names, uint32_t column_count,
              const char *const *cells, uint32_t record_count, struct error *error);

/*
 * Runs work(context, error) again and again, the first time with every allocation failing, then
 * with all but the first, and so on until it succeeds; then with one allocation after the other
 * failing alone. Every failure must be STATUS_RESOURCES and must leave no memory behind. Returns
 * the number of failures of the first kind.
 */
unsigned table_fail_every_allocation(int (*work)(void *context, struct error *error),
                                     void *context);

#define assert_text(text, expected)                                                         \
    do {                                                                                    \
        struct str text_ = (text);                                                          \
        struct str expected_ = (expected);                                                  \
        assert_int_equal(text_.len, expected_.len);                                         \
        assert_memory_equal(text_.len ? text_.ptr : "", expected_.len ? expected_.ptr : "", \
                            text_.len);                                                     \
    } while (0)

#endif
