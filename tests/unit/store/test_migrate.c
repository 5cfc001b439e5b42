/* Up, down, and what must not be touched: migrate.c. */

#include "store/migrate.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "support.h"

static struct store *store;
static struct connection *connection;

/* Each test begins without the schema. */
static int set_up(void **state)
{
    (void)state;
    store = open_store(4);
    connection = take(store);
    execute(connection, "drop schema if exists empi cascade");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_give_back(connection);
    store_close(store);
    return 0;
}

static void migrate(unsigned target, unsigned before, unsigned after)
{
    struct migrate_report report;
    assert_good(migrate_to(&report, store, target, &error));
    assert_int_equal(report.before, before);
    assert_int_equal(report.after, after);
    unsigned current;
    assert_good(migrate_current(&current, store, &error));
    assert_int_equal(current, after);
}

static int64_t count_relations(void)
{
    return integer_of(connection, "select count(*) from pg_class c join pg_namespace n"
                                  " on n.oid = c.relnamespace where n.nspname = 'empi'");
}

/* ---- up and down ---- */

static void numbers_have_no_gaps(void **state)
{
    (void)state;
    assert_true(migration_count >= 1);
    for (unsigned i = 0; i < migration_count; i++) {
        assert_int_equal(migrations[i].number, i + 1);
        assert_true(strlen(migrations[i].up) > 0 && strlen(migrations[i].down) > 0);
    }
}

static void up_down_and_up_again(void **state)
{
    (void)state;
    migrate(MIGRATE_LATEST, 0, migration_count);
    int64_t relations = count_relations();
    assert_true(relations > 30);
    migrate(MIGRATE_LATEST, migration_count, migration_count);
    migrate(0, migration_count, 0);
    assert_int_equal(count_relations(), 0);
    assert_int_equal(
        integer_of(connection, "select count(*) from pg_namespace where nspname = 'empi'"), 0);
    migrate(0, 0, 0);
    migrate(MIGRATE_LATEST, 0, migration_count);
    assert_int_equal(count_relations(), relations);
}

static void one_step_at_a_time(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= migration_count; i++) {
        migrate(i, i - 1, i);
    }
    for (unsigned i = migration_count; i >= 1; i--) {
        migrate(i - 1, i, i - 1);
    }
}

static void a_number_that_there_is_not(void **state)
{
    (void)state;
    struct migrate_report report;
    assert_int_equal(migrate_to(&report, store, migration_count + 1, &error), STATUS_INVALID);
    assert_int_equal(count_relations(), 0);
}

/* What a page of documentation would have to say stands in the database itself. */
static void every_table_has_a_comment(void **state)
{
    (void)state;
    migrate(MIGRATE_LATEST, 0, migration_count);
    assert_int_equal(integer_of(connection,
                                "select count(*) from pg_class c join pg_namespace n"
                                " on n.oid = c.relnamespace where n.nspname = 'empi'"
                                " and c.relkind = 'r' and obj_description(c.oid) is null"),
                     0);
    assert_int_equal(integer_of(connection,
                                "select count(*) from pg_constraint c join pg_namespace n"
                                " on n.oid = c.connamespace where n.nspname = 'empi'"
                                " and conname like '%_fkey'"),
                     0);
}

/* ---- what is refused ---- */

static void the_schema_has_to_be_ours(void **state)
{
    (void)state;
    assert_int_equal(migrate_check(store, &error), STATUS_INVALID);
    char expected[128];
    snprintf(expected, sizeof expected,
             "the database's schema is at migration 0, this program needs %u", migration_count);
    assert_string_equal(error.message, expected);
    assert_string_equal(error.hint, "run: tuva-empi migrate");
    migrate(MIGRATE_LATEST, 0, migration_count);
    assert_good(migrate_check(store, &error));
}

/* Nothing is done and nothing changes, up, down or standing still. */
static void assert_refused(const char *message)
{
    int64_t relations = count_relations();
    struct migrate_report report;
    assert_int_equal(migrate_to(&report, store, MIGRATE_LATEST, &error), STATUS_INVALID);
    assert_string_equal(error.message, message);
    assert_int_equal(migrate_to(&report, store, 0, &error), STATUS_INVALID);
    assert_string_equal(error.message, message);
    assert_int_equal(migrate_check(store, &error), STATUS_INVALID);
    assert_string_equal(error.message, message);
    assert_int_equal(count_relations(), relations);
}

static void an_edited_migration(void **state)
{
    (void)state;
    migrate(MIGRATE_LATEST, 0, migration_count);
    execute(connection, "update empi.schema_migration set checksum = 'x' where number = 1");
    assert_refused("migration 1 in the database is not this program's");
}

