#include "api/access.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "base/compiler.h"
#include "empi/object_id.h"

static const struct {
    unsigned bit;
    const char *name; /* in authorization.admin_only */
} restrictable[] = {
    {API_CONFIG, "config"},
    {API_IMPORT, "import"},
    {API_EXPORT, "export"},
};

static bool is_admin_only(const struct config_list *admin_only, unsigned access)
{
    for (size_t i = 0; i < ARRAY_LENGTH(restrictable); i++) {
        for (size_t j = 0; j < admin_only->count && (access & restrictable[i].bit) != 0; j++) {
            if (strcmp(admin_only->items[j], restrictable[i].name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool may_call(const struct identity_user *user, unsigned access,
                     const struct config_list *admin_only)
{
    unsigned level = access & API_LEVELS;
    if (level == API_SIGNED_IN) {
        return true;
    }
    if (user->id == 0) {
        return false;
    }
    if (level == API_MEMBER && !is_admin_only(admin_only, access)) {
        return user->role == IDENTITY_MEMBER || user->role == IDENTITY_ADMIN;
    }
    return user->role == IDENTITY_ADMIN;
}

int access_admit(struct http_exchange *exchange, const struct http_route *route,
                 struct error *error)
{
    if ((route->access & API_LEVELS) == API_PUBLIC) {
        return 0;
    }
    const struct api *api = api_of(exchange);
    const struct identity_user *user = NULL;
    int status = identity_authenticate(&user, exchange, api->identity, error);
    if (status != 0 || user == NULL) {
        return status;
    }
    if (!may_call(user, route->access, &api->config->admin_only)) {
        http_respond_error(exchange, 403, "You do not have permission to perform this action.");
        return 0;
    }
    exchange->user = user;
    return 0;
}

const char *access_user_name(const struct http_exchange *exchange)
{
    const struct identity_user *user = exchange->user;
    if (user == NULL || user->id == 0) {
        return NULL;
    }
    static _Thread_local char name[32];
    snprintf(name, sizeof name, OBJECT_ID_USER "%" PRId64, user->id);
    return name;
}
