#include "aws/sts.h"

#include <stdio.h>
#include <string.h>

#include "aws/region.h"
#include "aws/request.h"
#include "aws/retry.h"
#include "aws/xml.h"
#include "base/stream.h"
#include "base/wake.h"

enum { MOST_FORM = 64 << 10, MOST_TOKEN = 32 << 10, SECONDS = 20, CALLER_SECONDS = 5 };

#define SESSION_NAME "tuva-empi"

/* ---- one call ---- */

struct form {
    struct text_buffer text;
};

static void add_field(struct form *form, const char *name, struct str value)
{
    text_append_char(&form->text, '&');
    text_append(&form->text, str_from(name));
    text_append_char(&form->text, '=');
    aws_append_encoded(&form->text, value, 0);
}

static struct form begin_form(const char *action)
{
    struct form form = {TEXT_BUFFER(MOST_FORM)};
    text_appendf(&form.text, "Action=%s&Version=2011-06-15", action);
    return form;
}

/* Without a region the first one, which serves all of them. */
static const char *region_of(const struct aws_session *session, const char *wanted)
{
    if (wanted != NULL) {
        return wanted;
    }
    return session->region != NULL ? session->region : "us-east-1";
}

static int call(struct aws_result *out, struct aws_session *session,
                const struct aws_credentials *credentials, const struct form *form,
                const char *region, const char *action, double seconds, struct error *error)
{
    static const char *const headers[] = {
        "content-type: application/x-www-form-urlencoded; charset=utf-8"};
    char endpoint[AWS_MOST_ENDPOINT];
    aws_service_endpoint(endpoint, session, AWS_STS, region);
    struct aws_call asked = {
        .request = {.service = AWS_STS,
                    .region = region,
                    .method = "POST",
                    .endpoint = endpoint,
                    .headers = headers,
                    .header_count = 1,
                    .body = text_str(&form->text)},
        .asked = {.service = AWS_STS, .region = region, .name = "STS", .action = action},
        .credentials = credentials,
        .is_anonymous = credentials == NULL,
        .attempts = seconds < SECONDS ? 1 : 0,
        .seconds = seconds,
        .stop_descriptor = wake_descriptor(),
    };
    *out = (struct aws_result){0};
    return form->text.failed ? error_out_of_memory(error) : aws_send(out, session, &asked, error);
}

static int read_credentials(struct aws_credentials **out, const struct aws_result *result,
                            enum aws_source source, struct error *error)
{
    struct xml xml;
    int status = xml_read(&xml, text_str(&result->response.body), error);
    if (status != 0) {
        error_prefix(error, "STS");
        return status;
    }
    struct aws_key_texts texts = {
        .access_key = xml_find(&xml, "Credentials/AccessKeyId"),
        .secret_key = xml_find(&xml, "Credentials/SecretAccessKey"),
        .session_token = xml_find(&xml, "Credentials/SessionToken"),
        .expires = xml_find(&xml, "Credentials/Expiration"),
    };
    status = aws_credentials_make(out, &texts, source, "STS", error);
    xml_free(&xml);
    return status;
}

/* ---- roles ---- */

static void add_role(struct form *form, const struct sts_role *role)
{
    const char *name = role->session_name != NULL ? role->session_name : SESSION_NAME;
    add_field(form, "RoleArn", str_from(role->arn));
    add_field(form, "RoleSessionName", str_from(name));
    if (role->seconds != NULL) {
        add_field(form, "DurationSeconds", str_from(role->seconds));
    }
}

int sts_assume_role(struct aws_credentials **out, struct aws_session *session,
                    const struct aws_credentials *base, const struct sts_role *role,
                    struct error *error)
{
    struct form form = begin_form("AssumeRole");
    add_role(&form, role);
    if (role->external_id != NULL) {
        add_field(&form, "ExternalId", str_from(role->external_id));
    }
    struct aws_result result;
    int status = call(&result, session, base, &form, region_of(session, role->region),
                      "sts:AssumeRole", SECONDS, error);
    if (status == 0) {
        status = read_credentials(out, &result, AWS_SOURCE_ROLE, error);
    }
    if (status != 0) {
        error_prefix(error, "the role %.128s", role->arn);
    }
    aws_result_free(&result);
    text_free(&form.text);
    return status;
}

static int read_token(struct text_buffer *out, const char *path, struct error *error)
{
    struct stream *stream;
    int status = stream_open_file(&stream, path, error);
    if (status == 0) {
        status = stream_read_all(stream, out, error);
        stream_free(stream);
    }
    return status;
}

int sts_assume_role_with_web_identity(struct aws_credentials **out, struct aws_session *session,
                                      const char *token_file, const struct sts_role *role,
                                      struct error *error)
{
    struct text_buffer token = TEXT_BUFFER(MOST_TOKEN);
    struct form form = begin_form("AssumeRoleWithWebIdentity");
    struct aws_result result = {0};
    int status = read_token(&token, token_file, error);
    if (status == 0) {
        add_role(&form, role);
        add_field(&form, "WebIdentityToken", str_trim(text_str(&token)));
        status = call(&result, session, NULL, &form, region_of(session, role->region),
                      "sts:AssumeRoleWithWebIdentity", SECONDS, error);
    }
    if (status == 0) {
        status = read_credentials(out, &result, AWS_SOURCE_WEB_IDENTITY, error);
    }
    if (status != 0) {
        error_prefix(error, "the role %.128s by web identity", role->arn);
    }
    aws_result_free(&result);
    text_free(&form.text);
    text_free(&token);
    return status;
}

/* ---- who one is ---- */

void sts_caller(char *out, size_t size, struct aws_session *session,
                const struct aws_credentials *credentials)
{
    out[0] = '\0';
    struct form form = begin_form("GetCallerIdentity");
    struct aws_result result;
    struct error ignored;
    struct xml xml;
    if (call(&result, session, credentials, &form, region_of(session, NULL),
             "sts:GetCallerIdentity", CALLER_SECONDS, &ignored) == 0 &&
        xml_read(&xml, text_str(&result.response.body), &ignored) == 0) {
        struct str arn = xml_find(&xml, "GetCallerIdentityResult/Arn");
        snprintf(out, size, "%.*s", STR_ARG(arn));
        xml_free(&xml);
    }
    aws_result_free(&result);
    text_free(&form.text);
}
