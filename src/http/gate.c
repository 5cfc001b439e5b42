#include "http/gate.h"

#include "http/timing.h"

int http_gate_open(struct http_gate *out, unsigned most, struct error *error)
{
    out->free = most;
    int number = http_condition_open(&out->left);
    if (number == 0) {
        number = pthread_mutex_init(&out->lock, NULL);
        if (number != 0) {
            pthread_cond_destroy(&out->left);
        }
    }
    return number == 0 ? STATUS_OK : error_system(error, number, "cannot make a lock");
}

bool http_gate_enter(struct http_gate *gate, double seconds)
{
    struct timespec end = http_time_in(seconds);
    int number = 0;
    pthread_mutex_lock(&gate->lock);
    while (gate->free == 0 && number == 0) {
        number = pthread_cond_timedwait(&gate->left, &gate->lock, &end);
    }
    bool entered = gate->free > 0;
    gate->free -= entered;
    pthread_mutex_unlock(&gate->lock);
    return entered;
}

void http_gate_leave(struct http_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->free++;
    pthread_cond_signal(&gate->left);
    pthread_mutex_unlock(&gate->lock);
}

void http_gate_close(struct http_gate *gate)
{
    pthread_cond_destroy(&gate->left);
    pthread_mutex_destroy(&gate->lock);
}
