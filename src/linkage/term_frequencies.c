#include "linkage/term_frequencies.h"

#include "base/memory.h"

int term_frequencies_count(struct term_frequencies *out, const struct columns *columns,
                           uint32_t column, struct error *error)
{
    *out = (struct term_frequencies){0};
    const struct column *source = &columns->items[column];
    uint32_t codes = source->dictionary.count + 1;
    out->counts = memory_alloc_zeroed(codes, sizeof *out->counts);
    out->log2_frequency = memory_alloc_array(codes, sizeof *out->log2_frequency);
    if (out->counts == NULL || out->log2_frequency == NULL) {
        term_frequencies_free(out);
        return error_out_of_memory(error);
    }
    for (uint32_t i = 0; i < columns->record_count; i++) {
        out->counts[source->codes[i]]++;
    }
    out->total = columns->record_count - out->counts[COLUMNS_CODE_NULL];
    out->counts[COLUMNS_CODE_NULL] = 0;
    out->log2_frequency[COLUMNS_CODE_NULL] = NAN;
    for (uint32_t code = 1; code < codes; code++) {
        double frequency = log2((double)out->counts[code] / (double)out->total);
        out->log2_frequency[code] = frequency;
        out->lowest = code == 1 || frequency < out->lowest ? frequency : out->lowest;
        out->highest = code == 1 || frequency > out->highest ? frequency : out->highest;
    }
    return 0;
}

void term_frequencies_free(struct term_frequencies *table)
{
    memory_free(table->counts);
    memory_free(table->log2_frequency);
    *table = (struct term_frequencies){0};
}
