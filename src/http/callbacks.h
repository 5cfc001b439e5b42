/*
 * What libmicrohttpd calls, each in the connection's thread, but for the beginning of a connection,
 * which is told in the thread that accepts. `context` is the server.
 */
#ifndef HTTP_CALLBACKS_H
#define HTTP_CALLBACKS_H

#include <microhttpd.h>
#include <stdarg.h>

#include "base/compiler.h"

/* As soon as the request line is read: `uri` is the target as it was sent. Gives the request. */
void *http_callback_begin(void *context, const char *uri, struct MHD_Connection *mhd);

/* In place of decoding, which cuts a target at %00; we have a copy of it already. */
size_t http_callback_unescape(void *context, struct MHD_Connection *mhd, char *text);

/* With the head, with each piece of the body, and with nothing when all is there. */
enum MHD_Result http_callback_handle(void *context, struct MHD_Connection *mhd, const char *uri,
                                     const char *method, const char *version, const char *data,
                                     size_t *data_size, void **request_context);

void http_callback_end(void *context, struct MHD_Connection *mhd, void **request_context,
                       enum MHD_RequestTerminationCode code);

void http_callback_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                              enum MHD_ConnectionNotificationCode code);

/* Its words, mostly on clients that went away. */
void http_callback_log(void *context, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

#endif
