#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "base/memory.h"

unsigned threads_available(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (unsigned)count;
}

/* ---- each worker once ---- */

struct share {
    int (*work)(void *context, unsigned index, struct error *error);
    void *context;
    unsigned index;
    pthread_t thread;
    bool started;
    int status;
    struct error error;
};

static void *run_share(void *argument)
{
    struct share *share = argument;
    share->status = share->work(share->context, share->index, &share->error);
    return NULL;
}

int threads_run(unsigned count, int (*work)(void *context, unsigned index, struct error *error),
                void *context, struct error *error)
{
    if (count == 0) {
        return 0;
    }
    if (count == 1) {
        return work(context, 0, error);
    }
    struct share *shares = memory_alloc_zeroed(count, sizeof *shares);
    if (shares == NULL) {
        return error_out_of_memory(error);
    }
    for (unsigned i = 0; i < count; i++) {
        shares[i].work = work;
        shares[i].context = context;
        shares[i].index = i;
        shares[i].started =
            i + 1 < count && pthread_create(&shares[i].thread, NULL, run_share, &shares[i]) == 0;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!shares[i].started) {
            run_share(&shares[i]);
        }
    }
    int status = 0;
    for (unsigned i = 0; i < count; i++) {
        if (shares[i].started) {
            pthread_join(shares[i].thread, NULL);
        }
        if (status == 0 && shares[i].status != 0) {
            status = shares[i].status;
            *error = shares[i].error;
        }
    }
    memory_free(shares);
    return status;
}

/* ---- batches in order ---- */

/*
 * One lock guards all of it. A slot belongs to the batches that leave the same remainder by the
 * number of slots: a batch may begin when the one before it in its slot has been consumed. The
 * thread that finishes the batch whose turn it is consumes it and all finished ones behind it;
 * `consuming` keeps the others out meanwhile.
 *
 * No deadlock: the lowest unconsumed batch has its slot (all before it are consumed), so it is
 * being produced, finished, or next to be taken; it waits for nothing.
 */
struct threads_order {
    const struct threads_ordered *work;
    uint64_t batches;
    unsigned slots;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t next;     /* batch to be taken next */
    uint64_t consumed; /* batches consumed: the number of the one whose turn it is */
    bool *finished;    /* by slot: its batch is produced and waits to be consumed */
    bool consuming;
    bool failed;
    uint64_t failed_batch; /* the lowest so far */
    int status;
    struct error error;
};

unsigned threads_slots(unsigned threads)
{
    return 2 * threads + 2;
}

/* Called with the lock held. */
static void fail(struct threads_order *order, uint64_t batch, int status, const struct error *error)
{
    /* A batch that gave up because another failed must not hide why. */
    if (!order->failed || (batch < order->failed_batch && status != STATUS_CANCELLED)) {
        order->failed = true;
        order->failed_batch = batch;
        order->status = status;
        order->error = *error;
    }
    pthread_cond_broadcast(&order->changed);
}

/* Called with the lock held, which is given up while a batch is consumed. */
static void consume_ready(struct threads_order *order, struct error *error)
{
    while (!order->failed && !order->consuming && order->consumed < order->batches &&
           order->finished[order->consumed % order->slots]) {
        uint64_t batch = order->consumed;
        unsigned slot = (unsigned)(batch % order->slots);
        order->consuming = true;
        pthread_mutex_unlock(&order->lock);
        int status = order->work->consume(order->work->context, batch, slot, error);
        pthread_mutex_lock(&order->lock);
        order->consuming = false;
        order->finished[slot] = false;
        order->consumed++;
        if (status != 0) {
            fail(order, batch, status, error);
        }
        pthread_cond_broadcast(&order->changed);
    }
}

static int work_through(void *context, unsigned worker, struct error *error)
{
    struct threads_order *order = context;
    pthread_mutex_lock(&order->lock);
    while (!order->failed && order->next < order->batches) {
        if (order->next - order->consumed >= order->slots) {
            pthread_cond_wait(&order->changed, &order->lock);
            continue;
        }
        uint64_t batch = order->next++;
        unsigned slot = (unsigned)(batch % order->slots);
        pthread_mutex_unlock(&order->lock);
        int status = order->work->produce(order->work->context, order, worker, batch, slot, error);
        pthread_mutex_lock(&order->lock);
        if (status != 0) {
            fail(order, batch, status, error);
            break;
        }
        order->finished[slot] = true;
        consume_ready(order, error);
    }
    pthread_mutex_unlock(&order->lock);
    return 0;
}

int threads_await_turn(struct threads_order *order, uint64_t batch, struct error *error)
{
    pthread_mutex_lock(&order->lock);
    while (!order->failed && order->consumed != batch) {
        pthread_cond_wait(&order->changed, &order->lock);
    }
    bool failed = order->failed;
    pthread_mutex_unlock(&order->lock);
    return failed ? error_set(error, STATUS_CANCELLED, "another part of the work failed") : 0;
}

int threads_run_ordered(const struct threads_ordered *work, uint64_t batches, unsigned threads,
                        struct error *error)
{
    struct threads_order order = {
        .work = work,
        .batches = batches,
        .slots = threads_slots(threads),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };
    order.finished = memory_alloc_zeroed(order.slots, sizeof *order.finished);
    if (order.finished == NULL) {
        return error_out_of_memory(error);
    }
    int status = threads_run(threads, work_through, &order, error);
    if (status == 0 && order.failed) {
        status = order.status;
        *error = order.error;
    }
    memory_free(order.finished);
    pthread_cond_destroy(&order.changed);
    pthread_mutex_destroy(&order.lock);
    return status;
}
