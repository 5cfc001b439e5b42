#include "empi/record_hash.h"

#include <openssl/evp.h>
#include <stdint.h>

#include "base/memory.h"

struct record_hash {
    EVP_MD *algorithm; /* fetched once: looking it up costs more than a row does */
    EVP_MD_CTX *context;
    struct text_buffer row;
};

/* Fifteen values of the longest row that CSV allows, with their lengths, are well below. */
enum { MOST_BYTES = 64 << 20 };

int record_hash_open(struct record_hash **out, struct error *error)
{
    struct record_hash *hash = memory_alloc_zeroed(1, sizeof *hash);
    if (hash == NULL) {
        return error_out_of_memory(error);
    }
    hash->row = TEXT_BUFFER(MOST_BYTES);
    hash->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    hash->context = EVP_MD_CTX_new();
    if (hash->algorithm == NULL || hash->context == NULL) {
        record_hash_close(hash);
        return error_set(error, STATUS_INTERNAL, "OpenSSL has no SHA-256");
    }
    *out = hash;
    return 0;
}

static void append_length(struct text_buffer *out, size_t length)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + length % 10);
        length /= 10;
    } while (length > 0);
    text_append(out, (struct str){digits + at, sizeof digits - at});
}

int record_hash_make(unsigned char out[RECORD_HASH_BYTES], struct record_hash *hash,
                     const struct str *values, struct error *error)
{
    text_clear(&hash->row);
    for (size_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (values[i].ptr != NULL) {
            append_length(&hash->row, values[i].len);
        }
        text_append_char(&hash->row, ':');
        text_append(&hash->row, values[i]);
    }
    if (hash->row.failed) {
        return error_out_of_memory(error);
    }
    unsigned length = 0;
    if (EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL) != 1 ||
        EVP_DigestUpdate(hash->context, hash->row.ptr, hash->row.len) != 1 ||
        EVP_DigestFinal_ex(hash->context, out, &length) != 1 || length != RECORD_HASH_BYTES) {
        return error_set(error, STATUS_INTERNAL, "OpenSSL cannot make a SHA-256");
    }
    return 0;
}

void record_hash_close(struct record_hash *hash)
{
    if (hash == NULL) {
        return;
    }
    EVP_MD_CTX_free(hash->context);
    EVP_MD_free(hash->algorithm);
    text_free(&hash->row);
    memory_free(hash);
}
