#include "jobs/runners/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/process.h"

/* A second signal makes no noise: the count is looked at this often once there was a first. */
enum { STOPPING_MILLISECONDS = 100, TICK_MILLISECONDS = 1000 };

enum { LINE_SIZE = 4096, VERSION_SIZE = 128 };

/* One of the child's streams. */
struct relay {
    int descriptor; /* -1: at its end */
    char line[LINE_SIZE];
    size_t used;
    char *last_words; /* keeps the end of it here; NULL: nobody asks */
};

/* Forgets whole lines from the front until `more` bytes fit. */
static size_t make_room(char *words, size_t used, size_t more)
{
    size_t drop = 0;
    while (used - drop + more >= RUNNER_WORDS_SIZE && drop < used) {
        const char *end = memchr(words + drop, '\n', used - drop);
        drop = end == NULL ? used : (size_t)(end - words) + 1;
    }
    memmove(words, words + drop, used - drop);
    return used - drop;
}

static void remember(char *words, struct str line)
{
    enum { MOST = RUNNER_WORDS_SIZE / 2 };
    line = str_trim(line);
    if (line.len == 0) {
        return;
    }
    line.len = line.len > MOST ? MOST : line.len;
    size_t used = make_room(words, strlen(words), line.len + 2);
    snprintf(words + used, RUNNER_WORDS_SIZE - used, "%s%.*s", used > 0 ? "\n" : "", STR_ARG(line));
}

static void end_line(struct relay *relay, const struct runner_call *call)
{
    struct str line = {relay->line, relay->used};
    relay->used = 0;
    if (relay->last_words != NULL) {
        remember(relay->last_words, line);
    }
    if (call->line != NULL) {
        call->line(call->context, call->job_id, line);
    }
}

static void take_bytes(struct relay *relay, const char *bytes, size_t count,
                       const struct runner_call *call)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n' || relay->used == sizeof relay->line) {
            end_line(relay, call);
        }
        if (bytes[i] != '\n') {
            relay->line[relay->used++] = bytes[i];
        }
    }
}

/* Reads what is there. The end of the stream counts as the end of a line. */
static void read_some(struct relay *relay, const struct runner_call *call)
{
    char bytes[4096];
    while (relay->descriptor >= 0) {
        ssize_t got = read(relay->descriptor, bytes, sizeof bytes);
        if (got > 0) {
            take_bytes(relay, bytes, (size_t)got, call);
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else {
            relay->descriptor = -1;
        }
    }
}

static void flush_line(struct relay *relay, const struct runner_call *call)
{
    if (relay->used > 0) {
        end_line(relay, call);
    }
}

/* Once each: the child counts its signals, too, and the fourth is the last. */
static void pass_stops_on(const struct process *process, const struct jobs_host *host,
                          unsigned *passed)
{
    unsigned count = host->stop_count();
    if (count >= host->patience && *passed == 0) {
        kill(process->pid, SIGTERM);
        *passed = 1;
    }
    if (count > host->patience && *passed == 1) {
        kill(process->pid, SIGKILL);
        *passed = 2;
    }
}

/* Until the child has ended. */
static int attend(const struct process *process, int ended, struct relay relays[2],
                  const struct runner_call *call, struct error *error)
{
    unsigned passed = 0;
    for (;;) {
        bool stopping = call->host->stop_count() > 0;
        struct pollfd waiting[] = {
            {.fd = ended, .events = POLLIN},
            {.fd = relays[0].descriptor, .events = POLLIN},
            {.fd = relays[1].descriptor, .events = POLLIN},
            {.fd = stopping ? -1 : call->host->stop_descriptor, .events = POLLIN},
        };
        int ready = poll(waiting, ARRAY_LENGTH(waiting),
                         stopping ? STOPPING_MILLISECONDS : TICK_MILLISECONDS);
        if (ready < 0 && errno != EINTR) {
            return error_system(error, errno, "cannot watch a child process");
        }
        pass_stops_on(process, call->host, &passed);
        read_some(&relays[0], call);
        read_some(&relays[1], call);
        if (ready > 0 && waiting[0].revents != 0) {
            return 0;
        }
        if (ready == 0 && call->tick != NULL) {
            call->tick(call->context);
        }
    }
}

/* A stream that somebody else holds open must not hold us: nothing is waited for on the pipes. */
static int watch(const struct process *process, struct runner_end *out,
                 const struct runner_call *call, struct error *error)
{
    struct relay relays[2] = {
        {.descriptor = process->output},
        {.descriptor = process->errors, .last_words = out->last_words},
    };
    int ended = pidfd_open(process->pid, 0);
    if (ended < 0) {
        return error_system(error, errno, "cannot watch a child process");
    }
    fcntl(process->output, F_SETFL, O_NONBLOCK);
    fcntl(process->errors, F_SETFL, O_NONBLOCK);
    int status = attend(process, ended, relays, call, error);
    close(ended);
    for (int i = 0; i < 2; i++) {
        read_some(&relays[i], call);
        flush_line(&relays[i], call);
    }
    return status;
}

static int run(const struct runner *runner, struct runner_end *out, const struct runner_call *call,
               struct error *error)
{
    const struct process_runner *self = (const struct process_runner *)runner;
    char job[24];
    char expected[VERSION_SIZE];
    char counted[48];
    snprintf(job, sizeof job, "%" PRId64, call->job_id);
    snprintf(expected, sizeof expected, "TUVA_EMPI_EXPECTED_VERSION=%s", self->version);
    snprintf(counted, sizeof counted, "TUVA_EMPI_JOB_TRY=%" PRId64, call->tries);
    const char *words[4 + PROCESS_RUNNER_MOST_OPTIONS + 1] = {self->program, "matching-job",
                                                              "--job", job};
    for (size_t i = 0; i < PROCESS_RUNNER_MOST_OPTIONS && self->options[i] != NULL; i++) {
        words[4 + i] = self->options[i];
    }
    const char *const environment[] = {expected, counted, NULL};
    const struct process_options options = {
        .environment = environment,
        .read_output = true,
        .read_errors = true,
        .own_group = true,
        .name = "the runner of a matching job",
    };
    *out = (struct runner_end){0};
    struct process process;
    int status = process_spawn(&process, words, &options, error);
    if (status != 0) {
        return status;
    }
    status = watch(&process, out, call, error);
    if (status != 0) {
        kill(process.pid, SIGKILL);
    }
    struct error ignored;
    int waited = process_wait(&process, &out->exit_status, status == 0 ? error : &ignored);
    return status != 0 ? status : waited;
}

void process_runner_prepare(struct process_runner *out)
{
    out->runner.run = run;
}

int process_runner_own_program(char *out, size_t size, struct error *error)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    if (length < 0) {
        return error_system(error, errno, "cannot find this program's own file");
    }
    out[length] = '\0';
    return 0;
}
