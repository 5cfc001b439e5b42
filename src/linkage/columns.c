#include "linkage/columns.h"

#include <pthread.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/vec.h"

/* The most records, so that a record number and a code (distinct texts + NULL) fit 32 bits. */
#define MAX_RECORDS (UINT32_MAX - 2)

/* ---- dictionary ---- */

/* Seeded by chance: nobody can write a file whose texts all fall on one place. Codes are numbered as
   texts first appear, so results do not depend on it. */
static uint64_t seed;

static void choose_seed(void)
{
    struct error ignored;
    if (random_secret(&seed, sizeof seed, &ignored) != 0) {
        seed = (uint64_t)(uintptr_t)&seed; /* where the kernel put the program by chance */
    }
}

static uint64_t text_hash(struct str text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose_seed);
    return XXH3_64bits_withSeed(text.ptr, text.len, seed);
}

/* The map holds positions 0 …, the codes start at 1. */
static bool code_equals(const void *context, uint32_t position, const void *key)
{
    return str_equal(dictionary_text(context, position + 1), *(const struct str *)key);
}

static uint64_t rehash_code(const void *context, uint32_t position)
{
    return text_hash(dictionary_text(context, position + 1));
}

static int dictionary_reserve(struct dictionary *dictionary, size_t bytes)
{
    /* Room even for nothing: the empty text must not look like NULL. */
    if (dictionary->bytes == NULL || dictionary->bytes_len + bytes > dictionary->bytes_cap) {
        void *items = dictionary->bytes;
        if (!vec_grow(&items, &dictionary->bytes_cap, dictionary->bytes_len + bytes, 1)) {
            return STATUS_RESOURCES;
        }
        dictionary->bytes = items;
    }
    size_t ends = (size_t)dictionary->count + 2;
    if (ends > dictionary->ends_cap) {
        void *items = dictionary->ends;
        if (!vec_grow(&items, &dictionary->ends_cap, ends, sizeof *dictionary->ends)) {
            return STATUS_RESOURCES;
        }
        dictionary->ends = items;
        dictionary->ends[0] = 0;
    }
    return index_map_reserve(&dictionary->map, dictionary->count + 1, rehash_code, dictionary)
               ? 0
               : STATUS_RESOURCES;
}

int dictionary_code(struct dictionary *dictionary, struct str text, uint32_t *out,
                    struct error *error)
{
    *out = COLUMNS_CODE_NULL;
    if (text.ptr == NULL) {
        return 0;
    }
    uint64_t hash = text_hash(text);
    uint32_t position = index_map_find(&dictionary->map, hash, code_equals, dictionary, &text);
    if (position != INDEX_MAP_NONE) {
        *out = position + 1;
        return 0;
    }
    if (dictionary->count == MAX_RECORDS) {
        return error_set(error, STATUS_RESOURCES, "a column has more than %u distinct values",
                         (unsigned)MAX_RECORDS);
    }
    if (dictionary_reserve(dictionary, text.len) != 0) {
        return error_out_of_memory(error);
    }
    if (text.len > 0) {
        memcpy(dictionary->bytes + dictionary->bytes_len, text.ptr, text.len);
    }
    dictionary->bytes_len += text.len;
    dictionary->ends[dictionary->count + 1] = dictionary->bytes_len;
    index_map_add(&dictionary->map, hash, dictionary->count);
    *out = ++dictionary->count;
    return 0;
}

uint32_t dictionary_find(const struct dictionary *dictionary, struct str text)
{
    if (text.ptr == NULL) {
        return COLUMNS_CODE_NULL;
    }
    uint32_t position =
        index_map_find(&dictionary->map, text_hash(text), code_equals, dictionary, &text);
    return position == INDEX_MAP_NONE ? UINT32_MAX : position + 1;
}

void dictionary_free(struct dictionary *dictionary)
{
    memory_free(dictionary->bytes);
    memory_free(dictionary->ends);
    index_map_free(&dictionary->map);
    *dictionary = (struct dictionary){0};
}

/* ---- columns ---- */

