/*
 * The HTTP API of an opened index, as `tuva-empi api` and `tuva-empi run-dev` serve it.
 *
 * Thread rule: the main thread.
 */
#ifndef CMD_API_SERVER_H
#define CMD_API_SERVER_H

#include "base/error.h"
#include "cmd/index.h"

struct api_server;

/* For struct index_options: nobody waits longer for a page while a first large import is written. */
enum { API_LOCK_SECONDS = 3 };

/* Listens as the configuration says, and says so in the log. The index must outlive it. */
int api_server_start(struct api_server **out, struct index *index, struct error *error);

/* Takes no more requests, and waits up to 30 seconds for those at work. NULL is fine. */
void api_server_stop(struct api_server *server);

/* Waits until the program is asked to stop. */
int api_server_await_stop(struct error *error);

struct identity *api_server_identity(const struct api_server *server);

#endif
