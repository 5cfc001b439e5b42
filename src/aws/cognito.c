#include "aws/cognito.h"

#include <stdio.h>
#include <string.h>

#include "aws/json_call.h"
#include "aws/region.h"
#include "base/json.h"

/* Sixty is the most that a page may have; so many pages are six million users. */
enum { PAGE = 60, MOST_PAGES = 100000, MOST_BODY = 64 << 10, MOST_TOKEN = 16 << 10 };

#define NAME "Cognito"

bool cognito_filter_email(char *out, size_t size, struct str email)
{
    struct text_buffer text = TEXT_BUFFER(size > 0 ? size - 1 : 0);
    text_append(&text, STR("email = \""));
    for (size_t i = 0; i < email.len; i++) {
        if (email.ptr[i] == '"' || email.ptr[i] == '\\') {
            text_append_char(&text, '\\');
        }
        text_append_char(&text, email.ptr[i]);
    }
    text_append_char(&text, '"');
    bool fits = !text.failed;
    if (fits) {
        memcpy(out, text.ptr, text.len + 1);
    }
    text_free(&text);
    return fits;
}

struct listing {
    struct aws_session *session;
    const struct cognito_query *query;
    const char *region;
    int (*each)(void *context, const struct cognito_user *user, struct error *error);
    void *context;
    char token[MOST_TOKEN]; /* of the next page; empty: of the first, or there is no other */
};

static void write_body(struct text_buffer *out, const struct listing *listing)
{
    struct json_writer writer;
    json_write_begin(&writer, out, 0);
    json_write_open_object(&writer);
    json_write_key(&writer, "UserPoolId");
    json_write_string(&writer, str_from(listing->query->user_pool_id));
    json_write_key(&writer, "Limit");
    json_write_integer(&writer, PAGE);
    if (listing->query->filter != NULL) {
        json_write_key(&writer, "Filter");
        json_write_string(&writer, str_from(listing->query->filter));
    }
    if (listing->token[0] != '\0') {
        json_write_key(&writer, "PaginationToken");
        json_write_string(&writer, str_from(listing->token));
    }
    json_write_close_object(&writer);
}

static struct str attribute(const json_t *user, const char *name)
{
    const json_t *attributes = json_object_get(user, "Attributes");
    size_t i;
    const json_t *item;
    json_array_foreach(attributes, i, item)
    {
        if (str_equal(json_call_text(item, "Name"), str_from(name))) {
            return json_call_text(item, "Value");
        }
    }
    return (struct str){NULL, 0};
}

static int take_page(struct listing *listing, const json_t *page, struct error *error)
{
    const json_t *users = json_object_get(page, "Users");
    if (!json_is_array(users)) {
        return error_set(error, STATUS_IO, NAME ": its answer has no list of users");
    }
    size_t i;
    const json_t *item;
    json_array_foreach(users, i, item)
    {
        const json_t *enabled = json_object_get(item, "Enabled");
        struct cognito_user user = {
            .sub = attribute(item, "sub"),
            .username = json_call_text(item, "Username"),
            .email = attribute(item, "email"),
            .email_unverified = str_equal(attribute(item, "email_verified"), STR("false")),
            .enabled = enabled == NULL || json_is_true(enabled),
            .confirmed = str_equal(json_call_text(item, "UserStatus"), STR("CONFIRMED")),
        };
        int status = listing->each(listing->context, &user, error);
        if (status != 0) {
            return status;
        }
    }
    struct str token = json_call_text(page, "PaginationToken");
    if (token.len >= sizeof listing->token ||
        (token.len > 0 && str_equal(token, str_from(listing->token)))) {
        return error_set(error, STATUS_IO, NAME ": its list of users does not go on");
    }
    snprintf(listing->token, sizeof listing->token, "%.*s", STR_ARG(token));
    return 0;
}

static int fetch_page(struct listing *listing, struct error *error)
{
    struct text_buffer body = TEXT_BUFFER(MOST_BODY);
    write_body(&body, listing);
    json_t *page = NULL;
    int status = body.failed ? error_out_of_memory(error) : 0;
    if (status == 0) {
        const struct json_call call = {
            .service = AWS_COGNITO,
            .region = listing->region,
            .target = "AWSCognitoIdentityProviderService.ListUsers",
            .name = NAME,
            .action = "cognito-idp:ListUsers",
            .body = text_str(&body),
        };
        status = json_call_run(&page, listing->session, &call, error);
    }
    if (status == 0) {
        status = take_page(listing, page, error);
    }
    json_decref(page);
    text_free(&body);
    return status;
}

int cognito_list_users(struct aws_session *session, const struct cognito_query *query,
                       int (*each)(void *context, const struct cognito_user *user,
                                   struct error *error),
                       void *context, struct error *error)
{
    struct listing listing = {.session = session, .query = query, .each = each, .context = context};
    char region[AWS_MOST_REGION];
    size_t len = strcspn(query->user_pool_id, "_");
    snprintf(region, sizeof region, "%.*s", (int)(len < sizeof region ? len : 0),
             query->user_pool_id);
    int status = json_call_region(&listing.region, session, AWS_COGNITO, region, error);
    for (unsigned pages = 0; status == 0; pages++) {
        if (pages == MOST_PAGES) {
            return error_set(error, STATUS_IO, NAME ": its list of users has no end");
        }
        status = fetch_page(&listing, error);
        if (listing.token[0] == '\0') {
            break;
        }
    }
    return status;
}
