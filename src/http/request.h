/*
 * What the files of the server share: the server, and one request on its way through it.
 *
 * server.c takes what libmicrohttpd calls back, request.c decides and has it handled, answer.c sends.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "http/body.h"
#include "http/client_address.h"
#include "http/connections.h"
#include "http/cors.h"
#include "http/download.h"
#include "http/gate.h"
#include "http/server.h"

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    struct http_connections *connections;
    struct http_gate gate;    /* requests that are worked on */
    struct http_gate uploads; /* forms with files that come in, or are worked on */
    bool gate_is_open;
    bool uploads_are_open;
    struct http_proxies proxies; /* the ranges are the server's own */
    int listening;               /* the socket; -1 once libmicrohttpd has given it up */
    uint16_t port;
    char *certificate; /* NUL-terminated PEM */
    char *key;
};

enum http_request_stage {
    HTTP_REQUEST_HEAD,    /* only its target is known */
    HTTP_REQUEST_BODY,    /* admitted; its body comes in */
    HTTP_REQUEST_DISCARD, /* its body is at fault, and the rest of it is read for politeness */
    HTTP_REQUEST_ANSWERED,
};

struct http_request {
    struct http_exchange exchange;
    struct http_server *server;
    struct http_connection *connection;
    struct MHD_Connection *mhd;
    enum http_request_stage stage;
    struct str target;
    struct ip_address peer;
    bool plain_head; /* as http_raw_head_is_plain() says */
    struct http_cors cors;
    struct http_body_reader body;
    uint64_t discarded;
    bool holds_place; /* in the gate */
    bool uploads;     /* holds a place in the other gate */
    bool entered;     /* admit() was called, so leave() will be */
    bool close;       /* the connection, after the answer */
    bool old_client;  /* speaks HTTP/1.0 */
    struct http_download *download;
    uint64_t sent; /* bytes of the answer's body */
    double began;
};

/* request.c. Where these return false the exchange is answered. */

/* Everything that is checked before the body, in the order of server.h. */
bool http_request_begin(struct http_request *request, struct str method, struct str version);
/* false when what comes no longer matters; the answer tells why. */
bool http_request_feed(struct http_request *request, struct str piece);
/* The body is there: has it handled. The exchange is answered in any case. */
void http_request_handle(struct http_request *request);
/* It is over: gives everything back. */
void http_request_end(struct http_request *request);

/* answer.c */

/* Hands the exchange's answer to libmicrohttpd; MHD_NO when it will not have it. */
enum MHD_Result http_answer_send(struct http_request *request);
/* Sends the answer by ourselves, while libmicrohttpd still reads the body. The connection is to be
   closed after it. */
void http_answer_interrupt(struct http_request *request);

#endif
