/* What the tests of store share: a private PostgreSQL in a folder of its own, one a program. */
#ifndef TEST_STORE_SUPPORT_H
#define TEST_STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "store/store.h"

/* The last error; every helper below fills it. */
extern struct error error;

/* Setup and teardown of the group. */
int server_start(void **state);
int server_stop(void **state);

/* The folder that it is in, which others than root can enter. */
const char *server_folder(void);

/* How to connect; `pool_size` and others may be changed in the copy. */
struct store_options server_options(void);

/* A store, and a connection out of it, that must work. */
struct store *open_store(unsigned pool_size);
struct connection *take(struct store *store);

/* Expect success; the first value of the result as an integer. */
void execute(struct connection *connection, const char *sql);
int64_t integer_of(struct connection *connection, const char *sql);

#define assert_good(status)                                                  \
    do {                                                                     \
        if ((status) != 0) {                                                 \
            fail_msg("%s\n%s\n%s", error.message, error.detail, error.hint); \
        }                                                                    \
    } while (0)

#define assert_text(text, expected)                                   \
    do {                                                              \
        struct str text_ = (text);                                    \
        assert_non_null(text_.ptr);                                   \
        assert_int_equal(text_.len, strlen(expected));                \
        assert_memory_equal(text_.ptr, (expected), strlen(expected)); \
    } while (0)

#endif
