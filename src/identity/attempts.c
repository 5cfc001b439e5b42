#include "identity/attempts.h"

#include <string.h>

#include "base/ip_address.h"
#include "base/memory.h"
#include "identity/rate_limit.h"

enum {
    NETWORK_BITS = 64, /* of IPv6 */
    MOST_NAME = 254,   /* what is longer is nobody's, and counted by its beginning */
};

/* So many at once, then one more each so many seconds. A whole office may be one network. */
static const struct {
    double most, seconds;
} limit_of_both = {10, 60}, limit_of_network = {100, 2}, limit_of_name = {100, 6};

struct attempts {
    struct rate_limit *by_network;
    struct rate_limit *by_both;
    struct rate_limit *by_name;
};

int attempts_open(struct attempts **out, struct error *error)
{
    *out = NULL;
    struct attempts *made = memory_alloc_zeroed(1, sizeof *made);
    if (made == NULL) {
        return error_out_of_memory(error);
    }
    int status =
        rate_limit_open(&made->by_network, limit_of_network.most, limit_of_network.seconds, error);
    if (status == 0) {
        status = rate_limit_open(&made->by_both, limit_of_both.most, limit_of_both.seconds, error);
    }
    if (status == 0) {
        status = rate_limit_open(&made->by_name, limit_of_name.most, limit_of_name.seconds, error);
    }
    if (status != 0) {
        attempts_close(made);
        return status;
    }
    *out = made;
    return 0;
}

void attempts_close(struct attempts *attempts)
{
    if (attempts != NULL) {
        rate_limit_close(attempts->by_network);
        rate_limit_close(attempts->by_both);
        rate_limit_close(attempts->by_name);
        memory_free(attempts);
    }
}

/* What the limits count: parts of one text, which is the network, a blank, and the name. */
struct keys {
    char text[IP_ADDRESS_TEXT + 1 + MOST_NAME];
    struct str network;
    struct str both;
    struct str name;
};

static void make_keys(struct keys *out, struct str address, struct str name)
{
    struct ip_address network = {{0}};
    (void)ip_address_read(&network, address);
    if (!ip_address_is_v4(&network)) {
        network = ip_address_cut(&network, NETWORK_BITS);
    }
    size_t start = ip_address_write(out->text, &network);
    out->network = (struct str){out->text, start};
    out->text[start++] = ' ';
    size_t length = name.len < MOST_NAME ? name.len : MOST_NAME;
    for (size_t i = 0; i < length; i++) {
        char c = name.ptr[i];
        out->text[start + i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    out->name = (struct str){out->text + start, length};
    out->both = (struct str){out->text, start + length};
}

bool attempts_try(struct attempts *attempts, struct str address, struct str name, double now)
{
    struct keys keys;
    make_keys(&keys, address, name);
    if (!rate_limit_try(attempts->by_network, keys.network, now) ||
        !rate_limit_try(attempts->by_both, keys.both, now)) {
        return false;
    }
    if (!rate_limit_try(attempts->by_name, keys.name, now)) {
        /* Others have used it up: that is no failure of this network's. */
        rate_limit_forgive(attempts->by_both, keys.both);
        rate_limit_forgive(attempts->by_network, keys.network);
        return false;
    }
    return true;
}

void attempts_forgive(struct attempts *attempts, struct str address, struct str name)
{
    struct keys keys;
    make_keys(&keys, address, name);
    rate_limit_forgive(attempts->by_network, keys.network);
    rate_limit_forgive(attempts->by_both, keys.both);
    rate_limit_forgive(attempts->by_name, keys.name);
}
