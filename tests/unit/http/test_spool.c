#include "http/spool.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static struct error error;

/* More than any disk has. */
static const uint64_t whole_world = UINT64_MAX / 2;

static int check_room(const char *directory, uint64_t bytes, uint64_t reserve)
{
    return spool_check_room(&(struct spool_place){directory, reserve}, bytes, &error);
}

static void keeps_what_is_written(void **state)
{
    (void)state;
    struct spool spool;
    struct stream *stream;
    char text[16] = "";
    size_t got;
    assert_int_equal(spool_open(&spool, &(struct spool_place){"/tmp", 1}, &error), STATUS_OK);
    assert_int_equal(spool_write(&spool, STR("abc"), &error), STATUS_OK);
    assert_int_equal(spool_write(&spool, STR("def"), &error), STATUS_OK);
    assert_true(spool.size == 6 && !spool.full);
    assert_int_equal(spool_read(&stream, &spool, "a.csv", &error), STATUS_OK);
    assert_int_equal(stream_read(stream, text, sizeof text, &got, &error), STATUS_OK);
    assert_int_equal(got, 6);
    assert_memory_equal(text, "abcdef", 6);
    stream_free(stream);
    spool_close(&spool);
}

static void leaves_the_reserve(void **state)
{
    (void)state;
    struct spool spool;
    assert_int_equal(spool_open(&spool, &(struct spool_place){"/tmp", whole_world}, &error),
                     STATUS_OK);
    assert_int_equal(spool_write(&spool, STR("a"), &error), STATUS_RESOURCES);
    assert_true(spool.full && spool.size == 0);
    assert_non_null(strstr(error.message, "/tmp: "));
    assert_non_null(strstr(error.hint, "TMPDIR"));
    spool_close(&spool);
    assert_false(spool.full);
}

static void foresees_what_is_announced(void **state)
{
    (void)state;
    assert_int_equal(check_room("/tmp", 1, 1), STATUS_OK);
    assert_int_equal(check_room("/tmp", whole_world, 1), STATUS_RESOURCES);
    assert_int_equal(check_room("/tmp", 1, whole_world), STATUS_RESOURCES);
    assert_int_equal(check_room("/tmp", UINT64_MAX, UINT64_MAX), STATUS_RESOURCES);
    /* What cannot be asked is no refusal: making the file will tell. */
    assert_int_equal(check_room("/tmp/no/such/folder", 1, 1), STATUS_OK);
}

static void a_place_for_files_may_be_missing(void **state)
{
    (void)state;
    struct spool spool;
    assert_int_equal(spool_open(&spool, &(struct spool_place){"/nowhere", 0}, &error), STATUS_IO);
    assert_int_equal(spool.file, -1);
    assert_false(spool.full);
    spool_close(&spool);
}

static void takes_a_part_for_the_reserve(void **state)
{
    (void)state;
    assert_int_equal(spool_reserve(16 << 20), (16 << 20) / 20);
    assert_true(spool_reserve(UINT64_C(1) << 40) == UINT64_C(1) << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_is_written),
        cmocka_unit_test(leaves_the_reserve),
        cmocka_unit_test(foresees_what_is_announced),
        cmocka_unit_test(a_place_for_files_may_be_missing),
        cmocka_unit_test(takes_a_part_for_the_reserve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
