/* COPY in both directions: copy.c. */

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "support.h"

static struct store *store;
static struct connection *connection;

static int set_up(void **state)
{
    (void)state;
    store = open_store(2);
    connection = take(store);
    execute(connection, "create temporary table t (n integer primary key, t text)");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_give_back(connection);
    store_close(store);
    return 0;
}

static void copy_in(struct str text, size_t chunk, uint64_t *rows)
{
    assert_good(copy_in_begin(connection, "copy t from stdin", &error));
    for (size_t at = 0; at < text.len; at += chunk) {
        size_t part = text.len - at < chunk ? text.len - at : chunk;
        assert_good(copy_in_write(connection, (struct str){text.ptr + at, part}, &error));
    }
    assert_good(copy_in_end(connection, rows, &error));
}

/* ---- in ---- */

static void chunks_may_end_anywhere(void **state)
{
    (void)state;
    uint64_t rows = 0;
    copy_in(STR("1\tone\n2\t\\N\n3\t\n"), 1, &rows);
    assert_int_equal(rows, 3);
    copy_in(STR("4\tfour\n"), 100, NULL);
    copy_in(STR(""), 1, &rows);
    assert_int_equal(rows, 0);
    assert_int_equal(integer_of(connection, "select count(*) from t where t is null"), 1);
    assert_int_equal(integer_of(connection, "select count(*) from t"), 4);
}

static void a_large_chunk_is_taken(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(64 << 20);
    for (int i = 0; i < 300000; i++) {
        text_appendf(&text, "%d\tsome text of a row\n", i);
    }
    assert_false(text.failed);
    uint64_t rows = 0;
    copy_in(text_str(&text), SIZE_MAX, &rows);
    assert_int_equal(rows, 300000);
    text_free(&text);
}

static void every_byte_comes_through(void **state)
{
    (void)state;
    static const char *const values[] = {"",      "\\N",    "\\",       "\\.",           "a\tb",
                                         "a\nb",  "a\r\nb", "\x01\x7f", "M\xc3\xbcller", "\t",
                                         "\\\\t", NULL};
    struct text_buffer text = TEXT_BUFFER(10000);
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        text_appendf(&text, "%zu\t", i);
        copy_append_text(&text, values[i] == NULL ? (struct str){NULL, 0} : str_from(values[i]));
        text_append_char(&text, '\n');
    }
    copy_in(text_str(&text), 7, NULL);
    text_free(&text);
    struct rows *rows;
    assert_good(query_run(&rows, connection, "select t from t order by n", NULL, 0, &error));
    assert_int_equal(rows_count(rows), ARRAY_LENGTH(values));
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        if (values[i] == NULL) {
            assert_true(rows_is_null(rows, i, 0));
        } else {
            assert_text(rows_text(rows, i, 0), values[i]);
        }
    }
    rows_free(rows);
}

static void a_wrong_row_fails_all(void **state)
{
    (void)state;
    assert_good(copy_in_begin(connection, "copy t from stdin", &error));
    int status = copy_in_write(connection, STR("1\tone\nSECRET\ttwo\n"), &error);
    status = status == 0 ? copy_in_end(connection, NULL, &error) : status;
    assert_int_equal(status, STATUS_INTERNAL);
    assert_null(strstr(error.message, "SECRET"));
    assert_int_equal(integer_of(connection, "select count(*) from t"), 0);

    assert_good(copy_in_begin(connection, "copy t from stdin", &error));
    assert_good(copy_in_write(connection, STR("1\tone\n1\ttwo\n"), &error));
    assert_int_equal(copy_in_end(connection, NULL, &error), STATUS_CONFLICT);
    assert_int_equal(integer_of(connection, "select count(*) from t"), 0);
}

static void giving_up_leaves_nothing(void **state)
{
    (void)state;
    assert_good(copy_in_begin(connection, "copy t from stdin", &error));
    assert_good(copy_in_write(connection, STR("1\tone\n2\tt"), &error));
    copy_in_abort(connection, "the file is wrong");
    assert_int_equal(integer_of(connection, "select count(*) from t"), 0);
    copy_in(STR("1\tone\n"), 100, NULL);
}

static void what_is_no_copy_is_refused(void **state)
{
    (void)state;
    assert_int_equal(copy_in_begin(connection, "copy nowhere from stdin", &error), STATUS_INTERNAL);
    assert_non_null(strstr(error.message, "nowhere"));
    assert_int_equal(integer_of(connection, "select 1"), 1);
}

static void a_statement_of_another_kind_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(copy_in_begin(connection, "select 1", &error), STATUS_INTERNAL);
    assert_int_equal(copy_out_begin(connection, "select 1", &error), STATUS_INTERNAL);
    assert_int_equal(integer_of(connection, "select 1"), 1);
}

static void a_lost_connection_is_told(void **state)
{
    (void)state;
    struct query_parameter pid = query_integer(integer_of(connection, "select pg_backend_pid()"));
    assert_good(copy_in_begin(connection, "copy t from stdin", &error));
    struct connection *other = take(store);
    assert_good(query_run(NULL, other, "select pg_terminate_backend($1, 5000)", &pid, 1, &error));
    store_give_back(other);
    int status = 0;
    for (int i = 0; status == 0 && i < 100; i++) {
        status = copy_in_write(connection, STR("1\tone\n"), &error);
    }
    status = status == 0 ? copy_in_end(connection, NULL, &error) : status;
    assert_int_equal(status, STATUS_IO);
    copy_in_abort(connection, "lost");
}

/* ---- out ---- */

static void rows_come_out_one_by_one(void **state)
{
    (void)state;
    assert_good(copy_out_begin(connection,
                               "copy (select n, 'a,b' from generate_series(1, 1000) n order by n)"
                               " to stdout (format csv)",
                               &error));
    struct str row;
    for (int i = 1; i <= 1000; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "%d,\"a,b\"\n", i);
        assert_good(copy_out_next(connection, &row, &error));
        assert_text(row, expected);
    }
    assert_good(copy_out_next(connection, &row, &error));
    assert_null(row.ptr);
    assert_int_equal(integer_of(connection, "select 1"), 1);
}

static void a_failure_while_rows_come(void **state)
{
    (void)state;
    assert_good(copy_out_begin(connection,
                               "copy (select 1 / (500 - n) from generate_series(1, 1000) n)"
                               " to stdout",
                               &error));
    struct str row = {"", 0};
    int status = 0;
    while (status == 0 && row.ptr != NULL) {
        status = copy_out_next(connection, &row, &error);
    }
    assert_int_equal(status, STATUS_INTERNAL);
    assert_string_equal(error.message, "database error 22012: the database refused a value");
    assert_int_equal(integer_of(connection, "select 1"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(chunks_may_end_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_chunk_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_byte_comes_through, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_row_fails_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(giving_up_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_copy_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_statement_of_another_kind_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_connection_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_come_out_one_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_while_rows_come, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
