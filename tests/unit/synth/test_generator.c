#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/csv.h"
#include "base/memory.h"
#include "synth/generator.h"

static struct synth_generator *create(const struct synth_options *options)
{
    struct synth_generator *generator;
    struct error error;
    assert_int_equal(synth_generator_create(&generator, options, &error), STATUS_OK);
    return generator;
}

/* The whole file of the options, made by the number of threads, through a stream as synth does. */
struct memory_stream {
    struct stream stream;
    struct text_buffer text;
};

static int append(struct stream *stream, struct str text, struct error *error)
{
    struct memory_stream *memory = (struct memory_stream *)stream;
    text_append(&memory->text, text);
    return memory->text.failed ? error_out_of_memory(error) : STATUS_OK;
}

static const struct stream_operations to_memory = {.write = append};

static struct text_buffer make_file(const struct synth_options *options, unsigned threads)
{
    struct synth_generator *generator = create(options);
    struct memory_stream memory = {.stream = {.operations = &to_memory},
                                   .text = TEXT_BUFFER(64 << 20)};
    struct error error;
    assert_int_equal(synth_generator_write(generator, threads, &memory.stream, NULL, &error),
                     STATUS_OK);
    synth_generator_free(generator);
    return memory.text;
}

static void test_the_same_bytes_everywhere(void **state)
{
    (void)state;
    const struct synth_options options = {
        .records = 20000, .seed = 42, .duplicates = 500000, .errors = SYNTH_ERRORS_MEDIUM};
    struct text_buffer file = make_file(&options, 1);
    /* Changes only with what is generated; figures of docs and benchmarks change with it. */
    assert_int_equal(XXH3_64bits(file.ptr, file.len), UINT64_C(0xbae15468094a0d2f));
    for (unsigned threads = 2; threads <= 7; threads += 5) {
        struct text_buffer again = make_file(&options, threads);
        assert_true(str_equal(text_str(&file), text_str(&again)));
        text_free(&again);
    }
    text_free(&file);
}

static void test_any_rows_can_be_made_alone(void **state)
{
    (void)state;
    const struct synth_options options = {
        .records = 300, .seed = 9, .duplicates = 1000000, .errors = SYNTH_ERRORS_HIGH};
    struct text_buffer whole = make_file(&options, 1);
    struct synth_generator *generator = create(&options);
    struct text_buffer parts = TEXT_BUFFER(1 << 20);
    synth_generator_append_header(&parts);
    for (uint64_t row = 0; row < 300; row += 100) {
        synth_generator_append_rows(generator, row, 100, &parts);
    }
    assert_true(str_equal(text_str(&whole), text_str(&parts)));
    text_free(&parts);
    text_free(&whole);
    synth_generator_free(generator);
}

static void test_options_matter(void **state)
{
    (void)state;
    const struct synth_options base = {
        .records = 500, .seed = 1, .duplicates = 500000, .errors = SYNTH_ERRORS_MEDIUM};
    struct synth_options others[4] = {base, base, base, base};
    others[0].seed = 2;
    others[1].duplicates = 400000;
    others[2].errors = SYNTH_ERRORS_HIGH;
    others[3].households = true;
    struct text_buffer first = make_file(&base, 1);
    for (int i = 0; i < 4; i++) {
        struct text_buffer other = make_file(&others[i], 1);
        assert_false(str_equal(text_str(&first), text_str(&other)));
        text_free(&other);
    }
    text_free(&first);
}

/* Every person has records 0 … k, no two rows are of the same record, and there are as many people
   as the formula says. */
static void check_truth(uint64_t records, uint32_t duplicates)
{
    const struct synth_options options = {.records = records, .seed = 5, .duplicates = duplicates};
    struct synth_generator *generator = create(&options);
    uint64_t people = synth_generator_people(generator);
    assert_int_equal(people, records - records * duplicates / (1000000 + (uint64_t)duplicates));
    uint32_t *counts = memory_alloc_zeroed(people, sizeof *counts);
    uint64_t *met = memory_alloc_zeroed(people * 4, sizeof *met); /* a bit a record */
    assert_non_null(counts);
    assert_non_null(met);
    for (uint64_t row = 0; row < records; row++) {
        uint64_t person;
        uint32_t ordinal;
        synth_generator_locate(generator, row, &person, &ordinal);
        assert_true(person < people && ordinal < SYNTH_ROUNDS);
        uint64_t *word = &met[person * 4 + ordinal / 64];
        assert_true((*word >> ordinal % 64 & 1) == 0);
        *word |= (uint64_t)1 << ordinal % 64;
        counts[person]++;
    }
    for (uint64_t person = 0; person < people; person++) {
        assert_true(counts[person] > 0);
        for (uint32_t ordinal = 0; ordinal < counts[person]; ordinal++) {
            assert_true(met[person * 4 + ordinal / 64] >> ordinal % 64 & 1);
        }
    }
    memory_free(counts);
    memory_free(met);
    synth_generator_free(generator);
}

