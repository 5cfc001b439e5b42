/* Whether two paths lead to one file. */
#ifndef CMD_SAME_FILE_H
#define CMD_SAME_FILE_H

#include <stdbool.h>

/* By any name, through links, also before the file exists. Character devices do not count: they
   take whatever comes, as /dev/null does. */
bool same_file(const char *a, const char *b);

#endif
