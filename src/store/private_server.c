#include "store/private_server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/process.h"
#include "base/random.h"

/* Recovering from a crash reads up to 4 GB of log, which takes its minutes on a slow disk. */
enum {
    START_SECONDS = 300,
    START_TRIES = 60,
    STOP_SECONDS = 60,
    LEAST_VERSION = 15,
    LOG_TAIL = 8192
};

#define VERSIONS   "/usr/lib/postgresql"
#define UNFINISHED "pgdata.unfinished"

/* Names in the directory are short, and the directory is a socket's: this always fits. */
static void path_in(char out[PRIVATE_SERVER_PATH], const struct private_server *server,
                    const char *name)
{
    snprintf(out, PRIVATE_SERVER_PATH, "%.900s/%.100s", server->directory, name);
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

/* ---- PostgreSQL's programs ---- */

/* Debian keeps each version's programs in a folder of its own; elsewhere they are in PATH, and `out`
   becomes empty. A cluster that exists needs the programs of its version, a new one gets the newest.
   False when there are versions, but none that serves. */
static bool find_binaries(char out[PRIVATE_SERVER_PATH], int wanted)
{
    out[0] = '\0';
    int best = LEAST_VERSION - 1;
    DIR *versions = opendir(VERSIONS);
    const struct dirent *entry;
    while (versions != NULL && (entry = readdir(versions)) != NULL) {
        char path[PRIVATE_SERVER_PATH];
        int version = (int)strtol(entry->d_name, NULL, 10);
        snprintf(path, sizeof path, VERSIONS "/%s/bin/initdb", entry->d_name);
        bool serves = wanted == 0 ? version > best : version == wanted;
        if (serves && access(path, X_OK) == 0) {
            best = version;
            snprintf(out, PRIVATE_SERVER_PATH, VERSIONS "/%s/bin/", entry->d_name);
        }
    }
    if (versions == NULL) {
        return true;
    }
    closedir(versions);
    return out[0] != '\0';
}

/* The version that made the cluster; 0 when there is none yet. */
static int read_version(const char *data)
{
    char path[PRIVATE_SERVER_PATH + 16];
    char text[16] = "";
    snprintf(path, sizeof path, "%s/PG_VERSION", data);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return 0;
    }
    ssize_t got = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    return got > 0 ? (int)strtol(text, NULL, 10) : 0;
}

static int choose_binaries(struct private_server *server, const char *data, struct error *error)
{
    int version = read_version(data);
    if (find_binaries(server->binaries, version)) {
        return 0;
    }
    if (version == 0) {
        error_set(error, STATUS_INVALID, "PostgreSQL %d or newer is not installed", LEAST_VERSION);
        error_hint(error, "install it, or name a server in db.host");
    } else {
        error_set(error, STATUS_INVALID,
                  "the private PostgreSQL in %s is of version %d, which is not installed",
                  server->directory, version);
        error_hint(error, "install postgresql-%d", version);
    }
    return STATUS_INVALID;
}

/* Runs a program as the server's user; what it says goes to `output`. */
static int run_as_user(const struct private_server *server, const char *path,
                       const char *const *arguments, struct text_buffer *output,
                       struct error *error)
{
    char uid[32];
    char gid[32];
    snprintf(uid, sizeof uid, "--reuid=%u", (unsigned)server->uid);
    snprintf(gid, sizeof gid, "--regid=%u", (unsigned)server->gid);
    const char *words[32];
    size_t count = 0;
    if (geteuid() == 0) {
        words[count++] = "setpriv";
        words[count++] = uid;
        words[count++] = gid;
        words[count++] = "--clear-groups";
        words[count++] = "--";
    }
    words[count++] = path;
    for (size_t i = 0; arguments[i] != NULL && count + 1 < ARRAY_LENGTH(words); i++) {
        words[count++] = arguments[i];
    }
    words[count] = NULL;
    const char *slash = strrchr(path, '/');
    /* What they say is looked at, and shown to people: in one language. */
    static const char *const environment[] = {"LC_ALL=C", NULL};
    struct process_options options = {
        .environment = environment, .own_group = true, .name = slash == NULL ? path : slash + 1};
    return process_run(words, &options, output, error);
}

/* ---- why it failed ---- */

/* The first line with a reason, for what follows is about tidying up. len 0: none. */
static struct str find_reason(struct str text)
{
    static const char *const marks[] = {"error: ", "FATAL:  ", "PANIC:  "};
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        struct str line = {text.ptr, end == NULL ? text.len : (size_t)(end - text.ptr)};
        for (size_t i = 0; i < ARRAY_LENGTH(marks); i++) {
            const char *at = memmem(line.ptr, line.len, marks[i], strlen(marks[i]));
            if (at != NULL) {
                at += strlen(marks[i]);
                return (struct str){at, (size_t)(line.ptr + line.len - at)};
            }
        }
        size_t skip = end == NULL ? text.len : line.len + 1;
        text = (struct str){text.ptr + skip, text.len - skip};
    }
    return (struct str){NULL, 0};
}