static void test_truth(void **state)
{
    (void)state;
    static const uint32_t duplicates[] = {0, 1, 100000, 500000, 1000000, 3333333, 10000000};
    for (size_t i = 0; i < ARRAY_LENGTH(duplicates); i++) {
        for (uint64_t records = 1; records < 40; records++) {
            check_truth(records, duplicates[i]);
        }
        check_truth(20011, duplicates[i]);
    }
}

static void test_sizes_fall_geometrically(void **state)
{
    (void)state;
    const struct synth_options options = {.records = 30000, .seed = 5, .duplicates = 500000};
    struct synth_generator *generator = create(&options);
    unsigned at_least[4] = {0}; /* people with more than n records */
    for (uint64_t row = 0; row < 30000; row++) {
        uint64_t person;
        uint32_t ordinal;
        synth_generator_locate(generator, row, &person, &ordinal);
        if (ordinal < 4) {
            at_least[ordinal]++;
        }
    }
    assert_int_equal(at_least[0], 20000);
    assert_in_range(at_least[1], 6666, 6680);
    assert_in_range(at_least[2], 2220, 2226);
    assert_in_range(at_least[3], 738, 742);
    synth_generator_free(generator);
}

static void test_records_of_a_person_are_scattered(void **state)
{
    (void)state;
    const struct synth_options options = {.records = 20000, .seed = 5, .duplicates = 1000000};
    struct synth_generator *generator = create(&options);
    uint64_t before = UINT64_MAX;
    unsigned adjacent = 0;
    for (uint64_t row = 0; row < 20000; row++) {
        uint64_t person;
        uint32_t ordinal;
        synth_generator_locate(generator, row, &person, &ordinal);
        adjacent += person == before;
        before = person;
    }
    assert_true(adjacent < 15); /* 2 on average */
    synth_generator_free(generator);
}

static void test_the_csv_is_sound(void **state)
{
    (void)state;
    const struct synth_options options = {
        .records = 5000, .seed = 8, .duplicates = 500000, .errors = SYNTH_ERRORS_HIGH};
    struct text_buffer file = make_file(&options, 2);
    struct error error;
    struct stream *stream;
    struct csv_reader *reader;
    assert_int_equal(stream_open_memory(&stream, "synth", text_str(&file), &error), STATUS_OK);
    assert_int_equal(csv_reader_open(&reader, stream, &error), STATUS_OK);
    assert_int_equal(csv_reader_column_count(reader), SYNTH_FIELD_COUNT);
    struct str header = {file.ptr, (size_t)((char *)memchr(file.ptr, '\n', file.len) - file.ptr)};
    assert_true(str_equal(header, STR("data_source,source_person_id,first_name,last_name,sex,race,"
                                      "birth_date,death_date,social_security_number,address,city,"
                                      "state,zip_code,county,phone")));
    uint64_t rows = 0;
    const struct csv_field *fields;
    while (csv_reader_next(reader, &fields, &error) == STATUS_OK && fields != NULL) {
        rows++;
    }
    assert_null(fields);
    assert_int_equal(rows, 5000);
    csv_reader_free(reader);
    stream_free(stream);
    text_free(&file);
}

static int refuse(struct stream *stream, struct str text, struct error *error)
{
    (void)text;
    return stream->bytes++ < 2 ? STATUS_OK : error_set(error, STATUS_IO, "no more");
}

static void test_a_failed_write_ends_it(void **state)
{
    (void)state;
    const struct synth_options options = {.records = 100000, .seed = 8};
    struct synth_generator *generator = create(&options);
    const struct stream_operations refusing = {.write = refuse};
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct stream stream = {.operations = &refusing};
        struct error error;
        assert_int_equal(synth_generator_write(generator, threads, &stream, NULL, &error),
                         STATUS_IO);
        assert_string_equal(error.message, "no more");
    }
    synth_generator_free(generator);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    const struct synth_options options = {.records = 3000, .seed = 8, .duplicates = 500000};
    struct text_buffer whole = make_file(&options, 1);
    uint64_t before = memory_in_use();
    int status = STATUS_RESOURCES;
    for (uint64_t nth = 1; status != STATUS_OK; nth++) {
        struct memory_stream memory = {.stream = {.operations = &to_memory},
                                       .text = TEXT_BUFFER(64 << 20)};
        struct synth_generator *generator = NULL;
        struct error error;
        memory_fail_from(nth);
        status = synth_generator_create(&generator, &options, &error);
        if (status == STATUS_OK) {
            status = synth_generator_write(generator, 1, &memory.stream, NULL, &error);
        }
        memory_fail_from(0);
        assert_true(status == STATUS_OK || status == STATUS_RESOURCES);
        assert_true(status != STATUS_OK || str_equal(text_str(&memory.text), text_str(&whole)));
        synth_generator_free(generator);
        text_free(&memory.text);
        assert_true(memory_in_use() == before);
        assert_true(nth < 10000);
    }
    text_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_bytes_everywhere),
        cmocka_unit_test(test_any_rows_can_be_made_alone),
        cmocka_unit_test(test_options_matter),
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_sizes_fall_geometrically),
        cmocka_unit_test(test_records_of_a_person_are_scattered),
        cmocka_unit_test(test_the_csv_is_sound),
        cmocka_unit_test(test_a_failed_write_ends_it),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
