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

unsigned table_fail_every_allocation(int (*work)(void *context, struct error *error), void *context)
{
    static struct error error;
    for (unsigned failures = 0;; failures++) {
        uint64_t before = memory_in_use();
        memory_fail_from(failures + 1);
        int status = work(context, &error);
        memory_fail_from(0);
        assert_int_equal(memory_in_use(), before);
        if (status == STATUS_OK) {
            return failures;
        }
        assert_int_equal(status, STATUS_RESOURCES);
        assert_int_equal(error.status, STATUS_RESOURCES);
        assert_true(failures < 100000);
    }
}
