/*
 * MD5 (RFC 1321), for md5() in conditions only: as a fingerprint of text it is fine, for anything
 * an opponent could gain from it is broken.
 */
#ifndef LINKAGE_MD5_H
#define LINKAGE_MD5_H

#include "base/str.h"

/* The digest of `text` as 32 hexadecimal digits, no terminator. Any thread. */
void md5_hex(struct str text, char out[32]);

#endif
