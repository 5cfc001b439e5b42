#include "http/download.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "support.h"

static struct error error;

/* Writes `count` pieces of `size` bytes, then ends as it is told. */
struct plan {
    unsigned count;
    size_t size;
    int status;
    atomic_uint written;
    atomic_uint released;
};

static int produce(void *context, struct stream *out, struct error *failure)
{
    struct plan *plan = context;
    static const char text[100000];
    for (unsigned i = 0; i < plan->count; i++) {
        int status = stream_write(out, (struct str){text, plan->size}, failure);
        if (status != STATUS_OK) {
            return status;
        }
        atomic_fetch_add(&plan->written, 1);
    }
    return plan->status == STATUS_OK ? STATUS_OK
                                     : error_set(failure, (enum status)plan->status, "broken");
}

static void release(void *context)
{
    struct plan *plan = context;
    atomic_fetch_add(&plan->released, 1);
}

static struct http_download *start(struct plan *plan, bool packed)
{
    const struct http_producer producer = {produce, release, plan};
    struct http_download *download;
    assert_int_equal(http_download_open(&download, &producer, packed, &error), STATUS_OK);
    return download;
}

/* Reads to the end in pieces of `size` bytes. */
static enum http_download_end read_all(struct http_download *download, size_t size, uint64_t *bytes)
{
    static char room[50000];
    enum http_download_end end = HTTP_DOWNLOAD_GOES_ON;
    *bytes = 0;
    while (end == HTTP_DOWNLOAD_GOES_ON) {
        size_t count = http_download_read(download, room, size, &end);
        assert_true(count <= size && (count > 0) == (end == HTTP_DOWNLOAD_GOES_ON));
        *bytes += count;
    }
    return end;
}

static void hands_on_all_that_is_written(void **state)
{
    (void)state;
    static const struct {
        unsigned count;
        size_t size;
        size_t step;
    } cases[] = {{0, 0, 100},        {10, 0, 100},       {1, 1, 1},          {50000, 7, 33},
                 {20, 16384, 50000}, {20, 16385, 10000}, {30, 100000, 7777}, {1000, 3, 1}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct plan plan = {.count = cases[i].count, .size = cases[i].size};
        struct http_download *download = start(&plan, false);
        uint64_t bytes;
        assert_int_equal(read_all(download, cases[i].step, &bytes), HTTP_DOWNLOAD_WHOLE);
        assert_int_equal(bytes, cases[i].count * cases[i].size);
        assert_int_equal(http_download_close(download, &error), STATUS_OK);
        assert_int_equal(plan.released, 1);
    }
    struct plan plan = {.count = 1000, .size = 1000};
    struct http_download *download = start(&plan, true);
    uint64_t bytes;
    assert_int_equal(read_all(download, 1000, &bytes), HTTP_DOWNLOAD_WHOLE);
    assert_in_range(bytes, 100, 10000); /* zeros pack well */
    assert_int_equal(http_download_close(download, &error), STATUS_OK);
    assert_int_equal(http_download_close(NULL, &error), STATUS_OK);
}

static void tells_of_a_failure_after_what_there_was(void **state)
{
    (void)state;
    struct plan plan = {.count = 10, .size = 20000, .status = STATUS_IO};
    struct http_download *download = start(&plan, false);
    uint64_t bytes;
    assert_int_equal(read_all(download, 1000, &bytes), HTTP_DOWNLOAD_FAILED);
    assert_int_equal(bytes, 200000);
    assert_int_equal(http_download_close(download, &error), STATUS_IO);
    assert_string_equal(error.message, "broken");
    assert_int_equal(plan.released, 1);
}

static void ends_when_nobody_reads_any_more(void **state)
{
    (void)state;
    struct plan plan = {.count = 1000000, .size = 1000};
    struct http_download *download = start(&plan, false);
    char room[10];
    enum http_download_end end;
    assert_int_equal(http_download_read(download, room, sizeof room, &end), sizeof room);
    assert_int_equal(http_download_close(download, &error), STATUS_OK);
    assert_true(plan.written < 1000); /* no more than the ring holds */
    assert_int_equal(plan.released, 1);

    plan = (struct plan){.count = 1000000, .size = 1000};
    download = start(&plan, false);
    http_download_cancel(download);
    assert_int_equal(http_download_read(download, room, sizeof room, &end), 0);
    assert_int_equal(end, HTTP_DOWNLOAD_FAILED);
    assert_int_equal(http_download_close(download, &error), STATUS_OK);
}

/* A producer that has nothing to say until it is told. */
struct silence {
    pthread_mutex_t lock;
};

static int keep_silent(void *context, struct stream *out, struct error *failure)
{
    struct silence *silence = context;
    pthread_mutex_lock(&silence->lock);
    pthread_mutex_unlock(&silence->lock);
    return stream_write(out, STR("late"), failure);
}

static void *cancel(void *download)
{
    http_download_cancel(download);
    return NULL;
}

static void a_reader_that_waits_is_woken(void **state)
{
    (void)state;
    struct silence silence = {PTHREAD_MUTEX_INITIALIZER};
    const struct http_producer producer = {keep_silent, NULL, &silence};
    struct http_download *download;
    pthread_t other;
    pthread_mutex_lock(&silence.lock);
    assert_int_equal(http_download_open(&download, &producer, false, &error), STATUS_OK);
    assert_int_equal(pthread_create(&other, NULL, cancel, download), 0);
    char room[10];
    enum http_download_end end;
    assert_int_equal(http_download_read(download, room, sizeof room, &end), 0);
    assert_int_equal(end, HTTP_DOWNLOAD_FAILED);
    pthread_join(other, NULL);
    pthread_mutex_unlock(&silence.lock);
    assert_int_equal(http_download_close(download, &error), STATUS_OK);
}

static int open_and_close(void *context, struct error *out)
{
    struct http_download *download;
    const struct http_producer producer = {produce, NULL, context};
    int status = http_download_open(&download, &producer, false, out);
    return status == STATUS_OK ? http_download_close(download, out) : status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    struct plan plan = {0};
    assert_int_equal(fail_every_allocation(open_and_close, &plan), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_on_all_that_is_written),
        cmocka_unit_test(tells_of_a_failure_after_what_there_was),
        cmocka_unit_test(ends_when_nobody_reads_any_more),
        cmocka_unit_test(a_reader_that_waits_is_woken),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
