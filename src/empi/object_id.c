#include "empi/object_id.h"

#include "base/number_text.h"

bool object_id_parse(int64_t *out, struct str text, const char *prefix)
{
    struct str before = str_from(prefix);
    if (!str_starts_with(text, before)) {
        return false;
    }
    struct str digits = {text.ptr + before.len, text.len - before.len};
    bool first = digits.len > 0 && digits.ptr[0] >= '1' && digits.ptr[0] <= '9';
    return first && integer_from_text(digits, out);
}

bool object_id_is_uuid(struct str text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.len != sizeof shape - 1) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (shape[i] == '-' ? c != '-' : !digit) {
            return false;
        }
    }
    return true;
}

bool object_id_parse_person(char out[OBJECT_ID_UUID_SIZE], struct str text)
{
    struct str before = STR(OBJECT_ID_PERSON);
    struct str uuid = {text.ptr + before.len, text.len - before.len};
    if (!str_starts_with(text, before) || !object_id_is_uuid(uuid)) {
        return false;
    }
    memcpy(out, uuid.ptr, uuid.len);
    out[uuid.len] = '\0';
    return true;
}