static void a_newer_database(void **state)
{
    (void)state;
    migrate(MIGRATE_LATEST, 0, migration_count);
    struct query_parameter number = query_integer(migration_count + 1);
    assert_good(query_run(NULL, connection,
                          "insert into empi.schema_migration values ($1, 'later', 'x')", &number, 1,
                          &error));
    char expected[256];
    snprintf(expected, sizeof expected,
             "the database is newer than this program: it has migration %u, the program knows %u",
             migration_count + 1, migration_count);
    assert_refused(expected);
}

static void a_gap(void **state)
{
    (void)state;
    migrate(MIGRATE_LATEST, 0, migration_count);
    execute(connection, "delete from empi.schema_migration where number = 1");
    assert_refused("the database lacks migration 1, but has migration 2");
}

static void a_failure_changes_nothing(void **state)
{
    (void)state;
    /* In the way of a table of the first migration. */
    execute(connection, "create schema empi; create table empi.person (n integer)");
    struct migrate_report report;
    assert_int_equal(migrate_to(&report, store, MIGRATE_LATEST, &error), STATUS_INTERNAL);
    assert_non_null(strstr(error.message, "migration 0001_index, up: database error 42P07"));
    assert_int_equal(count_relations(), 1);
    execute(connection, "drop schema empi cascade");
    migrate(MIGRATE_LATEST, 0, migration_count);
}

/* ---- two at once ---- */

static void *migrate_up(void *out)
{
    struct error failure;
    return migrate_to(out, store, MIGRATE_LATEST, &failure) == 0 ? NULL : "failed";
}

static void two_at_once_are_safe(void **state)
{
    (void)state;
    struct migrate_report reports[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_up, &reports[i]), 0);
    }
    unsigned did_it = 0;
    for (int i = 0; i < 3; i++) {
        void *outcome;
        pthread_join(threads[i], &outcome);
        assert_null(outcome);
        assert_int_equal(reports[i].after, migration_count);
        did_it += reports[i].before == 0;
    }
    assert_int_equal(did_it, 1);
    assert_good(migrate_check(store, &error));
}

/* ---- list and flush ---- */

static void the_list_tells_all(void **state)
{
    (void)state;
    struct migrate_state *states;
    size_t count;
    assert_good(migrate_list(&states, &count, store, &error));
    assert_int_equal(count, migration_count);
    assert_int_equal(states[0].number, 1);
    assert_string_equal(states[0].name, "index");
    assert_string_equal(states[0].applied, "");
    assert_null(states[0].problem);
    memory_free(states);

    migrate(MIGRATE_LATEST, 0, migration_count);
    execute(connection, "update empi.schema_migration set checksum = 'x', applied = "
                        "'2026-01-02T03:04:05+02:00' where number = 1;"
                        "insert into empi.schema_migration values (9999, 'later', 'x')");
    assert_good(migrate_list(&states, &count, store, &error));
    assert_int_equal(count, migration_count + 1);
    assert_string_equal(states[0].applied, "2026-01-02T01:04:05Z");
    assert_string_equal(states[0].problem, "edited after it was applied");
    assert_int_equal(states[count - 1].number, 9999);
    assert_string_equal(states[count - 1].name, "later");
    assert_string_equal(states[count - 1].problem, "unknown to this program, which is older");
    memory_free(states);
}

static void flushing_empties_all_but_the_migrations(void **state)
{
    (void)state;
    migrate(MIGRATE_LATEST, 0, migration_count);
    execute(connection,
            "insert into empi.app_user (idp_user_id) values ('a'), ('b');"
            "insert into empi.config (splink_settings, potential_match_threshold,"
            " auto_match_threshold) values ('{}', 0, 1);"
            "insert into empi.job (job_type, config_id) values ('import-person-records', 1)");
    assert_good(migrate_flush(store, &error));
    assert_int_equal(integer_of(connection, "select count(*) from empi.app_user"), 0);
    assert_int_equal(integer_of(connection, "select count(*) from empi.job"), 0);
    assert_int_equal(integer_of(connection, "insert into empi.app_user (idp_user_id) values ('c')"
                                            " returning id"),
                     1);
    assert_good(migrate_check(store, &error));
    migrate(0, migration_count, 0);
    assert_good(migrate_flush(store, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_no_gaps),
        cmocka_unit_test_setup_teardown(up_down_and_up_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_step_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_number_that_there_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_table_has_a_comment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_schema_has_to_be_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_edited_migration, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_database, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_gap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_at_once_are_safe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_list_tells_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flushing_empties_all_but_the_migrations, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
