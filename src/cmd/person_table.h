/* Persons and their records for people. Thread rule: one thread. */
#ifndef CMD_PERSON_TABLE_H
#define CMD_PERSON_TABLE_H

#include "base/str.h"
#include "empi/persons.h"

/* A line on the person, and a table of its records: columns that none of them has are left out. Then
   what stewards said of them, if they did. */
void person_table_append(struct text_buffer *out, const struct person *person);

#endif
