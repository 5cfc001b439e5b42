#include "base/clock.h"

#include <time.h>

#include "support.h"

static void never_goes_back(void **state)
{
    (void)state;
    double first = clock_monotonic();
    double before = first;
    for (int i = 0; i < 10000; i++) {
        double now = clock_monotonic();
        assert_true(now >= before);
        before = now;
    }
    const struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
    double passed = clock_monotonic() - first;
    assert_true(passed >= 0.02 && passed < 60);
}

static void tells_microseconds_since_1970(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL) - 1; /* time() may lag by a tick */
    int64_t now = clock_now();
    int64_t after = (int64_t)time(NULL) + 1;
    assert_true(now >= before * 1000000);
    assert_true(now <= after * 1000000);
    /* Finer than seconds. */
    int fine = 0;
    for (int i = 0; i < 10; i++) {
        const struct timespec pause = {.tv_nsec = 1234567};
        nanosleep(&pause, NULL);
        fine += clock_now() % 1000000 != 0;
    }
    assert_true(fine > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_goes_back),
        cmocka_unit_test(tells_microseconds_since_1970),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
