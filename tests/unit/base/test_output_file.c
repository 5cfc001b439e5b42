#include "base/output_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "support.h"

static struct error error;

static struct output_file *create(const char *name)
{
    struct output_file *file;
    assert_int_equal(output_file_create(&file, scratch_path(name), &error), STATUS_OK);
    return file;
}

static void write_text(struct output_file *file, struct str text)
{
    assert_int_equal(stream_write(output_file_stream(file), text, &error), STATUS_OK);
}

static void assert_holds(const char *name, struct str expected)
{
    struct text_buffer text = scratch_read(name);
    assert_text(text_str(&text), expected);
    text_free(&text);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void appears_when_it_is_committed(void **state)
{
    (void)state;
    struct output_file *file = create("a.csv");
    assert_false(scratch_exists("a.csv"));
    write_text(file, STR("one,"));
    write_text(file, STR(""));
    write_text(file, STR("two\n"));
    assert_false(scratch_exists("a.csv"));
    assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
    assert_holds("a.csv", STR("one,two\n"));
    assert_int_equal(output_file_stream(file)->bytes, 8);
    assert_string_equal(output_file_stream(file)->name, scratch_path("a.csv"));
    output_file_free(file);
    assert_holds("a.csv", STR("one,two\n"));
    assert_int_equal(scratch_count(), 1);
}

static void leaves_nothing_when_it_is_not_committed(void **state)
{
    (void)state;
    struct output_file *file = create("a.csv");
    assert_int_equal(scratch_count(), 1);
    write_text(file, STR("text"));
    output_file_free(file);
    assert_int_equal(scratch_count(), 0);
    output_file_free(NULL);
}

/* Copies the name of the only entry of the scratch folder. */
static void only_entry(char *out, size_t size)
{
    DIR *folder = opendir(scratch_path("."));
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(out, size, "%s", entry->d_name);
        }
    }
    closedir(folder);
}

static void is_hidden_until_then_and_private(void **state)
{
    (void)state;
    mode_t before = umask(0);
    struct output_file *file = create("a.csv");
    char name[256];
    only_entry(name, sizeof name);
    assert_memory_equal(name, ".a.csv.", 7);
    assert_string_equal(name + 13, ".partial");
    assert_int_equal(mode_of(scratch_path(name)), 0600);
    assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
    output_file_free(file);
    assert_int_equal(mode_of(scratch_path("a.csv")), 0600);
    umask(before);
}

static void replaces_a_file_and_keeps_its_permissions(void **state)
{
    (void)state;
    scratch_write("a.csv", STR("old"));
    assert_int_equal(chmod(scratch_path("a.csv"), 0604), 0);
    struct output_file *file = create("a.csv");
    write_text(file, STR("new"));
    assert_holds("a.csv", STR("old"));
    assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
    output_file_free(file);
    assert_holds("a.csv", STR("new"));
    assert_int_equal(mode_of(scratch_path("a.csv")), 0604);
    assert_int_equal(scratch_count(), 1);
}

