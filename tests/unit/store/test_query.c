/* Parameters, results, transactions and what errors become: query.c, store_error.c. */

#include <float.h>
#include <math.h>
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
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_give_back(connection);
    store_close(store);
    return 0;
}

/* ---- values ---- */

static void texts_arrive_as_they_are(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", " ", "a", "O'Neil; drop table x", "\\N", "\t\n\r\\", "M\xc3\xbcller", "NULL", "$1"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct query_parameter parameter = query_text(texts[i]);
        struct rows *rows;
        assert_good(query_run(&rows, connection, "select $1::text", &parameter, 1, &error));
        assert_false(rows_is_null(rows, 0, 0));
        assert_text(rows_text(rows, 0, 0), texts[i]);
        rows_free(rows);
    }
}

static void integers_arrive_exactly(void **state)
{
    (void)state;
    static const int64_t integers[] = {0, 1, -1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < ARRAY_LENGTH(integers); i++) {
        struct query_parameter parameter = query_integer(integers[i]);
        struct rows *rows;
        assert_good(query_run(&rows, connection, "select $1::bigint", &parameter, 1, &error));
        assert_true(rows_integer(rows, 0, 0) == integers[i]);
        rows_free(rows);
    }
}

static void doubles_arrive_exactly(void **state)
{
    (void)state;
    static const double doubles[] = {0,        -0.0,         0.1,  1.0 / 3,  DBL_MAX,
                                     -DBL_MIN, DBL_TRUE_MIN, 1e23, INFINITY, -INFINITY};
    for (size_t i = 0; i < ARRAY_LENGTH(doubles); i++) {
        struct query_parameter parameter = query_double(doubles[i]);
        struct rows *rows;
        assert_good(
            query_run(&rows, connection, "select $1::double precision", &parameter, 1, &error));
        double got = rows_double(rows, 0, 0);
        assert_memory_equal(&got, &doubles[i], sizeof got);
        rows_free(rows);
    }
    struct query_parameter parameter = query_double(NAN);
    struct rows *rows;
    assert_good(query_run(&rows, connection, "select $1::double precision", &parameter, 1, &error));
    assert_true(isnan(rows_double(rows, 0, 0)));
    rows_free(rows);
}

static void nulls_and_booleans(void **state)
{
    (void)state;
    struct query_parameter parameters[] = {query_text(NULL), query_boolean(true),
                                           query_boolean(false)};
    struct rows *rows;
    assert_good(query_run(&rows, connection,
                          "select $1::text, $2::boolean, $3::boolean,"
                          " null::bigint, null::double precision, null::boolean",
                          parameters, 3, &error));
    assert_true(rows_is_null(rows, 0, 0));
    assert_null(rows_text(rows, 0, 0).ptr);
    assert_true(rows_boolean(rows, 0, 1));
    assert_false(rows_boolean(rows, 0, 2));
    assert_int_equal(rows_integer(rows, 0, 3), 0);
    assert_true(isnan(rows_double(rows, 0, 4)));
    assert_false(rows_boolean(rows, 0, 5));
    rows_free(rows);
    rows_free(NULL);
}

/* A parameter may be copied and moved: it must not point into itself. */
static void parameters_can_be_copied(void **state)
{
    (void)state;
    struct query_parameter parameters[2];
    {
        struct query_parameter short_lived = query_integer(42);
        parameters[0] = short_lived;
        short_lived = query_integer(17);
        parameters[1] = short_lived;
        short_lived = query_integer(0);
        (void)short_lived;
    }
    struct rows *rows;
    assert_good(
        query_run(&rows, connection, "select $1::bigint, $2::bigint", parameters, 2, &error));
    assert_int_equal(rows_integer(rows, 0, 0), 42);
    assert_int_equal(rows_integer(rows, 0, 1), 17);
    rows_free(rows);
}

static void too_many_parameters_are_refused(void **state)
{
    (void)state;
    static struct query_parameter parameters[QUERY_MAX_PARAMETERS + 1];
    assert_int_equal(
        query_run(NULL, connection, "select 1", parameters, QUERY_MAX_PARAMETERS + 1, &error),
        STATUS_INTERNAL);
}

static void rows_are_counted(void **state)
{
    (void)state;
    execute(connection, "create temporary table numbers as select generate_series(1, 10) as n");
    struct rows *rows;
    assert_good(
        query_run(&rows, connection, "update numbers set n = n + 1 where n > 3", NULL, 0, &error));
    assert_int_equal(rows_affected(rows), 7);
    assert_int_equal(rows_count(rows), 0);
    rows_free(rows);
    assert_good(query_run(&rows, connection, "select n from numbers", NULL, 0, &error));
    assert_int_equal(rows_count(rows), 10);
    rows_free(rows);
}

/* ---- transactions ---- */

