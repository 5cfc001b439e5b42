#include "identity/identity.h"

const char *identity_role_name(enum identity_role role)
{
    switch (role) {
    case IDENTITY_ADMIN: return "admin";
    case IDENTITY_MEMBER: return "member";
    case IDENTITY_NO_ROLE: break;
    }
    return NULL;
}

bool identity_role_from_name(enum identity_role *out, struct str name)
{
    if (str_equal(name, STR("admin"))) {
        *out = IDENTITY_ADMIN;
    } else if (str_equal(name, STR("member"))) {
        *out = IDENTITY_MEMBER;
    } else {
        return false;
    }
    return true;
}
