/* Step 1 of a matching job, and the ids of step 2: which staged rows are new. */

#include <inttypes.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/index_map.h"
#include "base/memory.h"
#include "base/random.h"
#include "empi/copy_fields.h"
#include "empi/matching_internal.h"
#include "empi/record_hash.h"

struct row_hash {
    unsigned char bytes[RECORD_HASH_BYTES];
};

/* Of equal rows the first of the file stays. */
struct staging {
    struct matching *matching;
    struct copy_fields fields;
    struct {
        VEC(struct row_hash);
    } hashes; /* of the new records */
    struct index_map map;
    uint64_t seed; /* whoever makes a file must not choose where its rows come to stand */
};

static uint64_t hash_of(const struct staging *staging, const struct row_hash *row)
{
    return XXH3_64bits_withSeed(row->bytes, sizeof row->bytes, staging->seed);
}

static bool is_equal(const void *context, uint32_t position, const void *key)
{
    const struct staging *staging = context;
    return memcmp(&staging->hashes.items[position], key, sizeof(struct row_hash)) == 0;
}

static uint64_t rehash(const void *context, uint32_t position)
{
    const struct staging *staging = context;
    return hash_of(staging, &staging->hashes.items[position]);
}

static int add_record(struct staging *staging, int64_t staging_id, const struct row_hash *row,
                      uint64_t hash, struct error *error)
{
    struct new_record record = {.staging_id = staging_id, .person = MATCH_GRAPH_NONE};
    uint32_t count = (uint32_t)staging->hashes.len + 1;
    if (count >= INDEX_MAP_NONE - 1 || !index_map_reserve(&staging->map, count, rehash, staging) ||
        !vec_push(&staging->hashes, *row) || !vec_push(&staging->matching->records, record)) {
        return error_out_of_memory(error);
    }
    index_map_add(&staging->map, hash, count - 1);
    return 0;
}

static int digit_of(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* A bytea's text: \x and two digits a byte. */
static bool read_hash(struct row_hash *out, struct str text)
{
    if (text.len != 2 + 2 * sizeof out->bytes) {
        return false;
    }
    for (size_t i = 0; i < sizeof out->bytes; i++) {
        const char *digits = text.ptr + 2 + 2 * i;
        out->bytes[i] = (unsigned char)(digit_of(digits[0]) << 4 | digit_of(digits[1]));
    }
    return true;
}

static int take_row(void *context, struct str row, struct error *error)
{
    struct staging *staging = context;
    struct matching *matching = staging->matching;
    struct row_hash key;
    int status = copy_fields_read(&staging->fields, row, 3, error);
    if (status != 0) {
        return status;
    }
    if (!read_hash(&key, staging->fields.items[1])) {
        return error_set(error, STATUS_INTERNAL, "a staged row of the database has no hash");
    }
    uint64_t hash = hash_of(staging, &key);
    bool known = str_equal(staging->fields.items[2], STR("t")) ||
                 index_map_find(&staging->map, hash, is_equal, staging, &key) != INDEX_MAP_NONE;
    if (!known) {
        status = add_record(staging, copy_fields_integer(&staging->fields, 0), &key, hash, error);
    }
    matching->report->rows++;
    return status != 0 ? status : matching_count_row(matching, matching->report->rows, 0, error);
}

static int read_rows(struct staging *staging, struct error *error)
{
    struct matching *matching = staging->matching;
    struct text_buffer sql = TEXT_BUFFER(1024);
    text_appendf(&sql,
                 "copy (\n"
                 "    select s.id, s.sha256, exists (\n"
                 "        select\n"
                 "        from empi.person_record r\n"
                 "        where r.sha256 = s.sha256\n"
                 "    )\n"
                 "    from empi.person_record_staging s\n"
                 "    where s.job_id = %" PRId64 "\n"
                 "    order by s.id\n"
                 ") to stdout",
                 matching->report->job_id);
    int status = sql.failed
                     ? error_out_of_memory(error)
                     : copy_rows_read(matching->connection, sql.ptr, take_row, staging, error);
    text_free(&sql);
    return status;
}

static int give_ids(struct matching *matching, struct error *error)
{
    size_t count = matching->records.len;
    int64_t *ids = memory_alloc_array(count, sizeof *ids);
    if (ids == NULL) {
        return error_out_of_memory(error);
    }
    int status = matching_take_ids(ids, count, matching, "empi.person_record_id_seq", error);
    for (size_t i = 0; status == 0 && i < count; i++) {
        matching->records.items[i].id = ids[i];
    }
    if (status == 0) {
        status = matching_take_ids(ids, count, matching, "empi.person_id_seq", error);
    }
    for (size_t i = 0; status == 0 && i < count; i++) {
        matching->records.items[i].person_id = ids[i];
    }
    memory_free(ids);
    return status;
}

int matching_stage(struct matching *matching, struct error *error)
{
    struct staging staging = {.matching = matching, .fields = COPY_FIELDS};
    int status = matching_phase(matching, "staging records", error);
    if (status == 0) {
        status = random_secret(&staging.seed, sizeof staging.seed, error);
    }
    if (status == 0) {
        status = read_rows(&staging, error);
    }
    copy_fields_free(&staging.fields);
    index_map_free(&staging.map);
    vec_free(&staging.hashes);
    matching->report->records = matching->records.len;
    return status == 0 && matching->records.len > 0 ? give_ids(matching, error) : status;
}
