#include "aws/metadata.h"

#include <jansson.h>
#include <stdio.h>

#include "aws/profile.h"
#include "aws/retry.h"
#include "base/json_read.h"
#include "base/stream.h"
#include "base/wake.h"
#include "http/client.h"

enum { MOST_ANSWER = 64 << 10, MOST_TOKEN = 16 << 10, MOST_URL = 2048, ATTEMPTS = 3 };

/* One request; there was an answer when it returns 0. Attempts are few: it is next door. */
static int ask(struct http_client_response *out, const char *method, const char *url,
               const char *header, unsigned attempts, struct error *error)
{
    const char *const headers[] = {header};
    const struct http_client_request request = {
        .method = method,
        .url = url,
        .headers = headers,
        .header_count = header != NULL,
        .seconds = 5,
        .connect_seconds = 1,
        .most_bytes = MOST_ANSWER,
        .stop_descriptor = wake_descriptor(),
    };
    for (unsigned failed = 1;; failed++) {
        int status = http_client_run(out, &request, error);
        bool passing = status == STATUS_IO || (status == 0 && out->status >= 500);
        if (!passing || failed == attempts) {
            return status;
        }
        http_client_response_free(out);
        status = aws_retry_wait(failed, request.stop_descriptor, error);
        if (status != 0) {
            *out = (struct http_client_response){0};
            return status;
        }
    }
}

static struct str view_of(const json_t *json, const char *key)
{
    const json_t *text = json_object_get(json, key);
    return (struct str){json_string_value(text), json_string_length(text)};
}

static int read_answer(struct aws_credentials **out, const struct http_client_response *response,
                       enum aws_source source, const char *from, struct error *error)
{
    if (response->status != 200) {
        return error_set(error, STATUS_INVALID, "%s refuses credentials (status %u)", from,
                         response->status);
    }
    json_t *json;
    int status = json_read(&json, text_str(&response->body), from, error);
    if (status != 0) {
        return status;
    }
    struct str code = view_of(json, "Code");
    if (code.len > 0 && !str_equal(code, STR("Success"))) {
        status = error_set(error, STATUS_INVALID, "%s gives no credentials: %.*s", from,
                           (int)(code.len < 64 ? code.len : 64), code.ptr);
    } else {
        struct aws_key_texts texts = {
            .access_key = view_of(json, "AccessKeyId"),
            .secret_key = view_of(json, "SecretAccessKey"),
            .session_token = view_of(json, "Token"),
            .expires = view_of(json, "Expiration"),
        };
        status = aws_credentials_make(out, &texts, source, from, error);
    }
    json_decref(json);
    return status;
}

/* ---- containers ---- */

#define CONTAINER "the container's credential endpoint"

/* Plain HTTP is for the endpoint beside us only: the answer is a secret. */
static bool is_near(const char *url)
{
    static const char *const hosts[] = {"localhost",     "127.0.0.1",      "[::1]",
                                        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    if (strncmp(url, "https://", 8) == 0) {
        return true;
    }
    if (strncmp(url, "http://", 7) != 0) {
        return false;
    }
    const char *host = url + 7;
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        if (len == strlen(hosts[i]) && strncmp(host, hosts[i], len) == 0 &&
            strchr(":/?#", host[len]) != NULL) {
            return true; /* a NUL at the end is found, too */
        }
    }
    return false;
}

static int read_token_file(char *out, size_t size, const char *path, struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(MOST_TOKEN);
    struct stream *stream;
    int status = stream_open_file(&stream, path, error);
    if (status == 0) {
        status = stream_read_all(stream, &text, error);
        stream_free(stream);
    }
    if (status == 0) {
        snprintf(out, size, "%.*s", STR_ARG(str_trim(text_str(&text))));
    }
    text_free(&text);
    return status;
}

/* The whole header, or the empty text. The file is read each time: its token is changed. */
static int read_authorization(char *out, size_t size, struct error *error)
{
    const char *path = aws_environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = aws_environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    char text[MOST_TOKEN + 1] = "";
    int status = 0;
    if (path != NULL) {
        status = read_token_file(text, sizeof text, path, error);
    } else if (token != NULL) {
        snprintf(text, sizeof text, "%s", token);
    }
    out[0] = '\0';
    if (status == 0 && strpbrk(text, "\r\n") != NULL) {
        return error_set(error, STATUS_INVALID, "the token for %s has several lines", CONTAINER);
    }
    if (status == 0 && text[0] != '\0') {
        snprintf(out, size, "Authorization: %s", text);
    }
    return status;
}

