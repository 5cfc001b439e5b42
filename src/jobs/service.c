#include "jobs/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "jobs/locks.h"
#include "jobs/queue.h"
#include "jobs/session.h"

/* In seconds: how long a lost notification may delay a job; how soon a standby notices that it is
   wanted; how often the runner of somebody else is looked after. */
#define POLL_INTERVAL    10.0
#define STANDBY_INTERVAL 2.0
#define BUSY_INTERVAL    1.0

/* The pause after a runner that could not do its work doubles from the first to the last of these;
   a job with which it went so more often in a row has the same end as one whose runner dies. */
#define FIRST_PAUSE 1.0
#define MOST_PAUSE  30.0
enum { MOST_LOSSES = 10 };

/* What the program exits with: see error_exit_status() and stop_exit_status(). */
enum { EXIT_FAILED = 1, EXIT_REFUSED = 2, EXIT_SHORT = 3, EXIT_SIGNAL = 128 };

struct service {
    const struct service_options *options;
    struct jobs_session session;
    struct queue_job job;  /* the one that was tried last */
    struct runner_end end; /* and how its runner ended */
    bool unsettled;        /* that has not been looked into yet */
    unsigned losses;       /* of that job, in a row */
    bool busy;             /* it was told that a job runs elsewhere */
};

/* What happens in the usual course: of interest in the log of a service only. */
#define tell(service, level, ...)          \
    do {                                   \
        if (!(service)->options->quiet) {  \
            log_write(level, __VA_ARGS__); \
        }                                  \
    } while (0)

static void relay_line(void *context, int64_t job_id, struct str line)
{
    const struct service *service = context;
    tell(service, LOG_INFO, "job_%" PRId64 ": %.*s", job_id, STR_ARG(line));
}

static void tick(void *context)
{
    const struct service_options *options = ((const struct service *)context)->options;
    if (options->tick != NULL) {
        options->tick(options->context);
    }
}

/* ---- after a runner ---- */

/* "signal 9", "exit status 7" */
static const char *describe_end(const struct runner_end *end, char out[48])
{
    bool killed = end->exit_status > EXIT_SIGNAL;
    snprintf(out, 48, "%s %d", killed ? "signal" : "exit status",
             killed ? end->exit_status - EXIT_SIGNAL : end->exit_status);
    return out;
}

/* The reason of a job that is given up. */
static void compose_reason(char *out, size_t size, const struct service *service,
                           const struct queue_job *job, const char *what)
{
    char how[48];
    bool known = service->job.id == job->id;
    const char *words = known ? service->end.last_words : "";
    snprintf(out, size, "Error: %s%s%s%s%s", what, known ? "; the last time it ended with " : "",
             known ? describe_end(&service->end, how) : "",
             words[0] == '\0' ? "" : ", having said:\n", words);
    utf8_make_plain(out, strlen(out),
                    true); /* it may have said anything; the database holds UTF-8 */
}

static int give_up(struct service *service, const struct queue_job *job, const char *what,
                   struct error *error)
{
    char reason[RUNNER_WORDS_SIZE + 256];
    compose_reason(reason, sizeof reason, service, job, what);
    bool failed;
    int status = queue_fail(&failed, service->session.connection, job, reason, error);
    if (status == 0 && failed) {
        tell(service, LOG_ERROR, "job_%" PRId64 " failed: %s", job->id, what);
    }
    return status;
}

/* It was asked to stop and gave its job back; by us, or by whoever stops the whole machine. */
static bool was_stopped(const struct runner_end *end, const struct queue_job *now)
{
    int number = end->exit_status - EXIT_SIGNAL;
    return now->status == QUEUE_NEW && (number == 1 || number == 2 || number == 15);
}

/* A pause that grows from one loss to the next. */
static int pause_after_loss(const struct service *service, struct error *error)
{
    double pause = FIRST_PAUSE;
    for (unsigned i = 1; i < service->losses && pause < MOST_PAUSE; i++) {
        pause *= 2;
    }
    return jobs_session_pause(&service->session, pause < MOST_PAUSE ? pause : MOST_PAUSE, error);
}

/* The runner said itself that it could not: the database went away, or was never there. That is no
   fault of the job, unless it goes so again and again. */
