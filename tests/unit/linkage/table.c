#include "table.h"

#include "base/memory.h"

enum { MOST_COLUMNS = 16 };

static struct str cell(const char *text)
{
    return text == NULL ? (struct str){NULL, 0} : str_from(text);
}

int table_try(struct columns *out, const char *const *names, uint32_t column_count,
              const char *const *cells, uint32_t record_count, struct error *error)
{
    struct str row[MOST_COLUMNS];
    assert_true(column_count <= MOST_COLUMNS);
    for (uint32_t i = 0; i < column_count; i++) {
        row[i] = str_from(names[i]);
    }
    int status = columns_init(out, row, column_count, NULL, error);
    for (uint32_t record = 0; status == 0 && record < record_count; record++) {
        for (uint32_t i = 0; i < column_count; i++) {
            row[i] = cell(cells[(size_t)record * column_count + i]);
        }
        status = columns_append(out, row, error);
    }
    if (status == 0) {
        status = columns_seal(out, NULL, error);
    }
    if (status != 0) {
        columns_free(out);
    }
    return status;
}

void table_make(struct columns *out, const char *const *names, uint32_t column_count,
                const char *const *cells, uint32_t record_count)
{
    struct error error;
    assert_int_equal(table_try(out, names, column_count, cells, record_count, &error), 0);
}

static struct error error;

/* Whether it succeeded; a failure must be told and leave nothing behind. `tried` is the number of
   allocations. */
static bool run_once(int (*work)(void *context, struct error *error), void *context,
                     uint64_t *tried)
{
    uint64_t before = memory_in_use();
    int status = work(context, &error);
    *tried = memory_allocation_count();
    memory_fail_from(0);
    assert_int_equal(memory_in_use(), before);
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_RESOURCES);
        assert_int_equal(error.status, STATUS_RESOURCES);
    }
    return status == STATUS_OK;
}

unsigned table_fail_every_allocation(int (*work)(void *context, struct error *error), void *context)
{
    enum { ENOUGH = 100000 };
    uint64_t tried;
    unsigned failures = 0;
    for (bool done = false; !done; failures += !done) {
        memory_fail_from(failures + 1);
        done = run_once(work, context, &tried);
        assert_true(failures < ENOUGH);
    }
    for (uint64_t nth = 1, reached = 0; nth <= reached + 1; nth++) {
        memory_fail_only(nth);
        run_once(work, context, &reached);
        assert_true(nth < ENOUGH);
    }
    return failures;
}
