#include "http/connections.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/gate.h"
#include "support.h"

static struct error error;

/* A connection with its other end. */
struct pair {
    int ends[2];
    struct http_connection *connection;
};

static void open_pair(struct pair *out, struct http_connections *all)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, out->ends), 0);
    out->connection = http_connections_add(all, out->ends[0]);
    assert_non_null(out->connection);
}

static void close_pair(struct pair *pair, struct http_connections *all)
{
    http_connections_remove(all, pair->connection);
    close(pair->ends[0]);
    close(pair->ends[1]);
}

/* Whether it is cut off within so many milliseconds. */
static bool is_cut_off(const struct pair *pair, int milliseconds)
{
    struct pollfd waiting = {.fd = pair->ends[1], .events = POLLIN};
    return poll(&waiting, 1, milliseconds) > 0;
}

static const struct http_deadlines short_ones = {
    .head = 0.05, .rate_grace = 0.05, .least_rate = 1000};

static void cuts_off_who_is_late(void **state)
{
    (void)state;
    struct http_connections *all;
    struct pair idle;
    struct pair working;
    struct pair slow;
    struct pair fast;
    struct pair waiting;
    assert_int_equal(http_connections_open(&all, &short_ones, 100, &error), STATUS_OK);
    open_pair(&working, all);
    http_connection_begin(all, working.connection, HTTP_PHASE_WORK);
    open_pair(&fast, all);
    http_connection_begin(all, fast.connection, HTTP_PHASE_TRANSFER);
    http_connection_moved(all, fast.connection, 1000000);
    open_pair(&waiting, all);
    http_connection_begin(all, waiting.connection, HTTP_PHASE_TRANSFER);
    http_connection_pause(all, waiting.connection);
    open_pair(&idle, all);
    open_pair(&slow, all);
    http_connection_begin(all, slow.connection, HTTP_PHASE_TRANSFER);
    http_connection_moved(all, slow.connection, 1);
    assert_true(is_cut_off(&idle, 10000));
    assert_true(is_cut_off(&slow, 10000));
    assert_false(is_cut_off(&working, 0));
    assert_false(is_cut_off(&fast, 0));
    assert_false(is_cut_off(&waiting, 100));
    /* The time that it waited for us does not count; now it is the client's turn. */
    http_connection_moved(all, waiting.connection, 0);
    assert_false(is_cut_off(&waiting, 0));
    assert_true(is_cut_off(&waiting, 10000));
    /* After the work it is idle. */
    http_connection_begin(all, working.connection, HTTP_PHASE_HEAD);
    assert_true(is_cut_off(&working, 10000));
    close_pair(&slow, all);
    close_pair(&idle, all);
    close_pair(&working, all);
    close_pair(&waiting, all);
    close_pair(&fast, all);
    http_connections_remove(all, NULL);
    http_connections_close(all);
    http_connections_close(NULL);
}

static const struct http_deadlines long_ones = {
    .head = 1000, .rate_grace = 1000, .least_rate = 1000};

struct worker {
    struct http_connections *all;
    struct pair *pair;
};

static void *finish_work(void *context)
{
    const struct worker *worker = context;
    while (!http_connections_draining(worker->all)) {
        usleep(1000);
    }
    http_connection_begin(worker->all, worker->pair->connection, HTTP_PHASE_HEAD);
    return NULL;
}

static void drains(void **state)
{
    (void)state;
    struct http_connections *all;
    struct pair idle;
    struct pair working;
    assert_int_equal(http_connections_open(&all, &long_ones, 100, &error), STATUS_OK);
    open_pair(&idle, all);
    open_pair(&working, all);
    http_connection_begin(all, working.connection, HTTP_PHASE_WORK);
    assert_false(http_connections_draining(all));
    struct worker worker = {all, &working};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, finish_work, &worker), 0);
    http_connections_drain(all, 1000);
    pthread_join(thread, NULL);
    assert_true(is_cut_off(&idle, 10000));
    assert_true(is_cut_off(&working, 10000));
    close_pair(&idle, all);
    close_pair(&working, all);
    http_connections_close(all);

    /* Who does not end in time is cut off. */
    assert_int_equal(http_connections_open(&all, &long_ones, 100, &error), STATUS_OK);
    open_pair(&working, all);
    http_connection_begin(all, working.connection, HTTP_PHASE_WORK);
    http_connections_drain(all, 0.01);
    assert_true(is_cut_off(&working, 0));
    close_pair(&working, all);
    http_connections_close(all);
}

static int open_and_close(void *context, struct error *out)
{
    (void)context;
    struct http_connections *all;
    int status = http_connections_open(&all, &long_ones, 100, out);
    if (status != STATUS_OK) {
        return status;
    }
    struct http_connection *connection = http_connections_add(all, -1);
    status = connection == NULL ? error_out_of_memory(out) : STATUS_OK;
    http_connections_remove(all, connection);
    http_connections_close(all);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_int_equal(fail_every_allocation(open_and_close, NULL), 2);
}

static void *leave_gate(void *gate)
{
    usleep(20000);
    http_gate_leave(gate);
    return NULL;
}

static void a_gate_has_places(void **state)
{
    (void)state;
    struct http_gate gate;
    assert_int_equal(http_gate_open(&gate, 2, &error), STATUS_OK);
    assert_true(http_gate_enter(&gate, 0));
    assert_true(http_gate_enter(&gate, 0));
    assert_false(http_gate_enter(&gate, 0));
    assert_false(http_gate_enter(&gate, 0.01));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, leave_gate, &gate), 0);
    assert_true(http_gate_enter(&gate, 1000));
    pthread_join(thread, NULL);
    assert_false(http_gate_enter(&gate, 0));
    http_gate_leave(&gate);
    assert_true(http_gate_enter(&gate, 0));
    http_gate_close(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_off_who_is_late),
        cmocka_unit_test(drains),
        cmocka_unit_test(survives_failing_memory),
        cmocka_unit_test(a_gate_has_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