int columns_init(struct columns *out, const struct str *names, uint32_t count,
                 const struct column_set *used, struct error *error)
{
    *out = (struct columns){0};
    if (count > COLUMNS_MAX) {
        return error_set(error, STATUS_INVALID, "%u columns are more than the limit of %d", count,
                         COLUMNS_MAX);
    }
    out->items = memory_alloc_zeroed(count, sizeof *out->items);
    if (out->items == NULL) {
        return error_out_of_memory(error);
    }
    for (uint32_t i = 0; i < count; i++) {
        char *name = memory_alloc(names[i].len + 1);
        if (name == NULL) {
            columns_free(out);
            return error_out_of_memory(error);
        }
        memcpy(name, names[i].ptr, names[i].len);
        name[names[i].len] = '\0';
        out->items[i].name = name;
        out->items[i].used = used == NULL || column_set_has(used, i);
        out->column_count++;
    }
    return 0;
}

int columns_append(struct columns *columns, const struct str *values, struct error *error)
{
    if (columns->record_count == MAX_RECORDS) {
        return error_set(error, STATUS_RESOURCES, "there are more than %u records",
                         (unsigned)MAX_RECORDS);
    }
    for (uint32_t i = 0; i < columns->column_count; i++) {
        struct column *column = &columns->items[i];
        if (!column->used) {
            continue;
        }
        if (columns->record_count >= column->codes_cap) {
            void *items = column->codes;
            if (!vec_grow(&items, &column->codes_cap, (size_t)columns->record_count + 1,
                          sizeof *column->codes)) {
                return error_out_of_memory(error);
            }
            column->codes = items;
        }
        int status = dictionary_code(&column->dictionary, values[i],
                                     &column->codes[columns->record_count], error);
        if (status != 0) {
            return status;
        }
    }
    columns->record_count++;
    return 0;
}

/* Codes in the new order, in an array of just the right size. */
static int seal_codes(struct column *column, uint32_t count, const uint32_t *order)
{
    uint32_t *codes = memory_alloc_array(count, sizeof *codes);
    if (codes == NULL) {
        return STATUS_RESOURCES;
    }
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = column->codes[order == NULL ? i : order[i]];
    }
    memory_free(column->codes);
    column->codes = codes;
    column->codes_cap = count;
    return 0;
}

/* Gives spare room back; that it cannot is no failure. */
static void shrink_dictionary(struct dictionary *dictionary)
{
    index_map_free(&dictionary->map);
    void *bytes = dictionary->bytes_len == 0
                      ? NULL
                      : memory_resize_array(dictionary->bytes, dictionary->bytes_len, 1);
    if (bytes != NULL) {
        dictionary->bytes = bytes;
        dictionary->bytes_cap = dictionary->bytes_len;
    }
    size_t count = (size_t)dictionary->count + 1;
    void *ends = dictionary->ends == NULL
                     ? NULL
                     : memory_resize_array(dictionary->ends, count, sizeof *dictionary->ends);
    if (ends != NULL) {
        dictionary->ends = ends;
        dictionary->ends_cap = count;
    }
}

int columns_seal(struct columns *columns, const uint32_t *order, struct error *error)
{
    for (uint32_t i = 0; i < columns->column_count; i++) {
        shrink_dictionary(&columns->items[i].dictionary);
    }
    for (uint32_t i = 0; i < columns->column_count; i++) {
        if (columns->items[i].used &&
            seal_codes(&columns->items[i], columns->record_count, order) != 0) {
            return error_out_of_memory(error);
        }
    }
    columns->sealed = true;
    return 0;
}

uint32_t columns_find(const struct columns *columns, struct str name)
{
    for (uint32_t i = 0; i < columns->column_count; i++) {
        if (str_equal_ignoring_case(str_from(columns->items[i].name), name)) {
            return i;
        }
    }
    return UINT32_MAX;
}

void columns_free(struct columns *columns)
{
    for (uint32_t i = 0; i < columns->column_count; i++) {
        memory_free(columns->items[i].name);
        memory_free(columns->items[i].codes);
        dictionary_free(&columns->items[i].dictionary);
    }
    memory_free(columns->items);
    *columns = (struct columns){0};
}
