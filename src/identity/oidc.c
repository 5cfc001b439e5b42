#include "identity/oidc.h"

#include <assert.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/gate.h"
#include "identity/provider_call.h"

enum {
    AGE_SECONDS = 3600,
    RETRY_SECONDS = 5,
    MOST_URL = 16 << 10,
    MOST_TOKEN = 64 << 10,
    /* Each is a request at work, of somebody whom nobody has let in yet: if the provider hangs, they must
       not be all. */
    MOST_WAITING = 8, /* for a document that somebody else fetches */
    MOST_CALLS = 16,  /* of signing in */
};

struct oidc {
    struct oidc_options options;
    struct http_gate calls;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t fetched;
    bool fetching;
    unsigned waiting; /* until it is over */
    struct oidc_document document;
    struct arena arena; /* of the document */
    bool known;
    double got;
    double failed; /* when the last fetch did; 0: it did not */
};

int oidc_open(struct oidc **out, const struct oidc_options *options, struct error *error)
{
    *out = NULL;
    struct oidc *provider = memory_alloc_zeroed(1, sizeof *provider);
    if (provider == NULL) {
        return error_out_of_memory(error);
    }
    int status = http_gate_open(&provider->calls, MOST_CALLS, error);
    if (status != 0) {
        memory_free(provider);
        return status;
    }
    provider->options = *options;
    provider->arena = ARENA(1 << 20);
    pthread_mutex_init(&provider->lock, NULL);
    pthread_cond_init(&provider->fetched, NULL);
    *out = provider;
    return 0;
}

void oidc_close(struct oidc *provider)
{
    if (provider != NULL) {
        http_gate_close(&provider->calls);
        pthread_cond_destroy(&provider->fetched);
        pthread_mutex_destroy(&provider->lock);
        arena_free(&provider->arena);
        memory_free(provider);
    }
}

/* ---- discovery ---- */

/* An address of the document; what is none is as if it were not there. */
static const char *take_url(struct arena *arena, const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    struct str text = {json_string_value(value), json_string_length(value)};
    return provider_is_url(text.ptr) ? arena_copy(arena, text) : NULL;
}

static bool takes_basic(const json_t *json)
{
    const json_t *methods = json_object_get(json, "token_endpoint_auth_methods_supported");
    for (size_t i = 0; i < json_array_size(methods); i++) {
        const char *name = json_string_value(json_array_get(methods, i));
        if (name != NULL && strcmp(name, "client_secret_basic") == 0) {
            return true;
        }
    }
    return methods == NULL; /* it is the default */
}

/* Discovery 1.0, 4.3: another name would be another provider. */
static bool is_issuer(const struct oidc_options *options, const char *issuer)
{
    return issuer != NULL && (options->issuer == NULL || strcmp(issuer, options->issuer) == 0) &&
           (options->issuer_end == NULL ||
            str_ends_with(str_from(issuer), str_from(options->issuer_end)));
}

static int read_document(struct oidc_document *out, struct arena *arena, const json_t *json,
                         const struct oidc_options *options, struct error *error)
{
    *out = (struct oidc_document){
        .issuer = take_url(arena, json, "issuer"),
        .authorization_url = take_url(arena, json, "authorization_endpoint"),
        .token_url = take_url(arena, json, "token_endpoint"),
        .user_info_url = take_url(arena, json, "userinfo_endpoint"),
        .keys_url = take_url(arena, json, "jwks_uri"),
        .end_session_url = take_url(arena, json, "end_session_endpoint"),
        .secret_in_body = !takes_basic(json),
    };
    if (arena->failed) {
        return error_out_of_memory(error);
    }
    if (!is_issuer(options, out->issuer)) {
        error_set(error, STATUS_IO,
                  "the identity provider calls itself by another name than the "
                  "configured issuer");
        error_hint(error,
                   "compare \"issuer\" in %s/.well-known/openid-configuration with the "
                   "configuration, to the letter",
                   options->discovery);
        return STATUS_IO;
    }
    if (out->authorization_url == NULL || out->token_url == NULL || out->keys_url == NULL) {
        return error_set(error, STATUS_IO,
                         "the identity provider does not tell where to sign in, or its keys");
    }
    return 0;
}

