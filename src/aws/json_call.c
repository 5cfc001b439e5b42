#include "aws/json_call.h"

#include <stdio.h>

#include "aws/region.h"
#include "aws/retry.h"
#include "base/json_read.h"
#include "base/wake.h"

enum { SECONDS = 30, MOST_ANSWER = 8 << 20 };

int json_call_run(json_t **out, struct aws_session *session, const struct json_call *call,
                  struct error *error)
{
    char target[128];
    char endpoint[AWS_MOST_ENDPOINT];
    *out = NULL;
    snprintf(target, sizeof target, "x-amz-target: %s", call->target);
    const char *const headers[] = {"content-type: application/x-amz-json-1.1", target};
    aws_service_endpoint(endpoint, session, call->service, call->region);
    struct aws_call asked = {
        .request = {.service = call->service,
                    .region = call->region,
                    .method = "POST",
                    .endpoint = endpoint,
                    .headers = headers,
                    .header_count = 2,
                    .body = call->body},
        .asked = {.service = call->service,
                  .region = call->region,
                  .name = call->name,
                  .action = call->action},
        .seconds = SECONDS,
        .most_bytes = MOST_ANSWER,
        .stop_descriptor = wake_descriptor(),
    };
    struct aws_result result;
    int status = aws_send(&result, session, &asked, error);
    if (status == 0) {
        status = json_read(out, text_str(&result.response.body), call->name, error);
    }
    aws_result_free(&result);
    return status;
}

struct str json_call_text(const json_t *json, const char *key)
{
    const json_t *text = json_object_get(json, key);
    return (struct str){json_string_value(text), json_string_length(text)};
}

int json_call_region(const char **out, struct aws_session *session, enum aws_service service,
                     const char *wanted, struct error *error)
{
    if (wanted != NULL && aws_region_is_plain(str_from(wanted)) && strchr(wanted, '-') != NULL) {
        *out = wanted;
    } else if (session->region != NULL) {
        *out = session->region;
    } else if (session->endpoints[service] != NULL) {
        *out = "us-east-1";
    } else {
        error_set(error, STATUS_INVALID, "no AWS region is set");
        error_hint(error, "set AWS_REGION, or the region of the profile");
        return STATUS_INVALID;
    }
    return 0;
}
