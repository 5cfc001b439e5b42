#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/process.h"
#include "store/private_cluster.h"

struct error error;

static char folder[64];
static struct private_cluster *cluster;

int server_start(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/tuva-empi-test-XXXXXX");
    /* Run by root, the server has another user, who needs to get there. */
    if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0) {
        return -1;
    }
    char directory[128];
    snprintf(directory, sizeof directory, "%s/data", folder);
    int status = private_cluster_open(&cluster, directory, &error);
    if (status != 0) {
        print_error("%s\n%s\n", error.message, error.hint);
    }
    return status;
}

int server_stop(void **state)
{
    (void)state;
    private_cluster_close(cluster);
    const char *const words[] = {"rm", "-rf", "--", folder, NULL};
    const struct process_options usual = {0};
    struct text_buffer output = TEXT_BUFFER(1000);
    int status = process_run(words, &usual, &output, &error);
    text_free(&output);
    return status;
}

const char *server_folder(void)
{
    return folder;
}

struct store_options server_options(void)
{
    struct store_options options;
    private_cluster_options(cluster, &options);
    return options;
}

struct store *open_store(unsigned pool_size)
{
    struct store_options options = server_options();
    options.pool_size = pool_size;
    struct store *store = NULL;
    assert_good(store_open(&store, &options, &error));
    return store;
}

struct connection *take(struct store *store)
{
    struct connection *connection = NULL;
    assert_good(store_take(&connection, store, 5, &error));
    return connection;
}

void execute(struct connection *connection, const char *sql)
{
    assert_good(query_script(connection, sql, &error));
}

int64_t integer_of(struct connection *connection, const char *sql)
{
    struct rows *rows;
    assert_good(query_run(&rows, connection, sql, NULL, 0, &error));
    assert_int_equal(rows_count(rows), 1);
    int64_t value = rows_integer(rows, 0, 0);
    rows_free(rows);
    return value;
}
