/* protocol-explore: every interleaving of the scenarios, over the production decisions.
 *
 *   protocol-explore                     the short scenarios
 *   protocol-explore --all               all of them
 *   protocol-explore [--stop] NAME...    these; --stop at the first broken promise
 *   protocol-explore --list              their names, and what each is about
 *   --memory MIB                         at most, for one scenario (default 4096)
 *
 * Ends with 0 where every promise is kept, 1 where one is broken, 70 where a scenario was too large. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/outcome.h"
#include "search.h"

enum { EXIT_BROKEN = 1, EXIT_USAGE = 64, EXIT_TOO_LARGE = 70 };

struct options {
    bool all;
    struct search_settings search;
    const char *const *names;
    int count;
};

struct total {
    size_t scenarios, states, bytes;
    double seconds;
    bool broken, too_large;
    bool met[REASONS_MET];
};

static int list(const struct scenarios *scenarios)
{
    for (size_t i = 0; i < scenarios->count; i++)
        printf("%-22s %-5s %s\n", scenarios->all[i].name, scenarios->all[i].is_short ? "short" : "",
               scenarios->all[i].about);
    return 0;
}

static void print_ways(const struct search_result *result)
{
    for (unsigned promise = 0; promise < PROMISE_COUNT; promise++)
        if (result->ways[promise])
            printf("   BROKEN: %s\n   after %u steps:\n%s", promise_words[promise], result->steps[promise],
                   result->ways[promise]);
}

/* What a scenario is known to break it must break, and nothing else. */
static bool is_as_known(const struct scenario *scenario, const struct search_result *result)
{
    promises known = 0;
    for (unsigned promise = 0; scenario->falls[0] && promise < PROMISE_COUNT; promise++)
        if (strstr(scenario->falls, promise_words[promise]))
            known |= BROKEN(promise);
    return result->broken == known;
}

static void explore(const struct scenario *scenario, const struct options *options, struct total *total)
{
    struct search_result result;
    search_run(scenario, &options->search, &result);
    bool known = is_as_known(scenario, &result);
    bool cut_off = !result.exhausted && !(options->search.stops && result.broken);
    printf("%-22s %9zu states %10zu moves %3zu deep %7.1f s %8.0f states/s %5zu MiB  %s\n", scenario->name,
           result.states, result.moves, result.depth, result.seconds,
           (double)result.states / (result.seconds > 0 ? result.seconds : 1), result.bytes >> 20,
           cut_off         ? "TOO LARGE"
           : !known        ? "BROKEN"
           : result.broken ? "falls as is known"
                           : "holds");
    if (!known || options->search.stops)
        print_ways(&result);
    fflush(stdout);
    total->scenarios++;
    total->states += result.states;
    total->seconds += result.seconds;
    total->bytes = total->bytes > result.bytes ? total->bytes : result.bytes;
    total->broken = total->broken || !known;
    total->too_large = total->too_large || cut_off;
    for (size_t i = 0; i < REASONS_MET; i++)
        total->met[i] = total->met[i] || result.met[i];
    search_result_clear(&result);
}

static bool is_named(const struct scenario *scenario, const struct options *options)
{
    for (int i = 0; i < options->count; i++)
        if (strcmp(options->names[i], scenario->name) == 0)
            return true;
    return options->count == 0 && (options->all || scenario->is_short);
}

static bool read_options(int count, char **arguments, const struct scenarios *scenarios,
                         struct options *options)
{
    int at = 1;
    for (; at < count && arguments[at][0] == '-'; at++) {
        if (strcmp(arguments[at], "--all") == 0)
            options->all = true;
        else if (strcmp(arguments[at], "--stop") == 0)
            options->search.stops = true;
        else if (strcmp(arguments[at], "--memory") == 0 && at + 1 < count)
            options->search.bytes_most = (size_t)strtoul(arguments[++at], NULL, 10) << 20;
        else
            return false;
    }
    options->names = (const char *const *)arguments + at;
    options->count = count - at;
    for (int i = 0; i < options->count; i++)
        if (!scenarios_find(scenarios, options->names[i]))
            return false;
    return true;
}

int main(int count, char **arguments)
{
    struct options options = {.search = {.bytes_most = (size_t)4096 << 20}};
    struct total total = {.scenarios = 0};
    struct scenarios scenarios;
    if (!scenarios_read(SCENARIOS_FILE, &scenarios))
        return EXIT_USAGE;
    if (count == 2 && strcmp(arguments[1], "--list") == 0)
        return list(&scenarios);
    if (!read_options(count, arguments, &scenarios, &options)) {
        fputs("protocol-explore [--all] [--stop] [--memory MIB] [SCENARIO...], or --list for their names\n",
              stderr);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < scenarios.count; i++)
        if (is_named(&scenarios.all[i], &options))
            explore(&scenarios.all[i], &options, &total);
    free(scenarios.all);
    printf("%zu scenarios, %zu states, %.1f s, %zu MiB at most; outcomes met:", total.scenarios, total.states,
           total.seconds, total.bytes >> 20);
    for (size_t i = 1; i < REASON_COUNT && i < REASONS_MET; i++)
        if (total.met[i])
            printf(" %s", reason_name((enum reason)i));
    printf("\n");
    return total.broken ? EXIT_BROKEN : total.too_large ? EXIT_TOO_LARGE : 0;
}
