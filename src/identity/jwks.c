#include "identity/jwks.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum {
    MOST_DOCUMENT = 1 << 20,
    /* For a fetch that somebody else makes. Each is a request at work, and a provider that hangs must
       not take all of those. */
    MOST_WAITING = 8,
};

/* A set and who uses it. The set is first: it is what callers hold. */
struct published {
    struct jwk_set *set;
    unsigned users; /* the cache is one, until it has a newer set */
    struct published *older;
};

struct jwks {
    struct jwks_source source; /* fetch NULL: the set never changes */
    struct jwks_pace pace;
    pthread_mutex_t lock;
    pthread_cond_t fetched;
    struct published *newest; /* NULL: none yet; a list with those that are still in use */
    bool fetching;
    unsigned waiting; /* until it is over */
    double tried;     /* when the last fetch ended; 0: never */
    double got;       /* when the newest set came */
};

static int make(struct jwks **out, struct error *error)
{
    struct jwks *keys = memory_alloc_zeroed(1, sizeof *keys);
    if (keys == NULL) {
        return error_out_of_memory(error);
    }
    pthread_mutex_init(&keys->lock, NULL);
    pthread_cond_init(&keys->fetched, NULL);
    *out = keys;
    return 0;
}

int jwks_open(struct jwks **out, const struct jwks_source *source, const struct jwks_pace *pace,
              struct error *error)
{
    *out = NULL;
    int status = make(out, error);
    if (status == 0) {
        static const struct jwks_pace usual = {30, 5, 600};
        struct jwks_pace *own = &(*out)->pace;
        *own = pace == NULL ? usual : *pace;
        own->least_seconds = own->least_seconds > 0 ? own->least_seconds : usual.least_seconds;
        own->retry_seconds = own->retry_seconds > 0 ? own->retry_seconds : usual.retry_seconds;
        own->most_seconds = own->most_seconds > 0 ? own->most_seconds : usual.most_seconds;
        (*out)->source = *source;
    }
    return status;
}

/* Under the lock, but for the first. */
static bool publish(struct jwks *keys, struct jwk_set *set)
{
    struct published *entry = memory_alloc_zeroed(1, sizeof *entry);
    if (entry == NULL) {
        return false;
    }
    *entry = (struct published){.set = set, .users = 1, .older = keys->newest};
    keys->newest = entry;
    keys->got = clock_monotonic();
    return true;
}

int jwks_open_fixed(struct jwks **out, struct jwk_set *set, struct error *error)
{
    *out = NULL;
    int status = make(out, error);
    if (status == 0 && !publish(*out, set)) {
        jwks_close(*out);
        *out = NULL;
        status = error_out_of_memory(error);
    }
    return status;
}

/* Under the lock: one user less of a set; frees it when it was the last. */
static void drop(struct jwks *keys, const struct jwk_set *set)
{
    struct published **place = &keys->newest;
    while (*place != NULL && (*place)->set != set) {
        place = &(*place)->older;
    }
    struct published *entry = *place;
    if (entry != NULL && --entry->users == 0) {
        *place = entry->older;
        jwk_set_free(entry->set);
        memory_free(entry);
    }
}

/* Without the lock. */
static int fetch(struct jwk_set **out, struct jwks *keys, struct error *error)
{
    *out = NULL;
    struct text_buffer document = TEXT_BUFFER(MOST_DOCUMENT);
    int status = keys->source.fetch(keys->source.context, &document, error);
    if (status == 0 && document.failed) {
        status = error_out_of_memory(error);
    }
    if (status == 0) {
        status = jwk_set_read(out, text_str(&document), error);
    }
    text_free(&document);
    return status;
}

/* Under the lock, which it gives up meanwhile. */
static void fetch_once(struct jwks *keys)
{
    struct error error;
    struct jwk_set *set;
    keys->fetching = true;
    pthread_mutex_unlock(&keys->lock);
    int status = fetch(&set, keys, &error);
    if (status != 0) {
        error_prefix(&error, "the identity provider's keys");
        log_error(&error);
    }
    pthread_mutex_lock(&keys->lock);
    keys->fetching = false;
    keys->tried = clock_monotonic();
    const struct jwk_set *before = keys->newest == NULL ? NULL : keys->newest->set;
    if (set != NULL && publish(keys, set)) {
        if (before != NULL) {
            drop(keys, before);
        }
    } else {
        jwk_set_free(set);
    }
    pthread_cond_broadcast(&keys->fetched);
}

/* Under the lock. Waits for the fetch that runs, unless enough others do. */
static void wait_for_fetch(struct jwks *keys)
{
    if (keys->waiting < MOST_WAITING) {
        keys->waiting++;
        while (keys->fetching) {
            pthread_cond_wait(&keys->fetched, &keys->lock);
        }
        keys->waiting--;
    }
}

/* Under the lock. Whether a fetch may begin now, because a key is not known. */
static bool may_fetch(const struct jwks *keys)
{
    double pause = keys->newest == NULL ? keys->pace.retry_seconds : keys->pace.least_seconds;
    return keys->tried == 0 || clock_monotonic() - keys->tried >= pause;
}

static bool is_old(const struct jwks *keys)
{
    return keys->newest != NULL && clock_monotonic() - keys->got >= keys->pace.most_seconds;
}

static const struct jwk *find(const struct jwks *keys, struct str id, enum jwa algorithm)
{
    return keys->newest == NULL ? NULL : jwk_set_find(keys->newest->set, id, algorithm);
}

int jwks_find(const struct jwk **out, struct jwk_set **set, struct jwks *keys, struct str id,
              enum jwa algorithm, struct error *error)
{
    *set = NULL;
    pthread_mutex_lock(&keys->lock);
    bool fixed = keys->source.fetch == NULL;
    if (!fixed && !keys->fetching && is_old(keys) && may_fetch(keys)) {
        fetch_once(keys);
    }
    *out = find(keys, id, algorithm);
    if (*out == NULL && !fixed) {
        if (keys->fetching) {
            wait_for_fetch(keys);
        } else if (may_fetch(keys)) {
            fetch_once(keys);
        }
        *out = find(keys, id, algorithm);
    }
    bool none = keys->newest == NULL;
    if (*out != NULL) {
        keys->newest->users++;
        *set = keys->newest->set;
    }
    pthread_mutex_unlock(&keys->lock);
    return none ? error_set(error, STATUS_RESOURCES,
                            "the identity provider's keys cannot be had at the moment")
                : 0;
}

void jwks_release(struct jwks *keys, struct jwk_set *set)
{
    if (set != NULL) {
        pthread_mutex_lock(&keys->lock);
        drop(keys, set);
        pthread_mutex_unlock(&keys->lock);
    }
}

void jwks_close(struct jwks *keys)
{
    if (keys == NULL) {
        return;
    }
    while (keys->newest != NULL) {
        struct published *entry = keys->newest;
        keys->newest = entry->older;
        jwk_set_free(entry->set);
        memory_free(entry);
    }
    pthread_cond_destroy(&keys->fetched);
    pthread_mutex_destroy(&keys->lock);
    memory_free(keys);
}