static void follows_symbolic_links(void **state)
{
    (void)state;
    scratch_write("real.csv", STR("old"));
    assert_int_equal(symlink("real.csv", scratch_path("link.csv")), 0);
    struct output_file *file = create("link.csv");
    write_text(file, STR("new"));
    assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
    output_file_free(file);
    assert_holds("real.csv", STR("new"));
    struct stat info;
    assert_int_equal(lstat(scratch_path("link.csv"), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
}

static void writes_much(void **state)
{
    (void)state;
    static char large[600000];
    memset(large, 'x', sizeof large);
    static const size_t sizes[] = {1, 100, 262143, 1, 262144, 3, 262145, 600000, 5};
    struct text_buffer expected = TEXT_BUFFER(1 << 24);
    for (int packed = 0; packed < 2; packed++) {
        text_clear(&expected);
        struct output_file *file = create(packed ? "a.gz" : "a");
        for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
            large[0] = (char)('a' + i);
            write_text(file, (struct str){large, sizes[i]});
            text_append(&expected, (struct str){large, sizes[i]});
        }
        assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
        output_file_free(file);
        struct stream *stream;
        struct text_buffer text = TEXT_BUFFER(1 << 24);
        assert_int_equal(stream_open_file(&stream, scratch_path(packed ? "a.gz" : "a"), &error),
                         STATUS_OK);
        assert_int_equal(stream_read_all(stream, &text, &error), STATUS_OK);
        stream_free(stream);
        assert_text(text_str(&text), text_str(&expected));
        text_free(&text);
    }
    text_free(&expected);
}

static void packs_names_ending_in_gz(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct output_file *file = create(i == 0 ? "a.csv.gz" : "b.csv.gz");
        for (int line = 0; line < 50000; line++) {
            write_text(file, STR("the same line again\n"));
        }
        assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
        output_file_free(file);
    }
    struct text_buffer first = scratch_read("a.csv.gz");
    assert_true(first.len < 50000);
    assert_memory_equal(first.ptr, "\x1F\x8B", 2);
    assert_holds("b.csv.gz", text_str(&first)); /* no time, no name */
    text_free(&first);

    struct output_file *empty = create("c.gz");
    assert_int_equal(output_files_commit(&empty, 1, &error), STATUS_OK);
    output_file_free(empty);
    struct stream *stream;
    struct text_buffer text = TEXT_BUFFER(10);
    assert_int_equal(stream_open_file(&stream, scratch_path("c.gz"), &error), STATUS_OK);
    assert_true(stream->size > 0);
    assert_int_equal(stream_read_all(stream, &text, &error), STATUS_OK);
    assert_int_equal(text.len, 0);
    stream_free(stream);
    text_free(&text);
}

static void assert_refused(const char *path, const char *reason)
{
    struct output_file *file;
    assert_int_equal(output_file_create(&file, path, &error), STATUS_INVALID);
    assert_null(file);
    struct error expected;
    error_set(&expected, STATUS_INVALID, "%s: %s", path, reason);
    assert_string_equal(error.message, expected.message);
}

static void refuses_paths_with_the_reason(void **state)
{
    (void)state;
    assert_int_equal(mkdir(scratch_path("folder"), 0700), 0);
    assert_refused(scratch_path("folder"), "is a directory, not a file");
    assert_refused(scratch_path("missing/a.csv"), "cannot create: No such file or directory");
    struct error expected;
    error_set(&expected, STATUS_INVALID, "the directory %s must exist; make it first",
              scratch_path("missing"));
    assert_string_equal(error.hint, expected.message);
    assert_refused(scratch_path("missing/"), "cannot create: Is a directory");
    assert_refused("", "cannot create: No such file or directory");
    scratch_write("file", STR("x"));
    assert_refused(scratch_path("file/a.csv"), "cannot create: Not a directory");
    assert_int_equal(symlink("nowhere", scratch_path("dangling")), 0);
    assert_refused(scratch_path("dangling"), "is a symbolic link to a file that does not exist");
    if (geteuid() != 0) { /* root may do everything */
        assert_int_equal(chmod(scratch_path("file"), 0400), 0);
        assert_refused(scratch_path("file"), "cannot create: Permission denied");
        assert_int_equal(chmod(scratch_path("folder"), 0500), 0);
        assert_refused(scratch_path("folder/a"), "cannot create: Permission denied");
    }
    assert_int_equal(scratch_count(), 3);

    char name[300];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    assert_refused(scratch_path(name), "cannot create: File name too long");
    name[255] = '\0';
    struct output_file *longest = create(name); /* the partial file's name is cut */
    assert_int_equal(output_files_commit(&longest, 1, &error), STATUS_OK);
    output_file_free(longest);
    assert_true(scratch_exists(name));
}

