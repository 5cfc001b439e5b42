/* The files of the AWS command line: read or refused, by line. The first byte says which of both. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "aws/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct aws_profiles profiles = {0};
    struct error error;
    struct str text = {(const char *)data + 1, size - 1};
    if (aws_profiles_read(&profiles, text, "file", (data[0] & 1) != 0, &error) == 0) {
        for (size_t i = 0; i < profiles.len; i++) {
            const struct aws_profile_entry *entry = &profiles.items[i];
            if (!aws_profiles_has(&profiles, entry->kind, entry->name) ||
                (entry->key != NULL && entry->value == NULL)) {
                abort();
            }
        }
    }
    aws_profiles_free(&profiles);
    return 0;
}
