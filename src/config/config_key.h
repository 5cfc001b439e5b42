/*
 * The keys of the configuration: one table that the file, the environment, the suggestions for
 * unknown keys, `tuva-empi config` and the documentation go by.
 */
#ifndef CONFIG_CONFIG_KEY_H
#define CONFIG_CONFIG_KEY_H

#include "config/config.h"

/* What a key holds, and the type at its place in struct config. */
enum config_kind {
    CONFIG_TEXT,    /* const char *: any text */
    CONFIG_NAME,    /* const char *: a name, which a connection string is not */
    CONFIG_URL,     /* const char *: http:// or https://, without a user's name in it; or empty */
    CONFIG_WORD,    /* const char *: one of `words` */
    CONFIG_CHOICE,  /* enum: one of `words`, by position */
    CONFIG_WORDS,   /* struct config_list: some of `words` */
    CONFIG_LIST,    /* struct config_list of texts */
    CONFIG_ADDRESS, /* const char *: an address to listen on, or localhost */
    CONFIG_ORIGIN,  /* const char *: of web pages, as browsers send it; a slash may follow */
    CONFIG_ORIGINS, /* struct config_list of those */
    CONFIG_RANGE,   /* const char *: an address of the internet protocol, or a range of them */
    CONFIG_RANGES,  /* struct config_list of those */
    CONFIG_PORT,    /* uint32_t: a number, or a text that is one */
    CONFIG_COUNT,   /* uint32_t: a whole number in a range */
    CONFIG_BYTES,   /* uint64_t: the same */
    CONFIG_IGNORED, /* nothing: older files have it */
};

struct config_key {
    const char *path; /* "db.host" */
    enum config_kind kind;
    bool secret;
    bool only_environment; /* in the file it has no effect */
    bool optional;         /* where the others of its section are needed */
    size_t at;             /* offset in struct config */
    const char *fallback;  /* the default, as the environment would have it; NULL: none */
    const char *words;     /* "process|k8s" */
    uint64_t least, most;
    const char *new_name; /* of a key that has an old name here; NULL: this is the name */
    const char *meaning;  /* a phrase for the documentation */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* Room for the name of a key's variable. */
enum { CONFIG_VARIABLE_SIZE = 128 };

/* The environment variable that overrides a key. */
void config_key_variable(char out[CONFIG_VARIABLE_SIZE], const struct config_key *key);

/* The variable that was probably meant by the name of one that has no effect. False when it is one of
   ours, and when none comes near. */
bool config_key_suggest_variable(char out[CONFIG_VARIABLE_SIZE], struct str name);

/* Where a key's value goes; that of its new name when it has one. */
const struct config_key *config_key_target(const struct config_key *key);

/* What `key` holds, for messages and the documentation: "a port from 1 to 65535". Appends. */
void config_key_describe(struct text_buffer *out, const struct config_key *key);

/* The effective value of a key as text, secrets hidden; nothing for what is not set. Appends. */
void config_key_value(struct text_buffer *out, const struct config *config,
                      const struct config_key *key);

#endif
