#include "base/threads.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "base/memory.h"
#include "base/random.h"
#include "support.h"

/* cmocka's assertions must stay off other threads: work functions note what they see in atomics,
   and the test looks at them afterwards. */

static struct error error;

static void pause_for(uint64_t microseconds)
{
    const struct timespec pause = {.tv_nsec = (long)(microseconds * 1000)};
    nanosleep(&pause, NULL);
}

static void knows_the_processors(void **state)
{
    (void)state;
    unsigned all = threads_available();
    assert_true(all >= 1);
    cpu_set_t before;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &before)) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
            break;
        }
    }
    assert_int_equal(threads_available(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(threads_available(), all);
}

struct calls {
    atomic_uint times[100];
    uint64_t failing; /* bit i: call i fails */
};

static int note_call(void *context, unsigned index, struct error *out)
{
    struct calls *calls = context;
    atomic_fetch_add(&calls->times[index], 1);
    if (index < 64 && calls->failing >> index & 1) {
        return error_set(out, index % 2 ? STATUS_INVALID : STATUS_IO, "call %u", index);
    }
    return STATUS_OK;
}

static void runs_each_worker_once(void **state)
{
    (void)state;
    for (unsigned count = 0; count <= 100; count += count < 4 ? 1 : 32) {
        struct calls calls = {0};
        assert_int_equal(threads_run(count, note_call, &calls, &error), STATUS_OK);
        for (unsigned i = 0; i < 100; i++) {
            assert_int_equal(calls.times[i], i < count);
        }
    }
}

static void returns_the_failure_of_the_lowest_worker(void **state)
{
    (void)state;
    struct calls one = {.failing = 1};
    assert_int_equal(threads_run(1, note_call, &one, &error), STATUS_IO);
    assert_string_equal(error.message, "call 0");
    struct calls calls = {.failing = (uint64_t)1 << 5 | (uint64_t)1 << 9};
    assert_int_equal(threads_run(10, note_call, &calls, &error), STATUS_INVALID);
    assert_string_equal(error.message, "call 5");
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(calls.times[i], 1); /* the others run nevertheless */
    }
}

enum { BATCHES = 300, MOST_SLOTS = 64 };

/* An ordered run under watch. */
struct watched {
    unsigned threads;
    uint64_t slots[MOST_SLOTS]; /* the batch whose result is there, + 1 */
    atomic_uint within[MOST_SLOTS];
    atomic_uint consuming;
    atomic_uint faults; /* broken promises seen */
    atomic_uint produced[BATCHES];
    atomic_uint consumed[BATCHES];
    uint64_t next; /* to be consumed */
    uint64_t bad_produce[2];
    uint64_t bad_consume;
    uint64_t slow;  /* every batch with this remainder by 10 takes long */
    uint64_t large; /* every batch with this remainder by 10 awaits its turn */
};

static int watch_produce(void *context, struct threads_order *order, unsigned worker,
                         uint64_t batch, unsigned slot, struct error *out)
{
    struct watched *run = context;
    bool wrong = worker >= run->threads || slot >= threads_slots(run->threads) ||
                 atomic_fetch_add(&run->within[slot], 1) != 0;
    atomic_fetch_add(&run->faults, wrong);
    atomic_fetch_add(&run->produced[batch], 1);
    pause_for(batch % 10 == run->slow ? 500 : batch * 7919 % 20);
    if (batch % 10 == run->large) {
        int status = threads_await_turn(order, batch, out);
        if (status != STATUS_OK) {
            return status;
        }
        /* All before are consumed, and nobody else consumes now. */
        atomic_fetch_add(&run->faults, run->next != batch || run->consuming != 0);
    }
    if (batch == run->bad_produce[0] || batch == run->bad_produce[1]) {
        return error_set(out, STATUS_INVALID, "produce %d", (int)batch);
    }
    run->slots[slot] = batch + 1;
    return STATUS_OK;
}

static int watch_consume(void *context, uint64_t batch, unsigned slot, struct error *out)
{
    struct watched *run = context;
    bool wrong = atomic_fetch_add(&run->consuming, 1) != 0 || batch != run->next ||
                 run->slots[slot] != batch + 1;
    run->next++;
    atomic_fetch_add(&run->faults, wrong);
    atomic_fetch_add(&run->consumed[batch], 1);
    pause_for(batch % 10 == run->slow ? 100 : 0);
    run->slots[slot] = 0;
    atomic_fetch_sub(&run->consuming, 1);
    atomic_fetch_sub(&run->within[slot], 1);
    if (batch == run->bad_consume) {
        return error_set(out, STATUS_IO, "consume %d", (int)batch);
    }
    return STATUS_OK;
}

