/*
 * What a Content-Type or a Content-Disposition says: a type, and parameters.
 *
 * Thread rule: any thread.
 */
#ifndef HTTP_MEDIA_TYPE_H
#define HTTP_MEDIA_TYPE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* The part before the first ";", trimmed: "multipart/form-data". Compare it ignoring case. */
struct str http_media_type(struct str header);

/*
 * The value of parameter `name` (in lower case), without its quotes; in a quoted one \" and \\ stand
 * for " and \, while other backslashes are themselves, as browsers send the names of files. *out has
 * ptr NULL when there is none. false when the header is malformed up to there, or says it twice, or
 * memory is used up (arena->failed then).
 */
bool http_media_parameter(struct str *out, struct str header, const char *name,
                          struct arena *arena);

/* Takes the first item off a header such as Accept: *out is its name, without parameters. false when
   these say "q=0": it is not wanted. */
bool http_take_accepted(struct str *out, struct str *rest);

#endif
