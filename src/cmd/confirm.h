/* Asking before data is deleted. Thread rule: the main thread. */
#ifndef CMD_CONFIRM_H
#define CMD_CONFIRM_H

#include "base/error.h"
#include "cmd/index.h"

enum loss {
    LOSS_ALL,    /* of the data: asks in any case */
    LOSS_SCHEMA, /* with all data: asks unless there is none */
    LOSS_ADDED,  /* what later migrations have added: the same */
};

/*
 * Tells on standard error what the index holds and would lose, and reads "yes" from standard input.
 * STATUS_CANCELLED for any other answer, and for none. What comes in afterwards is lost with the rest.
 * The schema has to be at migration 1 at least, and known to this program.
 */
int confirm_loss(const struct index *index, enum loss loss, struct error *error);

#endif
