#include "base/stream.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/wake.h"
#include "support.h"

static struct error error;

enum { LARGE = 1500000 };

/* Text that packs to about half: longer than several read buffers both ways. */
static struct str large_text(void)
{
    static char text[LARGE];
    struct random random;
    random_seed(&random, 1);
    for (size_t i = 0; i < LARGE; i++) {
        text[i] = (char)('a' + random_below(&random, 20));
    }
    return (struct str){text, LARGE};
}

/* `text` as one gzip member, appended to `out`. */
static void pack(struct text_buffer *out, struct str text)
{
    z_stream packer = {0};
    assert_int_equal(deflateInit2(&packer, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
    size_t most = deflateBound(&packer, text.len);
    char *end = text_reserve(out, most);
    assert_non_null(end);
    packer.next_in = (unsigned char *)(uintptr_t)text.ptr;
    packer.avail_in = (unsigned)text.len;
    packer.next_out = (unsigned char *)end;
    packer.avail_out = (unsigned)most;
    assert_int_equal(deflate(&packer, Z_FINISH), Z_STREAM_END);
    out->len += most - packer.avail_out;
    deflateEnd(&packer);
}

/* From a descriptor, that stands at byte `at`, though somebody asks the program to stop. */
static void reads_a_descriptor_from_where_it_stands(void **state)
{
    (void)state;
    struct text_buffer packed = TEXT_BUFFER(1000);
    text_append(&packed, STR("12345"));
    pack(&packed, STR("some text"));
    scratch_write("packed", text_str(&packed));
    text_free(&packed);
    scratch_write("plain", STR("12345some text"));
    int stop[2];
    assert_int_equal(pipe(stop), 0);
    assert_int_equal(write(stop[1], "x", 1), 1);
    wake_set(stop[0]);
    for (int i = 0; i < 2; i++) {
        int file = open(scratch_path(i == 0 ? "plain" : "packed"), O_RDONLY | O_CLOEXEC);
        assert_int_equal(lseek(file, 5, SEEK_SET), 5);
        struct stream *stream;
        assert_int_equal(stream_open_descriptor(&stream, file, "an upload", &error), STATUS_OK);
        assert_string_equal(stream->name, "an upload");
        struct text_buffer text = TEXT_BUFFER(1000);
        assert_int_equal(stream_read_all(stream, &text, &error), STATUS_OK);
        assert_text(text_str(&text), STR("some text"));
        text_free(&text);
        stream_free(stream);
        assert_int_equal(fcntl(file, F_GETFD), -1);
    }
    wake_set(-1);
    close(stop[0]);
    close(stop[1]);
}

/* Reads all of a file in pieces of `piece` bytes. */
static int read_in_pieces(struct text_buffer *out, const char *path, size_t piece)
{
    struct stream *stream;
    int status = stream_open_file(&stream, path, &error);
    while (status == STATUS_OK) {
        size_t got = 0;
        char *end = text_reserve(out, piece);
        assert_non_null(end);
        status = stream_read(stream, end, piece, &got, &error);
        if (got == 0) {
            break;
        }
        assert_true(got <= piece);
        out->len += got;
    }
    stream_free(stream);
    return status;
}

static void assert_reads(const char *name, struct str expected, size_t piece)
{
    struct text_buffer text = TEXT_BUFFER(1 << 30);
    assert_int_equal(read_in_pieces(&text, scratch_path(name), piece), STATUS_OK);
    assert_text(text_str(&text), expected);
    text_free(&text);
}

static void assert_refused(const char *name, const char *reason)
{
    struct text_buffer text = TEXT_BUFFER(1 << 30);
    int status = read_in_pieces(&text, scratch_path(name), 1 << 16);
    text_free(&text);
    assert_int_equal(status, STATUS_INVALID);
    char message[512];
    snprintf(message, sizeof message, "%s: %s", scratch_path(name), reason);
    assert_string_equal(error.message, message);
}

static void reads_a_plain_file(void **state)
{
    (void)state;
    scratch_write("a", large_text());
    static const size_t pieces[] = {1000, 65536, 262144, 1 << 20, 4 << 20};
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
        assert_reads("a", large_text(), pieces[i]);
    }
    static const char *const small[] = {"", "a", "\x1F", "\x1F\x8A", "ab\n"};
    for (size_t i = 0; i < ARRAY_LENGTH(small); i++) {
        scratch_write("b", str_from(small[i]));
        assert_reads("b", str_from(small[i]), 1);
    }
}

static void counts_bytes_and_knows_the_size(void **state)
{
    (void)state;
    scratch_write("a", large_text());
    struct stream *stream;
    assert_int_equal(stream_open_file(&stream, scratch_path("a"), &error), STATUS_OK);
    assert_string_equal(stream->name, scratch_path("a"));
    assert_int_equal(stream->size, LARGE);
    struct text_buffer text = TEXT_BUFFER(LARGE);
    assert_int_equal(stream_read_all(stream, &text, &error), STATUS_OK);
    assert_int_equal(stream->bytes, LARGE);
    char more;
    size_t got = 1;
    assert_int_equal(stream_read(stream, &more, 0, &got, &error), STATUS_OK);
    assert_int_equal(got, 0);
    stream_free(stream);
    text_free(&text);
}

static void unpacks_whatever_the_name(void **state)
{
    (void)state;
    struct text_buffer packed = TEXT_BUFFER(1 << 30);
    pack(&packed, large_text());
    scratch_write("a", text_str(&packed));
    assert_reads("a", large_text(), 777);
    assert_reads("a", large_text(), 1 << 20);
    struct stream *stream;
    assert_int_equal(stream_open_file(&stream, scratch_path("a"), &error), STATUS_OK);
    assert_int_equal(stream->size, packed.len);
    struct text_buffer text = TEXT_BUFFER(LARGE);
    assert_int_equal(stream_read_all(stream, &text, &error), STATUS_OK);
    assert_int_equal(stream->bytes, packed.len);
    stream_free(stream);
    text_free(&text);
    text_free(&packed);
}

static void unpacks_members_one_after_another(void **state)
{
    (void)state;
    struct text_buffer packed = TEXT_BUFFER(1 << 30);
    pack(&packed, STR("one,"));
    pack(&packed, STR(""));
    pack(&packed, STR("two,"));
    pack(&packed, STR("three"));
    scratch_write("a", text_str(&packed));
    assert_reads("a", STR("one,two,three"), 100);
    text_append(&packed, STR("\0\0\0\0")); /* a tape's padding */
    scratch_write("a", text_str(&packed));
    assert_reads("a", STR("one,two,three"), 100);
    text_free(&packed);

    struct text_buffer empty = TEXT_BUFFER(1000);
    pack(&empty, STR(""));
    scratch_write("a", text_str(&empty));
    assert_reads("a", STR(""), 100);
    text_free(&empty);
}

static void refuses_damaged_packed_files(void **state)
{
    (void)state;
    static const char too_early[] =
        "the compressed data are damaged: they end too early, the file was cut off";
    static const char follows[] = "the compressed data are damaged: something else follows them";
    struct text_buffer packed = TEXT_BUFFER(1 << 30);
    pack(&packed, STR("some text that is packed"));
    size_t whole = packed.len;
    for (size_t len = 2; len < whole; len++) {
        scratch_write("a", (struct str){packed.ptr, len});
        assert_refused("a", too_early);
        assert_string_equal(error.hint, "transfer the file or compress it again");
    }
    text_append(&packed, STR("a,b\n"));
    scratch_write("a", text_str(&packed));
    assert_refused("a", follows);
    packed.len = whole;
    text_append(&packed, STR("\0\x1F\x8B"));
    scratch_write("a", text_str(&packed));
    assert_refused("a", follows);
    packed.len = whole;
    text_append(&packed, STR("\x1F\x8B\x08"));
    scratch_write("a", text_str(&packed));
    assert_refused("a", too_early);

    packed.len = whole;
    packed.ptr[whole - 1] ^= 1; /* the length */
    scratch_write("a", text_str(&packed));
    assert_refused("a", "the compressed data are damaged: incorrect length check");
    packed.ptr[whole - 1] ^= 1;
    packed.ptr[whole - 5] ^= 1; /* the checksum */
    scratch_write("a", text_str(&packed));
    assert_refused("a", "the compressed data are damaged: incorrect data check");
    scratch_write("a", STR("\x1F\x8B\xFF and so on"));
    assert_refused("a", "the compressed data are damaged: unknown compression method");
    text_free(&packed);
}

static void refuses_paths_with_the_reason(void **state)
{
    (void)state;
    assert_refused("missing", "cannot open: No such file or directory");
    assert_refused("missing/below", "cannot open: No such file or directory");
    assert_int_equal(mkdir(scratch_path("folder"), 0700), 0);
    assert_refused("folder", "is a directory, not a file");
    scratch_write("a", STR("x"));
    assert_refused("a/below", "cannot open: Not a directory");
    if (geteuid() != 0) { /* root may read everything */
        assert_int_equal(chmod(scratch_path("a"), 0), 0);
        assert_refused("a", "cannot open: Permission denied");
    }
    struct stream *stream = (struct stream *)&error;
    assert_int_equal(stream_open_file(&stream, "", &error), STATUS_INVALID);
    assert_null(stream);
    stream_free(NULL);
}

static void *feed(void *context)
{
    int file = *(int *)context;
    /* One byte a time for a while: the magic must be found nevertheless. */
    static const unsigned char packed[] = {
        0x1F, 0x8B, 0x08, 0,    0,    0,    0,    0,    0,    0x03, 0x4B, 0x4C,
        0x4A, 0x06, 0x00, 0xC2, 0x41, 0x24, 0x35, 0x03, 0x00, 0x00, 0x00,
    };
    for (size_t i = 0; i < sizeof packed; i++) {
        if (write(file, packed + i, 1) != 1) {
            break;
        }
        usleep(100);
    }
    close(file);
    return NULL;
}

static void reads_standard_input(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDIN_FILENO);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    pthread_t feeder;
    assert_int_equal(pthread_create(&feeder, NULL, feed, &ends[1]), 0);
    struct stream *stream;
    int status = stream_open_file(&stream, "-", &error);
    struct text_buffer text = TEXT_BUFFER(100);
    if (status == STATUS_OK) {
        assert_string_equal(stream->name, "standard input");
        assert_int_equal(stream->size, 0);
        status = stream_read_all(stream, &text, &error);
        stream_free(stream);
    }
    pthread_join(feeder, NULL);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* it stays open */
    dup2(saved, STDIN_FILENO);
    close(saved);
    assert_int_equal(status, STATUS_OK);
    assert_text(text_str(&text), STR("abc"));
    text_free(&text);
}