/* Without the lock. */
static int fetch_document(struct oidc_document *out, struct arena *arena,
                          const struct oidc_options *options, struct error *error)
{
    struct text_buffer url = TEXT_BUFFER(MOST_URL);
    size_t length = strlen(options->discovery);
    bool slash = length > 0 && options->discovery[length - 1] == '/';
    text_appendf(&url, "%s%s.well-known/openid-configuration", options->discovery,
                 slash ? "" : "/");
    struct provider_call call = {.what = "the identity provider", .url = url.ptr};
    json_t *json = NULL;
    int status = url.failed ? error_out_of_memory(error) : provider_get(&json, &call, error);
    if (status == 0) {
        status = read_document(out, arena, json, options, error);
    }
    json_decref(json);
    text_free(&url);
    return status;
}

/* Under the lock, which it gives up meanwhile. */
static int fetch_once(struct oidc *provider, struct error *error)
{
    struct oidc_document document;
    struct arena arena = ARENA(1 << 20);
    provider->fetching = true;
    pthread_mutex_unlock(&provider->lock);
    int status = fetch_document(&document, &arena, &provider->options, error);
    pthread_mutex_lock(&provider->lock);
    provider->fetching = false;
    if (status == 0) {
        arena_free(&provider->arena);
        provider->arena = arena;
        provider->document = document;
        provider->known = true;
        provider->got = clock_monotonic();
        provider->failed = 0;
    } else {
        arena_free(&arena);
        provider->failed = clock_monotonic();
    }
    pthread_cond_broadcast(&provider->fetched);
    return status;
}

/* Under the lock. Waits for the fetch that runs, unless enough others do. */
static void wait_for_fetch(struct oidc *provider)
{
    if (provider->waiting < MOST_WAITING) {
        provider->waiting++;
        while (provider->fetching) {
            pthread_cond_wait(&provider->fetched, &provider->lock);
        }
        provider->waiting--;
    }
}

/* Under the lock. What is old is better than nothing. */
static int renew(struct oidc *provider, struct error *error)
{
    if (!provider->known && provider->fetching) {
        wait_for_fetch(provider);
    }
    double now = clock_monotonic();
    bool old = !provider->known || now - provider->got > AGE_SECONDS;
    bool later =
        provider->fetching || (provider->failed > 0 && now - provider->failed < RETRY_SECONDS);
    if (!old || (later && provider->known)) {
        return 0;
    }
    if (later) {
        return error_set(error, STATUS_RESOURCES,
                         "the identity provider cannot be asked at the moment");
    }
    int status = fetch_once(provider, error);
    if (status != 0 && provider->known) {
        log_error(error);
        status = 0;
    }
    return status;
}

static bool copy_text(const char **text, struct arena *arena)
{
    const char *original = *text;
    *text = original == NULL ? NULL : arena_copy(arena, str_from(original));
    return original == NULL || *text != NULL;
}

int oidc_discover(struct oidc_document *out, struct arena *arena, struct oidc *provider,
                  struct error *error)
{
    pthread_mutex_lock(&provider->lock);
    int status = renew(provider, error);
    if (status == 0) {
        *out = provider->document;
        bool good = copy_text(&out->issuer, arena) && copy_text(&out->authorization_url, arena) &&
                    copy_text(&out->token_url, arena) && copy_text(&out->user_info_url, arena) &&
                    copy_text(&out->keys_url, arena) && copy_text(&out->end_session_url, arena);
        status = good ? 0 : error_out_of_memory(error);
    }
    pthread_mutex_unlock(&provider->lock);
    return status;
}

int oidc_fetch_keys(void *context, struct text_buffer *out, struct error *error)
{
    struct oidc *provider = context;
    struct arena arena = ARENA(1 << 20);
    struct oidc_document document = {.keys_url = provider->options.keys_url};
    int status = document.keys_url != NULL ? 0 : oidc_discover(&document, &arena, provider, error);
    json_t *json = NULL;
    if (status == 0) {
        struct provider_call call = {.what = "the address of its keys", .url = document.keys_url};
        status = provider_get(&json, &call, error);
    }
    if (status == 0) {
        char *text = json_dumps(json, JSON_COMPACT);
        if (text != NULL) {
            text_append(out, str_from(text));
        }
        status = text == NULL ? error_out_of_memory(error) : 0;
        memory_free(text);
    }
    json_decref(json);
    arena_free(&arena);
    return status;
}

