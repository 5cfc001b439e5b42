#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/str.h"
#include "support.h"

static int saved;

/* Sends standard error into a file of the scratch folder. */
static void begin_capture(void)
{
    saved = dup(STDERR_FILENO);
    int file = open(scratch_path("log"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    assert_true(saved >= 0 && file >= 0);
    dup2(file, STDERR_FILENO);
    close(file);
}

static struct text_buffer end_capture(void)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    return scratch_read("log");
}

/* Checks that `text` begins with a time of this form, and cuts it off. */
static struct str after_time(struct str text)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    assert_true(text.len > sizeof form);
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] == '0') {
            assert_true(isdigit((unsigned char)text.ptr[i]));
        } else {
            assert_int_equal(text.ptr[i], form[i]);
        }
    }
    assert_memory_equal(text.ptr, "20", 2);
    return (struct str){text.ptr + sizeof form - 1, text.len - (sizeof form - 1)};
}

static struct error sample_error(void)
{
    struct error error;
    error_set(&error, STATUS_INVALID, "m.json has 2 faults");
    error_detail(&error, "first");
    error_detail(&error, "second \"x\"");
    error_hint(&error, "mend them");
    return error;
}

static void writes_text(void **state)
{
    (void)state;
    struct error error = sample_error();
    log_configure(LOG_INFO, LOG_TEXT);
    begin_capture();
    log_write(LOG_INFO, "%d records", 7);
    struct text_buffer text = end_capture();
    assert_text(after_time(text_str(&text)), STR(" info 7 records\n"));
    text_free(&text);

    begin_capture();
    log_error(&error);
    text = end_capture();
    assert_text(after_time(text_str(&text)), STR(" error m.json has 2 faults\n"
                                                 "    first\n"
                                                 "    second \"x\"\n"
                                                 "    mend them\n"));
    text_free(&text);
}

static void writes_json(void **state)
{
    (void)state;
    struct error error = sample_error();
    log_configure(LOG_INFO, LOG_JSON);
    begin_capture();
    log_write(LOG_WARNING, "a \"name\"\nwith a \xFF");
    struct text_buffer text = end_capture();
    assert_true(str_starts_with(text_str(&text), STR("{\"time\":\"")));
    struct str rest = after_time((struct str){text.ptr + 9, text.len - 9});
    assert_text(rest, STR("\",\"level\":\"warning\",\"message\":\"a \\\"name\\\"\\nwith a "
                          "\xEF\xBF\xBD\"}\n"));
    text_free(&text);

    begin_capture();
    log_error(&error);
    text = end_capture();
    rest = after_time((struct str){text.ptr + 9, text.len - 9});
    assert_text(rest, STR("\",\"level\":\"error\",\"message\":\"m.json has 2 faults\",\"detail\":"
                          "\"first\\nsecond \\\"x\\\"\",\"hint\":\"mend them\"}\n"));
    text_free(&text);
}

static void writes_fields(void **state)
{
    (void)state;
    static const struct log_field fields[] = {
        {.name = "route", .text = STR("/a b/{id}\n")},
        {.name = "status", .number = 200},
        {.name = "ms", .number = 0.12345, .decimals = 3},
        {.name = "bytes", .number = 123456789012345},
    };
    log_configure(LOG_INFO, LOG_TEXT);
    begin_capture();
    log_event(LOG_INFO, "request", fields, ARRAY_LENGTH(fields));
    log_event(LOG_DEBUG, "not shown", fields, ARRAY_LENGTH(fields));
    struct text_buffer text = end_capture();
    assert_text(after_time(text_str(&text)),
                STR(" info request route=/a b/{id}  status=200 ms=0.123 bytes=123456789012345\n"));
    text_free(&text);

    log_configure(LOG_INFO, LOG_JSON);
    begin_capture();
    log_event(LOG_INFO, "request", fields, ARRAY_LENGTH(fields));
    text = end_capture();
    struct str rest = after_time((struct str){text.ptr + 9, text.len - 9});
    assert_text(rest,
                STR("\",\"level\":\"info\",\"message\":\"request\",\"route\":\"/a b/{id}\\n\","
                    "\"status\":200,\"ms\":0.123,\"bytes\":123456789012345}\n"));
    text_free(&text);
}

