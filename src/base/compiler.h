/* Compiler attributes in one place, so that headers stay readable. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

/* The result tells of a failure and must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* The compiler checks the arguments of a printf-like function: `text` and `first` count from 1. */
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* Branch hints for the engine's inner loops only; elsewhere they are noise. */
#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
