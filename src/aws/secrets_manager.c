#include "aws/secrets_manager.h"

#include <stdio.h>
#include <string.h>

#include "aws/json_call.h"
#include "aws/region.h"
#include "base/json.h"
#include "base/memory.h"

enum { MOST_BODY = 8 << 10 };

/* "arn:aws:secretsmanager:eu-west-1:123456789012:secret:name": the fourth field. */
static void region_of(char out[AWS_MOST_REGION], const char *arn)
{
    const char *field = arn;
    out[0] = '\0';
    if (strncmp(arn, "arn:", 4) != 0) {
        return;
    }
    for (int i = 0; i < 3; i++) {
        field = strchr(field, ':');
        if (field == NULL) {
            return;
        }
        field++;
    }
    size_t len = strcspn(field, ":");
    snprintf(out, AWS_MOST_REGION, "%.*s", (int)(len < AWS_MOST_REGION ? len : 0), field);
}

/* A secret does not stay in memory that others will get. */
static void wipe(struct text_buffer *text)
{
    if (text->ptr != NULL) {
        explicit_bzero(text->ptr, text->len);
    }
}

static int take_text(struct text_buffer *out, const json_t *answer, struct error *error)
{
    struct str text = json_call_text(answer, "SecretString");
    if (text.ptr == NULL) {
        error_set(error, STATUS_INVALID, "the secret in AWS Secrets Manager has no text");
        error_hint(error, "store the configuration as SecretString, not as SecretBinary");
        return STATUS_INVALID;
    }
    text_append(out, text);
    if (out->failed) {
        wipe(out);
        return error_set(error, STATUS_INVALID, "the secret in AWS Secrets Manager is too long");
    }
    return 0;
}

int secrets_manager_read(struct text_buffer *out, struct aws_session *session, const char *arn,
                         struct error *error)
{
    char region[AWS_MOST_REGION];
    region_of(region, arn);
    struct json_call call = {
        .service = AWS_SECRETS_MANAGER,
        .target = "secretsmanager.GetSecretValue",
        .name = "AWS Secrets Manager",
        .action = "secretsmanager:GetSecretValue, and kms:Decrypt where the key is one of yours",
    };
    int status = json_call_region(&call.region, session, AWS_SECRETS_MANAGER, region, error);
    if (status != 0) {
        return status;
    }
    struct text_buffer body = TEXT_BUFFER(MOST_BODY);
    struct json_writer writer;
    json_write_begin(&writer, &body, 0);
    json_write_open_object(&writer);
    json_write_key(&writer, "SecretId");
    json_write_string(&writer, str_from(arn));
    json_write_close_object(&writer);
    json_t *answer = NULL;
    call.body = text_str(&body);
    status =
        body.failed ? error_out_of_memory(error) : json_call_run(&answer, session, &call, error);
    if (status == 0) {
        status = take_text(out, answer, error);
    }
    json_decref(answer);
    text_free(&body);
    return status;
}

int secrets_manager_read_shared(struct text_buffer *out, const char *arn, struct error *error)
{
    struct aws_session *session;
    int status = aws_session_shared(&session, error);
    return status == 0 ? secrets_manager_read(out, session, arn, error) : status;
}