static void leaves_out_what_is_below(void **state)
{
    (void)state;
    static const char *const names[] = {"debug", "info", "warning", "error"};
    for (int lowest = LOG_DEBUG; lowest <= LOG_ERROR; lowest++) {
        log_configure((enum log_level)lowest, LOG_TEXT);
        begin_capture();
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            log_write((enum log_level)level, "x");
        }
        struct text_buffer text = end_capture();
        struct str rest = text_str(&text);
        for (int level = lowest; level <= LOG_ERROR; level++) {
            char line[32];
            snprintf(line, sizeof line, " %s x\n", names[level]);
            rest = after_time(rest);
            assert_true(str_starts_with(rest, str_from(line)));
            rest.ptr += strlen(line);
            rest.len -= strlen(line);
        }
        assert_int_equal(rest.len, 0);
        text_free(&text);
    }
}

static void an_event_cannot_pretend_to_be_two(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_TEXT);
    begin_capture();
    log_write(LOG_INFO, "%s", "a.csv\n2026-01-01T00:00:00.000Z error \x1B[2J\r\x7F!");
    struct text_buffer text = end_capture();
    assert_text(after_time(text_str(&text)),
                STR(" info a.csv 2026-01-01T00:00:00.000Z error  [2J  !\n"));
    text_free(&text);
}

static void cuts_what_is_too_long(void **state)
{
    (void)state;
    static char message[10000];
    memset(message, 'x', sizeof message - 1);
    static struct error error = {.status = STATUS_INVALID};
    memset(error.message, 1, sizeof error.message - 1);
    memset(error.detail, 2, sizeof error.detail - 1);
    memset(error.hint, 3, sizeof error.hint - 1);
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        log_configure(LOG_INFO, (enum log_format)format);
        begin_capture();
        log_write(LOG_INFO, "%s", message);
        struct text_buffer text = end_capture();
        assert_in_range(text.len, 4096, 4200);
        assert_int_equal(text.ptr[text.len - 1], '\n');
        text_free(&text);
        /* Every byte escaped as six: the largest line that there can be is whole. */
        begin_capture();
        log_error(&error);
        text = end_capture();
        assert_in_range(text.len, 17000, 105000);
        assert_true(
            str_ends_with(text_str(&text), format == LOG_JSON ? STR("\\u0003\"}\n") : STR(" \n")));
        text_free(&text);
    }
}

static void needs_no_memory_and_keeps_errno(void **state)
{
    (void)state;
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        log_configure(LOG_INFO, (enum log_format)format);
        begin_capture();
        memory_fail_from(1);
        errno = ENOSPC;
        log_write(LOG_ERROR, "out of memory");
        int number = errno;
        memory_fail_from(0);
        struct text_buffer text = end_capture();
        assert_int_equal(number, ENOSPC);
        assert_true(text.len > 40);
        text_free(&text);
    }
}

enum { THREADS = 4, LINES = 500 };

static void *write_lines(void *context)
{
    for (int i = 0; i < LINES; i++) {
        log_write(LOG_INFO, "%s", (const char *)context);
    }
    return NULL;
}

static void lines_of_threads_stay_whole(void **state)
{
    (void)state;
    static char messages[THREADS][301];
    pthread_t threads[THREADS];
    log_configure(LOG_INFO, LOG_TEXT);
    begin_capture();
    for (int i = 0; i < THREADS; i++) {
        memset(messages[i], 'a' + i, 300);
        pthread_create(&threads[i], NULL, write_lines, messages[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    struct text_buffer text = end_capture();
    size_t line = sizeof "0000-00-00T00:00:00.000Z info " - 1 + 301;
    assert_int_equal(text.len, line * THREADS * LINES);
    for (size_t at = 0; at < text.len; at += line) {
        for (size_t i = line - 301; i < line - 1; i++) {
            assert_int_equal(text.ptr[at + i], text.ptr[at + line - 301]);
        }
        assert_int_equal(text.ptr[at + line - 1], '\n');
    }
    text_free(&text);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        TEST(writes_text),
        TEST(writes_json),
        TEST(writes_fields),
        TEST(leaves_out_what_is_below),
        TEST(an_event_cannot_pretend_to_be_two),
        TEST(cuts_what_is_too_long),
        TEST(needs_no_memory_and_keeps_errno),
        TEST(lines_of_threads_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
