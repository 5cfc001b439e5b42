#include "aws/fault.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "aws/region.h"
#include "aws/sts.h"
#include "aws/xml.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/json_read.h"

/* AWS allows five; a few of the services fifteen. */
enum { MOST_SKEW_MINUTES = 5 };

/* ---- reading ---- */

/* The last part of "com.amazonaws.cognito#NotFound:http://…", printable. */
static void take_code(struct aws_fault *fault, struct str text)
{
    const char *hash = text.len == 0 ? NULL : memrchr(text.ptr, '#', text.len);
    if (hash != NULL) {
        text = (struct str){hash + 1, text.len - (size_t)(hash + 1 - text.ptr)};
    }
    size_t len = 0;
    for (; len < text.len && len + 1 < sizeof fault->code; len++) {
        char c = text.ptr[len];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_')) {
            break;
        }
        fault->code[len] = c;
    }
    fault->code[len] = '\0';
}

static void take_text(char *out, size_t size, struct str text)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len && used + 1 < size; i++) {
        char c = text.ptr[i];
        out[used++] = c >= ' ' && c < 0x7F ? c : '?';
    }
    out[used] = '\0';
}

static void read_xml(struct aws_fault *fault, struct str body)
{
    struct xml xml;
    struct error ignored;
    if (xml_read(&xml, body, &ignored) != 0) {
        return;
    }
    take_code(fault, xml_find(&xml, "Error/Code"));
    take_text(fault->message, sizeof fault->message, xml_find(&xml, "Error/Message"));
    take_text(fault->region, sizeof fault->region, xml_find(&xml, "Error/Region"));
    xml_free(&xml);
}

static struct str json_text(const json_t *json, const char *key)
{
    const json_t *text = json_object_get(json, key);
    return (struct str){json_string_value(text), json_string_length(text)};
}

static void read_json(struct aws_fault *fault, struct str body)
{
    json_t *json;
    struct error ignored;
    if (json_read(&json, body, NULL, &ignored) != 0) {
        return;
    }
    struct str code = json_text(json, "__type");
    take_code(fault, code.len > 0 ? code : json_text(json, "code"));
    struct str message = json_text(json, "message");
    message = message.len > 0 ? message : json_text(json, "Message");
    take_text(fault->message, sizeof fault->message, message);
    json_decref(json);
}

/* The difference of the clocks. strptime() speaks English: nobody here sets a locale. */
static double skew_of(struct str date)
{
    char text[64];
    struct tm parts = {0};
    take_text(text, sizeof text, date);
    if (strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts) == NULL) {
        return 0;
    }
    return ((double)clock_now() / 1e6 - (double)timegm(&parts)) / 60;
}

void aws_fault_read(struct aws_fault *out, const struct http_client_response *response)
{
    *out = (struct aws_fault){.status = response->status};
    struct str body = str_trim(text_str(&response->body));
    struct str type = http_client_header(response, "x-amzn-errortype");
    if (body.len > 0 && body.ptr[0] == '<') {
        read_xml(out, body);
    } else if (body.len > 0 && body.ptr[0] == '{') {
        read_json(out, body);
    }
    if (out->code[0] == '\0' && type.len > 0) {
        take_code(out, type);
    }
    struct str region = http_client_header(response, "x-amz-bucket-region");
    if (region.len > 0) {
        take_text(out->region, sizeof out->region, region);
    }
    if (!aws_region_is_plain(str_from(out->region))) {
        out->region[0] = '\0';
    }
    out->skew_minutes = skew_of(http_client_header(response, "date"));
}

/* ---- kinds ---- */

bool aws_fault_is(const struct aws_fault *fault, const char *code)
{
    return strcmp(fault->code, code) == 0;
}

static bool is_one_of(const struct aws_fault *fault, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (aws_fault_is(fault, codes[i])) {
            return true;
        }
    }
    return false;
}

bool aws_fault_is_passing(const struct aws_fault *fault)
{
    static const char *const codes[] = {
        "IDPCommunicationError",
        "InternalError",
        "InternalErrorException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestThrottled",
    };
    return fault->status == 0 || fault->status == 429 || fault->status >= 500 ||
           is_one_of(fault, codes, ARRAY_LENGTH(codes));
}

bool aws_fault_is_expiry(const struct aws_fault *fault)
{
    static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException",
                                        "TokenRefreshRequired", "RequestExpired"};
    return is_one_of(fault, codes, ARRAY_LENGTH(codes));
}

/* ---- telling ---- */

struct telling {
    const struct aws_fault *fault;
    const struct aws_asked *asked;
    const struct aws_credentials *credentials;
    struct aws_session *session;
};

static const char *source_of(const struct telling *telling)
{
    return telling->credentials == NULL ? "nowhere" : aws_source_name(telling->credentials->source);
}

/* Who it is that may not: AWS says it when asked; nobody needs a permission for that question. */
static int tell_denied(const struct telling *telling, struct error *error)
{
    const struct aws_asked *asked = telling->asked;
    char who[256] = "";
    if (telling->credentials != NULL && asked->service != AWS_STS) {
        sts_caller(who, sizeof who, telling->session, telling->credentials);
    }
    if (who[0] == '\0' && telling->credentials != NULL) {
        snprintf(who, sizeof who, "the access key %.32s", telling->credentials->access_key);
    }
    error_set(error, STATUS_INVALID, "%s: access denied to %s (credentials from %s)", asked->name,
              who[0] == '\0' ? "anybody unknown" : who, source_of(telling));
    if (telling->fault->message[0] != '\0') {
        error_detail(error, "%s", telling->fault->message); /* which policy it was, perhaps */
    }
    error_hint(error, "its policy, or the bucket's, has to allow %s%s", asked->action,
               asked->blind ? "; or it is not there, which is only told to those who may list"
                            : "");
    return STATUS_INVALID;
}