static void a_transaction_is_all_or_nothing(void **state)
{
    (void)state;
    execute(connection, "create temporary table t (n integer primary key)");
    assert_good(transaction_begin(connection, &error));
    execute(connection, "insert into t values (1)");
    assert_good(transaction_commit(connection, &error));
    assert_good(transaction_begin(connection, &error));
    execute(connection, "insert into t values (2)");
    assert_int_equal(query_script(connection, "insert into t values (1)", &error), STATUS_CONFLICT);
    transaction_roll_back(connection);
    assert_int_equal(integer_of(connection, "select count(*) from t"), 1);
    /* Without one it does nothing. */
    transaction_roll_back(connection);
    assert_int_equal(integer_of(connection, "select 1"), 1);
}

/* After a failed statement COMMIT is answered by a rollback, without an error of the server. */
static void a_commit_that_did_not_happen_is_an_error(void **state)
{
    (void)state;
    execute(connection, "create temporary table t2 (n integer)");
    assert_good(transaction_begin(connection, &error));
    execute(connection, "insert into t2 values (1)");
    assert_int_not_equal(query_script(connection, "select 1 / 0", &error), 0);
    assert_int_not_equal(transaction_commit(connection, &error), 0);
    assert_int_equal(integer_of(connection, "select count(*) from t2"), 0);
}

/* ---- errors ---- */

static void errors_become_what_callers_act_on(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        enum status status;
        const char *message;
    } cases[] = {
        {"insert into keyed values (1)", STATUS_CONFLICT,
         "a row with the same key is there already"},
        {"do $$ begin raise exception sqlstate '40001'; end $$", STATUS_CONFLICT,
         "another transaction changed the same rows"},
        {"do $$ begin raise exception sqlstate '40P01'; end $$", STATUS_CONFLICT,
         "the transaction was chosen to end a deadlock"},
        {"do $$ begin raise exception sqlstate '53100'; end $$", STATUS_RESOURCES,
         "the database's disk is full"},
        {"do $$ begin raise exception using errcode = '53100', message = 'could not resize shared "
         "memory segment \"/PostgreSQL.1\" to 8 bytes: No space left on device'; end $$",
         STATUS_RESOURCES, "the database server's shared memory is too small"},
        {"do $$ begin raise exception sqlstate '53200'; end $$", STATUS_RESOURCES,
         "the database is out of memory"},
        {"do $$ begin raise exception sqlstate '53400'; end $$", STATUS_RESOURCES,
         "the database is short of resources"},
        {"do $$ begin raise exception sqlstate '54001'; end $$", STATUS_RESOURCES,
         "a limit of the database is exceeded"},
        {"set local statement_timeout = 50; select pg_sleep(5)", STATUS_RESOURCES,
         "the database took too long to answer"},
        {"do $$ begin raise exception sqlstate '58030'; end $$", STATUS_RESOURCES,
         "the database refused: 58030"},
        {"do $$ begin raise exception sqlstate 'XX001'; end $$", STATUS_RESOURCES,
         "the database found a fault in itself or its files"},
        {"do $$ begin raise exception sqlstate '25P04'; end $$", STATUS_IO,
         "the database ended a transaction that took too long"},
        {"do $$ begin raise exception sqlstate '57014'; end $$", STATUS_CANCELLED, "cancelled"},
        {"set local transaction_read_only = on; create table never (n integer)", STATUS_IO,
         "the database is read-only"},
        {"selct 1", STATUS_INTERNAL, "database error 42601: syntax error at or near \"selct\""},
        {"select * from nowhere", STATUS_INTERNAL,
         "database error 42P01: relation \"nowhere\" does not exist"},
        {"select 1 / 0", STATUS_INTERNAL, "database error 22012: the database refused a value"},
        {"select 'SECRET'::integer", STATUS_INTERNAL,
         "database error 22P02: the database refused a value"},
        {"insert into keyed values (7, 'SECRET')", STATUS_INTERNAL,
         "database error 23514: new row for relation \"keyed\" violates check constraint "
         "\"keyed_check\""},
    };
    execute(connection, "create temporary table keyed (n integer primary key,"
                        " t text constraint keyed_check check (t <> 'SECRET'));"
                        "insert into keyed values (1, '')");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_good(transaction_begin(connection, &error));
        assert_int_equal(query_script(connection, cases[i].sql, &error), cases[i].status);
        assert_string_equal(error.message, cases[i].message);
        assert_int_equal(error.status, cases[i].status);
        assert_null(strstr(error.message, "SECRET"));
        assert_string_equal(error.detail, "");
        transaction_roll_back(connection);
    }
}

static void a_lock_that_is_held_is_a_conflict(void **state)
{
    (void)state;
    struct connection *other = take(store);
    execute(other, "begin; select pg_advisory_xact_lock(77)");
    assert_good(transaction_begin(connection, &error));
    execute(connection, "set local lock_timeout = '50ms'");
    assert_int_equal(query_script(connection, "select pg_advisory_xact_lock(77)", &error),
                     STATUS_CONFLICT);
    assert_string_equal(error.message,
                        "somebody else holds what this needs: a job at work, or an open session");
    transaction_roll_back(connection);
    transaction_roll_back(other);
    store_give_back(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_arrive_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(integers_arrive_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(doubles_arrive_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nulls_and_booleans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parameters_can_be_copied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_parameters_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_transaction_is_all_or_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_commit_that_did_not_happen_is_an_error, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(errors_become_what_callers_act_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_that_is_held_is_a_conflict, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
