/* Answers of S3 and STS: whatever arrives is read or refused, within the limits. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "aws/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xml xml;
    struct error error;
    if (xml_read(&xml, (struct str){(const char *)data, size}, &error) != 0) {
        return 0;
    }
    for (size_t i = 0; i < xml.count; i++) {
        struct str path = xml.items[i].path;
        /* Each can be found by its own path, in which names are not empty. */
        if (path.len == 0 || path.ptr[0] == '/' || xml_find(&xml, path.ptr).ptr == NULL ||
            xml.items[i].text.ptr[xml.items[i].text.len] != '\0') {
            abort();
        }
    }
    xml_free(&xml);
    return 0;
}
