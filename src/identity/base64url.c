#include "identity/base64url.h"

#include <sodium.h>

char *base64url_encode(struct arena *arena, const void *bytes, size_t size)
{
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    size_t room = sodium_base64_encoded_len(size, variant); /* with the NUL */
    char *text = arena_alloc(arena, room);
    return text == NULL ? NULL : sodium_bin2base64(text, room, bytes, size, variant);
}

struct str base64url_decode(struct arena *arena, struct str text, bool *out_of_memory)
{
    size_t room = text.len / 4 * 3 + 3;
    unsigned char *bytes = arena_alloc(arena, room + 1);
    *out_of_memory = bytes == NULL;
    size_t size = 0;
    if (bytes == NULL || sodium_base642bin(bytes, room, text.ptr, text.len, NULL, &size, NULL,
                                           sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
        return (struct str){NULL, 0};
    }
    bytes[size] = '\0';
    return (struct str){(const char *)bytes, size};
}
