#include "identity/providers/keycloak.h"

#include <jansson.h>

#include "identity/provider_call.h"

enum { PAGE = 100, MOST_URL = 16 << 10, MOST_ANSWER = 16 << 20 };

void keycloak_append_realm(struct text_buffer *out, const struct config *config, bool admin)
{
    struct str server = str_from(config->idp.keycloak.server_url);
    while (server.len > 0 && server.ptr[server.len - 1] == '/') {
        server.len--;
    }
    text_append(out, server);
    text_append(out, admin ? STR("/admin/realms/") : STR("/realms/"));
    provider_append_encoded(out, str_from(config->idp.keycloak.realm));
}

/* The client's own token (RFC 6749, 4.4), appended to `out` as a header's value. */
static int take_token(struct text_buffer *out, const struct config *config, struct error *error)
{
    struct text_buffer url = TEXT_BUFFER(MOST_URL);
    struct text_buffer form = TEXT_BUFFER(MOST_URL);
    keycloak_append_realm(&url, config, false);
    text_append(&url, STR("/protocol/openid-connect/token"));
    provider_append_field(&form, 0, "grant_type", "client_credentials");
    provider_append_field(&form, 0, "client_id", config->idp.keycloak.client_id);
    provider_append_field(&form, 0, "client_secret", config->idp.keycloak.client_secret);
    const struct provider_call call = {
        .what = "Keycloak's token endpoint", .url = url.ptr, .form = text_str(&form)};
    json_t *json = NULL;
    unsigned answer = 0;
    int status = url.failed || form.failed ? error_out_of_memory(error)
                                           : provider_call(&json, &answer, &call, error);
    const char *token = json_string_value(json_object_get(json, "access_token"));
    if (status == 0 && token != NULL) {
        text_appendf(out, "Bearer %s", token);
    } else if (status == 0) {
        status = error_set(error, answer >= 500 ? STATUS_RESOURCES : STATUS_IO,
                           "Keycloak gives the client no token (status %u)", answer);
        error_hint(error, "check idp.keycloak.client_id and client_secret; the client needs "
                          "\"Service accounts roles\"");
    }
    json_decref(json);
    text_free(&form);
    text_free(&url);
    return status;
}

static struct str text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)}
                                 : (struct str){"", 0};
}

/* One page; *count is how many users it has. */
static int read_page(size_t *count, struct users_given *given, const struct config *config,
                     const char *authorization, size_t first, struct error *error)
{
    struct text_buffer url = TEXT_BUFFER(MOST_URL);
    keycloak_append_realm(&url, config, true);
    text_appendf(&url, "/users?first=%zu&max=%d&briefRepresentation=true", first, PAGE);
    const struct provider_call call = {.what = "Keycloak's list of users",
                                       .url = url.ptr,
                                       .authorization = authorization,
                                       .most_bytes = MOST_ANSWER};
    json_t *json = NULL;
    unsigned answer = 0;
    int status =
        url.failed ? error_out_of_memory(error) : provider_call(&json, &answer, &call, error);
    if (status == 0 && !json_is_array(json)) {
        status =
            error_set(error, STATUS_IO, "Keycloak does not list its users (status %u)", answer);
        if (answer == 403) {
            error_hint(error, "the client's service account needs the role view-users of "
                              "realm-management");
        }
    }
    *count = json_array_size(json);
    for (size_t i = 0; i < *count && status == 0; i++) {
        const json_t *user = json_array_get(json, i);
        /* A user without an address is a user. */
        const struct users_given_one one = {
            .subject = text_of(user, "id"),
            .email = text_of(user, "email"),
            .unverified = json_is_false(json_object_get(user, "emailVerified")),
        };
        if (one.subject.len > 0) {
            status = users_give(given, &one, error);
        }
    }
    json_decref(json);
    text_free(&url);
    return status;
}

int keycloak_list_users(struct users_given *given, const struct config *config, struct error *error)
{
    struct text_buffer authorization = TEXT_BUFFER(64 << 10);
    int status = take_token(&authorization, config, error);
    if (status == 0 && authorization.failed) {
        status = error_out_of_memory(error);
    }
    size_t count = 1;
    for (size_t first = 0; status == 0 && count > 0; first += count) {
        status = read_page(&count, given, config, authorization.ptr, first, error);
    }
    text_free(&authorization);
    return status;
}
