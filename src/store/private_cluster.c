#include "store/private_cluster.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "store/private_server.h"

/* A socket's path has 108 bytes at most, and PostgreSQL adds "/.s.PGSQL.5432". */
enum { SOCKET_DIRECTORY_MOST = 90 };

struct private_cluster {
    struct private_server server;
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

static int make_directory(const char *path, mode_t mode, struct error *error)
{
    if (mkdir(path, mode) == 0 || errno == EEXIST) {
        return 0;
    }
    return error_system(error, errno, "cannot make the directory %s", path);
}

static int make_directories(const char *path, struct error *error)
{
    char part[SOCKET_DIRECTORY_MOST + 1];
    size_t length = strlen(path);
    for (size_t i = 1; i < length; i++) {
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

/* The name becomes the name of a socket, a word of a setting, and one of a shell's command line. */
static int check_name(const char *directory, struct error *error)
{
    if (directory[0] != '/') {
        error_set(error, STATUS_INVALID, "the data directory's name is not an absolute path: %s",
                  directory);
        error_hint(error, "set TUVA_EMPI_DATA_DIR to a whole path, from / on; a relative one would "
                          "be another index in each folder, and ~ is no home here");
        return STATUS_INVALID;
    }
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
static int check_content(DIR *directory, const char *name, struct error *error)
{
    static const char *const ours[] = {".", "..", "users", "starting", "pgdata", "postgresql.log"};
    static const char *const beginnings[] = {".s.PGSQL.", "pgdata.unfinished"};
    bool foreign = false;
    bool known = false;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        bool own = false;
        for (size_t i = 0; i < ARRAY_LENGTH(ours); i++) {
            own = own || strcmp(entry->d_name, ours[i]) == 0;
        }
        for (size_t i = 0; i < ARRAY_LENGTH(beginnings); i++) {
            own = own || strncmp(entry->d_name, beginnings[i], strlen(beginnings[i])) == 0;
        }
        foreign = foreign || !own;
        known = known || strcmp(entry->d_name, "users") == 0;
    }
    if (!foreign || known) {
        return 0;
    }
    error_set(error, STATUS_INVALID, "%s holds other files, but no private PostgreSQL", name);
    error_hint(error, "set TUVA_EMPI_DATA_DIR to a directory that is empty or does not exist");
    return STATUS_INVALID;
}

/* ---- users ---- */

/* The server refuses to run as root. Then it runs as the user whom the directory belongs to; one of
   root's own is given to the user postgres, or to nobody. */
static int choose_user(struct private_server *server, uid_t owner, struct error *error)
{
    const struct passwd *entry = NULL;
    bool root = geteuid() == 0;
    if (root && owner == 0) {
        entry = getpwnam("postgres");
        entry = entry == NULL ? getpwnam("nobody") : entry;
    } else {
        entry = getpwuid(root ? owner : geteuid());
    }
    if (entry == NULL && root) {
        error_set(error, STATUS_INVALID, "there is no user to run PostgreSQL as in %s",
                  server->directory);
        error_hint(error, "make a user postgres, or give the directory to another user than root");
        return STATUS_INVALID;
    }
    server->uid = entry == NULL ? geteuid() : entry->pw_uid;
    server->gid = entry == NULL ? getegid() : entry->pw_gid;
    snprintf(server->user, sizeof server->user, "%s", entry == NULL ? "" : entry->pw_name);
    return 0;
}

/* Adds to the error whose the directory is, when it is another user's. */
static void tell_owner(const struct private_server *server, struct error *error)
{
    struct stat info;
    if (stat(server->directory, &info) != 0 || info.st_uid == geteuid()) {
        return;
    }
    const struct passwd *owner = getpwuid(info.st_uid);
    error_hint(error,
               "it belongs to the user %s: run as that user, or set TUVA_EMPI_DATA_DIR to a "
               "directory of your own",
               owner == NULL ? "of another system" : owner->pw_name);
}

/* The directory is looked at and given away by one descriptor, so that nobody can exchange it in
   between. */
static int take_directory(struct private_server *server, struct error *error)
{
    DIR *directory = opendir(server->directory);
    if (directory == NULL) {
        error_system(error, errno, "cannot read the data directory %s", server->directory);
        tell_owner(server, error);
        return (int)error->status;
    }
    struct stat info;
    int status = 0;
    if (fstat(dirfd(directory), &info) != 0) {
        status = error_system(error, errno, "cannot look at %s", server->directory);
    }
    if (status == 0) {
        status = check_content(directory, server->directory, error);
    }
    if (status == 0) {
        status = choose_user(server, info.st_uid, error);
    }
    if (status == 0 && geteuid() == 0 && info.st_uid == 0 &&
        fchown(dirfd(directory), server->uid, server->gid) != 0) {
        status = error_system(error, errno, "cannot give %s to the user %s", server->directory,
                              server->user);
    }
    closedir(directory);
    return status;
}

/* Afterwards the directory is there and belongs to the server's user. */
static int prepare_places(struct private_server *server, const char *directory, struct error *error)
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
    snprintf(server->directory, sizeof server->directory, "%.*s", SOCKET_DIRECTORY_MOST, resolved);
    return take_directory(server, error);
}

/* ---- agreeing with the other processes ---- */

/* Made by root, the file must still serve the server's user when that one runs the program. The
   directory is that user's, who must not get any other file this way. */
static int give_file(const struct private_server *server, int descriptor, const char *path,
                     struct error *error)
{
    struct stat info;
    if (fstat(descriptor, &info) != 0) {
        return error_system(error, errno, "cannot look at %s", path);
    }
    if (!S_ISREG(info.st_mode) || info.st_nlink != 1) {
        return error_set(error, STATUS_INVALID, "cannot open %s: it is not a file of ours", path);
    }
    if (geteuid() == 0 && info.st_uid == 0 && fchown(descriptor, server->uid, server->gid) != 0) {
        return error_system(error, errno, "cannot give %s to the user %s", path, server->user);
    }
    return 0;
}

static int open_lock(int *out, const struct private_server *server, const char *name,
                     struct error *error)
{
    char path[PRIVATE_SERVER_PATH];
    snprintf(path, sizeof path, "%.900s/%s", server->directory, name);
    *out = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (*out < 0) {
        error_system(error, errno, "cannot open %s", path);
        tell_owner(server, error);
        return (int)error->status;
    }
    return give_file(server, *out, path, error);
}

static int lock_file(int descriptor, int operation, struct error *error)
{
    int result;
    do {
        result = flock(descriptor, operation);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : error_system(error, errno, "cannot lock the data directory");
}

/* ---- the database ---- */

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
    int status = prepare_places(&cluster->server, directory, error);
    if (status == 0) {
        status = open_lock(&cluster->users, &cluster->server, "users", error);
    }
    if (status == 0) {
        status = open_lock(&cluster->starting, &cluster->server, "starting", error);
    }
    if (status == 0) {
        status = lock_file(cluster->starting, LOCK_EX, error);
    }
    if (status == 0) {
        status = lock_file(cluster->users, LOCK_SH, error);
    }
    if (status == 0) {
        status = private_server_run(&cluster->server, error);
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

void private_cluster_options(const struct private_cluster *cluster, struct store_options *out)
{
    *out = (struct store_options){.host = cluster->server.directory,
                                  .port = "5432",
                                  .name = "tuva_empi",
                                  .user = "tuva_empi"};
}

int private_cluster_revive(struct private_cluster *cluster, struct error *error)
{
    int status = lock_file(cluster->starting, LOCK_EX, error);
    if (status == 0) {
        status = private_server_run(&cluster->server, error);
        flock(cluster->starting, LOCK_UN);
    }
    return status;
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
            private_server_stop(&cluster->server);
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
