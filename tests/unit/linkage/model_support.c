#include "model_support.h"

#include <stdio.h>

#include "base/memory.h"

struct text_buffer read_file(const char *path)
{
    struct text_buffer text = TEXT_BUFFER(64 << 20);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s cannot be read", path);
        return text;
    }
    for (;;) {
        enum { STEP = 1 << 16 };
        char *room = text_reserve(&text, STEP + 1);
        assert_non_null(room);
        size_t got = fread(room, 1, STEP, file);
        room[got] = '\0';
        text.len += got;
        if (got == 0) {
            break;
        }
    }
    fclose(file);
    return text;
}

unsigned fail_every_allocation(int (*work)(void *context, struct error *error), void *context)
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
        assert_true(failures < 1000000);
    }
}
