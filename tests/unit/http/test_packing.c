#include "http/packing.h"

#include <stdio.h>
#include <unistd.h>

#include "base/random.h"
#include "support.h"

static struct error error;

static void knows_who_wants_it(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool accepted;
    } cases[] = {
        {"gzip", true},
        {"br, GZIP", true},
        {"x-gzip", true},
        {"gzip;q=0.1", true},
        {"gzip; q=1", true},
        {"*", true},
        {"br;q=1, *;q=0.1", true},
        {"", false},
        {"br", false},
        {"identity", false},
        {"gzip;q=0", false},
        {"gzip; q=0.000", false},
        {"gzip;q=0, *", false},
        {"*;q=0", false},
        {"gzipped", false},
        {"a,,", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(http_packing_accepted(str_from(cases[i].header)), cases[i].accepted);
    }
    assert_false(http_packing_accepted((struct str){NULL, 0}));
}

static void knows_what_it_pays_for(void **state)
{
    (void)state;
    assert_true(http_packing_pays("text/csv"));
    assert_true(http_packing_pays("application/json; charset=utf-8"));
    assert_true(http_packing_pays("image/svg+xml"));
    assert_false(http_packing_pays("image/png"));
    assert_false(http_packing_pays("application/octet-stream"));
}

static struct str sample(size_t size)
{
    static char text[300000];
    struct random random;
    random_seed(&random, 1);
    assert_true(size <= sizeof text);
    for (size_t i = 0; i < size; i++) {
        text[i] = (char)('a' + random_below(&random, 20));
    }
    return (struct str){text, size};
}

static void unpack(struct text_buffer *out, struct str packed)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(packed.ptr, 1, packed.len, file), packed.len);
    assert_int_equal(fflush(file), 0);
    rewind(file);
    struct stream *stream;
    assert_int_equal(stream_open_descriptor(&stream, dup(fileno(file)), "packed", &error),
                     STATUS_OK);
    assert_int_equal(stream_read_all(stream, out, &error), STATUS_OK);
    stream_free(stream);
    fclose(file);
}

static void packs_at_once(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 1000, 300000};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        struct text_buffer packed = TEXT_BUFFER(1 << 20);
        struct text_buffer text = TEXT_BUFFER(1 << 20);
        struct str original = sample(sizes[i]);
        assert_int_equal(http_pack(&packed, original, 4, &error), STATUS_OK);
        unpack(&text, text_str(&packed));
        assert_true(str_equal(text_str(&text), original));
        text_free(&packed);
        text_free(&text);
    }
}

/* A stream that keeps what is written to it, and fails when it is full. */
struct kept {
    struct stream base;
    struct text_buffer text;
};

static int keep(struct stream *stream, struct str text, struct error *out)
{
    struct kept *kept = (struct kept *)stream;
    text_append(&kept->text, text);
    return kept->text.failed ? error_set(out, STATUS_CANCELLED, "full") : STATUS_OK;
}

static const struct stream_operations keeping = {.write = keep};

static int pack_pieces(struct kept *kept, struct str text, size_t step, struct error *out)
{
    struct stream *stream = NULL;
    int status = http_packing_open(&stream, &kept->base, out);
    for (size_t at = 0; at < text.len && status == STATUS_OK; at += step) {
        size_t length = text.len - at < step ? text.len - at : step;
        status = stream_write(stream, (struct str){text.ptr + at, length}, out);
    }
    if (status == STATUS_OK) {
        status = stream->operations->finish(stream, out);
    }
    stream_free(stream);
    return status;
}

static void packs_piece_by_piece(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 1000, 100000, 300000};
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        struct kept kept = {{.operations = &keeping}, TEXT_BUFFER(1 << 20)};
        struct text_buffer text = TEXT_BUFFER(1 << 20);
        assert_int_equal(pack_pieces(&kept, sample(300000), steps[i], &error), STATUS_OK);
        unpack(&text, text_str(&kept.text));
        assert_true(str_equal(text_str(&text), sample(300000)));
        text_free(&kept.text);
        text_free(&text);
    }
    struct kept kept = {{.operations = &keeping}, TEXT_BUFFER(1000)};
    assert_int_equal(pack_pieces(&kept, sample(300000), 1000, &error), STATUS_CANCELLED);
    text_free(&kept.text);
}

static int pack_both(void *context, struct error *out)
{
    (void)context;
    struct text_buffer packed = TEXT_BUFFER(1 << 20);
    int status = http_pack(&packed, STR("some text"), 4, out);
    text_free(&packed);
    if (status == STATUS_OK) {
        struct stream *stream = NULL;
        struct stream inner = {.operations = &keeping};
        status = http_packing_open(&stream, &inner, out);
        stream_free(stream);
    }
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(pack_both, NULL) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_who_wants_it),      cmocka_unit_test(knows_what_it_pays_for),
        cmocka_unit_test(packs_at_once),           cmocka_unit_test(packs_piece_by_piece),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
