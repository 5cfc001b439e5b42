/*
 * The installation's secrets: random keys in the table empi.secret, made by whoever needs one first
 * and the same for all processes of the installation from then on.
 *
 * Thread rule: any thread.
 */
#ifndef IDENTITY_SECRET_H
#define IDENTITY_SECRET_H

#include "base/error.h"
#include "store/store.h"

enum { SECRET_BYTES = 32 };

int secret_take(unsigned char out[SECRET_BYTES], struct connection *connection, const char *name,
                struct error *error);

/* A key for one purpose: from the installation's secret and, when it is not empty, a configured text,
   so that a copy of the database alone does not tell it. */
void secret_derive(unsigned char out[SECRET_BYTES], const unsigned char secret[SECRET_BYTES],
                   const char *configured, const char *purpose);

#endif
