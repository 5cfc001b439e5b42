#include "api/routes.h"

#include "api/access.h"
#include "api/handlers.h"
#include "base/compiler.h"

#define ROUTE(method, path, access, bodies, handle)                 \
    {                                                               \
        HTTP_##method, API_PATH path, access, bodies, false, handle \
    }

/* One a line; the document describes each, and a test holds the two together. */
/* clang-format off */
const struct http_route api_routes[] = {
    {HTTP_GET, "/", API_PUBLIC, 0, false, handle_home},
    {HTTP_GET, API_PATH "/health-check", API_PUBLIC, 0, true, handle_health_check},
    ROUTE(GET, "/schema", API_PUBLIC, 0, handle_schema),
    ROUTE(GET, "/docs", API_PUBLIC, 0, handle_docs),

    ROUTE(GET, "/users", API_ADMIN, 0, handle_list_users),
    ROUTE(POST, "/users/{id}", API_ADMIN, HTTP_BODY_JSON, handle_update_user),

    ROUTE(GET, "/session", API_PUBLIC, 0, handle_get_session),
    ROUTE(POST, "/session", API_PUBLIC, HTTP_BODY_JSON | HTTP_BODY_SHORT, handle_create_session),
    {HTTP_GET, "/login", API_PUBLIC, 0, false, handle_login},
    {HTTP_POST, "/login", API_PUBLIC, HTTP_BODY_URLENCODED | HTTP_BODY_SHORT, false, handle_login_form},
    {HTTP_GET, "/login/password", API_PUBLIC, 0, false, handle_password_page},
    {HTTP_POST, "/login/password", API_PUBLIC, HTTP_BODY_URLENCODED | HTTP_BODY_SHORT, false, handle_password_form},
    {HTTP_GET, "/auth/callback", API_PUBLIC, 0, false, handle_callback},
    {HTTP_POST, "/logout", API_PUBLIC, HTTP_BODY_NONE, false, handle_logout},

    ROUTE(GET, "/config", API_MEMBER, 0, handle_list_configs),
    ROUTE(POST, "/config", API_MEMBER | API_CONFIG, HTTP_BODY_JSON, handle_create_config),
    ROUTE(GET, "/config/{id}", API_MEMBER, 0, handle_get_config),

    ROUTE(POST, "/person-records/import", API_MEMBER | API_IMPORT, HTTP_BODY_JSON | HTTP_BODY_FORM, handle_import_person_records),
    ROUTE(POST, "/person-records/export", API_MEMBER | API_EXPORT, HTTP_BODY_JSON, handle_export_person_records),
    ROUTE(GET, "/data-sources", API_MEMBER, 0, handle_list_data_sources),

    ROUTE(GET, "/persons", API_MEMBER, 0, handle_list_persons),
    ROUTE(GET, "/persons/{id}", API_MEMBER, 0, handle_get_person),

    ROUTE(GET, "/potential-matches", API_MEMBER, 0, handle_list_potential_matches),
    ROUTE(GET, "/potential-matches/{id}", API_MEMBER, 0, handle_get_potential_match),
    ROUTE(POST, "/potential-matches/export", API_MEMBER | API_EXPORT, HTTP_BODY_JSON, handle_export_potential_matches),
    ROUTE(POST, "/matches", API_MEMBER, HTTP_BODY_JSON, handle_create_match),

    ROUTE(GET, "/jobs", API_MEMBER, 0, handle_list_jobs),
    ROUTE(GET, "/jobs/{id}", API_MEMBER, 0, handle_get_job),
    ROUTE(POST, "/jobs/{id}/cancel", API_MEMBER | API_IMPORT, HTTP_BODY_NONE, handle_cancel_job),
};
/* clang-format on */

const size_t api_route_count = ARRAY_LENGTH(api_routes);
