#include "canned_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* Whether the request is there as a whole: its head, and as much body as the head announces. */
static bool is_whole(struct str request)
{
    const char *end = memmem(request.ptr, request.len, "\r\n\r\n", 4);
    if (end == NULL) {
        return false;
    }
    const char *length = memmem(request.ptr, request.len, "Content-Length: ", 16);
    uint64_t body = 0;
    for (const char *c = length == NULL ? end : length + 16; *c >= '0' && *c <= '9'; c++) {
        body = body * 10 + (uint64_t)(*c - '0');
    }
    return request.len >= (size_t)(end + 4 - request.ptr) + body;
}

static bool readable(struct canned_server *server, int file)
{
    struct pollfd waiting[] = {{.fd = server->stop[0], .events = POLLIN},
                               {.fd = file, .events = POLLIN}};
    poll(waiting, 2, -1);
    return waiting[0].revents == 0;
}

static void serve(struct canned_server *server, int peer)
{
    text_clear(&server->request);
    while (!is_whole(text_str(&server->request))) {
        char *room = text_reserve(&server->request, 65536);
        ssize_t got = !readable(server, peer) || room == NULL ? 0 : recv(peer, room, 65536, 0);
        if (got <= 0) {
            return;
        }
        server->request.len += (size_t)got;
    }
    if (server->silent) {
        readable(server, server->stop[0]);
        return;
    }
    for (size_t sent = 0; sent < server->answer_len;) {
        ssize_t count = send(peer, server->answer + sent, server->answer_len - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            return;
        }
        sent += (size_t)count;
    }
}

static void *run(void *context)
{
    struct canned_server *server = context;
    while (readable(server, server->listener)) {
        int peer = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer >= 0) {
            server->connections++;
            serve(server, peer);
            close(peer);
        }
    }
    return NULL;
}

static void listen_on_port(struct canned_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
}

static void listen_on_file(struct canned_server *server, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
}

void canned_server_start(struct canned_server *server, const char *path, struct str answer)
{
    *server = (struct canned_server){
        .answer = answer.ptr, .answer_len = answer.len, .request = TEXT_BUFFER(4 << 20)};
    if (path == NULL) {
        listen_on_port(server);
    } else {
        listen_on_file(server, path);
    }
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(pipe(server->stop), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void canned_server_stop(struct canned_server *server)
{
    close(server->stop[1]); /* its other end becomes readable */
    pthread_join(server->thread, NULL);
    close(server->stop[0]);
    close(server->listener);
    text_free(&server->request);
}