static void writes_in_place_what_is_no_file(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    char path[64];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    struct output_file *file;
    assert_int_equal(output_file_create(&file, path, &error), STATUS_OK);
    write_text(file, STR("through a pipe"));
    assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
    output_file_free(file);
    close(ends[1]);
    char text[64];
    assert_int_equal(read(ends[0], text, sizeof text), 14);
    assert_memory_equal(text, "through a pipe", 14);
    close(ends[0]);

    assert_int_equal(output_file_create(&file, "/dev/null", &error), STATUS_OK);
    write_text(file, STR("gone"));
    assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
    output_file_free(file);
    struct stat info;
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));

    /* What the shell made of `> log` must get the text, not be replaced. */
    scratch_write("log", STR("before,"));
    int log = open(scratch_path("log"), O_WRONLY);
    assert_true(lseek(log, 0, SEEK_END) > 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", log);
    assert_int_equal(fstat(log, &info), 0);
    ino_t number = info.st_ino;
    assert_int_equal(output_file_create(&file, path, &error), STATUS_OK);
    write_text(file, STR("after"));
    assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
    output_file_free(file);
    close(log);
    assert_int_equal(stat(scratch_path("log"), &info), 0);
    assert_true(info.st_ino == number);
    assert_holds("log", STR("before,after"));
    assert_int_equal(scratch_count(), 1);
}

/* What starts programs often gives them sockets; these cannot be opened by name. */
static void writes_to_a_socket(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    char path[64];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    struct output_file *file;
    assert_int_equal(output_file_create(&file, path, &error), STATUS_OK);
    write_text(file, STR("through a socket"));
    assert_int_equal(output_files_commit(&file, 1, &error), STATUS_OK);
    output_file_free(file);
    char text[64];
    assert_int_equal(read(ends[0], text, sizeof text), 16);
    assert_memory_equal(text, "through a socket", 16);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(output_file_create(&file, path, &error), STATUS_INVALID);
}

static void tells_of_a_full_disk(void **state)
{
    (void)state;
    static char large[300000];
    struct output_file *file;
    assert_int_equal(output_file_create(&file, "/dev/full", &error), STATUS_OK);
    assert_int_equal(
        stream_write(output_file_stream(file), (struct str){large, sizeof large}, &error),
        STATUS_RESOURCES);
    assert_string_equal(error.message, "/dev/full: cannot write: No space left on device");
    assert_int_equal(output_files_commit(&file, 1, &error), STATUS_IO);
    assert_string_equal(error.message, "/dev/full: cannot be completed, a write failed before");
    output_file_free(file);

    /* Found only when the buffer is flushed; no other file of the commit appears. */
    struct output_file *files[2] = {create("a.csv"), NULL};
    assert_int_equal(output_file_create(&files[1], "/dev/full", &error), STATUS_OK);
    write_text(files[0], STR("text"));
    write_text(files[1], STR("text"));
    assert_int_equal(output_files_commit(files, 2, &error), STATUS_RESOURCES);
    assert_string_equal(error.message, "/dev/full: cannot write: No space left on device");
    output_file_free(files[0]);
    output_file_free(files[1]);
    assert_int_equal(scratch_count(), 0);
}

