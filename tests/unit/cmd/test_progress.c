#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cmd/progress.h"

static char out[32];

static void groups_digits(void **state)
{
    (void)state;
    assert_string_equal(progress_grouped(0, out), "0");
    assert_string_equal(progress_grouped(999, out), "999");
    assert_string_equal(progress_grouped(1000, out), "1,000");
    assert_string_equal(progress_grouped(1234567, out), "1,234,567");
    assert_string_equal(progress_grouped(UINT64_MAX, out), "18,446,744,073,709,551,615");
}

static void shortens_numbers(void **state)
{
    (void)state;
    assert_string_equal(progress_short(0, out), "0");
    assert_string_equal(progress_short(9999, out), "9,999");
    assert_string_equal(progress_short(10000, out), "10.0k");
    assert_string_equal(progress_short(99949, out), "99.9k");
    assert_string_equal(progress_short(99950, out), "100k");
    assert_string_equal(progress_short(999499, out), "999k");
    assert_string_equal(progress_short(999500, out), "1.00M");
    assert_string_equal(progress_short(71234567, out), "71.2M");
    assert_string_equal(progress_short(1799970000, out), "1.80G");
    assert_string_equal(progress_short(UINT64_MAX, out), "18.4E");
}

static void tells_time(void **state)
{
    (void)state;
    assert_string_equal(progress_duration(0.2, out), "0 s");
    assert_string_equal(progress_duration(59.4, out), "59 s");
    assert_string_equal(progress_duration(59.6, out), "1:00 min");
    assert_string_equal(progress_duration(185, out), "3:05 min");
    assert_string_equal(progress_duration(3599.6, out), "1:00 h");
    assert_string_equal(progress_duration(9000, out), "2:30 h");
    assert_string_equal(progress_duration(1e300, out), "168:00 h");
}

/* What a log has of a phase whose update is due. */
static const char *shown(const char *unit, uint64_t done)
{
    static char text[256];
    memset(text, 0, sizeof text);
    FILE *before = stderr;
    FILE *caught = fmemopen(text, sizeof text, "w");
    assert_non_null(caught);
    struct progress progress = {.quiet = false};
    progress_begin(&progress, "waiting", unit);
    progress.last -= 60;
    progress.started -= 60;
    stderr = caught;
    progress_update(&progress, done, 0);
    stderr = before;
    fclose(caught);
    return text;
}

static void shows_figures_where_something_is_counted(void **state)
{
    (void)state;
    assert_string_equal(shown("records", 150), "waiting  150 records, 2/s\n");
    assert_string_equal(shown(NULL, 0), "waiting\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_digits),
        cmocka_unit_test(shortens_numbers),
        cmocka_unit_test(tells_time),
        cmocka_unit_test(shows_figures_where_something_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