int metadata_container(struct aws_credentials **out, struct aws_session *session,
                       struct error *error)
{
    (void)session;
    *out = NULL;
    const char *relative = aws_environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = aws_environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    char url[MOST_URL];
    char header[MOST_TOKEN + 32];
    if (relative == NULL && full == NULL) {
        return 0;
    }
    if (relative != NULL) {
        snprintf(url, sizeof url, "http://169.254.170.2%s", relative);
    } else {
        snprintf(url, sizeof url, "%s", full);
    }
    if (!is_near(url)) {
        error_set(error, STATUS_INVALID,
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI names another machine without TLS");
        error_hint(error, "only https, or an address of the container itself, is safe");
        return STATUS_INVALID;
    }
    int status = read_authorization(header, sizeof header, error);
    if (status != 0) {
        return status;
    }
    struct http_client_response response;
    status = ask(&response, "GET", url, header[0] == '\0' ? NULL : header, ATTEMPTS, error);
    if (status == 0) {
        status = read_answer(out, &response, AWS_SOURCE_CONTAINER, CONTAINER, error);
    } else {
        error_prefix(error, CONTAINER);
    }
    http_client_response_free(&response);
    return status;
}

/* ---- instances ---- */

#define INSTANCE "the instance's metadata service"

static bool is_true(const char *text)
{
    return text != NULL && str_equal_ignoring_case(str_from(text), STR("true"));
}

/* The header with the token of version 2. Empty when there is no such service: elsewhere than on EC2
   the address leads nowhere. */
static int begin_session(char *out, size_t size, const char *endpoint, struct error *error)
{
    char url[MOST_URL];
    snprintf(url, sizeof url, "%s/latest/api/token", endpoint);
    struct http_client_response response;
    out[0] = '\0';
    int status =
        ask(&response, "PUT", url, "X-aws-ec2-metadata-token-ttl-seconds: 21600", 1, error);
    if (status == 0 && response.status == 200) {
        struct str token = str_trim(text_str(&response.body));
        bool plain =
            token.len > 0 && token.len < MOST_TOKEN && memchr(token.ptr, '\n', token.len) == NULL;
        if (plain) {
            snprintf(out, size, "X-aws-ec2-metadata-token: %.*s", STR_ARG(token));
        }
    }
    http_client_response_free(&response);
    return status == STATUS_IO ? 0 : status;
}

/* The path of the role's credentials; empty when the instance has no role. */
static int find_role(char *out, size_t size, const char *endpoint, const char *token,
                     struct error *error)
{
    char url[MOST_URL];
    snprintf(url, sizeof url, "%s/latest/meta-data/iam/security-credentials/", endpoint);
    struct http_client_response response;
    out[0] = '\0';
    int status = ask(&response, "GET", url, token, ATTEMPTS, error);
    if (status == 0 && response.status == 200) {
        struct str name = str_trim(text_str(&response.body));
        size_t len = 0;
        while (len < name.len && name.ptr[len] > ' ' && name.ptr[len] < 0x7F) {
            len++;
        }
        if (len > 0 && snprintf(out, size, "%s%.*s", url, (int)len, name.ptr) >= (int)size) {
            out[0] = '\0';
        }
    }
    http_client_response_free(&response);
    return status;
}

int metadata_instance(struct aws_credentials **out, struct aws_session *session,
                      struct error *error)
{
    (void)session;
    *out = NULL;
    const char *endpoint = aws_environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    char base[MOST_URL / 2];
    char token[MOST_TOKEN + 64];
    char url[MOST_URL];
    if (is_true(aws_environment("AWS_EC2_METADATA_DISABLED"))) {
        return 0;
    }
    snprintf(base, sizeof base, "%s", endpoint == NULL ? "http://169.254.169.254" : endpoint);
    size_t len = strlen(base);
    if (len > 0 && base[len - 1] == '/') {
        base[len - 1] = '\0';
    }
    int status = begin_session(token, sizeof token, base, error);
    if (status != 0 || token[0] == '\0') {
        return status;
    }
    status = find_role(url, sizeof url, base, token, error);
    if (status != 0 || url[0] == '\0') {
        return status;
    }
    struct http_client_response response;
    status = ask(&response, "GET", url, token, ATTEMPTS, error);
    if (status == 0) {
        status = read_answer(out, &response, AWS_SOURCE_INSTANCE, INSTANCE, error);
    }
    http_client_response_free(&response);
    return status;
}
