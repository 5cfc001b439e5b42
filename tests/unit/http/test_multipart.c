#include "http/multipart.h"

#include <stdio.h>

#include "base/random.h"
#include "support.h"

static struct error error;

/* What a reader tells, as text: (name|file)content;… with "!" for what is left open. */
struct notes {
    struct text_buffer text;
    bool open;
    bool fails;
};

static int begin(void *context, const struct multipart_head *head, struct error *out)
{
    struct notes *notes = context;
    assert_false(notes->open);
    notes->open = true;
    text_append_char(&notes->text, '(');
    text_append(&notes->text, head->name);
    if (head->file_name.ptr != NULL) {
        text_append_char(&notes->text, '|');
        text_append(&notes->text, head->file_name);
    }
    text_append_char(&notes->text, ')');
    return notes->fails ? error_set(out, STATUS_IO, "no room") : STATUS_OK;
}

static int data(void *context, struct str piece, struct error *out)
{
    (void)out;
    struct notes *notes = context;
    assert_true(notes->open && piece.len > 0);
    text_append(&notes->text, piece);
    return STATUS_OK;
}

static int end(void *context, struct error *out)
{
    (void)out;
    struct notes *notes = context;
    assert_true(notes->open);
    notes->open = false;
    text_append_char(&notes->text, ';');
    return STATUS_OK;
}

/* Reads `body` in pieces of `step` bytes. */
static int read_body(struct notes *notes, const char *boundary, struct str body, size_t step)
{
    struct arena arena = ARENA(1 << 20);
    struct multipart reader;
    const struct multipart_events events = {begin, data, end, notes};
    notes->open = false;
    text_clear(&notes->text);
    assert_true(multipart_open(&reader, str_from(boundary), &events, &arena));
    int status = STATUS_OK;
    for (size_t at = 0; at < body.len && status == STATUS_OK; at += step) {
        size_t length = body.len - at < step ? body.len - at : step;
        /* Of its own size, so that the sanitizers see a read past its end. */
        char piece[8192];
        assert_true(length <= sizeof piece);
        memcpy(piece, body.ptr + at, length);
        status = multipart_feed(&reader, (struct str){piece, length}, &error);
    }
    if (status == STATUS_OK) {
        status = multipart_finish(&reader, &error);
    }
    arena_free(&arena);
    return status;
}

#define HEAD(rest)  "Content-Disposition: form-data; " rest "\r\n\r\n"
#define BEGIN(rest) "--b\r\n" HEAD(rest)
#define NEXT(rest)  "\r\n" BEGIN(rest)
#define LAST        "\r\n--b--"

static const struct {
    const char *body;
    const char *expected; /* NULL: malformed */
} cases[] = {
    {BEGIN("name=a") "1" LAST, "(a)1;"},
    {BEGIN("name=a") "1" LAST "\r\n", "(a)1;"},
    {BEGIN("name=a") "1" LAST "anything \r\n--b\r\n", "(a)1;"},
    {"before\r\n" BEGIN("name=a") "1" LAST, "(a)1;"},
    {"--bx\r\n-\r\r\n" BEGIN("name=a") "1" LAST, NULL}, /* "--b" and more on its line */
    {"\r\n" BEGIN("name=a") "1" LAST, "(a)1;"},
    {BEGIN("name=a") LAST, "(a);"},
    {BEGIN("name=a") "--b--", "(a);"}, /* without a content, and its line break */
    {BEGIN("name=a") "--bx" LAST, NULL},
    {BEGIN("name=a") "--c" LAST, "(a)--c;"},
    {BEGIN("name=a") "\r\n" LAST, "(a)\r\n;"},
    {BEGIN("name=a") "\r\r\n\r\n-\r\n--\r\n--a\r" LAST, "(a)\r\r\n\r\n-\r\n--\r\n--a\r;"},
    {BEGIN("name=a") "1" NEXT("name=b; filename=\"c d\"") "2" LAST, "(a)1;(b|c d)2;"},
    {BEGIN("name=\"\"; filename=\"\"") LAST, "(|);"},
    {"--b \t\r\nX: 1\r\nCONTENT-disposition:form-data;name=a\r\n\r\n1" LAST, "(a)1;"},
    {"--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: text/csv\r\n"
     "Content-Transfer-Encoding: Binary\r\n\r\n1" LAST,
     "(a)1;"},
    {"--b--", ""},
    {"", NULL},
    {"--b", NULL},
    {"--b-", NULL},
    {"--b-x", NULL},
    {"--b --", NULL},
    {"--b\n" HEAD("name=a") "1" LAST, NULL},
    {"--b\r\r\n" HEAD("name=a") "1" LAST, NULL},
    {BEGIN("name=a") "1", NULL},
    {BEGIN("name=a") "1\r\n--b", NULL},
    {BEGIN("name=a") "1\r\n--b\r\n", NULL},
    {BEGIN("name=a") "1\n--b--", NULL},
    {BEGIN("filename=a") "1" LAST, NULL},
    {BEGIN("name=\"a") "1" LAST, NULL},
    {BEGIN("name=\"\xFF\"") "1" LAST, NULL},
    {BEGIN("name=\"\x01\"") "1" LAST, NULL},
    {BEGIN("name=a; name=b") "1" LAST, NULL},
    {"--b\r\n\r\n1" LAST, NULL},
    {"--b\r\nContent-Type: text/csv\r\n\r\n1" LAST, NULL},
    {"--b\r\nContent-Disposition: file; name=a\r\n\r\n1" LAST, NULL},
    {"--b\r\nnonsense\r\n\r\n1" LAST, NULL},
    {"--b\r\n: a\r\n\r\n1" LAST, NULL},
    {"--b\r\nX: 1\n" HEAD("name=a") "1" LAST, NULL},
    {"--b\r\n"
     "Content-Disposition: form-data; name=a\r\n" HEAD("name=a") "1" LAST,
     NULL},
    {"--b\r\nContent-Transfer-Encoding: base64\r\n" HEAD("name=a") "1" LAST, NULL},
};