static void leaves_nothing_when_a_write_fails(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction saved;
    assert_int_equal(sigaction(SIGXFSZ, &ignore, &saved), 0);
    for (int packed = 0; packed < 2; packed++) {
        struct output_file *file = create(packed ? "a.gz" : "a");
        struct rlimit small = {.rlim_cur = 10, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int written = stream_write(output_file_stream(file), STR("some text, too long"), &error);
        int committed = output_files_commit(&file, 1, &error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(written, STATUS_OK);
        assert_int_equal(committed, STATUS_RESOURCES);
        struct error expected;
        error_set(&expected, STATUS_RESOURCES, "%s: cannot write: File too large",
                  scratch_path(packed ? "a.gz" : "a"));
        assert_string_equal(error.message, expected.message);
        output_file_free(file);
        assert_int_equal(scratch_count(), 0);
    }
    assert_int_equal(sigaction(SIGXFSZ, &saved, NULL), 0);
}

static void commits_several_or_none(void **state)
{
    (void)state;
    struct output_file *files[4] = {create("a"), NULL, create("b"), create("c")};
    write_text(files[3], STR("text"));
    assert_int_equal(output_files_commit(files, 4, &error), STATUS_OK);
    for (size_t i = 0; i < 4; i++) {
        output_file_free(files[i]);
    }
    assert_int_equal(scratch_count(), 3);
    assert_holds("c", STR("text"));

    /* The third cannot be put in its place: the first is taken back, the second was replaced. */
    struct output_file *again[3] = {create("new"), create("a"), create("taken")};
    assert_int_equal(mkdir(scratch_path("taken"), 0700), 0);
    write_text(again[1], STR("replaced"));
    assert_int_equal(output_files_commit(again, 3, &error), STATUS_IO);
    struct error expected;
    error_set(&expected, STATUS_IO, "%s: cannot put the finished file in its place: Is a directory",
              scratch_path("taken"));
    assert_string_equal(error.message, expected.message);
    error_set(&expected, STATUS_IO, "%s was replaced already", scratch_path("a"));
    assert_string_equal(error.detail, expected.message);
    for (size_t i = 0; i < 3; i++) {
        output_file_free(again[i]);
    }
    assert_false(scratch_exists("new"));
    assert_holds("a", STR("replaced"));
    assert_int_equal(scratch_count(), 4);
    assert_int_equal(output_files_commit(NULL, 0, &error), STATUS_OK);
}

static void abandons_all_that_is_unfinished(void **state)
{
    (void)state;
    struct output_file *files[3] = {create("a"), create("b.gz"), create("c")};
    assert_int_equal(output_files_commit(&files[2], 1, &error), STATUS_OK);
    assert_int_equal(scratch_count(), 3);
    errno = ENOENT;
    output_files_abandon();
    assert_int_equal(errno, ENOENT);
    assert_int_equal(scratch_count(), 1);
    assert_true(scratch_exists("c"));
    for (size_t i = 0; i < 3; i++) {
        output_file_free(files[i]);
    }
    output_files_abandon();
    assert_true(scratch_exists("c"));
}

static void has_room_for_64_at_once(void **state)
{
    (void)state;
    struct output_file *files[65];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 64; i++) {
            char name[16];
            snprintf(name, sizeof name, "f%zu", i);
            files[i] = create(name);
        }
        assert_int_equal(output_file_create(&files[64], scratch_path("more"), &error),
                         STATUS_RESOURCES);
        assert_null(files[64]);
        for (size_t i = 0; i < 64; i++) {
            output_file_free(files[i]);
        }
        assert_int_equal(scratch_count(), 0);
    }
}

static int write_both(void *context, struct error *out)
{
    (void)context;
    struct output_file *files[2] = {NULL, NULL};
    int status = output_file_create(&files[0], scratch_path("a.gz"), out);
    if (status == STATUS_OK) {
        status = output_file_create(&files[1], scratch_path("b"), out);
    }
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
        status = stream_write(output_file_stream(files[i]), STR("text"), out);
    }
    if (status == STATUS_OK) {
        status = output_files_commit(files, 2, out);
    }
    output_file_free(files[0]);
    output_file_free(files[1]);
    assert_int_equal(scratch_count(), status == STATUS_OK ? 2 : 0);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(write_both, NULL) >= 6);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        TEST(appears_when_it_is_committed),
        TEST(leaves_nothing_when_it_is_not_committed),
        TEST(is_hidden_until_then_and_private),
        TEST(replaces_a_file_and_keeps_its_permissions),
        TEST(follows_symbolic_links),
        TEST(writes_much),
        TEST(packs_names_ending_in_gz),
        TEST(refuses_paths_with_the_reason),
        TEST(writes_in_place_what_is_no_file),
        TEST(writes_to_a_socket),
        TEST(tells_of_a_full_disk),
        TEST(leaves_nothing_when_a_write_fails),
        TEST(commits_several_or_none),
        TEST(abandons_all_that_is_unfinished),
        TEST(has_room_for_64_at_once),
        TEST(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
