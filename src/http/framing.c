#include "http/framing.h"

#include <string.h>

#include "base/compiler.h"
#include "http/body.h"
#include "http/raw_head.h"

/* RFC 9110, 5.6.2. */
static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!letter && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_value(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

/* Headers that mean something to us and may come once. */
enum single {
    SINGLE_HOST,
    SINGLE_LENGTH,
    SINGLE_CODING,
    SINGLE_EXPECT,
    SINGLE_TYPE,
    SINGLE_AUTHORIZATION,
    SINGLE_ORIGIN,
    SINGLE_COUNT,
};

static const struct str single_names[SINGLE_COUNT] = {
    {"Host", 4},   {"Content-Length", 14}, {"Transfer-Encoding", 17},
    {"Expect", 6}, {"Content-Type", 12},   {"Authorization", 13},
    {"Origin", 6},
};

static unsigned collect(struct str values[SINGLE_COUNT], const char **message,
                        const struct http_fields *headers)
{
    size_t bytes = 0;
    if (headers->count > HTTP_MOST_HEADER_COUNT) {
        *message = "Too many headers";
        return 431;
    }
    for (size_t i = 0; i < headers->count; i++) {
        const struct http_field *field = &headers->items[i];
        bytes += field->name.len + field->value.len;
        if (!is_token(field->name) || !is_value(field->value)) {
            *message = "Malformed header";
            return 400;
        }
        for (size_t j = 0; j < SINGLE_COUNT; j++) {
            if (!str_equal_ignoring_case(field->name, single_names[j])) {
                continue;
            }
            if (values[j].ptr != NULL) {
                *message = "A header that may come only once is repeated";
                return 400;
            }
            values[j] = field->value;
        }
    }
    if (bytes > HTTP_MOST_HEADER_BYTES) {
        *message = "Headers too large";
        return 431;
    }
    return 0;
}

/* 1*DIGIT, of at most 18: more bytes than there are in the world. */
static bool read_length(uint64_t *out, struct str text)
{
    *out = 0;
    if (text.len == 0 || text.len > 18) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        *out = *out * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return true;
}

unsigned http_framing_check(struct http_framing *out, const char **message,
                            const struct http_fields *headers, struct str method,
                            struct str version)
{
    *out = (struct http_framing){0};
    struct str values[SINGLE_COUNT] = {{0}};
    if (method.len > 32 || !is_token(method)) {
        *message = "Malformed method";
        return 400;
    }
    unsigned status = collect(values, message, headers);
    if (status != 0) {
        return status;
    }
    struct str coding = values[SINGLE_CODING];
    struct str length = values[SINGLE_LENGTH];
    bool current = str_equal(version, STR("HTTP/1.1"));
    *message = "Malformed request: how long its body is, is not clear";
    if (coding.ptr != NULL) {
        if (length.ptr != NULL || !current || !str_equal_ignoring_case(coding, STR("chunked"))) {
            return 400;
        }
        out->length = HTTP_LENGTH_UNKNOWN;
    } else if (length.ptr != NULL && !read_length(&out->length, length)) {
        return 400;
    }
    if (values[SINGLE_HOST].ptr == NULL) {
        *message = "Missing Host header";
        return 400;
    }
    out->host = values[SINGLE_HOST];
    /* In HTTP/1.0 there is no such thing, and it is ignored. */
    if (current && values[SINGLE_EXPECT].ptr != NULL &&
        !str_equal_ignoring_case(values[SINGLE_EXPECT], STR("100-continue"))) {
        *message = "Expectation failed";
        return 417;
    }
    return 0;
}

bool http_framing_end_is_certain(const struct http_framing *framing)
{
    return framing->length != HTTP_LENGTH_UNKNOWN || !HTTP_LENIENT_LIBRARY;
}
