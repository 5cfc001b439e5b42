/*
 * What goes wrong between a person's mouth and a database: one mistake at a time.
 *
 * Every function leaves valid UTF-8: mistakes are made among ASCII letters and digits only.
 * Any thread.
 */
#ifndef SYNTH_CORRUPTION_H
#define SYNTH_CORRUPTION_H

#include <stdbool.h>

#include "base/random.h"
#include "synth/calendar.h"
#include "synth/text.h"

/* One slip in a word: a neighbouring key, a letter lost, doubled or swapped with the next, a
   misread shape (rn for m), a spelling by ear (ph for f). Nothing happens to a text without
   letters. */
void synth_corrupt_word(struct synth_text *text, struct random *random);

/* One slip in the digits from byte `first` on: a neighbouring key or similar shape, two swapped,
   one lost or doubled. Nothing happens when there are none. */
void synth_corrupt_digits(struct synth_text *text, size_t first, struct random *random);

/* Day and month swapped, a part of the date off, digits of the year swapped. The date stays one
   that exists, between 1900 and 2025. */
void synth_corrupt_date(struct synth_date *date, struct random *random);

/* Letters of the Latin-1 range lose their accents; false when there were none. */
bool synth_strip_accents(struct synth_text *text);

#endif
