#include "identity/cookie.h"

#include <sodium.h>
#include <string.h>

#include "identity/base64url.h"

enum {
    NONCE = crypto_secretbox_NONCEBYTES,
    MAC = crypto_secretbox_MACBYTES,
    MOST_SEALED = 8 << 10,
};

_Static_assert(SECRET_BYTES == crypto_secretbox_KEYBYTES, "a secret is a key");

char *cookie_seal(struct arena *arena, const unsigned char key[SECRET_BYTES], enum cookie_kind kind,
                  struct str content)
{
    size_t size = NONCE + MAC + 1 + content.len;
    unsigned char *sealed = arena_alloc(arena, size);
    unsigned char *plain = arena_alloc(arena, 1 + content.len);
    if (sealed == NULL || plain == NULL) {
        return NULL;
    }
    plain[0] = (unsigned char)kind;
    memcpy(plain + 1, content.ptr, content.len);
    randombytes_buf(sealed, NONCE);
    crypto_secretbox_easy(sealed + NONCE, plain, 1 + content.len, sealed, key);
    return base64url_encode(arena, sealed, size);
}

struct str cookie_open(struct arena *arena, const unsigned char key[SECRET_BYTES],
                       enum cookie_kind kind, struct str sealed)
{
    static const struct str none = {NULL, 0};
    bool out_of_memory;
    if (sealed.ptr == NULL || sealed.len > MOST_SEALED) {
        return none;
    }
    struct str bytes = base64url_decode(arena, sealed, &out_of_memory);
    if (bytes.ptr == NULL || bytes.len < NONCE + MAC + 1) {
        return none;
    }
    size_t size = bytes.len - NONCE - MAC;
    unsigned char *plain = arena_alloc(arena, size + 1);
    const unsigned char *box = (const unsigned char *)bytes.ptr;
    if (plain == NULL ||
        crypto_secretbox_open_easy(plain, box + NONCE, size + MAC, box, key) != 0 ||
        plain[0] != (unsigned char)kind) {
        return none;
    }
    plain[size] = '\0';
    return (struct str){(const char *)plain + 1, size - 1};
}

/* The host of the request, without its port: "[::1]:8000" is "[::1]". */
static struct str host_of(const struct http_exchange *exchange)
{
    struct str host = http_header(exchange, "host");
    const char *bracket = host.len > 0 ? memrchr(host.ptr, ']', host.len) : NULL;
    const char *colon = host.len > 0 ? memrchr(host.ptr, ':', host.len) : NULL;
    if (colon != NULL && (bracket == NULL || colon > bracket)) {
        host.len = (size_t)(colon - host.ptr);
    }
    return host;
}

static bool is_this_machine(struct str host)
{
    return str_equal_ignoring_case(host, STR("localhost")) || str_equal(host, STR("127.0.0.1")) ||
           str_equal(host, STR("[::1]"));
}

void cookie_set(struct http_exchange *exchange, const struct cookie *cookie)
{
    bool secure = exchange->secure || !is_this_machine(host_of(exchange));
    http_respond_header(exchange, "Set-Cookie", "%s=%s; Path=%s; Max-Age=%u; SameSite=Lax%s%s",
                        cookie->name, cookie->value, cookie->path, cookie->seconds,
                        cookie->readable ? "" : "; HttpOnly", secure ? "; Secure" : "");
}
