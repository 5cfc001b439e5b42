/* save-model MODEL.json: reads a model and writes it to standard output, for Splink to load. */

#include <stdio.h>

#include "base/stream.h"
#include "linkage/settings.h"

enum { MOST = 16 << 20 };

static int save(const char *path, struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(MOST);
    struct text_buffer saved = TEXT_BUFFER(MOST);
    struct settings settings = {0};
    struct stream *stream = NULL;
    int status = stream_open_file(&stream, path, error);
    if (status == STATUS_OK) {
        status = stream_read_all(stream, &text, error);
    }
    if (status == STATUS_OK) {
        status = settings_read(&settings, text_str(&text), path, error);
    }
    if (status == STATUS_OK) {
        settings_write(&saved, &settings);
        status = saved.failed ? error_out_of_memory(error) : STATUS_OK;
    }
    if (status == STATUS_OK) {
        fwrite(saved.ptr, 1, saved.len, stdout);
    }
    settings_free(&settings);
    stream_free(stream);
    text_free(&saved);
    text_free(&text);
    return status;
}

int main(int argc, char **argv)
{
    struct error error = {0};
    if (argc != 2 || save(argv[1], &error) != STATUS_OK || fflush(stdout) != 0) {
        fprintf(stderr, "%s\n%s\n", error.message, error.detail);
        return 1;
    }
    return 0;
}