static bool contains(struct str text, const char *part)
{
    return text.len > 0 && memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

/* Makes the reason found in `said` the message, with the remedy for it or else `hint`. */
static void explain(struct error *error, const struct private_server *server, struct str said,
                    const char *hint)
{
    struct str reason = find_reason(said);
    bool full = contains(said, "No space left on device") || contains(said, "Disk quota exceeded");
    if (reason.len > 0) {
        error_set(error, full ? STATUS_RESOURCES : STATUS_IO, "%.*s", STR_ARG(reason));
    }
    if (full) {
        error_hint(error, "free space on the disk of %s, then try again", server->directory);
    } else if (contains(said, "Permission denied")) {
        error_hint(error, "the user %s must be able to reach it", server->user);
    } else {
        error_hint(error, "%s", hint);
    }
}

/* What the server wrote to its log since the log had `size` bytes, as much as fits. */
static size_t read_log(char out[LOG_TAIL], const char *path, off_t size)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        return 0;
    }
    ssize_t got = pread(descriptor, out, LOG_TAIL, size);
    close(descriptor);
    return got > 0 ? (size_t)got : 0;
}

/* ---- making it ---- */

static int remove_tree(const struct private_server *server, const char *name, struct error *error)
{
    char path[PRIVATE_SERVER_PATH];
    path_in(path, server, name);
    const char *const arguments[] = {"-rf", "--", path, NULL};
    struct text_buffer output = TEXT_BUFFER(4096);
    int status = run_as_user(server, "rm", arguments, &output, error);
    text_free(&output);
    return status;
}

/* Of an initdb whose program was killed. It may be at work still: then something remains, until the
   next start. */
