/*
 * Stands in for libFuzzer where a compiler has none: feeds every file of the folders and files
 * named on the command line to the fuzz target once. So each build proves the kept inputs.
 */

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As libFuzzer's default -max_len for a kept corpus: larger files are not ours. */
enum { MOST = 1 << 20 };

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    uint8_t *room = malloc(MOST);
    size_t size = room == NULL ? 0 : fread(room, 1, MOST, file);
    fclose(file);
    /* An allocation of the exact size, so that the sanitizers see a read past the end. */
    uint8_t *data = realloc(room, size == 0 ? 1 : size);
    if (data == NULL) {
        free(room);
        return 1;
    }
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int run_folder(DIR *folder, const char *path, unsigned *count)
{
    int failed = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        failed |= run_file(name);
        ++*count;
    }
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    unsigned count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder != NULL) {
            failed |= run_folder(folder, argv[i], &count);
            closedir(folder);
        } else {
            failed |= run_file(argv[i]);
            count++;
        }
    }
    printf("%u inputs\n", count);
    return failed != 0 || count == 0;
}
