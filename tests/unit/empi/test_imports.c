/* Headers of imported files: refused before any database is asked, so there is no connection here. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
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
}

static void assert_whole_detail(const char *lines)
{
    assert_string_equal(error.detail, lines);
}

/* The names are right but for how they are written: the reason is told once, and the header shown. */
static void names_are_written_otherwise(void **state)
{
    (void)state;
    static const char reason[] =
        "records.csv, line 1:\nnames must be in small letters, without blanks: ";
    char expected[512];
#define ONE ",source_person_id," RECORD_DEMOGRAPHICS_SQL
    refuse("DATA_SOURCE" ONE "\n", EXPECTED "'DATA_SOURCE" ONE "'");
    snprintf(expected, sizeof expected, "%sdata_source, not \"DATA_SOURCE\"", reason);
    assert_whole_detail(expected);
    static const char capitals[] =
        "DATA_SOURCE,SOURCE_PERSON_ID,FIRST_NAME,LAST_NAME,SEX,RACE,BIRTH_DATE,DEATH_DATE,"
        "SOCIAL_SECURITY_NUMBER,ADDRESS,CITY,STATE,ZIP_CODE,COUNTY,PHONE\n";
    assert_int_equal(import(capitals), STATUS_INVALID);
    assert_whole_detail(expected);
    assert_non_null(strstr(error.message, "Actual header: 'DATA_SOURCE,SOURCE_PERSON_ID,"));
    assert_int_equal(import("data_source, source_person_id, First Name, last_name, sex, race, "
                            "birth_date, death_date, social_security_number, address, city, "
                            "state, zip_code, phone, shoe_size\n"),
                     STATUS_INVALID);
    snprintf(expected, sizeof expected,
             "%ssource_person_id, not \" source_person_id\"\nunknown:  shoe_size", reason);
    assert_whole_detail(expected);
    /* Where hardly any name is right the rest is not shown. */
    assert_int_equal(import("DATA_SOURCE,First Name,SECRET\n"), STATUS_INVALID);
    assert_detail("without blanks: data_source, not \"DATA_SOURCE\"\nmissing: source_person_id\n");
    assert_detail("unknown: column 3");
    assert_null(strstr(error.detail, "SECRET"));
    assert_null(strstr(error.message, "SECRET"));
}

static void fields_are_separated_otherwise(void **state)
{
    (void)state;
    static const struct {
        char separator;
        const char *reason;
    } cases[] = {
        {';', "the fields are separated by ';', a comma is needed"},
        {'|', "the fields are separated by '|', a comma is needed"},
        {'\t', "the fields are separated by tabs, a comma is needed"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char header[] = RECORD_COLUMNS_SQL "\n";
        for (char *at = header; *at != '\0'; at++) {
            *at = *at == ',' ? cases[i].separator : *at;
        }
        assert_int_equal(import(header), STATUS_INVALID);
        char expected[256];
        snprintf(expected, sizeof expected, "records.csv, line 1:\n%s", cases[i].reason);
        assert_whole_detail(expected);
        assert_non_null(strstr(error.message, "Actual header: 'data_source"));
    }
    /* A person stands there. */
    refuse("hospital;1;SECRET;SECRETER;f;x;1970;y;123-SECRET;street;town;city;state;z;555\n",
           EXPECTED "'not shown'");
    assert_null(strstr(error.detail, "SECRET"));
    assert_null(strstr(error.detail, "separated"));
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
        cmocka_unit_test(names_are_written_otherwise),
        cmocka_unit_test(fields_are_separated_otherwise),
        cmocka_unit_test(a_column_stands_there_twice),
        cmocka_unit_test(a_row_of_data_is_not_told),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