static int settle_loss(struct service *service, const struct queue_job *now, struct error *error)
{
    service->losses++;
    log_write(LOG_WARNING, "job_%" PRId64 " could not be run: %s", now->id,
              service->end.last_words);
    bool begun = now->status == QUEUE_RUNNING;
    if (begun && service->losses >= MOST_LOSSES) {
        return give_up(service, now, "its runner lost the database again and again", error);
    }
    int status = queue_return(NULL, service->session.connection, now, false, error);
    service->unsettled = status != 0;
    return status == 0 ? pause_after_loss(service, error) : status;
}

/* The runner gave the job back and said why: a full disk, a limit, a deadlock. The try counts. */
static int settle_fault(struct service *service, const struct queue_job *now, struct error *error)
{
    service->losses++;
    service->unsettled = false;
    log_write(LOG_WARNING, "job_%" PRId64 ", try %" PRId64 " of %d: %.*s", now->id, now->tries,
              QUEUE_MOST_TRIES, (int)strcspn(now->reason, "\n"), now->reason);
    return pause_after_loss(service, error);
}

static int settle_death(struct service *service, const struct queue_job *now, bool elsewhere,
                        struct error *error)
{
    char how[48];
    service->losses = 0;
    log_write(LOG_WARNING, "job_%" PRId64 ": its runner died (%s), try %" PRId64 " of %d", now->id,
              describe_end(&service->end, how), now->tries, QUEUE_MOST_TRIES);
    return elsewhere ? 0 : queue_return(NULL, service->session.connection, now, true, error);
}

static int refused(struct service *service, const struct queue_job *now, struct error *error)
{
    int status = queue_return(NULL, service->session.connection, now, false, error);
    if (status != 0) {
        return status;
    }
    error_set(error, STATUS_USAGE, "the runner of job_%" PRId64 " refuses to work: %s", now->id,
              service->end.last_words);
    error_hint(error, "restart the service");
    return STATUS_USAGE;
}

/* A job that its runner left open. When its lock is taken, the job is somebody else's now; or the
   server has not noticed yet that the runner was killed. */
static int settle_open(struct service *service, const struct queue_job *now, struct error *error)
{
    const struct runner_end *end = &service->end;
    bool elsewhere;
    int status = queue_is_matching(&elsewhere, service->session.connection, error);
    if (status != 0) {
        return status;
    }
    bool answered = end->exit_status <= EXIT_SHORT || was_stopped(end, now);
    bool later = now->tries > service->job.tries;
    if (answered && (elsewhere || later)) {
        return queue_uncount(service->session.connection, now, error);
    }
    if (later) {
        return 0;
    }
    if (was_stopped(end, now)) {
        tell(service, LOG_INFO, "job_%" PRId64 " was stopped; it stays in the queue", now->id);
        return queue_return(NULL, service->session.connection, now, false, error);
    }
    if (answered && now->status == QUEUE_NEW && now->reason[0] != '\0') {
        return settle_fault(service, now, error);
    }
    if (end->exit_status == EXIT_FAILED || end->exit_status == EXIT_SHORT) {
        return settle_loss(service, now, error);
    }
    return end->exit_status == EXIT_REFUSED ? refused(service, now, error)
                                            : settle_death(service, now, elsewhere, error);
}

/* What became of the job that was tried last. May be called again when the database was away. */
static int settle(struct service *service, struct error *error)
{
    struct queue_job now;
    int status = queue_read(&now, service->session.connection, service->job.id, error);
    if (status == STATUS_NOT_FOUND) {
        /* All tables were emptied meanwhile: there is nothing left to look after. */
        service->unsettled = false;
        return 0;
    }
    if (status != 0) {
        return status;
    }
    if (now.status == QUEUE_SUCCEEDED) {
        tell(service, LOG_INFO, "job_%" PRId64 " succeeded", now.id);
    } else if (now.status == QUEUE_FAILED) {
        tell(service, LOG_ERROR, "job_%" PRId64 " failed: %.*s", now.id,
             (int)strcspn(now.reason, "\n"), now.reason);
    } else {
        status = settle_open(service, &now, error);
    }
    if (now.status == QUEUE_SUCCEEDED || now.status == QUEUE_FAILED) {
        service->losses = 0;
    }
    service->unsettled = service->unsettled && status != 0;
    return status;
}

/* ---- one job ---- */

