/* Asking before data is deleted. Thread rule: the main thread. */
#ifndef CMD_CONFIRM_H
#define CMD_CONFIRM_H

#include <stdbool.h>

#include "base/error.h"
#include "cmd/index.h"

/*
 * Tells on standard error what the index holds and would lose, and reads "yes" from standard input.
 * STATUS_CANCELLED for any other answer, and for none. `even_empty`: asks as well when the index holds
 * no records. The schema has to be there.
 */
int confirm_loss(const struct index *index, bool even_empty, struct error *error);

#endif