static int tell_region(const struct telling *telling, struct error *error)
{
    const struct aws_asked *asked = telling->asked;
    const char *region = telling->fault->region;
    if (region[0] == '\0') {
        error_set(error, STATUS_INVALID, "%s: the bucket is not in the region %s", asked->name,
                  asked->region);
        error_hint(error, "set AWS_REGION to the bucket's");
    } else {
        error_set(error, STATUS_INVALID, "%s: the bucket is in the region %s, and %s was asked",
                  asked->name, region, asked->region);
        error_hint(error, "set AWS_REGION=%s", region);
    }
    return STATUS_INVALID;
}

static int tell_expired(const struct telling *telling, struct error *error)
{
    error_set(error, STATUS_INVALID, "%s: the credentials from %s have expired",
              telling->asked->name, source_of(telling));
    if (telling->credentials != NULL) {
        error_hint(error, "%s", aws_source_renewal(telling->credentials->source));
    }
    return STATUS_INVALID;
}

static int tell_clock(const struct telling *telling, struct error *error)
{
    double minutes = telling->fault->skew_minutes;
    error_set(error, STATUS_INVALID, "%s: the clock of this machine is %.0f minutes %s",
              telling->asked->name, fabs(minutes), minutes < 0 ? "slow" : "fast");
    error_hint(error, "signatures hold for a few minutes: set the clock, by NTP");
    return STATUS_INVALID;
}

static int tell_key(const struct telling *telling, struct error *error)
{
    /* Some services know no other word for a signature that is too old, or of the future. */
    if (fabs(telling->fault->skew_minutes) > MOST_SKEW_MINUTES) {
        return tell_clock(telling, error);
    }
    bool wrong_secret = aws_fault_is(telling->fault, "SignatureDoesNotMatch") ||
                        aws_fault_is(telling->fault, "InvalidSignatureException");
    error_set(error, STATUS_INVALID,
              wrong_secret ? "%s: the secret key does not belong to the access key %.32s (from %s)"
                           : "%s: AWS does not know the access key %.32s (from %s)",
              telling->asked->name,
              telling->credentials == NULL ? "" : telling->credentials->access_key,
              source_of(telling));
    error_hint(error, "%s",
               wrong_secret
                   ? "copy both keys again, without blanks"
                   : "the key may be deleted, or be for another AWS partition or endpoint");
    return STATUS_INVALID;
}

static int tell_bucket(const struct telling *telling, struct error *error)
{
    const char *bucket = telling->asked->bucket;
    error_set(error, STATUS_INVALID, "%s: there is no bucket \"%s\"", telling->asked->name,
              bucket == NULL ? "" : bucket);
    error_hint(error, "look at its name, at AWS_ENDPOINT_URL, and whose account it is");
    return STATUS_INVALID;
}

static int tell_object(const struct telling *telling, struct error *error)
{
    return error_set(error, STATUS_INVALID, "%s: there is no such object", telling->asked->name);
}

/* Codes that have a sentence of their own. */
static const struct {
    const char *code;
    int (*tell)(const struct telling *telling, struct error *error);
} sentences[] = {
    {"AccessDenied", tell_denied},
    {"AccessDeniedException", tell_denied},
    {"AllAccessDisabled", tell_denied},
    {"AuthorizationHeaderMalformed", tell_region},
    {"ExpiredToken", tell_expired},
    {"ExpiredTokenException", tell_expired},
    {"IllegalLocationConstraintException", tell_region},
    {"InvalidAccessKeyId", tell_key},
    {"InvalidClientTokenId", tell_key},
    {"InvalidSignatureException", tell_key},
    {"NoSuchBucket", tell_bucket},
    {"NoSuchKey", tell_object},
    {"PermanentRedirect", tell_region},
    {"RequestExpired", tell_expired},
    {"RequestTimeTooSkewed", tell_clock},
    {"SignatureDoesNotMatch", tell_key},
    {"TemporaryRedirect", tell_region},
    {"TokenRefreshRequired", tell_expired},
    {"UnrecognizedClientException", tell_key},
};

/* An answer to HEAD has no body, so no code: its status has to do. */
static int tell_status(const struct telling *telling, struct error *error)
{
    const struct aws_fault *fault = telling->fault;
    if (telling->asked->bucket != NULL && (fault->status == 301 || fault->status == 307)) {
        return tell_region(telling, error);
    }
    if (fault->status == 403 && fault->code[0] == '\0') {
        return tell_denied(telling, error);
    }
    if (telling->asked->bucket != NULL && fault->status == 404 && fault->code[0] == '\0') {
        return tell_object(telling, error);
    }
    bool theirs = aws_fault_is_passing(fault);
    error_set(error, theirs ? STATUS_IO : STATUS_INVALID, "%s: %s%s%s (status %u)",
              telling->asked->name, fault->code[0] == '\0' ? "refused" : fault->code,
              fault->message[0] == '\0' ? "" : ": ", fault->message, fault->status);
    if (theirs) {
        error_hint(error, "the service is busy or out of order: try again later");
    }
    return (int)error->status;
}

int aws_fault_tell(const struct aws_fault *fault, const struct aws_asked *asked,
                   const struct aws_credentials *credentials, struct aws_session *session,
                   struct error *error)
{
    struct telling telling = {
        .fault = fault, .asked = asked, .credentials = credentials, .session = session};
    for (size_t i = 0; i < ARRAY_LENGTH(sentences); i++) {
        if (aws_fault_is(fault, sentences[i].code)) {
            return sentences[i].tell(&telling, error);
        }
    }
    return tell_status(&telling, error);
}
