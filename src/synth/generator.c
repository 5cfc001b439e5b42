#include "synth/generator.h"

#include <assert.h>

#include "base/csv.h"
#include "base/memory.h"
#include "base/threads.h"
#include "synth/permutation.h"

enum {
    BATCH_ROWS = 4096,        /* some 600 KiB: small enough for a second-level cache */
    BATCH_BYTES_MAX = 8 << 20 /* 15 fields of 96 bytes, each quoted, would be 6 MiB */
};

struct synth_generator {
    struct synth_options options;
    struct synth_world *world;
    /*
     * All records, before the shuffle, stand in rounds: first one record of everybody, then a
     * second one of those who have it, and so on. starts[k] is where round k begins; within a
     * round stand the people of rank 0, 1, …, so that whoever has a third record has a second.
     */
    uint32_t rounds;
    uint64_t starts[SYNTH_ROUNDS + 1];
    struct synth_permutation rows;   /* row → record before the shuffle */
    struct synth_permutation people; /* rank → number, so that low numbers have no more records */
};

/* Sizes of the rounds. Rounding down loses a record a round; these go to the first rounds, as far
   as the round before allows. */
static void plan_rounds(struct synth_generator *generator)
{
    const uint64_t unit = 1000000;
    uint64_t records = generator->options.records;
    uint64_t factor = generator->options.duplicates;
    uint64_t extra = records * factor / (unit + factor);
    uint64_t counts[SYNTH_ROUNDS] = {records - extra};
    uint64_t left = extra;
    for (uint32_t k = 1; k < SYNTH_ROUNDS && left > 0; k++) {
        uint64_t wanted = counts[k - 1] * factor / (unit + factor);
        counts[k] = wanted < left ? wanted : left;
        left -= counts[k];
    }
    for (uint32_t k = 1; k < SYNTH_ROUNDS && left > 0; k++) {
        uint64_t room = counts[k - 1] - counts[k];
        uint64_t more = room < left ? room : left;
        counts[k] += more;
        left -= more;
    }
    /* Everybody in every round makes 256 records a person; F is at most 10. */
    assert(left == 0);
    while (generator->rounds < SYNTH_ROUNDS && counts[generator->rounds] > 0) {
        generator->starts[generator->rounds + 1] =
            generator->starts[generator->rounds] + counts[generator->rounds];
        generator->rounds++;
    }
}

int synth_generator_create(struct synth_generator **out, const struct synth_options *options,
                           struct error *error)
{
    assert(options->records > 0 && options->records <= SYNTH_MAX_RECORDS &&
           options->duplicates <= SYNTH_MAX_DUPLICATES);
    struct synth_generator *generator = memory_alloc_zeroed(1, sizeof *generator);
    if (generator == NULL) {
        return error_out_of_memory(error);
    }
    generator->options = *options;
    plan_rounds(generator);
    synth_permutation_build(&generator->rows, options->records,
                            synth_mix(options->seed, SYNTH_STREAM_ROWS, 0));
    synth_permutation_build(&generator->people, generator->starts[1],
                            synth_mix(options->seed, SYNTH_STREAM_PEOPLE, 0));
    int status = synth_world_create(&generator->world, options->seed, options->households, error);
    if (status != STATUS_OK) {
        synth_generator_free(generator);
        return status;
    }
    *out = generator;
    return STATUS_OK;
}

void synth_generator_free(struct synth_generator *generator)
{
    if (generator != NULL) {
        synth_world_free(generator->world);
        memory_free(generator);
    }
}

uint64_t synth_generator_people(const struct synth_generator *generator)
{
    return generator->starts[1];
}

/* Most records are in the first two rounds, so the search from the front is short. */
void synth_generator_locate(const struct synth_generator *generator, uint64_t row, uint64_t *person,
                            uint32_t *ordinal)
{
    uint64_t record = synth_permutation_at(&generator->rows, row);
    uint32_t round = 0;
    while (record >= generator->starts[round + 1]) {
        round++;
    }
    *person = synth_permutation_at(&generator->people, record - generator->starts[round]);
    *ordinal = round;
}

void synth_generator_append_header(struct text_buffer *out)
{
    for (int i = 0; i < SYNTH_FIELD_COUNT; i++) {
        if (i > 0) {
            text_append_char(out, ',');
        }
        text_append(out, str_from(synth_field_names[i]));
    }
    text_append_char(out, '\n');
}

void synth_generator_append_rows(const struct synth_generator *generator, uint64_t row,
                                 uint64_t count, struct text_buffer *out)
{
    struct synth_record record;
    for (uint64_t end = row + count; row < end; row++) {
        uint64_t person;
        uint32_t ordinal;
        synth_generator_locate(generator, row, &person, &ordinal);
        synth_record_make(&record, generator->world, generator->options.errors, person, ordinal);
        for (int i = 0; i < SYNTH_FIELD_COUNT; i++) {
            struct str text = synth_text_str(&record.fields[i]);
            if (i > 0) {
                text_append_char(out, ',');
            }
            csv_append_field(out, text.len > 0 ? text : (struct str){0});
        }
        text_append_char(out, '\n');
    }
}

struct writing {
    const struct synth_generator *generator;
    struct text_buffer *slots;
    struct stream *out;
    const struct synth_progress *progress;
};

static int produce(void *context, struct threads_order *order, unsigned worker, uint64_t batch,
                   unsigned slot, struct error *error)
{
    (void)order;
    (void)worker;
    struct writing *writing = context;
    struct text_buffer *buffer = &writing->slots[slot];
    uint64_t row = batch * BATCH_ROWS;
    uint64_t left = writing->generator->options.records - row;
    text_clear(buffer);
    synth_generator_append_rows(writing->generator, row, left < BATCH_ROWS ? left : BATCH_ROWS,
                                buffer);
    /* The maximum is out of reach, so only memory can have failed. */
    return buffer->failed ? error_out_of_memory(error) : STATUS_OK;
}

static int consume(void *context, uint64_t batch, unsigned slot, struct error *error)
{
    struct writing *writing = context;
    if (writing->progress != NULL) {
        writing->progress->show(writing->progress->context, batch * BATCH_ROWS);
    }
    return stream_write(writing->out, text_str(&writing->slots[slot]), error);
}

static int write_header(struct stream *out, struct error *error)
{
    struct text_buffer header = TEXT_BUFFER(4096);
    synth_generator_append_header(&header);
    int status =
        header.failed ? error_out_of_memory(error) : stream_write(out, text_str(&header), error);
    text_free(&header);
    return status;
}

int synth_generator_write(const struct synth_generator *generator, unsigned threads,
                          struct stream *out, const struct synth_progress *progress,
                          struct error *error)
{
    unsigned slots = threads_slots(threads);
    struct writing writing = {.generator = generator, .out = out, .progress = progress};
    int status = write_header(out, error);
    if (status != STATUS_OK) {
        return status;
    }
    writing.slots = memory_alloc_array(slots, sizeof *writing.slots);
    if (writing.slots == NULL) {
        return error_out_of_memory(error);
    }
    for (unsigned i = 0; i < slots; i++) {
        writing.slots[i] = TEXT_BUFFER(BATCH_BYTES_MAX);
    }
    const struct threads_ordered work = {produce, consume, &writing};
    uint64_t batches = (generator->options.records + BATCH_ROWS - 1) / BATCH_ROWS;
    status = threads_run_ordered(&work, batches, threads, error);
    for (unsigned i = 0; i < slots; i++) {
        text_free(&writing.slots[i]);
    }
    memory_free(writing.slots);
    return status;
}
