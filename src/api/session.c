/* Signing in and out: /login, /login/password, /auth/callback, /logout, and /api/v1/session. */

#include <string.h>

#include "api/api.h"
#include "api/field_read.h"
#include "api/handlers.h"
#include "api/sign_in_page.h"
#include "api/user_json.h"

static struct identity *identity_of(const struct http_exchange *exchange)
{
    return api_of(exchange)->identity;
}

static const char *return_path_of(struct http_exchange *exchange, struct str text)
{
    return identity_return_path(&exchange->arena, text);
}

/* A field of a form; ptr NULL when it is not there. */
static struct str form_field(const struct http_exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->part_count; i++) {
        if (str_equal(exchange->parts[i].name, str_from(name))) {
            return exchange->parts[i].text;
        }
    }
    return (struct str){NULL, 0};
}

/* ---- the pages ---- */

static const char sign_in_title[] = "Sign in";
static const char password_title[] = "Choose a new password";

static void answer_no_form(struct http_exchange *exchange, unsigned status, const char *fault)
{
    const struct sign_in_page page = {.title = sign_in_title, .fault = fault, .no_form = true};
    sign_in_page_answer(exchange, status, &page);
}

/* Where there is no form to show: true when it was answered. */
static bool answered_elsewhere(struct http_exchange *exchange)
{
    if (identity_sign_in(identity_of(exchange)) == IDENTITY_BY_FORM) {
        return false;
    }
    http_respond_error(exchange, 404, "Resource not found");
    return true;
}

int handle_login(struct http_exchange *exchange, struct error *error)
{
    const char *return_path = return_path_of(exchange, http_query(exchange, "return_to"));
    switch (identity_sign_in(identity_of(exchange))) {
    case IDENTITY_BY_PROVIDER:
        return identity_sign_in_begin(exchange, identity_of(exchange), return_path, error);
    case IDENTITY_BY_PROXY:
        answer_no_form(exchange, 404,
                       "This server lets nobody in by itself: come by the address that signs you "
                       "in.");
        return 0;
    case IDENTITY_BY_FORM: break;
    }
    const struct sign_in_page page = {.title = sign_in_title, .return_path = return_path};
    sign_in_page_answer(exchange, 200, &page);
    return 0;
}

int handle_password_page(struct http_exchange *exchange, struct error *error)
{
    (void)error;
    if (!answered_elsewhere(exchange)) {
        const struct sign_in_page page = {
            .title = password_title,
            .return_path = return_path_of(exchange, http_query(exchange, "return_to")),
            .new_password = true};
        sign_in_page_answer(exchange, 200, &page);
    }
    return 0;
}

/* The page again, with what was wrong. */
static void answer_verdict(struct http_exchange *exchange, enum identity_password verdict,
                           struct sign_in_page *page)
{
    unsigned status = 200;
    switch (verdict) {
    case IDENTITY_PASSWORD_GOOD: http_respond_redirect(exchange, 303, page->return_path); return;
    case IDENTITY_PASSWORD_WRONG:
        status = 401;
        page->fault = "The user name or the password is not right.";
        break;
    case IDENTITY_PASSWORD_LIMITED:
        status = 429;
        page->fault = "There were too many wrong passwords.";
        page->hint = "Wait a minute, then try again.";
        break;
    case IDENTITY_PASSWORD_ONE_TIME:
        page->new_password = true;
        page->hint = "This password was good for once. Choose one that only you know.";
        break;
    case IDENTITY_PASSWORD_REFUSED:
        status = 400;
        page->fault = "The new password is too short, too long, or the present one.";
        break;
    }
    page->title = page->new_password ? password_title : sign_in_title;
    sign_in_page_answer(exchange, status, page);
    if (verdict == IDENTITY_PASSWORD_LIMITED) {
        http_respond_header(exchange, "Retry-After", "60");
    }
}

static int check_form(struct http_exchange *exchange, bool change, struct error *error)
{
    struct sign_in_page page = {
        .title = change ? password_title : sign_in_title,
        .return_path = return_path_of(exchange, form_field(exchange, "return_to")),
        .name = form_field(exchange, "username"),
        .new_password = change,
    };
    struct str chosen = {NULL, 0};
    if (identity_is_foreign(exchange, identity_of(exchange))) {
        page.fault = "The form was sent by a page of another site.";
        sign_in_page_answer(exchange, 403, &page);
        return 0;
    }
    if (change) {
        chosen = form_field(exchange, "new_password");
        chosen.ptr = chosen.ptr == NULL ? "" : chosen.ptr;
        struct str again = form_field(exchange, "new_password_again");
        if (!str_equal(chosen, again)) {
            page.fault = "The new password was not typed the same way twice.";
            sign_in_page_answer(exchange, 400, &page);
            return 0;
        }
    }
    enum identity_password verdict;
    int status = identity_sign_in_password(&verdict, exchange, identity_of(exchange), page.name,
                                           form_field(exchange, "password"), chosen, error);
    if (status == 0) {
        answer_verdict(exchange, verdict, &page);
    }
    return status;
}

int handle_login_form(struct http_exchange *exchange, struct error *error)
{
    return answered_elsewhere(exchange) ? 0 : check_form(exchange, false, error);
}

int handle_password_form(struct http_exchange *exchange, struct error *error)
{
    return answered_elsewhere(exchange) ? 0 : check_form(exchange, true, error);
}

/* ---- from the provider, and out ---- */

int handle_callback(struct http_exchange *exchange, struct error *error)
{
    if (identity_sign_in(identity_of(exchange)) != IDENTITY_BY_PROVIDER) {
        http_respond_error(exchange, 404, "Resource not found");
        return 0;
    }
    const char *fault;
    int status = identity_sign_in_finish(&fault, exchange, identity_of(exchange), error);
    if (status == 0 && fault != NULL) {
        answer_no_form(exchange, 400, fault);
    }
    return status;
}

