#include "identity/password.h"

#include <sodium.h>

#include "base/memory.h"
#include "base/random.h"
#include "http/gate.h"
#include "identity/identity.h"

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "as libsodium writes it");

enum {
    WAIT_SECONDS = 10,
    /* Each is a request at work, of somebody whom nobody has let in yet: they must not be all. */
    MOST_WAITING = 12,
};

struct password_hall {
    struct http_gate doors;          /* who works or waits */
    struct http_gate places;         /* who works */
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

static int open_gates(struct password_hall *hall, unsigned most, struct error *error)
{
    int status = http_gate_open(&hall->doors, most + MOST_WAITING, error);
    if (status == 0) {
        status = http_gate_open(&hall->places, most, error);
        if (status != 0) {
            http_gate_close(&hall->doors);
        }
    }
    return status;
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
    if (status == 0) {
        status = open_gates(hall, most, error);
    }
    if (status != 0) {
        memory_free(hall);
        return status;
    }
    *out = hall;
    return 0;
}

void password_hall_close(struct password_hall *hall)
{
    if (hall != NULL) {
        http_gate_close(&hall->places);
        http_gate_close(&hall->doors);
        memory_free(hall);
    }
}

static int enter(struct password_hall *hall, struct error *error)
{
    bool inside = http_gate_enter(&hall->doors, 0);
    if (inside && http_gate_enter(&hall->places, WAIT_SECONDS)) {
        return 0;
    }
    if (inside) {
        http_gate_leave(&hall->doors);
    }
    return error_set(error, STATUS_RESOURCES, "too many people sign in at the same time");
}

static void leave(struct password_hall *hall)
{
    http_gate_leave(&hall->places);
    http_gate_leave(&hall->doors);
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
