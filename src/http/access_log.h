/* The access log: a line a request, without a query, a header, a body, or the path that was called,
   all of which may name somebody. Any thread. */
#ifndef HTTP_ACCESS_LOG_H
#define HTTP_ACCESS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "http/exchange.h"

/* `sent`: bytes of the body as they went over. `whole`: the client got all of it. */
void access_log_write(const struct http_exchange *exchange,
                      const char *(*user_name)(const struct http_exchange *exchange), uint64_t sent,
                      double seconds, bool whole);

#endif
