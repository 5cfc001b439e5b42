#include "jobs/session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "empi/job_channel.h"

/* Pauses between tries to connect: a server that restarts is back in a second or two, one that is
   away for longer is not to be pestered. */
#define FIRST_PAUSE 0.5
#define MOST_PAUSE  30.0

enum { TAKE_SECONDS = 30 };

static int asked_to_stop(struct error *error)
{
    return error_set(error, STATUS_CANCELLED, "asked to stop");
}

static int connect_session(struct jobs_session *session, struct error *error)
{
    int status = store_take(&session->connection, session->host->store, TAKE_SECONDS, error);
    if (status != 0) {
        session->connection = NULL;
        return status;
    }
    connection_keep(session->connection);
    return query_script(session->connection, "listen " JOB_CHANNEL, error);
}

static int try_lock(struct jobs_session *session, struct error *error)
{
    char sql[96];
    snprintf(sql, sizeof sql, "select pg_try_advisory_lock(%s)", session->lock);
    struct rows *rows;
    int status = query_run(&rows, session->connection, sql, NULL, 0, error);
    if (status == 0) {
        session->active = rows_boolean(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

int jobs_session_hold(struct jobs_session *session, const char *what, struct error *error)
{
    int status = session->connection == NULL ? connect_session(session, error) : 0;
    if (status != 0 || session->active) {
        return status;
    }
    status = try_lock(session, error);
    if (status != 0 || what == NULL) {
        return status;
    }
    if (session->active) {
        log_write(LOG_INFO, "%s: active", what);
        session->told = false;
    } else if (!session->told) {
        log_write(LOG_INFO, "%s: another one is active; standing by", what);
        session->told = true;
    }
    return status;
}

int jobs_session_wait(struct jobs_session *session, double seconds, struct error *error)
{
    if (session->host->stop_count() > 0) {
        return asked_to_stop(error);
    }
    bool ignored;
    return connection_wait(session->connection, seconds, session->host->stop_descriptor, &ignored,
                           error);
}

int jobs_session_pause(const struct jobs_session *session, double seconds, struct error *error)
{
    struct pollfd stop = {.fd = session->host->stop_descriptor, .events = POLLIN};
    double until = clock_monotonic() + seconds;
    double left = seconds;
    while (left > 0) {
        if (poll(&stop, 1, (int)(left * 1000) + 1) < 0 && errno != EINTR) {
            return error_system(error, errno, "cannot wait");
        }
        if (session->host->stop_count() > 0) {
            return asked_to_stop(error);
        }
        left = until - clock_monotonic();
    }
    return 0;
}

int jobs_session_recover(struct jobs_session *session, const struct error *failure,
                         struct error *error)
{
    log_error(failure);
    jobs_session_end(session);
    double pause = session->pause < FIRST_PAUSE ? FIRST_PAUSE : session->pause;
    session->pause = pause * 2 > MOST_PAUSE ? MOST_PAUSE : pause * 2;
    log_write(LOG_WARNING, "trying again in %.1f s", pause);
    int status = jobs_session_pause(session, pause, error);
    if (status != 0) {
        return status;
    }
    struct error revival;
    if (session->host->revive(session->host->context, &revival) != 0) {
        /* It shows again, and is told, when the connection is opened. */
        log_error(&revival);
    }
    return 0;
}

void jobs_session_recovered(struct jobs_session *session)
{
    session->pause = 0;
}

void jobs_session_end(struct jobs_session *session)
{
    store_give_back(session->connection);
    session->connection = NULL;
    session->active = false;
    session->told = false;
}
