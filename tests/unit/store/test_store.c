/* The pool, notifications, cancelling: store.c. */

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "support.h"

static int64_t backend(struct connection *connection)
{
    return integer_of(connection, "select pg_backend_pid()");
}

/* ---- opening ---- */

static void a_store_tells_how_it_is_connected(void **state)
{
    (void)state;
    struct store_options options = server_options();
    options.application_name = "test of store";
    struct store *store;
    assert_good(store_open(&store, &options, &error));
    struct connection *connection = take(store);
    struct rows *rows;
    assert_good(query_run(&rows, connection,
                          "select current_setting('application_name'),"
                          " current_setting('client_encoding'), current_setting('timezone'),"
                          " '2026-01-02T03:04:05.678901+00:00'::timestamptz",
                          NULL, 0, &error));
    assert_text(rows_text(rows, 0, 0), "test of store");
    assert_text(rows_text(rows, 0, 1), "UTF8");
    assert_text(rows_text(rows, 0, 2), "UTC");
    assert_text(rows_text(rows, 0, 3), "2026-01-02 03:04:05.678901+00");
    rows_free(rows);
    store_give_back(connection);
    store_close(store);
    store_close(NULL);
    store_give_back(NULL);
}

static void a_server_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct store_options options = server_options();
    struct store *store = NULL;
    options.host = "/nonexistent";
    assert_int_equal(store_open(&store, &options, &error), STATUS_IO);
    assert_string_equal(error.message, "cannot connect to the database at /nonexistent, port 5432: "
                                       "No such file or directory");
    assert_string_equal(error.hint, "check db.host and db.port, and that the server is running");
    options = server_options();
    options.name = "nobody_made_it";
    assert_int_equal(store_open(&store, &options, &error), STATUS_IO);
    assert_non_null(strstr(error.message, "database \"nobody_made_it\" does not exist"));
    assert_non_null(strstr(error.hint, "db.name"));
    options = server_options();
    options.user = "nobody_made_it";
    assert_int_equal(store_open(&store, &options, &error), STATUS_IO);
    assert_non_null(strstr(error.message, "role \"nobody_made_it\" does not exist"));
    assert_non_null(strstr(error.hint, "db.user"));
    assert_null(store);
}

static void another_encoding_is_refused(void **state)
{
    (void)state;
    struct store *store = open_store(1);
    struct connection *connection = take(store);
    execute(
        connection,
        "create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
    struct store_options options = server_options();
    options.name = "latin";
    struct store *other = NULL;
    assert_int_equal(store_open(&other, &options, &error), STATUS_INVALID);
    assert_string_equal(error.message, "the database's encoding is LATIN1; UTF8 is needed");
    execute(connection, "drop database latin");
    store_give_back(connection);
    store_close(store);
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    struct store_options options = server_options();
    for (unsigned failures = 0;; failures++) {
        uint64_t before = memory_in_use();
        struct store *store;
        memory_fail_from(failures + 1);
        int status = store_open(&store, &options, &error);
        memory_fail_from(0);
        if (status == 0) {
            assert_true(failures > 3);
            store_close(store);
            assert_int_equal(memory_in_use(), before);
            return;
        }
        assert_int_equal(status, STATUS_RESOURCES);
        assert_int_equal(memory_in_use(), before);
    }
}

/* ---- the pool ---- */

static void a_connection_is_used_again(void **state)
{
    (void)state;
    struct store *store = open_store(2);
    struct connection *connection = take(store);
    int64_t first = backend(connection);
    store_give_back(connection);
    connection = take(store);
    assert_int_equal(backend(connection), first);
    store_give_back(connection);
    store_close(store);
}

static void an_exhausted_pool_is_told(void **state)
{
    (void)state;
    struct store *store = open_store(2);
    struct connection *one = take(store);
    struct connection *two = take(store);
    assert_int_not_equal(backend(one), backend(two));
    struct connection *three = NULL;
    double began = clock_monotonic();
    assert_int_equal(store_take(&three, store, 0.3, &error), STATUS_RESOURCES);
    double took = clock_monotonic() - began;
    assert_true(took >= 0.29 && took < 5);
    assert_string_equal(error.message, "all 2 database connections are busy");
    assert_null(three);
    store_give_back(one);
    three = take(store);
    store_give_back(two);
    store_give_back(three);
    store_close(store);
}

static void *give_back_later(void *connection)
{
    usleep(200000);
    store_give_back(connection);
    return NULL;
}

static void who_waits_gets_what_is_given_back(void **state)
{
    (void)state;
    struct store *store = open_store(1);
    struct connection *connection = take(store);
    int64_t first = backend(connection);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, give_back_later, connection), 0);
    struct connection *next = NULL;
    assert_good(store_take(&next, store, 30, &error));
    assert_int_equal(backend(next), first);
    pthread_join(thread, NULL);
    store_give_back(next);
    store_close(store);
}

/* Threads hammer a small pool: each connection has one user at a time, and none gets lost. */
enum { HAMMERS = 8, BLOWS = 50 };

static void *hammer(void *store)
{
    for (int i = 0; i < BLOWS; i++) {
        struct error failure;
        struct connection *connection;
        if (store_take(&connection, store, 60, &failure) != 0 ||
            query_script(connection, "begin; select 1; commit", &failure) != 0) {
            return "failed";
        }
        store_give_back(connection);
    }
    return NULL;
}