/* ---- the code flow ---- */

/* A call that somebody waits for who signs in. */
static int call_provider(json_t **out, unsigned *answer, struct oidc *provider,
                         const struct provider_call *call, struct error *error)
{
    *out = NULL;
    if (!http_gate_enter(&provider->calls, 0)) {
        return error_set(error, STATUS_RESOURCES, "too many people sign in at the same time");
    }
    int status = provider_call(out, answer, call, error);
    http_gate_leave(&provider->calls);
    return status;
}

int oidc_authorization_url(const char **out, struct arena *arena, struct oidc *provider,
                           const struct oidc_request *request, struct error *error)
{
    struct oidc_document document;
    int status = oidc_discover(&document, arena, provider, error);
    if (status != 0) {
        return status;
    }
    assert(document.authorization_url != NULL); /* see read_document() */
    struct text_buffer url = TEXT_BUFFER(MOST_URL);
    bool has_query = strchr(document.authorization_url, '?') != NULL;
    text_appendf(&url, "%s%c", document.authorization_url, has_query ? '&' : '?');
    size_t start = url.len;
    provider_append_field(&url, start, "response_type", "code");
    provider_append_field(&url, start, "client_id", provider->options.client_id);
    provider_append_field(&url, start, "redirect_uri", request->redirect_url);
    provider_append_field(&url, start, "scope", provider->options.scope);
    provider_append_field(&url, start, "state", request->state);
    provider_append_field(&url, start, "nonce", request->nonce);
    provider_append_field(&url, start, "code_challenge", request->challenge);
    provider_append_field(&url, start, "code_challenge_method", "S256");
    *out = url.failed ? NULL : arena_copy(arena, text_str(&url));
    text_free(&url);
    return *out == NULL ? error_out_of_memory(error) : 0;
}

/* RFC 6749, 2.3.1: both parts are encoded as in a form before they are joined. */
static const char *basic_authorization(struct arena *arena, const struct oidc_options *options)
{
    struct text_buffer pair = TEXT_BUFFER(MOST_URL);
    provider_append_encoded(&pair, str_from(options->client_id));
    text_append_char(&pair, ':');
    provider_append_encoded(&pair, str_from(options->client_secret));
    size_t room = pair.len / 3 * 4 + 5;
    char *encoded = pair.failed ? NULL : arena_alloc(arena, sizeof "Basic " + room);
    if (encoded != NULL) {
        memcpy(encoded, "Basic ", 6);
        EVP_EncodeBlock((unsigned char *)encoded + 6, (const unsigned char *)pair.ptr,
                        (int)pair.len);
    }
    text_free(&pair);
    return encoded;
}

static int post_code(json_t **out, struct arena *arena, struct oidc *provider,
                     const struct oidc_document *document, struct text_buffer *form,
                     struct error *error)
{
    const struct oidc_options *options = &provider->options;
    bool secret = options->client_secret != NULL && options->client_secret[0] != '\0';
    struct provider_call call = {.what = "the identity provider's token endpoint",
                                 .url = document->token_url};
    if (secret && !document->secret_in_body) {
        call.authorization = basic_authorization(arena, options);
    } else {
        provider_append_field(form, 0, "client_id", options->client_id);
    }
    if (secret && document->secret_in_body) {
        provider_append_field(form, 0, "client_secret", options->client_secret);
    }
    if (form->failed || arena->failed) {
        return error_out_of_memory(error);
    }
    call.form = text_str(form);
    unsigned answer;
    int status = call_provider(out, &answer, provider, &call, error);
    if (status == 0 && *out == NULL) {
        status = error_set(error, answer >= 500 ? STATUS_RESOURCES : STATUS_INVALID,
                           "%s answers with status %u", call.what, answer);
        error_hint(error,
                   "the client, its secret and the address to be sent back to have to be the "
                   "same in its configuration and in ours");
    }
    return status;
}

