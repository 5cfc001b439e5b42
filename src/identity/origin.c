/* Whether a request comes from a page of another site. */

#include <string.h>

#include "identity/internal.h"

/* "https://empi.example.org:8443" of an address, which may go on after that. */
static struct str origin_of(const char *url)
{
    const char *host = strstr(url, "://");
    size_t length = host == NULL ? 0 : (size_t)(host + 3 - url) + strcspn(host + 3, "/?#");
    return (struct str){url, length};
}

static bool is_configured(struct str origin, const struct config *config)
{
    for (size_t i = 0; i < config->server.cors_allowed_origins.count; i++) {
        struct str listed = str_from(config->server.cors_allowed_origins.items[i]);
        /* As http/cors.c reads it: an operator may have written a slash at the end. */
        listed.len -= listed.len > 0 && listed.ptr[listed.len - 1] == '/';
        if (str_equal_ignoring_case(origin, listed)) {
            return true;
        }
    }
    return config->server.public_url != NULL &&
           str_equal_ignoring_case(origin, origin_of(config->server.public_url));
}

/* The scheme is not compared: behind a proxy that ends TLS we do not know it. */
static bool is_host(struct str origin, struct str host)
{
    const char *after = origin.len > 0 ? memmem(origin.ptr, origin.len, "://", 3) : NULL;
    if (after == NULL || host.len == 0) {
        return false;
    }
    struct str name = {after + 3, (size_t)(origin.ptr + origin.len - after - 3)};
    return str_equal_ignoring_case(name, host);
}

bool identity_is_foreign(const struct http_exchange *exchange, const struct identity *identity)
{
    struct str site = http_header(exchange, "sec-fetch-site");
    struct str origin = http_header(exchange, "origin");
    if (origin.ptr != NULL && is_configured(origin, identity->config)) {
        return false;
    }
    if (site.ptr != NULL) {
        /* "none": somebody typed the address. */
        return !str_equal(site, STR("same-origin")) && !str_equal(site, STR("none"));
    }
    return origin.ptr != NULL && !is_host(origin, http_header(exchange, "host"));
}

bool identity_is_cross_site(const struct http_exchange *exchange, const struct identity *identity)
{
    const char *env = identity->config->env;
    struct str site = http_header(exchange, "sec-fetch-site");
    struct str origin = http_header(exchange, "origin");
    bool any = env != NULL && strcmp(env, "local") == 0;
    return !any && site.ptr != NULL && str_equal(site, STR("cross-site")) &&
           (origin.ptr == NULL || !is_configured(origin, identity->config));
}

const char *identity_return_path(struct arena *arena, struct str text)
{
    /* "//host" and "/\host" lead to other hosts; what is not printable, who knows where. */
    bool good = text.len > 0 && text.len <= 1024 && text.ptr[0] == '/' &&
                (text.len == 1 || (text.ptr[1] != '/' && text.ptr[1] != '\\'));
    for (size_t i = 0; i < text.len && good; i++) {
        good = text.ptr[i] > ' ' && text.ptr[i] < 0x7f && text.ptr[i] != '\\';
    }
    const char *copy = good ? arena_copy(arena, text) : NULL;
    return copy != NULL ? copy : "/";
}