static void reads_memory(void **state)
{
    (void)state;
    struct stream *stream;
    assert_int_equal(stream_open_memory(&stream, "the request", STR("0123456789"), &error),
                     STATUS_OK);
    assert_string_equal(stream->name, "the request");
    assert_int_equal(stream->size, 10);
    char out[8];
    size_t got;
    assert_int_equal(stream_read(stream, out, 8, &got, &error), STATUS_OK);
    assert_int_equal(got, 8);
    assert_memory_equal(out, "01234567", 8);
    assert_int_equal(stream_read(stream, out, 8, &got, &error), STATUS_OK);
    assert_int_equal(got, 2);
    assert_int_equal(stream->bytes, 10);
    assert_int_equal(stream_read(stream, out, 8, &got, &error), STATUS_OK);
    assert_int_equal(got, 0);
    stream_free(stream);
    assert_int_equal(stream_open_memory(&stream, "x", (struct str){NULL, 0}, &error), STATUS_OK);
    assert_int_equal(stream_read(stream, out, 8, &got, &error), STATUS_OK);
    assert_int_equal(got, 0);
    stream_free(stream);
}

static void reading_all_keeps_the_maximum(void **state)
{
    (void)state;
    struct stream *stream;
    for (size_t most = 8; most < 13; most++) {
        struct text_buffer text = TEXT_BUFFER(most);
        assert_int_equal(stream_open_memory(&stream, "body", STR("0123456789"), &error), STATUS_OK);
        int status = stream_read_all(stream, &text, &error);
        stream_free(stream);
        if (most < 10) {
            assert_int_equal(status, STATUS_INVALID);
            char message[100];
            snprintf(message, sizeof message, "body: longer than the %zu bytes that are allowed",
                     most);
            assert_string_equal(error.message, message);
        } else {
            assert_int_equal(status, STATUS_OK);
            assert_string_equal(text.ptr, "0123456789");
        }
        text_free(&text);
    }
}

