/* `flush`: deletes all data of the index, after asking. */

#include "cmd/commands.h"
#include "cmd/confirm.h"
#include "cmd/index.h"
#include "store/migrate.h"

enum { YES };

static const struct command_option options[] = {
    [YES] = {.name = "yes", .letter = 'y', .kind = OPTION_FLAG, .help = "do not ask"},
};

static int run(const struct command_line *line, struct error *error)
{
    struct index *index;
    const struct index_options how = {.name = "tuva-empi flush"};
    int status = index_open(&index, &how, error);
    if (status != 0) {
        return status;
    }
    if (!line->values[YES].given) {
        status = confirm_loss(index, LOSS_ALL, error);
    }
    if (status == 0) {
        status = migrate_flush(index->store, error);
    }
    index_close(index);
    if (status == 0) {
        struct text_buffer text = TEXT_BUFFER(256);
        text_append(&text, STR("All data of the index is deleted.\n"));
        status = command_print(&text, error);
        text_free(&text);
    }
    return status;
}

const struct command command_flush = {
    .name = "flush",
    .summary = "Delete all data of the index; the schema stays.",
    .notes =
        "Asks first, unless --yes is given. A job that is at work is waited for half a minute.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
