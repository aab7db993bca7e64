/* The table of points that were passed, and the rules about them.
 *
 * A point comes into the table when it is passed for the first time; nothing lists them ahead, so a new one
 * cannot be forgotten.  No memory is asked for here: asking for memory is a point itself.  Any thread may
 * pass; the counting is behind a lock. */
#include "io/failpoint.h"

#ifdef RESET_FAILPOINTS

#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_SIZE = 64, RULES_MOST = 64, POINTS_MOST = 256, JOURNAL_MOST = 64 * 1024 };

enum action { ACTION_FAIL, ACTION_EXIT, ACTION_HANG, ACTION_COUNT };

static const char *const actions[ACTION_COUNT] = {"fail", "exit", "hang"};

struct rule {
    char pattern[NAME_SIZE];
    enum action action;
    unsigned long nth;
    bool every; /* the Nth, and each Nth after it */
};

struct point {
    char name[NAME_SIZE];
    const struct rule *rule; /* NULL: none fits */
    unsigned long passed;
    bool struck;
};

static struct failpoints {
    struct rule rules[RULES_MOST];
    struct point points[POINTS_MOST];
    size_t rule_count, point_count;
    int journal; /* -1: none */
    char earlier[JOURNAL_MOST];
} failpoints = {.journal = -1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A rule that cannot be read must not pass for a test without faults. */
static void refuse(const char *rule)
{
    fprintf(stderr, "RESET_FAILPOINTS: cannot read \"%s\"\n", rule);
    abort();
}

static void add_rule(const char *text, size_t size)
{
    struct rule *rule = &failpoints.rules[failpoints.rule_count++];
    char action[NAME_SIZE], mark = '@', copy[2 * NAME_SIZE];
    snprintf(copy, sizeof copy, "%.*s", (int)size, text);
    rule->nth = 1;
    int fields = sscanf(copy, "%63[^=]=%63[a-z]%c%lu", rule->pattern, action, &mark, &rule->nth);
    if (failpoints.rule_count == RULES_MOST || size >= sizeof copy || fields < 2 || fields == 3 ||
        (mark != '@' && mark != '%') || rule->nth == 0)
        refuse(copy);
    rule->every = mark == '%';
    while (rule->action < ACTION_COUNT && strcmp(actions[rule->action], action) != 0)
        rule->action++;
    if (rule->action == ACTION_COUNT)
        refuse(copy);
}

static void set_up(void)
{
    const char *rules = getenv("RESET_FAILPOINTS"), *path = getenv("RESET_FAILPOINTS_JOURNAL");
    for (size_t size; rules && *rules; rules += size + (rules[size] == ',')) {
        size = strcspn(rules, ",");
        add_rule(rules, size);
    }
    if (path)
        failpoints.journal = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (failpoints.journal >= 0 &&
        pread(failpoints.journal, failpoints.earlier, sizeof failpoints.earlier - 1, 0) < 0)
        refuse(path);
}

static void note(const char *word, const char *name)
{
    char line[2 * NAME_SIZE];
    int size = snprintf(line, sizeof line, "%s %s\n", word, name);
    if (failpoints.journal >= 0 && write(failpoints.journal, line, (size_t)size) != size)
        abort();
}

static bool struck_earlier(const struct point *point)
{
    char line[2 * NAME_SIZE];
    snprintf(line, sizeof line, "%s %s\n", actions[point->rule->action], point->name);
    return strstr(failpoints.earlier, line) != NULL;
}

static struct point *find(const char *name)
{
    for (size_t i = 0; i < failpoints.point_count; i++)
        if (strcmp(failpoints.points[i].name, name) == 0)
            return &failpoints.points[i];
    if (failpoints.point_count == POINTS_MOST)
        abort();
    struct point *point = &failpoints.points[failpoints.point_count++];
    snprintf(point->name, sizeof point->name, "%s", name);
    for (size_t i = 0; i < failpoints.rule_count && !point->rule; i++)
        if (fnmatch(failpoints.rules[i].pattern, name, 0) == 0)
            point->rule = &failpoints.rules[i];
    point->struck = point->rule && !point->rule->every && struck_earlier(point);
    note("seen", name);
    return point;
}

static bool is_due(struct point *point)
{
    const struct rule *rule = point->rule;
    point->passed++;
    if (!rule || point->struck)
        return false;
    if (rule->every)
        return point->passed % rule->nth == 0;
    point->struck = point->passed == rule->nth;
    return point->struck;
}

bool failpoint_strikes(const char *format, ...)
{
    char name[NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    pthread_once(&once, set_up);
    if (failpoints.rule_count == 0 && failpoints.journal < 0)
        return false;
    pthread_mutex_lock(&lock);
    struct point *point = find(name);
    bool due = is_due(point);
    if (due && !point->rule->every)
        note(actions[point->rule->action], name);
    if (due && point->rule->action == ACTION_EXIT)
        _exit(FAILPOINT_EXIT_CODE);
    pthread_mutex_unlock(&lock);
    if (due && point->rule->action == ACTION_HANG)
        raise(SIGSTOP);
    return due && point->rule->action == ACTION_FAIL;
}

int64_t failpoint_number(const char *variable, int64_t usual)
{
    const char *text = getenv(variable);
    return text ? strtoll(text, NULL, 10) : usual;
}

/* Our own requests for memory (tests/tools/wrapped_memory.c) are a point once another one was passed: a
 * program that cannot even start ends, and there is nothing to see. */
bool memory_fails(void);

bool memory_fails(void)
{
    return failpoints.point_count > 0 && failpoint_strikes("memory");
}

#endif