static void reads_in_pieces_of_any_size(void **state)
{
    (void)state;
    struct notes notes = {.text = TEXT_BUFFER(10000)};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct str body = str_from(cases[i].body);
        for (size_t step = 1; step <= body.len + 1; step++) {
            int status = read_body(&notes, "b", body, step);
            if (cases[i].expected == NULL) {
                assert_int_equal(status, STATUS_INVALID);
                assert_true(
                    str_starts_with(str_from(error.message), STR("Multipart form parse error - ")));
            } else {
                assert_int_equal(status, STATUS_OK);
                assert_int_equal(notes.text.len, strlen(cases[i].expected));
                assert_memory_equal(notes.text.len ? notes.text.ptr : "", cases[i].expected,
                                    notes.text.len);
            }
        }
    }
    text_free(&notes.text);
}

/* Contents of the bytes that delimiters are made of, but for the delimiter itself. */
static void any_content_comes_through(void **state)
{
    (void)state;
    struct notes notes = {.text = TEXT_BUFFER(10000)};
    struct random random;
    random_seed(&random, 7);
    for (int round = 0; round < 20000; round++) {
        struct text_buffer content = TEXT_BUFFER(1000);
        struct text_buffer body = TEXT_BUFFER(2000);
        for (uint64_t left = random_below(&random, 30); left > 0; left--) {
            text_append_char(&content, "\r\n-bx"[random_below(&random, 5)]);
        }
        text_append(&body, STR("--bbb\r\n" HEAD("name=a")));
        text_append(&body, text_str(&content));
        text_append(&body, STR("\r\n--bbb--"));
        bool holds = content.len > 0 && (memmem(content.ptr, content.len, "\r\n--bbb", 7) != NULL ||
                                         str_starts_with(text_str(&content), STR("--bbb")));
        if (!holds) {
            assert_int_equal(
                read_body(&notes, "bbb", text_str(&body), 1 + random_below(&random, 20)),
                STATUS_OK);
            assert_int_equal(notes.text.len, content.len + 4);
            assert_memory_equal(notes.text.ptr + 3, content.len ? content.ptr : "", content.len);
        }
        text_free(&content);
        text_free(&body);
    }
    text_free(&notes.text);
}

static void has_limits(void **state)
{
    (void)state;
    struct notes notes = {.text = TEXT_BUFFER(100000)};
    struct text_buffer body = TEXT_BUFFER(100000);
    for (int i = 0; i < MULTIPART_MOST_PARTS; i++) {
        text_append(&body, i == 0 ? STR(BEGIN("name=a") "1") : STR(NEXT("name=a") "1"));
    }
    size_t length = body.len;
    text_append(&body, STR(LAST));
    assert_int_equal(read_body(&notes, "b", text_str(&body), 4096), STATUS_OK);
    body.len = length;
    text_append(&body, STR(NEXT("name=a") "1" LAST));
    assert_int_equal(read_body(&notes, "b", text_str(&body), 4096), STATUS_INVALID);

    for (size_t more = 0; more <= 1; more++) {
        text_clear(&body);
        text_append(&body, STR("--b\r\nX: "));
        size_t rest = sizeof("X: \r\n" HEAD("name=a")) - 1;
        for (size_t i = rest; i < MULTIPART_MOST_HEAD + more; i++) {
            text_append_char(&body, 'x');
        }
        text_append(&body, STR("\r\n" HEAD("name=a") "1" LAST));
        assert_int_equal(read_body(&notes, "b", text_str(&body), 8192),
                         more ? STATUS_INVALID : STATUS_OK);
    }
    text_free(&body);

    notes.fails = true;
    assert_int_equal(read_body(&notes, "b", STR(BEGIN("name=a") "1" LAST), 8192), STATUS_IO);
    text_free(&notes.text);
}

static void knows_boundaries(void **state)
{
    (void)state;
    static const struct multipart_events events = {begin, data, end, NULL};
    struct arena arena = ARENA(100);
    struct multipart reader;
    char longest[MULTIPART_MOST_BOUNDARY + 2];
    memset(longest, 'x', sizeof longest);
    struct str text = {longest, MULTIPART_MOST_BOUNDARY};
    assert_true(multipart_open(&reader, text, &events, &arena));
    text.len++;
    assert_false(multipart_open(&reader, text, &events, &arena));
    assert_true(multipart_open(&reader, STR("aZ09'()+_,-./:=? x"), &events, &arena));
    static const char *const bad[] = {"", "a ", "a\r", "a\"", "\xC3\xA4", "a;b", "a\nb"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_false(multipart_open(&reader, str_from(bad[i]), &events, &arena));
    }
    assert_false(multipart_open(&reader, (struct str){NULL, 0}, &events, &arena));
    assert_false(multipart_open(&reader, (struct str){"a\0b", 3}, &events, &arena));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_in_pieces_of_any_size),
        cmocka_unit_test(any_content_comes_through),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(knows_boundaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
