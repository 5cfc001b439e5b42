#include "identity/provider_call.h"

#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "base/memory.h"
#include "http/client.h"

/* A person waits for it. */
enum { SECONDS = 8, CONNECT_SECONDS = 4 };

static int run(struct http_client_response *response, const struct provider_call *call,
               struct error *error)
{
    const char *headers[3] = {"Accept: application/json"};
    size_t count = 1;
    struct text_buffer authorization = TEXT_BUFFER(64 << 10);
    if (call->authorization != NULL) {
        text_appendf(&authorization, "Authorization: %s", call->authorization);
        headers[count++] = authorization.ptr;
    }
    if (call->form.ptr != NULL) {
        headers[count++] = "Content-Type: application/x-www-form-urlencoded";
    }
    const struct http_client_request request = {
        .method = call->form.ptr == NULL ? "GET" : "POST",
        .url = call->url,
        .headers = headers,
        .header_count = count,
        .body = call->form,
        .seconds = SECONDS,
        .connect_seconds = CONNECT_SECONDS,
        .most_bytes = call->most_bytes,
    };
    int status = authorization.failed ? error_out_of_memory(error)
                                      : http_client_run(response, &request, error);
    text_free(&authorization);
    return status;
}

int provider_call(json_t **out, unsigned *status, const struct provider_call *call,
                  struct error *error)
{
    *out = NULL;
    *status = 0;
    struct http_client_response response = {0};
    int failure = run(&response, call, error);
    if (failure == STATUS_IO) {
        char reason[sizeof error->message];
        snprintf(reason, sizeof reason, "%s", error->message);
        failure =
            error_set(error, STATUS_RESOURCES, "%s cannot be reached: %s", call->what, reason);
    } else if (failure == 0) {
        *status = response.status;
        if (response.status == 200) {
            failure = json_read(out, text_str(&response.body), NULL, error);
        }
        if (failure == STATUS_INVALID) {
            failure = error_set(error, STATUS_IO, "%s answers with something that is no JSON",
                                call->what);
        }
    }
    http_client_response_free(&response);
    return failure;
}

int provider_get(json_t **out, const struct provider_call *call, struct error *error)
{
    unsigned answer;
    int status = provider_call(out, &answer, call, error);
    if (status == 0 && *out == NULL) {
        status = error_set(error, answer >= 500 ? STATUS_RESOURCES : STATUS_IO,
                           "%s answers with status %u", call->what, answer);
    }
    return status;
}

void provider_append_encoded(struct text_buffer *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            text_append_char(out, c);
        } else {
            text_appendf(out, "%%%02X", (unsigned char)c);
        }
    }
}

void provider_append_field(struct text_buffer *out, size_t start, const char *name,
                           const char *value)
{
    text_appendf(out, "%s%s=", out->len > start ? "&" : "", name);
    provider_append_encoded(out, str_from(value));
}

bool provider_is_url(const char *text)
{
    const char *host = text == NULL                        ? NULL
                       : strncmp(text, "https://", 8) == 0 ? text + 8
                       : strncmp(text, "http://", 7) == 0  ? text + 7
                                                           : NULL;
    bool good = host != NULL && *host != '\0' && *host != '/';
    for (; good && *host != '\0'; host++) {
        good = *host > ' ' && *host < 0x7f;
    }
    return good;
}
