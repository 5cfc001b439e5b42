/* Keycloak's list of users, by its admin API: as the client itself, which needs the role view-users of
   realm-management. Any thread. */
#ifndef IDENTITY_PROVIDERS_KEYCLOAK_H
#define IDENTITY_PROVIDERS_KEYCLOAK_H

#include "identity/users.h"

int keycloak_list_users(struct users_given *given, const struct config *config,
                        struct error *error);

/* Appends the address of the realm: "http://keycloak:8080/realms/main", or of what the admin API has
   of it, "http://keycloak:8080/admin/realms/main". */
void keycloak_append_realm(struct text_buffer *out, const struct config *config, bool admin);

#endif
