#include "identity/providers/cognito.h"

#include "aws/cognito.h"

/* Who has not completed the sign-up is listed, too: they cannot get a token before they have. */
static int give(void *context, const struct cognito_user *user, struct error *error)
{
    const struct users_given_one one = {
        .subject = user->sub,
        .email = user->email.ptr == NULL ? STR("") : user->email,
        .unverified = user->email_unverified,
    };
    return one.subject.len == 0 ? 0 : users_give(context, &one, error);
}

int cognito_give_users(struct users_given *given, const struct config *config, struct error *error)
{
    const struct cognito_query query = {.user_pool_id =
                                            config->idp.aws_cognito.cognito_user_pool_id};
    struct aws_session *session;
    int status = aws_session_shared(&session, error);
    if (status == 0) {
        status = cognito_list_users(session, &query, give, given, error);
    }
    /* The request at hand is not at fault when our settings or AWS are. */
    if (status == STATUS_INVALID || status == STATUS_NOT_FOUND || status == STATUS_CONFLICT) {
        error->status = STATUS_IO;
        status = STATUS_IO;
    }
    if (status != 0) {
        error_prefix(error, "the users of the Cognito pool");
    }
    return status;
}
