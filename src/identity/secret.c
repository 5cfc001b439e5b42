#include "identity/secret.h"

#include <sodium.h>
#include <string.h>

#include "base/compiler.h"
#include "base/random.h"

int secret_take(unsigned char out[SECRET_BYTES], struct connection *connection, const char *name,
                struct error *error)
{
    unsigned char fresh[SECRET_BYTES];
    char text[2 * SECRET_BYTES + 1];
    int status = random_secret(fresh, sizeof fresh, error);
    if (status != 0) {
        return status;
    }
    sodium_bin2hex(text, sizeof text, fresh, sizeof fresh);
    const struct query_parameter parameters[] = {query_text(name), query_text(text)};
    /* Whoever comes second reads what the first has written. */
    status = query_run(NULL, connection,
                       "insert into empi.secret (name, value)\n"
                       "values ($1, decode($2, 'hex'))\n"
                       "on conflict (name) do nothing",
                       parameters, ARRAY_LENGTH(parameters), error);
    struct rows *rows = NULL;
    if (status == 0) {
        status = query_run(&rows, connection,
                           "select encode(value, 'hex') from empi.secret where name = $1",
                           parameters, 1, error);
    }
    if (status == 0) {
        struct str stored = rows_count(rows) == 1 ? rows_text(rows, 0, 0) : (struct str){NULL, 0};
        size_t size = 0;
        if (sodium_hex2bin(out, SECRET_BYTES, stored.ptr == NULL ? "" : stored.ptr, stored.len,
                           NULL, &size, NULL) != 0 ||
            size != SECRET_BYTES) {
            status = error_set(error, STATUS_INVALID,
                               "the secret \"%s\" in table empi.secret is not %d bytes long", name,
                               SECRET_BYTES);
            error_hint(error, "delete its row: a new one is made, and who is signed in has to sign "
                              "in again");
        }
    }
    rows_free(rows);
    sodium_memzero(fresh, sizeof fresh);
    sodium_memzero(text, sizeof text);
    return status;
}

void secret_derive(unsigned char out[SECRET_BYTES], const unsigned char secret[SECRET_BYTES],
                   const char *configured, const char *purpose)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, secret, SECRET_BYTES, SECRET_BYTES);
    /* With the NUL, so that no two pairs of texts read alike. */
    crypto_generichash_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
    if (configured != NULL) {
        crypto_generichash_update(&state, (const unsigned char *)configured, strlen(configured));
    }
    crypto_generichash_final(&state, out, SECRET_BYTES);
    sodium_memzero(&state, sizeof state);
}
