/* CPU, memory and descriptors as the kernel tells them (getrusage(2), proc(5)).  Read only when somebody asks
 * for the metrics; a handful of system calls. */
#include "io/metrics_process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static double seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void read_memory(struct metrics *metrics)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long total, resident;
    if (!file)
        return;
    if (fscanf(file, "%ld %ld", &total, &resident) == 2)
        metrics_set(metrics, METRIC_PROCESS_MEMORY, NO_LABELS,
                    (double)resident * (double)sysconf(_SC_PAGESIZE));
    fclose(file);
}

static void read_descriptors(struct metrics *metrics)
{
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return;
    int count = -1; /* the one that lists them */
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            count++;
    closedir(folder);
    metrics_set(metrics, METRIC_PROCESS_DESCRIPTORS, NO_LABELS, count);
}

void metrics_read_process(struct metrics *metrics)
{
    struct rusage usage;
    struct rlimit limit;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metrics_set(metrics, METRIC_PROCESS_CPU, NO_LABELS,
                    seconds(&usage.ru_utime) + seconds(&usage.ru_stime));
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metrics_set(metrics, METRIC_PROCESS_DESCRIPTORS_LIMIT, NO_LABELS, (double)limit.rlim_cur);
    read_memory(metrics);
    read_descriptors(metrics);
}