static void remove_unfinished(const struct private_server *server)
{
    DIR *directory = opendir(server->directory);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        struct error ignored;
        if (strncmp(entry->d_name, UNFINISHED, strlen(UNFINISHED)) == 0) {
            (void)remove_tree(server, entry->d_name, &ignored);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
}

/* Made beside its place and renamed: a killed initdb leaves nothing that looks like a cluster. The
   name is new each time, for one that was left alone removes its own folder when it fails. */
static int initialise(const struct private_server *server, const char *data, struct error *error)
{
    uint64_t number;
    char name[64];
    char unfinished[PRIVATE_SERVER_PATH];
    char program[PRIVATE_SERVER_PATH + 16];
    int status = random_secret(&number, sizeof number, error);
    if (status != 0) {
        return status;
    }
    snprintf(name, sizeof name, UNFINISHED ".%016" PRIx64, number);
    path_in(unfinished, server, name);
    snprintf(program, sizeof program, "%sinitdb", server->binaries);
    const char *const arguments[] = {
        "--pgdata", unfinished, "--username", "tuva_empi", "--encoding",       "UTF8",
        "--locale", "C",        "--auth",     "trust",     "--data-checksums", "--no-instructions",
        NULL};
    struct text_buffer output = TEXT_BUFFER(1 << 16);
    status = run_as_user(server, program, arguments, &output, error);
    if (status != 0) {
        explain(error, server, text_str(&output),
                server->binaries[0] == '\0'
                    ? "install PostgreSQL 15 or newer, or name a server in db.host"
                    : "name another directory in TUVA_EMPI_DATA_DIR, or a server in db.host");
    } else if (rename(unfinished, data) != 0) {
        status = error_system(error, errno, "cannot rename %s", unfinished);
    }
    text_free(&output);
    if (status != 0) {
        error_prefix(error, "cannot make the private PostgreSQL in %s", server->directory);
        status = (int)error->status;
        struct error ignored;
        (void)remove_tree(server, name, &ignored);
    }
    return status;
}

/* ---- starting and stopping ---- */

/* Whether it answers; PQPING_REJECT is a server that is still starting or stopping. */
static PGPing ping(const struct private_server *server)
{
    const char *const names[] = {"host", "port", "user", "dbname", "connect_timeout", NULL};
    const char *const values[] = {server->directory, "5432", "tuva_empi", "postgres", "5", NULL};
    return PQpingParams(names, values, 0);
}

static void stop(const struct private_server *server, const char *mode)
{
    char data[PRIVATE_SERVER_PATH];
    char program[PRIVATE_SERVER_PATH + 16];
    path_in(data, server, "pgdata");
    snprintf(program, sizeof program, "%spg_ctl", server->binaries);
    const char *const arguments[] = {"stop", "--pgdata", data,       "--mode",
                                     mode,   "--wait",   "--silent", NULL};
    struct text_buffer output = TEXT_BUFFER(4096);
    struct error ignored;
    (void)run_as_user(server, program, arguments, &output, &ignored);
    text_free(&output);
}

/* The server's own word, in the last line of its file. */
static bool is_stopping(const struct private_server *server)
{
    char path[PRIVATE_SERVER_PATH];
    char text[PRIVATE_SERVER_PATH * 2 + 256] = "";
    path_in(path, server, "pgdata/postmaster.pid");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    ssize_t got = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    return got > 0 && strstr(text, "\nstopping") != NULL;
}

/* Waits for a server that is just starting or stopping. One that was told to stop while it recovered
   from the death of one of its processes may hang in it: PostgreSQL's own fault. Stopping at once is
   safe, for what is committed is in its log, or on the disk already. */
static PGPing settle(const struct private_server *server)
{
    PGPing answer = ping(server);
    for (int i = 0; answer == PQPING_REJECT && i < START_SECONDS * 10; i++) {
        if (i == STOP_SECONDS * 10 && is_stopping(server)) {
            stop(server, "immediate");
        }
        pause_briefly();
        answer = ping(server);
    }
    return answer;
}

static int start_once(const struct private_server *server, const char *data, const char *log,
                      struct error *error)
{
    /* Bulk loads are what it does: long checkpoints, memory for sorting and index building, and no log
       of what fills a table that the same transaction emptied; nobody replicates it. Processes share
       memory in files of its own, for /dev/shm is small in containers. No values in its log. */
    char settings[2 * PRIVATE_SERVER_PATH];
    snprintf(
        settings, sizeof settings,
        "-c listen_addresses='' -c unix_socket_directories='%s' -c unix_socket_permissions=0700"
        " -c port=5432 -c max_connections=100 -c shared_buffers=256MB -c max_wal_size=4GB"
        " -c wal_level=minimal -c max_wal_senders=0 -c dynamic_shared_memory_type=mmap"
        " -c checkpoint_timeout=15min -c maintenance_work_mem=256MB -c work_mem=32MB"
        " -c random_page_cost=1.1 -c log_min_error_statement=panic"
        " -c log_error_verbosity=terse -c jit=off",
        server->directory);
    char seconds[16];
    char program[PRIVATE_SERVER_PATH + 16];
    snprintf(seconds, sizeof seconds, "%d", START_SECONDS);
    snprintf(program, sizeof program, "%spg_ctl", server->binaries);
    const char *const arguments[] = {"start",     "--pgdata", data,        "--log",
                                     log,         "--wait",   "--timeout", seconds,
                                     "--options", settings,   "--silent",  NULL};
    struct text_buffer output = TEXT_BUFFER(1 << 16);
    int status = run_as_user(server, program, arguments, &output, error);
    text_free(&output);
    return status;
}

/* The reason stands in the log, not in what pg_ctl says. */
static int refuse_start(const struct private_server *server, const char *log, off_t size,
                        struct error *error)
{
    char tail[LOG_TAIL];
    char hint[PRIVATE_SERVER_PATH + 16];
    snprintf(hint, sizeof hint, "see %s", log);
    explain(error, server, (struct str){tail, read_log(tail, log, size)}, hint);
    error_prefix(error, "cannot start the private PostgreSQL in %s", server->directory);
    return (int)error->status;
}

static int start(const struct private_server *server, const char *data, struct error *error)
{
    char log[PRIVATE_SERVER_PATH];
    char left[PRIVATE_SERVER_PATH + 16];
    path_in(log, server, "postgresql.log");
    snprintf(left, sizeof left, "%s/postmaster.pid", data);
    struct stat info;
    off_t size = 0;
    for (int i = 0; i < START_TRIES; i++) {
        size = stat(log, &info) == 0 ? info.st_size : 0;
        /* Somebody's start may have lost its program, and come first. */
        if (start_once(server, data, log, error) == 0 || settle(server) == PQPING_OK) {
            return 0;
        }
        /* Of a server that was killed, sessions may live on for a moment, and no new one starts
           before they are gone. One that failed for another reason takes its file away. */
        if (access(left, F_OK) != 0) {
            break;
        }
        pause_briefly();
    }
    return refuse_start(server, log, size, error);
}

int private_server_run(struct private_server *server, struct error *error)
{
    char data[PRIVATE_SERVER_PATH];
    path_in(data, server, "pgdata");
    int status = choose_binaries(server, data, error);
    if (status != 0 || settle(server) == PQPING_OK) {
        return status;
    }
    remove_unfinished(server);
    struct stat ignored;
    if (stat(data, &ignored) != 0) {
        status = initialise(server, data, error);
    }
    return status == 0 ? start(server, data, error) : status;
}

void private_server_stop(const struct private_server *server)
{
    stop(server, "fast");
}
