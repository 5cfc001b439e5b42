#include "support.h"

#include "base/memory.h"
#include "http/response.h"

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
        assert_true(failures < 10000);
    }
}

void exchange_begin(struct http_exchange *out, const char *const *headers)
{
    static struct http_field fields[16];
    struct error error;
    assert_int_equal(http_exchange_begin(out, &error), STATUS_OK);
    size_t count = 0;
    for (; headers != NULL && headers[count] != NULL; count++) {
        const char *colon = strchr(headers[count], ':');
        assert_true(colon != NULL && count < 16);
        fields[count].name = (struct str){headers[count], (size_t)(colon - headers[count])};
        fields[count].value = str_from(colon + 2);
    }
    out->headers = (struct http_fields){fields, count};
}
