#include "aws/retry.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"

#define FIRST_PAUSE   0.5
#define LONGEST_PAUSE 20.0

enum { MOST_ARENA = 64 << 10 };

int aws_retry_wait(unsigned failed, int stop_descriptor, struct error *error)
{
    double most = FIRST_PAUSE;
    for (unsigned i = 1; i < failed && most < LONGEST_PAUSE; i++) {
        most *= 2;
    }
    most = most < LONGEST_PAUSE ? most : LONGEST_PAUSE;
    uint64_t draw;
    int status = random_secret(&draw, sizeof draw, error);
    if (status != 0) {
        return status;
    }
    double until = clock_monotonic() + most * (double)(draw >> 11) * 0x1p-53;
    struct pollfd stop = {.fd = stop_descriptor > 0 ? stop_descriptor : -1, .events = POLLIN};
    for (double left; (left = until - clock_monotonic()) > 0;) {
        int ready = poll(&stop, 1, (int)(left * 1000) + 1);
        if (ready > 0) {
            return error_set(error, STATUS_CANCELLED, "asked to stop");
        }
        if (ready < 0 && errno != EINTR) {
            return error_system(error, errno, "cannot wait");
        }
    }
    return 0;
}

/* ---- one attempt ---- */

struct sending {
    struct aws_result *result;
    struct aws_session *session;
    const struct aws_call *call;
    struct aws_credentials *taken; /* from the session; NULL: the caller's own, or none */
};

static const struct aws_credentials *credentials_of(const struct sending *sending)
{
    return sending->taken != NULL ? sending->taken : sending->call->credentials;
}

static int run(struct sending *sending, struct error *error)
{
    const struct aws_call *call = sending->call;
    const struct aws_request *request = &call->request;
    struct arena arena = ARENA(MOST_ARENA);
    struct aws_built built;
    int status = aws_request_build(&built, request, credentials_of(sending), &arena, error);
    if (status == 0) {
        const struct http_client_request http = {
            .method = request->method,
            .url = built.url,
            .headers = built.headers,
            .header_count = built.header_count,
            .signature = built.is_signed ? &built.signature : NULL,
            .body = request->body,
            .begin = call->begin,
            .download = call->download,
            .context = call->context,
            .seconds = call->seconds,
            .connect_seconds = call->connect_seconds,
            .stall_seconds = call->stall_seconds,
            .most_bytes = call->most_bytes,
            .ca_file = sending->session->ca_file,
            .stop_descriptor = call->stop_descriptor,
        };
        status = http_client_run(&sending->result->response, &http, error);
    }
    arena_free(&arena);
    return status;
}

/* Whether the answer, which arrived whole, is a good one. */
static bool is_good(struct sending *sending)
{
    struct aws_result *result = sending->result;
    unsigned status = result->response.status;
    aws_fault_read(&result->fault, &result->response);
    bool good = status >= 200 && status <= 299;
    return good && !(sending->call->body_may_fail && result->fault.code[0] != '\0');
}

/* ---- all of them ---- */

/* STATUS_OK: send it again. Else the call is over with what is in `error`. */
static int prepare_next(struct sending *sending, unsigned failed, unsigned most, bool *renewed,
                        struct error *error)
{
    struct aws_result *result = sending->result;
    const struct aws_fault *fault = &result->fault;
    if (fault->status != 0 && aws_fault_is_expiry(fault) && sending->taken != NULL && !*renewed) {
        *renewed = true;
        struct aws_credentials *others;
        struct error ignored;
        if (aws_credentials_take(&others, sending->session, sending->taken, &ignored) == 0) {
            bool same = strcmp(others->access_key, sending->taken->access_key) == 0;
            aws_credentials_release(sending->taken);
            sending->taken = others;
            if (!same) {
                return STATUS_OK;
            }
        }
    }
    if (failed < most && aws_fault_is_passing(fault)) {
        return aws_retry_wait(failed, sending->call->stop_descriptor, error);
    }
    return fault->status == 0 ? (int)error->status
                              : aws_fault_tell(fault, &sending->call->asked,
                                               credentials_of(sending), sending->session, error);
}

static int send_repeatedly(struct sending *sending, struct error *error)
{
    const struct aws_call *call = sending->call;
    struct aws_result *result = sending->result;
    unsigned most = call->attempts == 0 ? sending->session->attempts : call->attempts;
    most = call->download != NULL ? 1 : most;
    bool renewed = false;
    for (unsigned failed = 1;; failed++) {
        result->fault = (struct aws_fault){0};
        int status = run(sending, error);
        if (status == 0 && is_good(sending)) {
            return 0;
        }
        if (status != 0 && status != STATUS_IO) {
            return status; /* memory, a limit, a request to stop, the receiver's own failure */
        }
        if (status != 0) {
            error_prefix(error, "%s", call->asked.name);
            result->fault = (struct aws_fault){0};
        }
        status = prepare_next(sending, failed, most, &renewed, error);
        if (status != 0) {
            return status;
        }
        http_client_response_free(&result->response);
    }
}

int aws_send(struct aws_result *out, struct aws_session *session, const struct aws_call *call,
             struct error *error)
{
    *out = (struct aws_result){0};
    struct sending sending = {.result = out, .session = session, .call = call};
    int status = 0;
    if (!call->is_anonymous && call->credentials == NULL) {
        status = aws_credentials_take(&sending.taken, session, NULL, error);
    }
    if (status == 0) {
        status = send_repeatedly(&sending, error);
    }
    aws_credentials_release(sending.taken);
    return status;
}

void aws_result_free(struct aws_result *result)
{
    http_client_response_free(&result->response);
}
