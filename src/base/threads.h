/*
 * Threads for work that is divided beforehand.
 *
 * Two shapes serve the whole engine: "each of n workers once" and "many batches whose results are
 * taken in order". Nothing else in the program starts a computing thread.
 */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include <stdint.h>

#include "base/error.h"

/* The processors this process may use (affinity respected), at least 1. */
unsigned threads_available(void);

/* Runs work(context, i) for i in 0 … count-1, each in a thread of its own (the last in the
   caller's), and waits for all. Returns the failure of the lowest i that failed. When a thread
   cannot be started its share is run by the caller. */
int threads_run(unsigned count, int (*work)(void *context, unsigned index, struct error *error),
                void *context, struct error *error);

/*
 * Batches 0 … batches-1, spread over `threads` workers as they become free, their results taken in
 * order of batch number: the same bytes come out for any number of threads.
 *
 * produce() runs in parallel and leaves its result in the slot numbered `slot`; consume() runs for
 * one batch at a time, in order, on whichever thread is there, with no lock held. There are
 * threads_slots(threads) slots; a worker waits when all are taken, so memory is bounded. A batch
 * that grows too large may call threads_await_turn(order, batch) from produce(): it returns when
 * all earlier batches are consumed, and the caller may then hand on by itself what it has so far.
 *
 * The failure of the lowest batch that failed ends the run and is returned.
 */
struct threads_order;

struct threads_ordered {
    int (*produce)(void *context, struct threads_order *order, unsigned worker, uint64_t batch,
                   unsigned slot, struct error *error);
    int (*consume)(void *context, uint64_t batch, unsigned slot, struct error *error);
    void *context;
};

unsigned threads_slots(unsigned threads);
int threads_run_ordered(const struct threads_ordered *work, uint64_t batches, unsigned threads,
                        struct error *error);

/* For produce() only. STATUS_CANCELLED when an earlier batch has failed meanwhile. */
int threads_await_turn(struct threads_order *order, uint64_t batch, struct error *error);

#endif