static void threads_share_a_pool(void **state)
{
    (void)state;
    struct store *store = open_store(3);
    pthread_t threads[HAMMERS];
    for (int i = 0; i < HAMMERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, store), 0);
    }
    for (int i = 0; i < HAMMERS; i++) {
        void *outcome;
        pthread_join(threads[i], &outcome);
        assert_null(outcome);
    }
    struct connection *all[3];
    for (int i = 0; i < 3; i++) {
        all[i] = take(store);
    }
    for (int i = 0; i < 3; i++) {
        store_give_back(all[i]);
    }
    store_close(store);
}

static void a_connection_in_a_transaction_is_not_reused(void **state)
{
    (void)state;
    struct store *store = open_store(1);
    struct connection *connection = take(store);
    int64_t first = backend(connection);
    assert_good(transaction_begin(connection, &error));
    store_give_back(connection);
    connection = take(store);
    assert_int_not_equal(backend(connection), first);
    /* Nor one that was kept out, or that was left in the middle of a COPY. */
    int64_t second = backend(connection);
    connection_keep(connection);
    store_give_back(connection);
    connection = take(store);
    int64_t third = backend(connection);
    assert_int_not_equal(third, second);
    assert_good(copy_out_begin(connection, "copy (select 1) to stdout", &error));
    store_give_back(connection);
    connection = take(store);
    assert_int_not_equal(backend(connection), third);
    store_give_back(connection);
    store_close(store);
}

static void a_connection_that_the_server_closed_is_replaced(void **state)
{
    (void)state;
    struct store *store = open_store(2);
    struct connection *victim = take(store);
    struct connection *other = take(store);
    struct query_parameter pid = query_integer(backend(victim));
    store_give_back(victim);
    assert_good(query_run(NULL, other, "select pg_terminate_backend($1, 5000)", &pid, 1, &error));
    victim = take(store);
    assert_int_equal(integer_of(victim, "select 1"), 1);

    /* In the middle of work it is an error, and the next one to take it gets a new one. */
    pid = query_integer(backend(victim));
    assert_good(query_run(NULL, other, "select pg_terminate_backend($1, 5000)", &pid, 1, &error));
    assert_int_equal(query_script(victim, "select 1", &error), STATUS_IO);
    assert_false(connection_alive(victim));
    store_give_back(victim);
    victim = take(store);
    assert_true(connection_alive(victim));
    store_give_back(victim);
    store_give_back(other);
    store_close(store);
}

/* ---- cancelling ---- */

static void *cancel_later(void *store)
{
    usleep(300000);
    store_cancel_all(store);
    return NULL;
}

static void what_is_running_can_be_cancelled(void **state)
{
    (void)state;
    struct store *store = open_store(2);
    struct connection *connection = take(store);
    pthread_t thread;
    double began = clock_monotonic();
    assert_int_equal(pthread_create(&thread, NULL, cancel_later, store), 0);
    assert_int_equal(query_script(connection, "select pg_sleep(60)", &error), STATUS_CANCELLED);
    pthread_join(thread, NULL);
    assert_true(clock_monotonic() - began < 30);
    assert_string_equal(error.message, "cancelled");
    assert_true(connection_alive(connection));
    store_give_back(connection);
    store_cancel_all(store);
    store_close(store);
}

/* ---- notifications ---- */

static void a_notification_wakes(void **state)
{
    (void)state;
    struct store *store = open_store(2);
    struct connection *listener = take(store);
    struct connection *speaker = take(store);
    connection_keep(listener);
    execute(listener, "listen test");
    bool notified = true;
    double began = clock_monotonic();
    assert_good(connection_wait(listener, 0.2, -1, &notified, &error));
    assert_false(notified);
    assert_true(clock_monotonic() - began >= 0.19);

    execute(speaker, "notify test; notify test, 'again'");
    assert_good(connection_wait(listener, 30, -1, &notified, &error));
    assert_true(notified);
    assert_good(connection_wait(listener, 0, -1, &notified, &error));
    assert_false(notified);

    /* One that comes along with an answer is not lost. */
    execute(speaker, "notify test");
    execute(listener, "select 1");
    began = clock_monotonic();
    assert_good(connection_wait(listener, 30, -1, &notified, &error));
    assert_true(notified);
    assert_true(clock_monotonic() - began < 20);
    store_give_back(speaker);
    store_give_back(listener);
    store_close(store);
}

static void waiting_ends_early(void **state)
{
    (void)state;
    struct store *store = open_store(2);
    struct connection *listener = take(store);
    int ends[2];
    bool notified;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(connection_wait(listener, 30, ends[0], &notified, &error), STATUS_CANCELLED);
    close(ends[0]);
    close(ends[1]);

    struct connection *other = take(store);
    struct query_parameter pid = query_integer(backend(listener));
    assert_good(query_run(NULL, other, "select pg_terminate_backend($1, 5000)", &pid, 1, &error));
    assert_int_equal(connection_wait(listener, 30, -1, &notified, &error), STATUS_IO);
    store_give_back(other);
    store_give_back(listener);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_tells_how_it_is_connected),
        cmocka_unit_test(a_server_that_is_not_there_is_told),
        cmocka_unit_test(another_encoding_is_refused),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(a_connection_is_used_again),
        cmocka_unit_test(an_exhausted_pool_is_told),
        cmocka_unit_test(who_waits_gets_what_is_given_back),
        cmocka_unit_test(threads_share_a_pool),
        cmocka_unit_test(a_connection_in_a_transaction_is_not_reused),
        cmocka_unit_test(a_connection_that_the_server_closed_is_replaced),
        cmocka_unit_test(what_is_running_can_be_cancelled),
        cmocka_unit_test(a_notification_wakes),
        cmocka_unit_test(waiting_ends_early),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
