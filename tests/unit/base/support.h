/* What the tests of base share: a scratch folder, and running something while memory fails. */
#ifndef TEST_BASE_SUPPORT_H
#define TEST_BASE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/* A folder of its own for each test, made empty and removed with all that is in it. To be used as
   cmocka's setup and teardown. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* The path of `name` in the folder: valid until eight more were asked for. */
const char *scratch_path(const char *name);

/* The number of entries in the folder, hidden ones included. */
unsigned scratch_count(void);

void scratch_write(const char *name, struct str text);

/* The whole file as text; to be freed with text_free. */
struct text_buffer scratch_read(const char *name);

bool scratch_exists(const char *name);

/*
 * Runs work(context, error) again and again, the first time with every allocation failing, then
 * with all but the first, and so on until it succeeds. Every failure must be STATUS_RESOURCES and
 * must leave no memory behind. Returns the number of failures.
 */
unsigned fail_every_allocation(int (*work)(void *context, struct error *error), void *context);

#define assert_text(text, expected)                                                         \
    do {                                                                                    \
        struct str text_ = (text);                                                          \
        struct str expected_ = (expected);                                                  \
        assert_int_equal(text_.len, expected_.len);                                         \
        assert_memory_equal(text_.len ? text_.ptr : "", expected_.len ? expected_.ptr : "", \
                            text_.len);                                                     \
    } while (0)

#endif
