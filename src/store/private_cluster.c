#include "store/private_cluster.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/process.h"

/* A socket's path has 108 bytes at most, and PostgreSQL adds "/.s.PGSQL.5432". */
enum { PATH_SIZE = 1024, SOCKET_DIRECTORY_MOST = 90, START_SECONDS = 60, LEAST_VERSION = 15 };

struct private_cluster {
    char directory[PATH_SIZE];
    char socket[PATH_SIZE];   /* the socket's directory */
    char binaries[PATH_SIZE]; /* of PostgreSQL */
    char user[64];            /* that the server runs as */
    uid_t uid;
    gid_t gid;
    int users;    /* descriptor of the lock file */
    int starting; /* the same */
};

/* ---- places ---- */

bool private_cluster_default_directory(char *out, size_t size)
{
    const char *own = getenv("TUVA_EMPI_DATA_DIR");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    int length = -1;
    if (own != NULL && own[0] != '\0') {
        length = snprintf(out, size, "%s", own);
    } else if (geteuid() == 0) {
        length = snprintf(out, size, "/var/lib/tuva-empi");
    } else if (data != NULL && data[0] == '/') {
        length = snprintf(out, size, "%s/tuva-empi", data);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(out, size, "%s/.local/share/tuva-empi", home);
    }
    return length > 0 && (size_t)length < size;
}

static int path_in(char *out, const struct private_cluster *cluster, const char *name,
                   struct error *error)
{
    int length = snprintf(out, PATH_SIZE, "%s/%s", cluster->directory, name);
    return length < PATH_SIZE ? 0
                              : error_set(error, STATUS_INVALID,
                                          "the data directory's name is too "
                                          "long");
}

/* Debian keeps each version's programs in a folder of its own; elsewhere they are in PATH, and `out`
   becomes empty. A cluster that exists needs the programs of its version, a new one gets the newest.
   False when there are versions, but none that serves. */
