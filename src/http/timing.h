/* Waiting on conditions by the clock that never goes back. Any thread. */
#ifndef HTTP_TIMING_H
#define HTTP_TIMING_H

#include <pthread.h>
#include <time.h>

/* 0, or an errno. */
static inline int http_condition_open(pthread_cond_t *out)
{
    pthread_condattr_t attributes;
    int number = pthread_condattr_init(&attributes);
    if (number == 0) {
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        number = pthread_cond_init(out, &attributes);
        pthread_condattr_destroy(&attributes);
    }
    return number;
}

/* The moment so many seconds from now; at least 0, at most ten years. */
static inline struct timespec http_time_in(double seconds)
{
    static const double most = 3e8;
    seconds = seconds > 0 ? seconds : 0;
    seconds = seconds < most ? seconds : most;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time_t whole = (time_t)seconds;
    time.tv_sec += whole;
    time.tv_nsec += (long)((seconds - (double)whole) * 1e9);
    if (time.tv_nsec >= 1000000000) {
        time.tv_nsec -= 1000000000;
        time.tv_sec++;
    }
    return time;
}

#endif