static struct watched watched(unsigned threads)
{
    return (struct watched){
        .threads = threads,
        .bad_produce = {BATCHES, BATCHES},
        .bad_consume = BATCHES,
        .slow = 10,
        .large = 10,
    };
}

static int run_watched(struct watched *run, uint64_t batches)
{
    struct threads_ordered work = {watch_produce, watch_consume, run};
    int status = threads_run_ordered(&work, batches, run->threads, &error);
    assert_int_equal(run->faults, 0);
    return status;
}

static void takes_results_in_order(void **state)
{
    (void)state;
    static const unsigned threads[] = {1, 2, 3, 7, 16};
    for (size_t t = 0; t < ARRAY_LENGTH(threads); t++) {
        for (uint64_t slow = 0; slow <= 10; slow += 5) {
            struct watched run = watched(threads[t]);
            run.slow = slow;
            run.large = slow == 5 ? 3 : 10;
            assert_int_equal(run_watched(&run, BATCHES), STATUS_OK);
            assert_int_equal(run.next, BATCHES);
            for (unsigned i = 0; i < BATCHES; i++) {
                assert_int_equal(run.produced[i], 1);
                assert_int_equal(run.consumed[i], 1);
            }
        }
    }
}

static void runs_any_number_of_batches(void **state)
{
    (void)state;
    for (uint64_t batches = 0; batches < 12; batches++) {
        for (unsigned threads = 1; threads < 6; threads++) {
            struct watched run = watched(threads);
            assert_int_equal(run_watched(&run, batches), STATUS_OK);
            assert_int_equal(run.next, batches);
        }
    }
}

static void no_thread_means_the_caller(void **state)
{
    (void)state;
    struct watched run = watched(1);
    struct threads_ordered work = {watch_produce, watch_consume, &run};
    assert_int_equal(threads_run_ordered(&work, 20, 0, &error), STATUS_OK);
    assert_int_equal(run.next, 20);
}

/* Whatever the timing, the lowest batch that can fail is what is told, and all before it came out. */
static void fails_alike_for_any_timing(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 3);
    for (int round = 0; round < 300; round++) {
        struct watched run = watched(1 + (unsigned)random_below(&random, 8));
        uint64_t first = random_below(&random, 60);
        uint64_t second = first + random_below(&random, 8);
        uint64_t third = random_below(&random, 60);
        run.bad_produce[0] = first;
        run.bad_produce[1] = second;
        run.bad_consume = third;
        run.slow = random_below(&random, 12);
        run.large = random_below(&random, 12);
        bool consume_fails = third < first;
        uint64_t lowest = consume_fails ? third : first;
        assert_int_equal(run_watched(&run, BATCHES), consume_fails ? STATUS_IO : STATUS_INVALID);
        struct error expected;
        error_set(&expected, STATUS_IO, "%s %d", consume_fails ? "consume" : "produce",
                  (int)lowest);
        assert_string_equal(error.message, expected.message);
        assert_int_equal(run.next, lowest + consume_fails);
        for (uint64_t i = 0; i < BATCHES; i++) {
            assert_int_equal(run.consumed[i], i < lowest + consume_fails);
        }
        /* No more was begun than there were slots for. */
        uint64_t reach = lowest + 1 + threads_slots(run.threads);
        for (uint64_t i = reach; i < BATCHES; i++) {
            assert_int_equal(run.produced[i], 0);
        }
    }
}

static int nothing(void *context, unsigned index, struct error *out)
{
    (void)context;
    (void)index;
    (void)out;
    return STATUS_OK;
}

static int run_both(void *context, struct error *out)
{
    (void)context;
    int status = threads_run(4, nothing, NULL, out);
    if (status == STATUS_OK) {
        struct watched run = watched(3);
        struct threads_ordered work = {watch_produce, watch_consume, &run};
        status = threads_run_ordered(&work, 10, 3, out);
    }
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_int_equal(fail_every_allocation(run_both, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_processors),
        cmocka_unit_test(runs_each_worker_once),
        cmocka_unit_test(returns_the_failure_of_the_lowest_worker),
        cmocka_unit_test(takes_results_in_order),
        cmocka_unit_test(runs_any_number_of_batches),
        cmocka_unit_test(no_thread_means_the_caller),
        cmocka_unit_test(fails_alike_for_any_timing),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
