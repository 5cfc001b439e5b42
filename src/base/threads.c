#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/memory.h"

unsigned threads_available(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        return (unsigned)CPU_COUNT(&allowed);
    }
    /* More processors than the set holds. */
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (unsigned)online;
}

/* One worker's share. */
struct share {
    int (*work)(void *context, unsigned index, struct error *error);
    void *context;
    unsigned index;
    int status;
    bool started;
    pthread_t thread;
    struct error error;
};

static void *run_share(void *argument)
{
    struct share *share = argument;
    share->status = share->work(share->context, share->index, &share->error);
    return NULL;
}

static void run_shares(struct share *shares, unsigned count)
{
    for (unsigned i = 0; i + 1 < count; i++) {
        shares[i].started = pthread_create(&shares[i].thread, NULL, run_share, &shares[i]) == 0;
    }
    run_share(&shares[count - 1]);
    for (unsigned i = 0; i + 1 < count; i++) {
        if (!shares[i].started) {
            run_share(&shares[i]);
        }
    }
    for (unsigned i = 0; i + 1 < count; i++) {
        if (shares[i].started) {
            pthread_join(shares[i].thread, NULL);
        }
    }
}

int threads_run(unsigned count, int (*work)(void *context, unsigned index, struct error *error),
                void *context, struct error *error)
{
    if (count == 0) {
        return STATUS_OK;
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
    }
    run_shares(shares, count);
    int status = STATUS_OK;
    for (unsigned i = 0; i < count && status == STATUS_OK; i++) {
        status = shares[i].status;
        if (status != STATUS_OK) {
            *error = shares[i].error;
        }
    }
    memory_free(shares);
    return status;
}

unsigned threads_slots(unsigned threads)
{
    /* One batch in work and one waiting for its turn a thread, and two so that those who are ahead
       of a slow batch do not stop at once. */
    return 2 * threads + 2;
}

/*
 * The state of an ordered run, all of it guarded by `lock`.
 *
 * Batches are claimed in order, and batch b uses slot b % slots, so it may begin as soon as batch
 * b - slots has been consumed. No deadlock: the lowest batch that is not consumed waits neither
 * for a slot nor for its turn, so it is in work or ready; and whoever makes it ready consumes it,
 * unless another thread is consuming already and will come to it.
 *
 * After a failure no higher batch is begun, but all lower ones, which are under way by then, are
 * finished and consumed: one of them may fail too, and then its failure counts. So it does not
 * depend on the threads' luck which failure is returned. (A batch that is cancelled while it waits
 * for its turn is a higher one, and its failure is not looked at.)
 */
struct threads_order {
    const struct threads_ordered *work;
    unsigned slots;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a batch was consumed, or one failed */
    uint64_t batches;       /* lowered to the batch that failed: it and all above are off */
    uint64_t claimed;       /* batches below are in work or done */
    uint64_t consumed;      /* batches below are consumed */
    bool consuming;         /* some thread is consuming */
    bool *ready;            /* by slot: produced and not yet consumed */
    int status;             /* of batch number `batches` when that is a failure */
    struct error error;
};

/* Under the lock. */
static void record_failure(struct threads_order *order, uint64_t batch, int status,
                           const struct error *error)
{
    if (batch < order->batches) {
        order->batches = batch;
        order->status = status;
        order->error = *error;
        pthread_cond_broadcast(&order->changed);
    }
}

/* Under the lock, which is given up while a batch is consumed. */
static void consume_ready(struct threads_order *order, struct error *error)
{
    if (order->consuming) {
        return;
    }
    order->consuming = true;
    while (order->consumed < order->batches && order->ready[order->consumed % order->slots]) {
        uint64_t batch = order->consumed;
        unsigned slot = (unsigned)(batch % order->slots);
        pthread_mutex_unlock(&order->lock);
        int status = order->work->consume(order->work->context, batch, slot, error);
        pthread_mutex_lock(&order->lock);
        order->ready[slot] = false;
        order->consumed++;
        if (status != STATUS_OK) {
            record_failure(order, batch, status, error);
        }
        pthread_cond_broadcast(&order->changed);
    }
    order->consuming = false;
}

/* Under the lock. Waits for a slot; false when no batch is left to begin. */
static bool claim(struct threads_order *order, uint64_t *batch)
{
    while (order->claimed < order->batches && order->claimed - order->consumed >= order->slots) {
        pthread_cond_wait(&order->changed, &order->lock);
    }
    if (order->claimed >= order->batches) {
        return false;
    }
    *batch = order->claimed++;
    return true;
}

static int work_on_batches(void *context, unsigned worker, struct error *error)
{
    struct threads_order *order = context;
    const struct threads_ordered *work = order->work;
    uint64_t batch;
    pthread_mutex_lock(&order->lock);
    while (claim(order, &batch)) {
        unsigned slot = (unsigned)(batch % order->slots);
        pthread_mutex_unlock(&order->lock);
        int status = work->produce(work->context, order, worker, batch, slot, error);
        pthread_mutex_lock(&order->lock);
        if (status != STATUS_OK) {
            record_failure(order, batch, status, error);
        } else {
            order->ready[slot] = true;
            consume_ready(order, error);
        }
    }
    pthread_mutex_unlock(&order->lock);
    return STATUS_OK;
}

int threads_await_turn(struct threads_order *order, uint64_t batch, struct error *error)
{
    pthread_mutex_lock(&order->lock);
    while (order->consumed != batch && batch < order->batches) {
        pthread_cond_wait(&order->changed, &order->lock);
    }
    bool off = batch >= order->batches;
    pthread_mutex_unlock(&order->lock);
    return off ? error_set(error, STATUS_CANCELLED, "an earlier part of the work failed")
               : STATUS_OK;
}

int threads_run_ordered(const struct threads_ordered *work, uint64_t batches, unsigned threads,
                        struct error *error)
{
    threads = threads == 0 ? 1 : threads;
    struct threads_order order = {
        .work = work,
        .slots = threads_slots(threads),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .batches = batches,
    };
    order.ready = memory_alloc_zeroed(order.slots, sizeof *order.ready);
    if (order.ready == NULL) {
        return error_out_of_memory(error);
    }
    unsigned workers = threads < batches ? threads : (unsigned)batches;
    int status = threads_run(workers, work_on_batches, &order, error);
    if (status == STATUS_OK && order.status != STATUS_OK) {
        status = order.status;
        *error = order.error;
    }
    pthread_cond_destroy(&order.changed);
    pthread_mutex_destroy(&order.lock);
    memory_free(order.ready);
    return status;
}
