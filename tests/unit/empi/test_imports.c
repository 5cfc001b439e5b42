/* Headers of imported files: refused before any database is asked, so there is no connection here. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/stream.h"
#include "empi/imports.h"
#include "empi/record.h"

#define EXPECTED                                                                         \
    "Incorrectly formatted person records file due to invalid header. Expected header: " \
    "'" RECORD_COLUMNS_SQL "' Actual header: "

static struct error error;

static int import(const char *content)
{
    struct stream *stream;
    assert_int_equal(stream_open_memory(&stream, "records.csv", str_from(content), &error), 0);
    struct import import = {
        .config_id = 1, .source_uri = "upload:///records.csv", .records = stream};
    struct import_report report = {0};
    error = (struct error){0};
    int status = imports_create(&report, NULL, &import, &error);
    stream_free(stream);
    assert_int_equal(report.job_id, 0);
    return status;
}

static void refuse(const char *content, const char *message)
{
    assert_int_equal(import(content), STATUS_INVALID);
    assert_string_equal(error.message, message);
}

static void assert_detail(const char *line)
{
    if (strstr(error.detail, line) == NULL) {
        fail_msg("not told: %s\nbut: %s", line, error.detail);
    }
}

static void a_column_is_missing(void **state)
{
    (void)state;
    static const char header[] =
        "data_source,source_person_id,first_name,last_name,sex,race,birth_date,death_date,"
        "social_security_number,address,city,state,county,phone";
    char expected[sizeof error.message];
    snprintf(expected, sizeof expected, EXPECTED "'%s'", header);
    char content[sizeof header + 1];
    snprintf(content, sizeof content, "%s\n", header);
    refuse(content, expected);
    assert_detail("records.csv, line 1:\nmissing: zip_code");
    assert_null(strstr(error.detail, "county"));
}

static void a_column_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(import(RECORD_COLUMNS_SQL ",shoe_size\n"), STATUS_INVALID);
    assert_detail("unknown: shoe_size");
    assert_null(strstr(error.detail, "missing"));
    /* Letters of another case are another name. */
    assert_int_equal(import("DATA_SOURCE,source_person_id," RECORD_DEMOGRAPHICS_SQL "\n"),
                     STATUS_INVALID);
    assert_detail("missing: data_source");
    assert_detail("unknown: DATA_SOURCE");
}

static void a_column_stands_there_twice(void **state)
{
    (void)state;
    assert_int_equal(import(RECORD_COLUMNS_SQL ",phone\n"), STATUS_INVALID);
    assert_memory_equal(error.message, "Incorrectly formatted person records file due to ", 49);
    assert_non_null(strstr(error.message, "two columns are named \"phone\""));
}

/* A file without a header has a person where the header should be. */
static void a_row_of_data_is_not_told(void **state)
{
    (void)state;
    refuse("hospital,1,SECRET,SECRETER,f,x,1970,SECRET,123-SECRET,street,town,tx,1,z,5\n",
           "Incorrectly formatted person records file due to records.csv, line 1: two columns have "
           "the same name");
    refuse("hospital,1,SECRET,SECRETER,f,x,1970,y,123-SECRET,street,town,tx,2,z,555\n",
           EXPECTED "'not shown'");
    assert_null(strstr(error.detail, "SECRET"));
    assert_detail("unknown: column 3");
}

static void nothing_at_all(void **state)
{
    (void)state;
    assert_int_equal(import(""), STATUS_INVALID);
    assert_memory_equal(error.message, "Incorrectly formatted person records file due to ", 49);
}

static int refuse_without_memory(uint64_t nth)
{
    struct stream *stream;
    assert_int_equal(
        stream_open_memory(&stream, "records.csv", STR(RECORD_COLUMNS_SQL ",x\n"), &error), 0);
    struct import import = {.config_id = 1, .source_uri = "upload:///x", .records = stream};
    struct import_report report;
    memory_fail_from(nth);
    int status = imports_create(&report, NULL, &import, &error);
    memory_fail_from(0);
    stream_free(stream);
    return status;
}

static void no_memory(void **state)
{
    (void)state;
    uint64_t before = memory_in_use();
    uint64_t nth = 1;
    while (refuse_without_memory(nth) == STATUS_RESOURCES) {
        assert_int_equal(memory_in_use(), before);
        nth++;
    }
    assert_int_equal(error.status, STATUS_INVALID);
    assert_int_equal(memory_in_use(), before);
    assert_true(nth > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_is_missing),
        cmocka_unit_test(a_column_is_unknown),
        cmocka_unit_test(a_column_stands_there_twice),
        cmocka_unit_test(a_row_of_data_is_not_told),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
