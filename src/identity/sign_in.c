/* Signing in at the provider: there, back, and out again. */

#include <openssl/sha.h>
#include <sodium.h>
#include <string.h>

#include "base/json.h"
#include "base/json_read.h"
#include "base/log.h"
#include "base/random.h"
#include "identity/base64url.h"
#include "identity/cookie.h"
#include "identity/internal.h"
#include "identity/session.h"
#include "identity/users.h"

#define CALLBACK_PATH "/auth/callback"

/* Somebody has to find the second factor. */
enum { MINUTES = 10, RANDOM_BYTES = 32, MOST_CODE = 4 << 10, MOST_NOTE = 6 << 10 };

/* Several windows may be signing in at the same time: each takes one of these cookies. */
enum { SLOTS = 8 };
static const char *const slots[SLOTS] = {
    "tuva_empi_sign_in_0", "tuva_empi_sign_in_1", "tuva_empi_sign_in_2", "tuva_empi_sign_in_3",
    "tuva_empi_sign_in_4", "tuva_empi_sign_in_5", "tuva_empi_sign_in_6", "tuva_empi_sign_in_7",
};

/* What is remembered from the way there to the way back. */
struct note {
    const char *state; /* begins with the number of its slot */
    const char *nonce;
    const char *verifier;
    const char *return_path;
    int64_t ends;
};

enum identity_sign_in identity_sign_in(const struct identity *identity)
{
    if (identity->backend == CONFIG_IDP_LOCAL) {
        return IDENTITY_BY_FORM;
    }
    return identity->own_sign_in ? IDENTITY_BY_PROVIDER : IDENTITY_BY_PROXY;
}

/* ---- addresses ---- */

/* Of a path of ours, as people see it. Behind a proxy the request does not tell: server.public_url. */
static const char *own_url(struct http_exchange *exchange, const struct identity *identity,
                           const char *path)
{
    const char *public_url = identity->config->server.public_url;
    struct text_buffer url = TEXT_BUFFER(4 << 10);
    if (public_url != NULL && public_url[0] != '\0') {
        const char *host = strstr(public_url, "://") + 3;
        text_append(&url,
                    (struct str){public_url, (size_t)(host - public_url) + strcspn(host, "/?#")});
    } else {
        text_append(&url, exchange->secure ? STR("https://") : STR("http://"));
        text_append(&url, http_header(exchange, "host"));
    }
    text_append(&url, str_from(path));
    const char *copy = url.failed ? NULL : arena_copy(&exchange->arena, text_str(&url));
    text_free(&url);
    return copy;
}

/* ---- the note ---- */

static void write_member(struct json_writer *writer, const char *name, const char *text)
{
    json_write_key(writer, name);
    json_write_string(writer, str_from(text));
}

static const char *seal_note(struct arena *arena, const struct identity *identity,
                             const struct note *note)
{
    struct text_buffer text = TEXT_BUFFER(MOST_NOTE);
    struct json_writer writer;
    json_write_begin(&writer, &text, 0);
    json_write_open_object(&writer);
    write_member(&writer, "state", note->state);
    write_member(&writer, "nonce", note->nonce);
    write_member(&writer, "verifier", note->verifier);
    write_member(&writer, "return", note->return_path);
    json_write_key(&writer, "ends");
    json_write_integer(&writer, note->ends);
    json_write_close_object(&writer);
    const char *sealed =
        text.failed ? NULL
                    : cookie_seal(arena, identity->cookie_key, COOKIE_SIGN_IN, text_str(&text));
    text_free(&text);
    return sealed;
}

static const char *member(struct arena *arena, const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    return json_is_string(value) ? arena_copy(arena, (struct str){json_string_value(value),
                                                                  json_string_length(value)})
                                 : NULL;
}

/* The slot that a state of ours names; NULL for others. */
static const char *slot_of(struct str state)
{
    bool good = state.len > 1 && state.ptr[0] >= '0' && state.ptr[0] < '0' + SLOTS;
    return good ? slots[state.ptr[0] - '0'] : NULL;
}

