/* Where passwords are hashed: password.c. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "identity/password.h"

static struct error error;

static void the_right_password_is_good(void **state)
{
    (void)state;
    struct password_hall *hall;
    char stored[PASSWORD_HASH_SIZE];
    bool good;
    assert_int_equal(password_hall_open(&hall, 2, &error), 0);
    assert_int_equal(password_hash(stored, hall, STR("correct horse"), &error), 0);
    assert_int_equal(password_check(&good, hall, stored, STR("correct horse"), &error), 0);
    assert_true(good);
    assert_int_equal(password_check(&good, hall, stored, STR("correct hors"), &error), 0);
    assert_false(good);
    assert_int_equal(password_check(&good, hall, NULL, STR("correct horse"), &error), 0);
    assert_false(good);
    password_hall_close(hall);
}

/* ---- many at once ---- */

enum { CALLERS = 40 };

struct caller {
    struct password_hall *hall;
    pthread_t thread;
    int status;
};

static void *call(void *context)
{
    struct caller *caller = context;
    struct error own;
    bool good;
    caller->status = password_check(&good, caller->hall, NULL, STR("x"), &own);
    return NULL;
}

/* Each that waits is a request at work: most are told at once to come again. */
static void few_wait_for_their_turn(void **state)
{
    (void)state;
    struct caller callers[CALLERS];
    struct password_hall *hall;
    unsigned served = 0;
    assert_int_equal(password_hall_open(&hall, 1, &error), 0);
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i].hall = hall;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_true(callers[i].status == 0 || callers[i].status == STATUS_RESOURCES);
        served += callers[i].status == 0;
    }
    assert_in_range(served, 1, CALLERS - 1);
    /* And all have left. */
    bool good;
    assert_int_equal(password_check(&good, hall, NULL, STR("x"), &error), 0);
    password_hall_close(hall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_password_is_good),
        cmocka_unit_test(few_wait_for_their_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
