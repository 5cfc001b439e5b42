#include "identity/password.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <time.h>

#include "base/memory.h"
#include "base/random.h"
#include "identity/identity.h"

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "as libsodium writes it");

enum { WAIT_SECONDS = 10 };

struct password_hall {
    pthread_mutex_t lock;
    pthread_cond_t left;
    unsigned free;
    char nobody[PASSWORD_HASH_SIZE]; /* the hash of a password that nobody has */
};

static int hash(char out[PASSWORD_HASH_SIZE], struct str password, struct error *error)
{
    if (crypto_pwhash_str_alg(out, password.len > 0 ? password.ptr : "", password.len,
                              crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE,
                              crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return error_out_of_memory(error);
    }
    return 0;
}

int password_hall_open(struct password_hall **out, unsigned most, struct error *error)
{
    *out = NULL;
    struct password_hall *hall = memory_alloc_zeroed(1, sizeof *hall);
    if (hall == NULL) {
        return error_out_of_memory(error);
    }
    unsigned char secret[32];
    int status = random_secret(secret, sizeof secret, error);
    if (status == 0) {
        status = hash(hall->nobody, (struct str){(const char *)secret, sizeof secret}, error);
    }
    if (status != 0) {
        memory_free(hall);
        return status;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&hall->lock, NULL);
    pthread_cond_init(&hall->left, &monotonic);
    pthread_condattr_destroy(&monotonic);
    hall->free = most;
    *out = hall;
    return 0;
}

void password_hall_close(struct password_hall *hall)
{
    if (hall != NULL) {
        pthread_cond_destroy(&hall->left);
        pthread_mutex_destroy(&hall->lock);
        memory_free(hall);
    }
}

static int enter(struct password_hall *hall, struct error *error)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += WAIT_SECONDS;
    int waited = 0;
    pthread_mutex_lock(&hall->lock);
    while (hall->free == 0 && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&hall->left, &hall->lock, &end);
    }
    bool entered = hall->free > 0;
    hall->free -= entered;
    pthread_mutex_unlock(&hall->lock);
    return entered ? 0
                   : error_set(error, STATUS_RESOURCES, "too many people sign in at the same time");
}

static void leave(struct password_hall *hall)
{
    pthread_mutex_lock(&hall->lock);
    hall->free++;
    pthread_cond_signal(&hall->left);
    pthread_mutex_unlock(&hall->lock);
}

int password_hash(char out[PASSWORD_HASH_SIZE], struct password_hall *hall, struct str password,
                  struct error *error)
{
    int status = enter(hall, error);
    if (status == 0) {
        status = hash(out, password, error);
        leave(hall);
    }
    return status;
}

int password_check(bool *out, struct password_hall *hall, const char *stored, struct str password,
                   struct error *error)
{
    int status = enter(hall, error);
    if (status == 0) {
        int differs = crypto_pwhash_str_verify(stored == NULL ? hall->nobody : stored,
                                               password.len > 0 ? password.ptr : "", password.len);
        *out = differs == 0 && stored != NULL;
        leave(hall);
    }
    return status;
}

int identity_make_password(char out[IDENTITY_MADE_PASSWORD_SIZE], struct error *error)
{
    /* 31 of them: a byte below 248 gives each the same chance. */
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    enum { LETTERS = sizeof letters - 1, GROUP = 5, GROUPS = 3 };
    size_t used = 0;
    for (size_t i = 0; i < (size_t)GROUP * GROUPS; i++) {
        unsigned char byte;
        do {
            int status = random_secret(&byte, 1, error);
            if (status != 0) {
                return status;
            }
        } while (byte >= 256 / LETTERS * LETTERS);
        if (i > 0 && i % GROUP == 0) {
            out[used++] = '-';
        }
        out[used++] = letters[byte % LETTERS];
    }
    out[used] = '\0';
    return 0;
}