/* False when there is none for this state, or it is too old. */
static bool open_note(struct note *out, struct http_exchange *exchange,
                      const struct identity *identity, struct str state)
{
    const char *slot = slot_of(state);
    if (slot == NULL) {
        return false;
    }
    struct arena *arena = &exchange->arena;
    struct str text =
        cookie_open(arena, identity->cookie_key, COOKIE_SIGN_IN, http_cookie(exchange, slot));
    json_t *json = NULL;
    struct error ignored;
    if (text.ptr == NULL || json_read(&json, text, NULL, &ignored) != 0) {
        return false;
    }
    *out = (struct note){
        .state = member(arena, json, "state"),
        .nonce = member(arena, json, "nonce"),
        .verifier = member(arena, json, "verifier"),
        .return_path = member(arena, json, "return"),
        .ends = (int64_t)json_integer_value(json_object_get(json, "ends")),
    };
    json_decref(json);
    return out->state != NULL && out->nonce != NULL && out->verifier != NULL &&
           out->return_path != NULL && strlen(out->state) == state.len &&
           sodium_memcmp(out->state, state.ptr, state.len) == 0 && out->ends > identity_now();
}

/* ---- there ---- */

static const char *random_text(struct arena *arena)
{
    unsigned char bytes[RANDOM_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    return base64url_encode(arena, bytes, sizeof bytes);
}

static int make_note(struct note *out, struct arena *arena, const char *return_path,
                     struct error *error)
{
    char *state = arena_alloc(arena, RANDOM_BYTES * 2);
    const char *random = random_text(arena);
    *out = (struct note){
        .state = state,
        .nonce = random_text(arena),
        .verifier = random_text(arena),
        .return_path = return_path,
        .ends = identity_now() + MINUTES * 60,
    };
    if (state == NULL || random == NULL || out->nonce == NULL || out->verifier == NULL) {
        return error_out_of_memory(error);
    }
    state[0] = (char)('0' + randombytes_uniform(SLOTS));
    memcpy(state + 1, random, strlen(random) + 1);
    return 0;
}

/* RFC 7636, 4.2 */
static const char *make_challenge(struct arena *arena, const char *verifier)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)verifier, strlen(verifier), hash);
    return base64url_encode(arena, hash, sizeof hash);
}

int identity_sign_in_begin(struct http_exchange *exchange, struct identity *identity,
                           const char *return_path, struct error *error)
{
    struct arena *arena = &exchange->arena;
    struct note note;
    int status = make_note(&note, arena, return_path, error);
    if (status != 0) {
        return status;
    }
    const struct oidc_request request = {
        .redirect_url = own_url(exchange, identity, CALLBACK_PATH),
        .state = note.state,
        .nonce = note.nonce,
        .challenge = make_challenge(arena, note.verifier),
    };
    const char *sealed = seal_note(arena, identity, &note);
    if (request.redirect_url == NULL || request.challenge == NULL || sealed == NULL) {
        return error_out_of_memory(error);
    }
    const char *url;
    status = oidc_authorization_url(&url, arena, identity->provider, &request, error);
    if (status == 0) {
        cookie_set(exchange, &(struct cookie){.name = slot_of(str_from(note.state)),
                                              .value = sealed,
                                              .path = "/auth",
                                              .seconds = MINUTES * 60});
        http_respond_redirect(exchange, 303, url);
    }
    return status;
}

/* ---- and back ---- */

struct arrival {
    struct str subject;
    struct str email;
};

/* Core 1.0, 3.1.3.7: what an ID token has to be. */
static int check_id_token(struct arrival *out, const char **fault, struct http_exchange *exchange,
                          struct identity *identity, const struct oidc_tokens *tokens,
                          const struct note *note, struct error *error)
{
    struct arena *arena = &exchange->arena;
    struct oidc_document document;
    int status = oidc_discover(&document, arena, identity->provider, error);
    if (status != 0) {
        return status;
    }
    struct jwt token;
    enum jwt_verdict verdict = JWT_BAD;
    const struct jwt_expected expected = {
        .issuer = document.issuer,
        .audience = identity->client_id,
        .client = identity->client_id,
        .nonce = note->nonce,
    };
    status = jwt_read(&token, arena, str_from(tokens->id_token), error);
    if (status == 0) {
        status = identity_check_token(&verdict, &token, identity->keys, &expected, error);
    }
    if (status == STATUS_INVALID || (status == 0 && verdict != JWT_GOOD)) {
        log_write(LOG_WARNING, "request %s: the identity provider's ID token is refused: %s",
                  exchange->id,
                  verdict == JWT_FOREIGN_CLIENT ? "it is another client's" : error->message);
        *fault = "The identity provider's answer cannot be trusted.";
        status = 0;
    } else if (status == 0) {
        struct str subject = jwt_claim(&token, "sub");
        struct str email = oidc_email(token.claims);
        *out = (struct arrival){{arena_copy(arena, subject), subject.len},
                                {arena_copy(arena, email), email.len}};
        status =
            out->subject.ptr == NULL || out->email.ptr == NULL ? error_out_of_memory(error) : 0;
    }
    jwt_free(&token);
    return status;
}

