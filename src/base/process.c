#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

/* Our environment and the additions, ended by NULL; the strings stay where they are. Additions
   come first: of two equal names the first counts. */
static char **join_environment(const char *const *added)
{
    size_t own = 0;
    size_t more = 0;
    while (environ[own] != NULL) {
        own++;
    }
    while (added != NULL && added[more] != NULL) {
        more++;
    }
    char **joined = memory_alloc_array(own + more + 1, sizeof *joined);
    if (joined == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < more; i++) {
        joined[i] = (char *)added[i];
    }
    size_t count = more;
    for (size_t i = 0; i < own; i++) {
        size_t name = strcspn(environ[i], "=") + 1;
        bool replaced = false;
        for (size_t j = 0; j < more; j++) {
            replaced = replaced || strncmp(environ[i], added[j], name) == 0;
        }
        if (!replaced) {
            joined[count++] = environ[i];
        }
    }
    joined[count] = NULL;
    return joined;
}

struct plan {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int output[2];
    int errors[2];
};

static void close_pipe(int pipe[2])
{
    for (int i = 0; i < 2; i++) {
        if (pipe[i] >= 0) {
            close(pipe[i]);
        }
        pipe[i] = -1;
    }
}

/* Where one of the child's streams goes: into our pipe, to nowhere, or where ours goes. */
static int direct(struct plan *plan, int stream, int pipe[2], bool read, bool discard)
{
    if (read && pipe2(pipe, O_CLOEXEC) != 0) {
        return errno;
    }
    if (read) {
        return posix_spawn_file_actions_adddup2(&plan->actions, pipe[1], stream);
    }
    return discard
               ? posix_spawn_file_actions_addopen(&plan->actions, stream, "/dev/null", O_WRONLY, 0)
               : 0;
}

static int prepare(struct plan *plan, const struct process_options *options)
{
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    flags = (short)(flags | (options->own_group ? POSIX_SPAWN_SETPGROUP : 0));
    int failure = posix_spawnattr_setflags(&plan->attributes, flags);
    failure = failure != 0 ? failure : posix_spawnattr_setsigmask(&plan->attributes, &none);
    failure = failure != 0 ? failure : posix_spawnattr_setsigdefault(&plan->attributes, &all);
    if (failure == 0 && !options->keep_input) {
        failure = posix_spawn_file_actions_addopen(&plan->actions, STDIN_FILENO, "/dev/null",
                                                   O_RDONLY, 0);
    }
    failure = failure != 0 ? failure
                           : direct(plan, STDOUT_FILENO, plan->output, options->read_output,
                                    options->discard_all);
    if (failure == 0 && options->join_errors) {
        failure = posix_spawn_file_actions_adddup2(&plan->actions, STDOUT_FILENO, STDERR_FILENO);
    } else if (failure == 0) {
        failure =
            direct(plan, STDERR_FILENO, plan->errors, options->read_errors, options->discard_all);
    }
    /* libcurl's and others' descriptors may not be close-on-exec: leave the child only three. */
    return failure != 0 ? failure : posix_spawn_file_actions_addclosefrom_np(&plan->actions, 3);
}

static const char *message_name(const char *const *arguments, const struct process_options *options)
{
    return options->name == NULL ? arguments[0] : options->name;
}

int process_spawn(struct process *out, const char *const *arguments,
                  const struct process_options *options, struct error *error)
{
    *out = (struct process){.output = -1, .errors = -1};
    char **environment = join_environment(options->environment);
    if (environment == NULL) {
        return error_out_of_memory(error);
    }
    struct plan plan = {.output = {-1, -1}, .errors = {-1, -1}};
    posix_spawn_file_actions_init(&plan.actions);
    posix_spawnattr_init(&plan.attributes);
    int failure = prepare(&plan, options);
    if (failure == 0) {
        failure = posix_spawnp(&out->pid, arguments[0], &plan.actions, &plan.attributes,
                               (char *const *)arguments, environment);
    }
    if (failure == 0) {
        out->output = plan.output[0];
        out->errors = plan.errors[0];
        plan.output[0] = plan.errors[0] = -1;
    } else {
        out->pid = 0;
    }
    close_pipe(plan.output);
    close_pipe(plan.errors);
    posix_spawn_file_actions_destroy(&plan.actions);
    posix_spawnattr_destroy(&plan.attributes);
    memory_free(environment);
    return failure == 0
               ? 0
               : error_system(error, failure, "cannot start %s", message_name(arguments, options));
}

static void close_streams(struct process *process)
{
    if (process->output >= 0) {
        close(process->output);
    }
    if (process->errors >= 0) {
        close(process->errors);
    }
    process->output = process->errors = -1;
}

int process_wait(struct process *process, int *exit_status, struct error *error)
{
    close_streams(process);
    int status;
    pid_t got;
    do {
        got = waitpid(process->pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    process->pid = 0;
    if (got < 0) {
        return error_system(error, errno, "cannot wait for a child process");
    }
    *exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

int process_await(const struct process *process, int wake, bool *ended, struct error *error)
{
    *ended = false;
    int descriptor = pidfd_open(process->pid, 0);
    if (descriptor < 0) {
        return error_system(error, errno, "cannot watch a child process");
    }
    struct pollfd waiting[2] = {
        {.fd = descriptor, .events = POLLIN},
        {.fd = wake, .events = POLLIN},
    };
    int ready;
    do {
        ready = poll(waiting, 2, -1);
    } while (ready < 0 && errno == EINTR);
    int status = ready < 0 ? error_system(error, errno, "cannot wait for a child process") : 0;
    *ended = waiting[0].revents != 0;
    close(descriptor);
    return status;
}

/* Reads to the end, so that the child never waits for us; keeps what fits. */
static void read_all(int descriptor, struct text_buffer *output)
{
    char chunk[4096];
    for (;;) {
        ssize_t got = read(descriptor, chunk, sizeof chunk);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return;
        }
        size_t room = output->max - output->len;
        if (got > 0 && room > 0) {
            text_append(output, (struct str){chunk, (size_t)got < room ? (size_t)got : room});
        }
    }
}

static struct str last_line(struct str text)
{
    text = str_trim(text);
    size_t begin = text.len;
    while (begin > 0 && text.ptr[begin - 1] != '\n') {
        begin--;
    }
    return (struct str){text.ptr + begin, text.len - begin};
}

int process_run(const char *const *arguments, const struct process_options *options,
                struct text_buffer *output, struct error *error)
{
    struct process_options reading = *options;
    reading.read_output = true;
    reading.join_errors = true;
    struct process process;
    size_t begin = output->len;
    int status = process_spawn(&process, arguments, &reading, error);
    if (status != 0) {
        return status;
    }
    read_all(process.output, output);
    int exit_status;
    status = process_wait(&process, &exit_status, error);
    if (status == 0 && exit_status != 0) {
        struct str tail = {output->ptr == NULL ? "" : output->ptr + begin, output->len - begin};
        struct str line = last_line(tail);
        status = error_set(error, STATUS_IO, "%s ended with status %d%s%.*s",
                           message_name(arguments, options), exit_status, line.len > 0 ? ": " : "",
                           STR_ARG(line));
    }
    return status;
}