/* A page's script goes on by itself, and may not follow a redirection to another site. */
static bool wants_page(const struct http_exchange *exchange)
{
    struct str accept = http_header(exchange, "accept");
    return accept.ptr != NULL && strstr(accept.ptr, "text/html") != NULL;
}

int handle_logout(struct http_exchange *exchange, struct error *error)
{
    if (identity_is_foreign(exchange, identity_of(exchange))) {
        http_respond_error(exchange, 403, "You do not have permission to perform this action.");
        return 0;
    }
    const char *location;
    int status = identity_sign_out(&location, exchange, identity_of(exchange), error);
    if (status != 0) {
        return status;
    }
    location = location == NULL ? "/" : location;
    if (wants_page(exchange)) {
        http_respond_redirect(exchange, 303, location);
        return 0;
    }
    struct json_writer *json = http_respond_json(exchange, 200);
    json_write_open_object(json);
    json_write_key(json, "location");
    json_write_string(json, str_from(location));
    json_write_close_object(json);
    return 0;
}

/* ---- for programs ---- */

static const char *sign_in_word(enum identity_sign_in by)
{
    switch (by) {
    case IDENTITY_BY_FORM: return "form";
    case IDENTITY_BY_PROVIDER: return "provider";
    case IDENTITY_BY_PROXY: break;
    }
    return "proxy";
}

static void write_session(struct json_writer *json, const struct identity_user *user,
                          enum identity_sign_in by)
{
    static const struct str none = {NULL, 0};
    bool by_session = user != NULL && user->by_session;
    json_write_open_object(json);
    json_write_key(json, "user");
    if (user != NULL && user->id != 0) {
        user_json_write(json, user);
    } else {
        json_write_null(json);
    }
    json_write_key(json, "sign_in");
    json_write_string(json, str_from(sign_in_word(by)));
    json_write_key(json, "login_url");
    json_write_string(json, by == IDENTITY_BY_PROXY ? none : STR("/login"));
    json_write_key(json, "csrf_token");
    json_write_string(json, by_session ? str_from(user->csrf_token) : none);
    json_write_close_object(json);
}

int handle_get_session(struct http_exchange *exchange, struct error *error)
{
    const struct identity_user *user;
    struct identity *identity = identity_of(exchange);
    int status = identity_recognise(&user, exchange, identity, error);
    if (status != 0 || exchange->response.status != 0) {
        return status;
    }
    write_session(http_respond_json(exchange, 200), user, identity_sign_in(identity));
    http_respond_header(exchange, "Cache-Control", "no-store");
    /* The token must not be guessed from how well the answer can be packed. */
    exchange->response.uncompressed = true;
    return 0;
}

static void read_text(struct str *out, struct field_faults *faults, const json_t *json,
                      const char *key)
{
    const struct field_path path = {NULL, key, 0};
    const json_t *value = json_object_get(json, key);
    *out = (struct str){json_string_value(value), json_string_length(value)};
    if (field_is_given(faults, &path, value) && out->ptr == NULL) {
        field_faults_add(faults, &path, "Not a valid string.");
    }
}

static void write_token(struct http_exchange *exchange, const char *token, unsigned seconds)
{
    struct json_writer *json = http_respond_json(exchange, 200);
    json_write_open_object(json);
    json_write_key(json, "access_token");
    json_write_string(json, str_from(token));
    json_write_key(json, "token_type");
    json_write_string(json, STR("Bearer"));
    json_write_key(json, "expires_in");
    json_write_integer(json, seconds);
    json_write_close_object(json);
    http_respond_header(exchange, "Cache-Control", "no-store");
    exchange->response.uncompressed = true;
}

static int issue(struct http_exchange *exchange, struct str name, struct str password,
                 struct error *error)
{
    enum identity_password verdict;
    const char *token;
    unsigned seconds;
    int status = identity_issue_token(&verdict, &token, &seconds, exchange, identity_of(exchange),
                                      name, password, error);
    if (status != 0) {
        return status;
    }
    switch (verdict) {
    case IDENTITY_PASSWORD_GOOD: write_token(exchange, token, seconds); break;
    case IDENTITY_PASSWORD_LIMITED:
        http_respond_error(exchange, 429, "Too many wrong passwords. Please try again later.");
        http_respond_header(exchange, "Retry-After", "60");
        break;
    case IDENTITY_PASSWORD_ONE_TIME:
        http_respond_error(exchange, 403, "This password has to be changed first, at /login.");
        break;
    case IDENTITY_PASSWORD_WRONG:
    case IDENTITY_PASSWORD_REFUSED:
        http_respond_error(exchange, 401, "The user name or the password is not right.");
        http_respond_header(exchange, "WWW-Authenticate", "Bearer");
        break;
    }
    return 0;
}

int handle_create_session(struct http_exchange *exchange, struct error *error)
{
    static const char *const known[] = {"username", "password", NULL};
    if (answered_elsewhere(exchange)) {
        return 0;
    }
    struct field_faults faults = {.arena = &exchange->arena};
    struct str name = {NULL, 0};
    struct str password = {NULL, 0};
    json_t *json;
    int status = api_read_json(&json, exchange, error);
    if (status != 0 || json == NULL) {
        return status;
    }
    if (field_is_object(&faults, NULL, json)) {
        read_text(&name, &faults, json, "username");
        read_text(&password, &faults, json, "password");
        field_refuse_others(&faults, NULL, json, known);
    }
    status = field_faults_any(&faults) ? api_answer_faults(exchange, &faults, error)
                                       : issue(exchange, name, password, error);
    json_decref(json);
    return status;
}
