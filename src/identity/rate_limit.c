#include "identity/rate_limit.h"

#include <pthread.h>
#include <sodium.h>

#include "base/memory.h"
#include "base/random.h"

enum { TABLES = 2, BUCKETS = 16 << 10 };

struct bucket {
    float level;
    float when; /* seconds since the limit was opened, at which the level was so high */
};

struct rate_limit {
    double most;
    double seconds;
    double start;
    bool started;
    unsigned char key[crypto_shorthash_KEYBYTES];
    pthread_mutex_t lock;
    struct bucket buckets[TABLES][BUCKETS];
};

int rate_limit_open(struct rate_limit **out, double most, double seconds, struct error *error)
{
    *out = NULL;
    struct rate_limit *limit = memory_alloc_zeroed(1, sizeof *limit);
    if (limit == NULL) {
        return error_out_of_memory(error);
    }
    int status = random_secret(limit->key, sizeof limit->key, error);
    if (status != 0) {
        memory_free(limit);
        return status;
    }
    limit->most = most;
    limit->seconds = seconds;
    pthread_mutex_init(&limit->lock, NULL);
    *out = limit;
    return 0;
}

/* The two halves of one hash are two hashes. */
static void find(struct bucket *out[TABLES], struct rate_limit *limit, struct str key)
{
    unsigned char hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, (const unsigned char *)key.ptr, key.len, limit->key);
    out[0] = &limit->buckets[0][(hash[0] | hash[1] << 8) % BUCKETS];
    out[1] = &limit->buckets[1][(hash[2] | hash[3] << 8) % BUCKETS];
}

bool rate_limit_try(struct rate_limit *limit, struct str key, double now)
{
    struct bucket *found[TABLES];
    find(found, limit, key);
    pthread_mutex_lock(&limit->lock);
    if (!limit->started) {
        limit->start = now;
        limit->started = true;
    }
    float time = (float)(now - limit->start);
    bool full = true;
    for (unsigned i = 0; i < TABLES; i++) {
        double level = found[i]->level - (time - found[i]->when) / limit->seconds;
        found[i]->level = level > 0 ? (float)level : 0;
        found[i]->when = time;
        full = full && found[i]->level > limit->most - 1;
    }
    for (unsigned i = 0; i < TABLES && !full; i++) {
        found[i]->level += 1;
    }
    pthread_mutex_unlock(&limit->lock);
    return !full;
}

void rate_limit_forgive(struct rate_limit *limit, struct str key)
{
    struct bucket *found[TABLES];
    find(found, limit, key);
    pthread_mutex_lock(&limit->lock);
    for (unsigned i = 0; i < TABLES; i++) {
        found[i]->level = found[i]->level > 1 ? found[i]->level - 1 : 0;
    }
    pthread_mutex_unlock(&limit->lock);
}

void rate_limit_close(struct rate_limit *limit)
{
    if (limit != NULL) {
        pthread_mutex_destroy(&limit->lock);
        memory_free(limit);
    }
}