static void shows_the_end_of_a_long_name(void **state)
{
    (void)state;
    struct stream stream;
    char name[1000];
    /* The cut falls once before a character of two bytes and once within. */
    for (size_t shift = 0; shift < 2; shift++) {
        name[0] = '/';
        for (size_t i = 0; i < 400; i++) {
            memcpy(name + shift + 2 * i, "\xC3\xA9", 2);
        }
        memcpy(name + shift + 800, "/people.csv", sizeof "/people.csv");
        stream_set_name(&stream, name);
        size_t length = strlen(stream.name);
        assert_in_range(length, sizeof stream.name - 2, sizeof stream.name - 1);
        assert_memory_equal(stream.name, "...\xC3\xA9", 5);
        assert_string_equal(stream.name + length - 11, "/people.csv");
    }
    memset(name, 'a', 255);
    name[255] = '\0';
    stream_set_name(&stream, name);
    assert_string_equal(stream.name, name);
}

static int read_packed_file(void *context, struct error *out)
{
    (void)context;
    struct stream *stream = NULL;
    struct text_buffer text = TEXT_BUFFER(1 << 20);
    int status = stream_open_file(&stream, scratch_path("a"), out);
    if (status == STATUS_OK) {
        status = stream_read_all(stream, &text, out);
    }
    if (status == STATUS_OK) {
        assert_string_equal(text.ptr, "some text");
    }
    text_free(&text);
    stream_free(stream);
    return status;
}

static int open_memory(void *context, struct error *out)
{
    (void)context;
    struct stream *stream = NULL;
    int status = stream_open_memory(&stream, "x", STR("x"), out);
    stream_free(stream);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    struct text_buffer packed = TEXT_BUFFER(1000);
    pack(&packed, STR("some text"));
    scratch_write("a", text_str(&packed));
    text_free(&packed);
    assert_true(fail_every_allocation(read_packed_file, NULL) >= 4);
    assert_int_equal(fail_every_allocation(open_memory, NULL), 1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_a_plain_file),
        TEST(counts_bytes_and_knows_the_size),
        TEST(reads_a_descriptor_from_where_it_stands),
        TEST(unpacks_whatever_the_name),
        TEST(unpacks_members_one_after_another),
        TEST(refuses_damaged_packed_files),
        TEST(refuses_paths_with_the_reason),
        TEST(reads_standard_input),
        TEST(reads_memory),
        TEST(reading_all_keeps_the_maximum),
        TEST(shows_the_end_of_a_long_name),
        TEST(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