/* Some providers tell the address only to who asks for it. That it cannot be had lets people in all the
   same. */
static int complete_email(struct arrival *arrival, struct http_exchange *exchange,
                          struct identity *identity, const struct oidc_tokens *tokens,
                          struct error *error)
{
    if (arrival->email.len > 0 || tokens->access_token == NULL) {
        return 0;
    }
    const char *email;
    int status = oidc_user_email(&email, &exchange->arena, identity->provider, tokens->access_token,
                                 arrival->subject, error);
    if (status == 0 && email != NULL) {
        arrival->email = str_from(email);
    } else if (status != 0) {
        log_error(error);
    }
    return 0;
}

static int let_in(struct http_exchange *exchange, struct identity *identity,
                  const struct arrival *arrival, struct error *error)
{
    struct connection *connection;
    int status = identity_take_connection(&connection, identity, error);
    if (status != 0) {
        return status;
    }
    struct identity_user user;
    status = users_remember(&user, &exchange->arena, connection, arrival->subject, arrival->email,
                            error);
    if (status == 0) {
        status = session_begin(exchange, identity, connection, user.id, error);
    }
    store_give_back(connection);
    return status;
}

static int redeem(const char **fault, struct http_exchange *exchange, struct identity *identity,
                  const char *code, const struct note *note, struct error *error)
{
    const char *redirect_url = own_url(exchange, identity, CALLBACK_PATH);
    if (redirect_url == NULL) {
        return error_out_of_memory(error);
    }
    struct oidc_tokens tokens = {0};
    int status = oidc_redeem(&tokens, &exchange->arena, identity->provider, code, note->verifier,
                             redirect_url, error);
    if (status == STATUS_INVALID) {
        log_error(error);
        *fault = "The identity provider did not accept the sign-in.";
        return 0;
    }
    struct arrival arrival;
    if (status == 0) {
        status = check_id_token(&arrival, fault, exchange, identity, &tokens, note, error);
    }
    if (status != 0 || *fault != NULL) {
        return status;
    }
    status = complete_email(&arrival, exchange, identity, &tokens, error);
    if (status == 0) {
        status = let_in(exchange, identity, &arrival, error);
    }
    if (status == 0) {
        http_respond_redirect(exchange, 303, note->return_path);
    }
    return status;
}

/* RFC 9207: whose answer it is, from providers that say so. */
static int check_answerer(const char **fault, struct http_exchange *exchange,
                          struct identity *identity, struct error *error)
{
    struct str issuer = http_query(exchange, "iss");
    if (issuer.ptr == NULL) {
        return 0;
    }
    struct oidc_document document;
    int status = oidc_discover(&document, &exchange->arena, identity->provider, error);
    if (status == 0 && !str_equal(issuer, str_from(document.issuer))) {
        *fault = "Another identity provider has answered than the one that was asked.";
    }
    return status;
}

int identity_sign_in_finish(const char **fault, struct http_exchange *exchange,
                            struct identity *identity, struct error *error)
{
    *fault = NULL;
    struct str code = http_query(exchange, "code");
    struct note note;
    if (!open_note(&note, exchange, identity, http_query(exchange, "state"))) {
        *fault = "This sign-in was not begun in this browser, or too long ago.";
        return 0;
    }
    /* Good once. */
    cookie_set(exchange, &(struct cookie){
                             .name = slot_of(str_from(note.state)), .value = "", .path = "/auth"});
    if (http_query(exchange, "error").ptr != NULL) {
        *fault = "The identity provider did not let you in.";
        return 0;
    }
    if (code.len == 0 || code.len > MOST_CODE) {
        *fault = "The identity provider's answer is not complete.";
        return 0;
    }
    int status = check_answerer(fault, exchange, identity, error);
    return status != 0 || *fault != NULL
               ? status
               : redeem(fault, exchange, identity, code.ptr, &note, error);
}

/* ---- out ---- */

int identity_sign_out(const char **location, struct http_exchange *exchange,
                      struct identity *identity, struct error *error)
{
    *location = NULL;
    int status = session_end(exchange, identity, error);
    if (status != 0 || identity_sign_in(identity) != IDENTITY_BY_PROVIDER) {
        return status;
    }
    const char *return_url = own_url(exchange, identity, "/");
    if (return_url == NULL) {
        return error_out_of_memory(error);
    }
    status =
        oidc_end_session_url(location, &exchange->arena, identity->provider, return_url, error);
    /* Our session has ended; that is what was asked for. */
    if (status != 0) {
        log_error(error);
    }
    return 0;
}