static bool find_binaries(char *out, int wanted)
{
    out[0] = '\0';
    int best = LEAST_VERSION - 1;
    DIR *versions = opendir("/usr/lib/postgresql");
    const struct dirent *entry;
    while (versions != NULL && (entry = readdir(versions)) != NULL) {
        char path[PATH_SIZE];
        int version = (int)strtol(entry->d_name, NULL, 10);
        snprintf(path, sizeof path, "/usr/lib/postgresql/%s/bin/initdb", entry->d_name);
        bool serves = wanted == 0 ? version > best : version == wanted;
        if (serves && access(path, X_OK) == 0) {
            best = version;
            snprintf(out, PATH_SIZE, "/usr/lib/postgresql/%s/bin/", entry->d_name);
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
    char path[PATH_SIZE + 16];
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

static int choose_binaries(struct private_cluster *cluster, const char *data, struct error *error)
{
    int version = read_version(data);
    if (find_binaries(cluster->binaries, version)) {
        return 0;
    }
    if (version == 0) {
        error_set(error, STATUS_INVALID, "PostgreSQL %d or newer is not installed", LEAST_VERSION);
        error_hint(error, "install it, or name a server in db.host");
    } else {
        error_set(error, STATUS_INVALID,
                  "the private PostgreSQL in %s is of version %d, which is not installed",
                  cluster->directory, version);
        error_hint(error, "install postgresql-%d", version);
    }
    return STATUS_INVALID;
}

static int make_directory(const char *path, mode_t mode, struct error *error)
{
    if (mkdir(path, mode) == 0 || errno == EEXIST) {
        return 0;
    }
    return error_system(error, errno, "cannot make the directory %s", path);
}

static int make_directories(const char *path, struct error *error)
{
    char part[PATH_SIZE];
    for (size_t i = 1; path[i] != '\0'; i++) {
        if (path[i] == '/') {
            memcpy(part, path, i);
            part[i] = '\0';
            int status = make_directory(part, 0755, error);
            if (status != 0) {
                return status;
            }
        }
    }
    return make_directory(path, 0700, error);
}

/* The server refuses to run as root: then the user postgres is taken, or nobody. */
static int choose_user(struct private_cluster *cluster, struct error *error)
{
    const struct passwd *entry = NULL;
    if (geteuid() == 0) {
        entry = getpwnam("postgres");
        entry = entry == NULL ? getpwnam("nobody") : entry;
    } else {
        entry = getpwuid(geteuid());
    }
    if (entry == NULL && geteuid() == 0) {
        return error_set(error, STATUS_INVALID,
                         "there is neither a user postgres nor nobody to run PostgreSQL as");
    }
    cluster->uid = entry == NULL ? geteuid() : entry->pw_uid;
    cluster->gid = entry == NULL ? getegid() : entry->pw_gid;
    snprintf(cluster->user, sizeof cluster->user, "%s", entry == NULL ? "" : entry->pw_name);
    return 0;
}

/* The name becomes the name of a socket, a word of a setting, and one of a shell's command line. */
static int check_name(const char *directory, struct error *error)
{
    if (strlen(directory) > SOCKET_DIRECTORY_MOST) {
        error_set(error, STATUS_INVALID, "the data directory's name is too long for a socket: %s",
                  directory);
        error_hint(error, "set TUVA_EMPI_DATA_DIR to a shorter path, at most %d characters",
                   SOCKET_DIRECTORY_MOST);
        return STATUS_INVALID;
    }
    if (strpbrk(directory, "'\"\\,`$\n\r") != NULL) {
        error_set(error, STATUS_INVALID,
                  "the data directory's name has a quote, a comma, a "
                  "backslash, a dollar sign or a line end: %s",
                  directory);
        error_hint(error, "set TUVA_EMPI_DATA_DIR to another path");
        return STATUS_INVALID;
    }
    return 0;
}

/* Whatever else lies there is not ours to give to another user. */
static int check_content(const struct private_cluster *cluster, struct error *error)
{
    static const char *const ours[] = {
        ".", "..", "users", "starting", "pgdata", "pgdata.unfinished", "postgresql.log"};
    DIR *directory = opendir(cluster->directory);
    if (directory == NULL) {
        return error_system(error, errno, "cannot read the data directory %s", cluster->directory);
    }
    bool foreign = false;
    bool known = false;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        bool own = strncmp(entry->d_name, ".s.PGSQL.", 9) == 0;
        for (size_t i = 0; i < ARRAY_LENGTH(ours); i++) {
            own = own || strcmp(entry->d_name, ours[i]) == 0;
        }
        foreign = foreign || !own;
        known = known || strcmp(entry->d_name, "users") == 0;
    }
    closedir(directory);
    if (!foreign || known) {
        return 0;
    }
    error_set(error, STATUS_INVALID, "%s holds other files, but no private PostgreSQL",
              cluster->directory);
    error_hint(error, "set TUVA_EMPI_DATA_DIR to a directory that is empty or does not exist");
    return STATUS_INVALID;
}

/* The directory belongs to the server's user. */
static int prepare_places(struct private_cluster *cluster, const char *directory,
                          struct error *error)
{
    int status = check_name(directory, error);
    if (status == 0) {
        status = make_directories(directory, error);
    }
    if (status != 0) {
        return status;
    }
    char resolved[PATH_MAX];
    if (realpath(directory, resolved) == NULL) {
        return error_system(error, errno, "cannot use the data directory %s", directory);
    }
    status = check_name(resolved, error);
    if (status != 0) {
        return status;
    }
    snprintf(cluster->directory, sizeof cluster->directory, "%.*s", SOCKET_DIRECTORY_MOST,
             resolved);
    snprintf(cluster->socket, sizeof cluster->socket, "%s", cluster->directory);
    status = check_content(cluster, error);
    if (status == 0 && geteuid() == 0 &&
        chown(cluster->directory, cluster->uid, cluster->gid) != 0) {
        status = error_system(error, errno, "cannot give %s to the user %s", cluster->directory,
                              cluster->user);
    }
    return status;
}

/* ---- running PostgreSQL's programs ---- */

/* Runs one as the server's user. `arguments` has room for the words put before it. */
static int run_as_user(const struct private_cluster *cluster, const char *program,
                       const char *const *arguments, struct error *error)
{
    char path[PATH_SIZE + 64];
    char uid[32];
    char gid[32];
    snprintf(path, sizeof path, "%s%s", cluster->binaries, program);
    snprintf(uid, sizeof uid, "--reuid=%u", (unsigned)cluster->uid);
    snprintf(gid, sizeof gid, "--regid=%u", (unsigned)cluster->gid);
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
    /* Messages are parsed by nobody, but a person reads them: in one language. */
    static const char *const environment[] = {"LC_ALL=C", NULL};
    struct process_options options = {
        .environment = environment, .own_group = true, .name = program};
    struct text_buffer output = TEXT_BUFFER(1 << 16);
    int status = process_run(words, &options, &output, error);
    text_free(&output);
    return status;
}

/* Made beside its place and renamed: a killed initdb leaves nothing that looks like a cluster. */
static int initialise(const struct private_cluster *cluster, const char *data, struct error *error)
{
    char unfinished[PATH_SIZE];
    int status = path_in(unfinished, cluster, "pgdata.unfinished", error);
    if (status != 0) {
        return status;
    }
    const char *const removal[] = {"rm", "-rf", "--", unfinished, NULL};
    struct process_options quiet = {.own_group = true};
    struct text_buffer output = TEXT_BUFFER(4096);
    status = process_run(removal, &quiet, &output, error);
    text_free(&output);
    if (status == 0) {
        const char *const arguments[] = {
            "--pgdata",   unfinished, "--username",       "tuva_empi",
            "--encoding", "UTF8",     "--locale",         "C",
            "--auth",     "trust",    "--data-checksums", "--no-instructions",
            NULL};
        status = run_as_user(cluster, "initdb", arguments, error);
    }
    if (status == 0 && rename(unfinished, data) != 0) {
        status = error_system(error, errno, "cannot rename %s", unfinished);
    }
    if (status != 0) {
        error_prefix(error, "cannot make the private PostgreSQL in %s", cluster->directory);
        if (cluster->binaries[0] == '\0') {
            error_hint(error, "install PostgreSQL 15 or newer, or name a server in db.host");
        } else if (geteuid() == 0) {
            error_hint(error, "the user %s must be able to reach it", cluster->user);
        }
    }
    return status;
}

/* Whether it answers; PQPING_REJECT is a server that is still starting or stopping. */
static PGPing ping(const struct private_cluster *cluster)
{
    const char *const names[] = {"host", "port", "user", "dbname", "connect_timeout", NULL};
    const char *const values[] = {cluster->socket, "5432", "tuva_empi", "postgres", "5", NULL};
    return PQpingParams(names, values, 0);
}

static int start_once(const struct private_cluster *cluster, const char *data, const char *log,
                      struct error *error)
{
    /* Bulk loads are what it does: long checkpoints, and memory for sorting and index building. No
       values in its log. */
    char settings[2 * PATH_SIZE];
    snprintf(
        settings, sizeof settings,
        "-c listen_addresses='' -c unix_socket_directories='%s' -c unix_socket_permissions=0700"
        " -c port=5432 -c max_connections=100 -c shared_buffers=256MB -c max_wal_size=4GB"
        " -c checkpoint_timeout=15min -c maintenance_work_mem=256MB -c work_mem=32MB"
        " -c wal_compression=on -c random_page_cost=1.1 -c log_min_error_statement=panic"
        " -c log_error_verbosity=terse -c jit=off",
        cluster->socket);
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%d", START_SECONDS);
    const char *const arguments[] = {"start",     "--pgdata", data,        "--log",
                                     log,         "--wait",   "--timeout", seconds,
                                     "--options", settings,   "--silent",  NULL};
    return run_as_user(cluster, "pg_ctl", arguments, error);
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

static int start(const struct private_cluster *cluster, const char *data, struct error *error)
{
    char log[PATH_SIZE];
    char left[PATH_SIZE + 16];
    int status = path_in(log, cluster, "postgresql.log", error);
    if (status != 0) {
        return status;
    }
    /* Of a server that was killed, sessions may live on for a moment, and no new one starts before
       they are gone. */
    snprintf(left, sizeof left, "%s/postmaster.pid", data);
    bool crashed = access(left, F_OK) == 0;
    status = start_once(cluster, data, log, error);
    for (int i = 0; status != 0 && crashed && i < START_SECONDS; i++) {
        pause_briefly();
        status = start_once(cluster, data, log, error);
    }
    if (status != 0) {
        error_prefix(error, "cannot start the private PostgreSQL in %s", cluster->directory);
        error_hint(error, "see %s", log);
    }
    return status;
}

static void stop(const struct private_cluster *cluster)
{
    char data[PATH_SIZE];
    struct error ignored;
    if (path_in(data, cluster, "pgdata", &ignored) != 0) {
        return;
    }
    /* "fast": sessions are ended, work that is not committed is undone. */
    const char *const arguments[] = {"stop", "--pgdata", data,       "--mode",
                                     "fast", "--wait",   "--silent", NULL};
    run_as_user(cluster, "pg_ctl", arguments, &ignored);
}

/* ---- agreeing with the other processes ---- */

static int open_lock(int *out, const struct private_cluster *cluster, const char *name,
                     struct error *error)
{
    char path[PATH_SIZE];
    int status = path_in(path, cluster, name, error);
    if (status != 0) {
        return status;
    }
    *out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*out < 0) {
        return error_system(error, errno, "cannot open %s", path);
    }
    /* Made by root, it must still serve the server's user when that one runs the program. */
    if (geteuid() == 0 && fchown(*out, cluster->uid, cluster->gid) != 0) {
        return error_system(error, errno, "cannot give %s to the user %s", path, cluster->user);
    }
    return 0;
}

static int lock_file(int descriptor, int operation, struct error *error)
{
    int result;
    do {
        result = flock(descriptor, operation);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : error_system(error, errno, "cannot lock the data directory");
}

/* Waits for a server that is just starting or stopping. */
static PGPing settle(const struct private_cluster *cluster)
{
    PGPing answer = ping(cluster);
    for (int i = 0; answer == PQPING_REJECT && i < START_SECONDS * 10; i++) {
        pause_briefly();
        answer = ping(cluster);
    }
    return answer;
}

/* With `starting` locked. */
static int make_it_run(struct private_cluster *cluster, struct error *error)
{
    char data[PATH_SIZE];
    int status = path_in(data, cluster, "pgdata", error);
    if (status == 0) {
        status = choose_binaries(cluster, data, error);
    }
    struct stat ignored;
    if (status == 0 && stat(data, &ignored) != 0) {
        status = initialise(cluster, data, error);
    }
    if (status == 0 && settle(cluster) != PQPING_OK) {
        status = start(cluster, data, error);
    }
    return status;
}

static int create_database(const struct private_cluster *cluster, struct error *error)
{
    struct store_options options;
    private_cluster_options(cluster, &options);
    options.name = "postgres";
    struct store *store;
    int status = store_open(&store, &options, error);
    if (status != 0) {
        return status;
    }
    struct connection *connection;
    struct rows *rows = NULL;
    status = store_take(&connection, store, 10, error);
    if (status == 0) {
        status = query_run(&rows, connection,
                           "select 1 from pg_database where datname = 'tuva_empi'", NULL, 0, error);
        if (status == 0 && rows_count(rows) == 0) {
            status = query_run(NULL, connection, "create database tuva_empi", NULL, 0, error);
        }
        rows_free(rows);
        store_give_back(connection);
    }
    store_close(store);
    return status;
}

int private_cluster_open(struct private_cluster **out, const char *directory, struct error *error)
{
    struct private_cluster *cluster = memory_alloc_zeroed(1, sizeof *cluster);
    if (cluster == NULL) {
        return error_out_of_memory(error);
    }
    cluster->users = cluster->starting = -1;
    int status = choose_user(cluster, error);
    if (status == 0) {
        status = prepare_places(cluster, directory, error);
    }
    if (status == 0) {
        status = open_lock(&cluster->users, cluster, "users", error);
    }
    if (status == 0) {
        status = open_lock(&cluster->starting, cluster, "starting", error);
    }
    if (status == 0) {
        status = lock_file(cluster->starting, LOCK_EX, error);
    }
    if (status == 0) {
        status = lock_file(cluster->users, LOCK_SH, error);
    }
    if (status == 0) {
        status = make_it_run(cluster, error);
    }
    if (status == 0) {
        status = create_database(cluster, error);
    }
    if (cluster->starting >= 0) {
        flock(cluster->starting, LOCK_UN);
    }
    if (status != 0) {
        private_cluster_close(cluster);
        return status;
    }
    *out = cluster;
    return 0;
}

int private_cluster_revive(struct private_cluster *cluster, struct error *error)
{
    int status = lock_file(cluster->starting, LOCK_EX, error);
    if (status == 0) {
        status = make_it_run(cluster, error);
        flock(cluster->starting, LOCK_UN);
    }
    return status;
}

void private_cluster_options(const struct private_cluster *cluster, struct store_options *out)
{
    *out = (struct store_options){
        .host = cluster->socket, .port = "5432", .name = "tuva_empi", .user = "tuva_empi"};
}

void private_cluster_close(struct private_cluster *cluster)
{
    if (cluster == NULL) {
        return;
    }
    struct error ignored;
    if (cluster->starting >= 0 && cluster->users >= 0 &&
        lock_file(cluster->starting, LOCK_EX, &ignored) == 0) {
        /* From shared to exclusive: works only when nobody else holds it. */
        if (flock(cluster->users, LOCK_EX | LOCK_NB) == 0) {
            stop(cluster);
        }
    }
    if (cluster->users >= 0) {
        close(cluster->users);
    }
    if (cluster->starting >= 0) {
        close(cluster->starting);
    }
    memory_free(cluster);
}
