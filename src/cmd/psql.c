/* `psql`: PostgreSQL's prompt on the configured database. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/process.h"
#include "cmd/commands.h"
#include "cmd/index.h"
#include "cmd/stop.h"

/* Tables of the index can be named without their schema. */
#define SEARCH_PATH "-c search_path=empi,public"

enum { OWN_WORDS = 9 };

/* psql's command line: ours, then the user's, which may override. */
static const char **make_words(const struct store_options *database,
                               const struct command_line *line)
{
    const char **words = memory_alloc_array(OWN_WORDS + line->argument_count + 1, sizeof *words);
    if (words == NULL) {
        return NULL;
    }
    const char *const own[OWN_WORDS] = {"psql",         "--host",       database->host,
                                        "--port",       database->port, "--username",
                                        database->user, "--dbname",     database->name};
    for (size_t i = 0; i < OWN_WORDS; i++) {
        words[i] = own[i];
    }
    for (size_t i = 0; i < line->argument_count; i++) {
        words[OWN_WORDS + i] = line->arguments[i];
    }
    words[OWN_WORDS + line->argument_count] = NULL;
    return words;
}

static int cannot_run(int number, struct error *error)
{
    int status = error_system(error, number, "cannot run psql");
    error_hint(error, "install PostgreSQL's client: postgresql-client");
    return status;
}

/* The password goes by the environment: a command line is for all to see. */
static int become_psql(const struct config *config, const struct command_line *line,
                       struct error *error)
{
    char port[16];
    snprintf(port, sizeof port, "%u", (unsigned)config->db.port);
    const struct store_options database = {
        .host = config->db.host, .port = port, .name = config->db.name, .user = config->db.user};
    const char **words = make_words(&database, line);
    index_forget_environment(true);
    bool set = words != NULL && setenv("PGOPTIONS", SEARCH_PATH, 1) == 0;
    if (set && config->db.password != NULL) {
        set = setenv("PGPASSWORD", config->db.password, 1) == 0;
    }
    if (set && config->db.sslmode != NULL) {
        set = setenv("PGSSLMODE", config->db.sslmode, 1) == 0;
    }
    if (!set) {
        memory_free(words);
        return error_out_of_memory(error);
    }
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &action, NULL);
    execvp(words[0], (char *const *)words);
    int number = errno;
    memory_free(words);
    return cannot_run(number, error);
}

/* The private server needs somebody to stop it afterwards. */
static int wait_for_psql(const char *const *words, struct error *error)
{
    static const char *const environment[] = {"PGOPTIONS=" SEARCH_PATH, NULL};
    struct process_options options = {.environment = environment, .keep_input = true};
    struct process process;
    stop_ignore_interrupts();
    int status = process_spawn(&process, words, &options, error);
    if (status != 0) {
        error_hint(error, "install PostgreSQL's client: postgresql-client");
        return status;
    }
    bool ended = true;
    struct error ignored;
    if (process_await(&process, stop_descriptor(), &ended, &ignored) == 0 && !ended) {
        kill(process.pid, SIGTERM);
    }
    int exit_status;
    status = process_wait(&process, &exit_status, error);
    if (status == 0 && exit_status != 0) {
        status = error_set(error, STATUS_INVALID, "psql ended with status %d", exit_status);
    }
    return status;
}

static int run_beside(const struct command_line *line, struct error *error)
{
    struct index *index;
    const struct index_options how = {.name = "tuva-empi psql", .any_schema = true};
    int status = index_open(&index, &how, error);
    if (status != 0) {
        return status;
    }
    const char **words = make_words(&index->database, line);
    status = words == NULL ? error_out_of_memory(error) : wait_for_psql(words, error);
    memory_free(words);
    index_close(index);
    return status;
}

static int run(const struct command_line *line, struct error *error)
{
    struct config *config;
    int status = config_load(&config, error);
    if (status != 0) {
        return status;
    }
    bool external = config->db.external;
    if (external) {
        status = become_psql(config, line, error);
    }
    config_free(config);
    return external ? status : run_beside(line, error);
}

const struct command command_psql = {
    .name = "psql",
    .arguments = "[-- PSQL'S OPTIONS]",
    .arguments_most = COMMAND_ANY_NUMBER,
    .summary = "Open a prompt on the configured database.",
    .notes = "What follows -- goes to psql: tuva-empi psql -- -c 'select count(*) from person'.",
    .run = run,
};