static const char *take_token(struct arena *arena, const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    struct str text = {json_string_value(value), json_string_length(value)};
    return text.len == 0 || text.len > MOST_TOKEN ? NULL : arena_copy(arena, text);
}

int oidc_redeem(struct oidc_tokens *out, struct arena *arena, struct oidc *provider,
                const char *code, const char *verifier, const char *redirect_url,
                struct error *error)
{
    struct oidc_document document;
    int status = oidc_discover(&document, arena, provider, error);
    if (status != 0) {
        return status;
    }
    struct text_buffer form = TEXT_BUFFER(MOST_URL);
    provider_append_field(&form, 0, "grant_type", "authorization_code");
    provider_append_field(&form, 0, "code", code);
    provider_append_field(&form, 0, "redirect_uri", redirect_url);
    provider_append_field(&form, 0, "code_verifier", verifier);
    json_t *json = NULL;
    status = post_code(&json, arena, provider, &document, &form, error);
    if (status == 0) {
        out->id_token = take_token(arena, json, "id_token");
        out->access_token = take_token(arena, json, "access_token");
        status = arena->failed ? error_out_of_memory(error)
                 : out->id_token != NULL
                     ? 0
                     : error_set(error, STATUS_INVALID, "the identity provider gave no ID token");
    }
    json_decref(json);
    text_free(&form);
    return status;
}

/* Some write the truth as text. */
struct str oidc_email(const json_t *claims)
{
    const json_t *email = json_object_get(claims, "email");
    const json_t *verified = json_object_get(claims, "email_verified");
    const char *text = json_string_value(verified);
    bool good = verified == NULL || json_is_null(verified) || json_is_true(verified) ||
                (text != NULL && strcmp(text, "true") == 0);
    return good && json_is_string(email)
               ? (struct str){json_string_value(email), json_string_length(email)}
               : STR("");
}

int oidc_user_email(const char **out, struct arena *arena, struct oidc *provider,
                    const char *access_token, struct str subject, struct error *error)
{
    *out = NULL;
    struct oidc_document document;
    int status = oidc_discover(&document, arena, provider, error);
    if (status != 0 || document.user_info_url == NULL) {
        return status;
    }
    struct text_buffer authorization = TEXT_BUFFER(MOST_TOKEN + 16);
    text_appendf(&authorization, "Bearer %s", access_token);
    struct provider_call call = {.what = "the identity provider's user info endpoint",
                                 .url = document.user_info_url,
                                 .authorization = authorization.ptr};
    json_t *json = NULL;
    unsigned answer;
    status = authorization.failed ? error_out_of_memory(error)
                                  : call_provider(&json, &answer, provider, &call, error);
    /* Core 1.0, 5.3.2: of another subject than the ID token's it must not be used. */
    const json_t *sub = json_object_get(json, "sub");
    struct str about = {json_string_value(sub), json_string_length(sub)};
    struct str email = oidc_email(json);
    if (about.ptr != NULL && str_equal(about, subject) && email.len > 0) {
        *out = arena_copy(arena, email);
        status = *out == NULL ? error_out_of_memory(error) : status;
    }
    json_decref(json);
    text_free(&authorization);
    return status;
}

int oidc_end_session_url(const char **out, struct arena *arena, struct oidc *provider,
                         const char *return_url, struct error *error)
{
    *out = NULL;
    struct oidc_document document;
    int status = oidc_discover(&document, arena, provider, error);
    if (status != 0 || document.end_session_url == NULL) {
        return status;
    }
    struct text_buffer url = TEXT_BUFFER(MOST_URL);
    bool has_query = strchr(document.end_session_url, '?') != NULL;
    text_appendf(&url, "%s%c", document.end_session_url, has_query ? '&' : '?');
    size_t start = url.len;
    provider_append_field(&url, start, "client_id", provider->options.client_id);
    provider_append_field(&url, start, "post_logout_redirect_uri", return_url);
    *out = url.failed ? NULL : arena_copy(arena, text_str(&url));
    text_free(&url);
    return *out == NULL ? error_out_of_memory(error) : 0;
}
