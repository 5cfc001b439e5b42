#include "support.h"

#include "base/memory.h"

void fail_each_allocation(int (*work)(void *context, struct error *error), void *context)
{
    struct error error;
    int status = STATUS_RESOURCES;
    for (uint64_t nth = 1; status != 0; nth++) {
        uint64_t before = memory_in_use();
        memory_fail_only(nth);
        status = work(context, &error);
        memory_fail_only(0);
        assert_true(status == 0 || status == STATUS_RESOURCES);
        assert_int_equal(memory_in_use(), before);
        assert_true(nth < 100000);
    }
}

void assert_text(struct str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.len == 0 ? "" : text.ptr, expected, text.len);
}
