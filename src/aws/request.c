#include "aws/request.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "aws/region.h"

void aws_append_encoded(struct text_buffer *out, struct str text, char keep)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~' ||
                     (keep != 0 && c == (unsigned char)keep);
        if (plain) {
            text_append_char(out, (char)c);
        } else {
            const char coded[] = {'%', digits[c >> 4], digits[c & 15]};
            text_append(out, (struct str){coded, sizeof coded});
        }
    }
}

/* ---- the URL ---- */

/* Names of ours hold no byte that encoding would change, and none of them begins another: so their
   order is that of the encoded ones. */
static int by_name(const void *a, const void *b)
{
    const struct aws_parameter *first = a;
    const struct aws_parameter *second = b;
    return strcmp(first->name, second->name);
}

static int build_url(struct aws_built *out, const struct aws_request *request, struct arena *arena,
                     struct error *error)
{
    struct aws_parameter query[AWS_MOST_PARAMETERS];
    assert(request->query_count <= AWS_MOST_PARAMETERS);
    if (request->query_count > 0) {
        memcpy(query, request->query, request->query_count * sizeof *query);
        qsort(query, request->query_count, sizeof *query, by_name);
    }
    struct text_buffer url = TEXT_BUFFER(AWS_MOST_URL);
    text_append(&url, str_from(request->endpoint));
    aws_append_encoded(&url, request->path.len == 0 ? STR("/") : request->path, '/');
    for (size_t i = 0; i < request->query_count; i++) {
        text_append_char(&url, i == 0 ? '?' : '&');
        aws_append_encoded(&url, str_from(query[i].name), 0);
        text_append_char(&url, '=');
        aws_append_encoded(&url, query[i].value, 0);
    }
    int status = 0;
    if (url.failed) {
        status = url.len + 4096 > url.max
                     ? error_set(error, STATUS_INVALID, "the name of an object is too long")
                     : error_out_of_memory(error);
    } else {
        out->url = arena_copy(arena, text_str(&url));
        status = out->url == NULL ? error_out_of_memory(error) : 0;
    }
    text_free(&url);
    return status;
}

/* ---- headers ---- */

static int add_header(struct aws_built *out, struct arena *arena, const char *name,
                      const char *value, struct error *error)
{
    assert(out->header_count < AWS_MOST_HEADERS);
    size_t len = strlen(name);
    size_t value_len = strlen(value);
    char *line = arena_alloc(arena, len + 2 + value_len + 1);
    if (line == NULL) {
        return error_out_of_memory(error);
    }
    memcpy(line, name, len);
    memcpy(line + len, ": ", 2);
    memcpy(line + len + 2, value, value_len + 1);
    out->headers[out->header_count++] = line;
    return 0;
}

static int hash_body(char out[65], struct str body, struct error *error)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(body.len == 0 ? "" : body.ptr, body.len, digest, NULL, EVP_sha256(), NULL) !=
        1) {
        return error_set(error, STATUS_INTERNAL, "cannot compute a SHA-256");
    }
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 32; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[64] = '\0';
    return 0;
}

/* curl sorts whole header lines: of two names where one begins the other, ':' and what follows in
   the longer one would decide, and not the end of the shorter. */
static bool sorts_rightly(const struct aws_built *built)
{
    for (size_t i = 0; i < built->header_count; i++) {
        size_t len = strcspn(built->headers[i], ":");
        for (size_t j = 0; j < built->header_count; j++) {
            if (i != j && strncmp(built->headers[i], built->headers[j], len) == 0) {
                return false;
            }
        }
    }
    return true;
}

static int sign(struct aws_built *out, const struct aws_request *request,
                const struct aws_credentials *credentials, struct arena *arena, struct error *error)
{
    char hash[65];
    int status = hash_body(hash, request->body, error);
    if (status == 0) {
        status = add_header(out, arena, "x-amz-content-sha256", hash, error);
    }
    if (status == 0 && credentials->session_token != NULL) {
        status = add_header(out, arena, "x-amz-security-token", credentials->session_token, error);
    }
    if (status != 0) {
        return status;
    }
    struct text_buffer provider = TEXT_BUFFER(256);
    text_appendf(&provider, "aws:amz:%s:%s", request->region, aws_service_name(request->service));
    out->is_signed = true;
    out->signature = (struct http_client_signature){
        .provider = provider.failed ? NULL : arena_copy(arena, text_str(&provider)),
        .access_key = credentials->access_key,
        .secret_key = credentials->secret_key,
    };
    text_free(&provider);
    return out->signature.provider == NULL ? error_out_of_memory(error) : 0;
}

int aws_request_build(struct aws_built *out, const struct aws_request *request,
                      const struct aws_credentials *credentials, struct arena *arena,
                      struct error *error)
{
    *out = (struct aws_built){0};
    /* Two are added when it is signed, and curl's own are host and x-amz-date. */
    assert(request->header_count + 2 <= AWS_MOST_HEADERS);
    for (size_t i = 0; i < request->header_count; i++) {
        out->headers[out->header_count++] = request->headers[i];
    }
    int status = build_url(out, request, arena, error);
    if (status == 0 && credentials != NULL) {
        status = sign(out, request, credentials, arena, error);
    }
    assert(status != 0 || sorts_rightly(out));
    return status;
}