static int run_job(struct service *service, const struct queue_job *job, struct error *error)
{
    if (service->job.id != job->id) {
        service->losses = 0;
    }
    service->job = *job;
    service->end = (struct runner_end){0};
    tell(service, LOG_INFO, "job_%" PRId64 ": starting (try %" PRId64 " of %d)", job->id,
         job->tries, QUEUE_MOST_TRIES);
    const struct runner_call call = {
        .job_id = job->id,
        .tries = job->tries,
        .host = service->options->host,
        .line = relay_line,
        .tick = tick,
        .context = service,
    };
    const struct runner *runner = service->options->runner;
    int status = runner->run(runner, &service->end, &call, error);
    if (status != 0) {
        struct error ignored;
        (void)queue_return(NULL, service->session.connection, job, false, &ignored);
        return status;
    }
    service->unsettled = true;
    return settle(service, error);
}

/* A runner without a service: one that outlived its own, or somebody at a prompt. */
static int wait_for_other(struct service *service, struct error *error)
{
    if (!service->busy) {
        tell(service, LOG_INFO, "a matching job is being run already; waiting for its end");
    }
    service->busy = true;
    return jobs_session_pause(&service->session, BUSY_INTERVAL, error);
}

static double poll_interval(const struct service *service, double usual)
{
    return service->options->until_job == 0 || usual < BUSY_INTERVAL ? usual : BUSY_INTERVAL;
}

/* Looks at the queue once, and runs its first job or waits for one. */
static int step(struct service *service, struct error *error)
{
    struct connection *connection = service->session.connection;
    bool busy = false;
    struct queue_job job;
    int status = queue_is_matching(&busy, connection, error);
    if (status == 0 && busy) {
        return wait_for_other(service, error);
    }
    if (status == 0) {
        status = queue_first(&job, connection, QUEUE_IMPORT, error);
    }
    if (status != 0) {
        return status;
    }
    service->busy = false;
    if (job.id == 0) {
        return jobs_session_wait(&service->session, poll_interval(service, POLL_INTERVAL), error);
    }
    if (job.tries >= QUEUE_MOST_TRIES) {
        char what[96];
        snprintf(what, sizeof what, "its runner died %" PRId64 " times without an answer",
                 job.tries);
        return give_up(service, &job, what, error);
    }
    bool begun;
    status = queue_begin(&begun, connection, &job, false, error);
    return status == 0 && begun ? run_job(service, &job, error) : status;
}

/* ---- the loop ---- */

static int check_stop(const struct service *service, struct error *error)
{
    return service->options->host->stop_count() == 0
               ? 0
               : error_set(error, STATUS_CANCELLED, "asked to stop");
}

static int is_finished(bool *out, struct service *service, struct error *error)
{
    int64_t id = service->options->until_job;
    struct queue_job job = {.status = QUEUE_NEW};
    int status = id == 0 ? 0 : queue_read(&job, service->session.connection, id, error);
    *out = status == 0 && (job.status == QUEUE_SUCCEEDED || job.status == QUEUE_FAILED);
    return status;
}

/* Until the job that is waited for has ended, or the first failure. */
static int serve(struct service *service, struct error *error)
{
    const char *what = service->options->quiet ? NULL : "matching service";
    for (;;) {
        bool finished = false;
        int status = check_stop(service, error);
        if (status == 0) {
            status = jobs_session_hold(&service->session, what, error);
        }
        if (status == 0) {
            status = is_finished(&finished, service, error);
        }
        if (status != 0 || finished) {
            return status;
        }
        tick(service);
        /* Another one may have taken over when the database went away in the middle of our job. */
        status = service->unsettled ? settle(service, error) : 0;
        if (status != 0) {
            return status;
        }
        status = service->session.active
                     ? step(service, error)
                     : jobs_session_wait(&service->session,
                                         poll_interval(service, STANDBY_INTERVAL), error);
        if (status != 0) {
            return status;
        }
        jobs_session_recovered(&service->session);
    }
}

int service_run(const struct service_options *options, struct error *error)
{
    struct service service = {
        .options = options,
        .session = {.host = options->host, .lock = LOCK_MATCHING_SERVICE},
    };
    int status;
    for (;;) {
        status = serve(&service, error);
        /* A statement that somebody else has cancelled is no request to stop. */
        bool stopped = status == STATUS_CANCELLED && options->host->stop_count() > 0;
        if (status == 0 || stopped || status == STATUS_USAGE || status == STATUS_NOT_FOUND) {
            break;
        }
        const struct error failure = *error;
        status = jobs_session_recover(&service.session, &failure, error);
        if (status != 0) {
            break;
        }
    }
    jobs_session_end(&service.session);
    bool orderly = options->until_job == 0 && options->host->stop_count() < options->host->patience;
    if (status == STATUS_CANCELLED && orderly) {
        tell(&service, LOG_INFO, "matching service: stopped");
        status = 0;
    }
    return status;
}
