/* How much memory the program may count on, and how much it has used. */
#ifndef CMD_FREE_MEMORY_H
#define CMD_FREE_MEMORY_H

#include <stdint.h>

/* Bytes that can be allocated without pushing others out: what the kernel calls available, or what
   the control group still allows when that is less. 0 when neither can be told. */
uint64_t free_memory(void);

/* The most bytes that this process has had in memory so far; 0 when that cannot be told. */
uint64_t peak_memory(void);

#endif
