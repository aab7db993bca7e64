/* Runs a target over files: the committed corpus as an ordinary test, or one input that crashed.
 *
 *     NAME_corpus FILE_OR_FOLDER...
 *
 * In the build with libFuzzer this file is not there: the fuzzer brings its own main. */
#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#include "fuzz.h"

enum { INPUT_MOST = 1 << 20 };

static size_t run_file(const char *path)
{
    static uint8_t input[INPUT_MOST];
    FILE *file = fopen(path, "rbe");
    if (!file) {
        perror(path);
        exit(1);
    }
    size_t size = fread(input, 1, sizeof input, file);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(input, size);
    return 1;
}

static size_t run_folder(const char *path)
{
    char name[PATH_MAX];
    size_t count = 0;
    DIR *folder = opendir(path);
    if (!folder) {
        perror(path);
        exit(1);
    }
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        HOLDS((size_t)snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < sizeof name);
        count += run_file(name);
    }
    (void)closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    struct stat kind;
    (void)LLVMFuzzerInitialize(&argc, &argv);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        count += stat(argv[i], &kind) == 0 && S_ISDIR(kind.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
    (void)printf("%zu inputs\n", count);
    return count > 0 ? 0 : 1;
}
