/* What the tests of aws share. */
#ifndef TEST_AWS_SUPPORT_H
#define TEST_AWS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"

/* Runs work(context, error) again and again, with the first, the second … allocation failing, until
   it succeeds. Every failure must be STATUS_RESOURCES and leave no memory behind. */
void fail_each_allocation(int (*work)(void *context, struct error *error), void *context);

void assert_text(struct str text, const char *expected);

#endif
