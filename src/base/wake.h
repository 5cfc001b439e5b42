/*
 * What interrupts waiting: a descriptor that becomes readable when the program is asked to stop.
 * Reading a pipe, or writing to one, may otherwise wait for ever for somebody else.
 *
 * Thread rule: any thread.
 */
#ifndef BASE_WAKE_H
#define BASE_WAKE_H

#include "base/error.h"

/* From now on waiting ends when this is readable; it is never read. -1, as in the beginning: nothing
   ends it. */
void wake_set(int descriptor);

/* That descriptor, for those who wait for several things themselves; -1: there is none. */
int wake_descriptor(void);

/* Waits until `file` can be read or written, as `events` says in the words of poll(2), or returns
   STATUS_CANCELLED. Files on a disk always can. */
int wake_await(int file, short events, struct error *error);

#endif
