/* Where the private PostgreSQL lives, and who may share it: private_cluster.c. Crashes and signals
   are in tests/integration/private-postgres.test.mjs. */

#include "store/private_cluster.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "support.h"

/* ---- the default place ---- */

static const char *place(const char *own, const char *data, const char *home)
{
    static char out[256];
    own == NULL ? unsetenv("TUVA_EMPI_DATA_DIR") : setenv("TUVA_EMPI_DATA_DIR", own, 1);
    data == NULL ? unsetenv("XDG_DATA_HOME") : setenv("XDG_DATA_HOME", data, 1);
    home == NULL ? unsetenv("HOME") : setenv("HOME", home, 1);
    return private_cluster_default_directory(out, sizeof out) ? out : "none";
}

static void the_place_follows_the_environment(void **state)
{
    (void)state;
    char *home = getenv("HOME");
    assert_string_equal(place("/own", "/data", "/h"), "/own");
    bool root = geteuid() == 0;
    assert_string_equal(place("", "/data", "/h"), root ? "/var/lib/tuva-empi" : "/data/tuva-empi");
    assert_string_equal(place(NULL, NULL, "/h"),
                        root ? "/var/lib/tuva-empi" : "/h/.local/share/tuva-empi");
    assert_string_equal(place(NULL, "relative", NULL), root ? "/var/lib/tuva-empi" : "none");
    char small[4];
    setenv("TUVA_EMPI_DATA_DIR", "/longer", 1);
    assert_false(private_cluster_default_directory(small, sizeof small));
    place(NULL, NULL, home);
}

/* ---- directories that will not do ---- */

static void assert_refused(const char *directory, const char *part)
{
    struct private_cluster *cluster = NULL;
    assert_int_not_equal(private_cluster_open(&cluster, directory, &error), 0);
    assert_null(cluster);
    if (strstr(error.message, part) == NULL) {
        fail_msg("\"%s\" is not in: %s", part, error.message);
    }
}

static void names_that_a_socket_cannot_have(void **state)
{
    (void)state;
    char directory[512];
    snprintf(directory, sizeof directory, "%s/%0100d", server_folder(), 7);
    assert_refused(directory, "too long for a socket");
    assert_non_null(strstr(error.hint, "TUVA_EMPI_DATA_DIR"));
    assert_int_equal(access(directory, F_OK), -1);
    static const char *const odd[] = {"a'b", "a,b", "a\"b", "a\\b", "a$b", "a`b", "a\nb"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        snprintf(directory, sizeof directory, "%s/%s", server_folder(), odd[i]);
        assert_refused(directory, "has a quote, a comma");
        assert_int_equal(access(directory, F_OK), -1);
    }
}

/* Each folder would have another index. */
static void names_that_depend_on_the_folder(void **state)
{
    (void)state;
    static const char *const relative[] = {"tuva-empi-relative", "./tuva-empi-relative", "~/x", ""};
    for (size_t i = 0; i < sizeof relative / sizeof relative[0]; i++) {
        assert_refused(relative[i], "the data directory's name is not an absolute path");
        assert_non_null(strstr(error.hint, "TUVA_EMPI_DATA_DIR"));
    }
    assert_int_equal(access("tuva-empi-relative", F_OK), -1);
    assert_int_equal(access("~", F_OK), -1);
}

static void a_directory_of_other_files(void **state)
{
    (void)state;
    char directory[128];
    char file[160];
    snprintf(directory, sizeof directory, "%s/other", server_folder());
    snprintf(file, sizeof file, "%s/diary.txt", directory);
    assert_int_equal(mkdir(directory, 0755), 0);
    int descriptor = open(file, O_CREAT | O_WRONLY, 0600);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_refused(directory, "holds other files, but no private PostgreSQL");
    struct stat info;
    assert_int_equal(stat(directory, &info), 0);
    assert_int_equal(info.st_uid, geteuid());
    assert_refused(file, "Not a directory");
}

static void a_place_that_cannot_be(void **state)
{
    (void)state;
    assert_refused("/proc/tuva-empi", "cannot make the directory /proc/tuva-empi");
}

static void a_version_that_is_not_installed(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/old", server_folder());
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/old/pgdata", server_folder());
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/old/pgdata/PG_VERSION", server_folder());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("9\n", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/old", server_folder());
    assert_refused(path, "is of version 9, which is not installed");
    assert_string_equal(error.hint, "install postgresql-9");
}

/* ---- sharing ---- */

static bool runs(void)
{
    struct store_options options = server_options();
    struct store *store;
    bool good = store_open(&store, &options, &error) == 0;
    if (good) {
        store_close(store);
    }
    return good;
}

static void the_last_one_stops_it(void **state)
{
    (void)state;
    char directory[128];
    snprintf(directory, sizeof directory, "%s/data", server_folder());
    struct private_cluster *second;
    assert_good(private_cluster_open(&second, directory, &error));
    struct store_options options;
    private_cluster_options(second, &options);
    assert_string_equal(options.host, server_options().host);
    private_cluster_close(second);
    assert_true(runs());
    private_cluster_close(NULL);
}

static void the_server_is_set_up_for_us(void **state)
{
    (void)state;
    struct store *store = open_store(1);
    struct connection *connection = take(store);
    struct rows *rows;
    assert_good(query_run(&rows, connection,
                          "select current_setting('server_encoding'),"
                          " current_setting('data_checksums'),"
                          " current_setting('listen_addresses'),"
                          " (select datcollate from pg_database where datname = 'tuva_empi'),"
                          " current_setting('unix_socket_permissions')",
                          NULL, 0, &error));
    assert_text(rows_text(rows, 0, 0), "UTF8");
    assert_text(rows_text(rows, 0, 1), "on");
    assert_text(rows_text(rows, 0, 2), "");
    assert_text(rows_text(rows, 0, 3), "C");
    assert_text(rows_text(rows, 0, 4), "0700");
    rows_free(rows);
    store_give_back(connection);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_place_follows_the_environment),
        cmocka_unit_test(names_that_a_socket_cannot_have),
        cmocka_unit_test(names_that_depend_on_the_folder),
        cmocka_unit_test(a_directory_of_other_files),
        cmocka_unit_test(a_place_that_cannot_be),
        cmocka_unit_test(a_version_that_is_not_installed),
        cmocka_unit_test(the_last_one_stops_it),
        cmocka_unit_test(the_server_is_set_up_for_us),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
