/* Reads scenarios.txt: `name: about`, then indented lines of words. */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const budgets[BUDGET_COUNT] = {
    [KILLS] = "kills",
    [LEASES] = "leases",
    [LOSSES] = "losses",
    [LOST_REPLIES] = "lost_replies",
    [LOST_ACKS] = "lost_acks",
    [REBALANCES] = "rebalances",
    [REFUSALS_4XX] = "4xx",
    [REFUSALS_5XX] = "5xx",
    [CUTS] = "cuts",
    [REDEMPTIONS] = "redemptions",
    [REPLAYS] = "replays",
    [ENDS] = "ends",
    [UNREACHABLE] = "unreachable",
    [DELAYED] = "delayed",
    [FALLBACKS] = "fallbacks",
    [REVOCATIONS] = "revocations",
    [NOT_BEFORE] = "not_before",
    [STAGINGS] = "stagings",
    [TRIES] = "tries",
    [PERIODS] = "periods",
};

static const struct {
    const char *word;
    struct asked asked;
} kinds[] = {
    {"link", {.method = METHOD_LINK}},
    {"admin", {.method = METHOD_LINK, .admin = true}},
    {"bulk", {.method = METHOD_LINK, .admin = true, .bulk = true}},
    {"ending", {.method = METHOD_LINK, .ends = true}},
    {"unknown", {.method = METHOD_LINK, .unknown = true}},
    {"shared", {.method = METHOD_LINK, .shared_address = true}},
    {"shared-admin", {.method = METHOD_LINK, .admin = true, .shared_address = true}},
    {"mailed", {.method = METHOD_TEMPORARY_PASSWORD_MAILED, .admin = true}},
    {"handed", {.method = METHOD_TEMPORARY_PASSWORD_HANDED, .admin = true}},
    {"changed", {.method = METHOD_PASSWORD_CHANGED}},
};

static bool read_request(const char *word, struct scenario *scenario)
{
    char kind[SCENARIO_WORD];
    size_t length = strcspn(word, "@:");
    const char *rest = word + length;
    memcpy(kind, word, length);
    kind[length] = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kind, kinds[i].word) != 0 || scenario->count == REQUESTS_MOST)
            continue;
        struct asked *asked = &scenario->asked[scenario->count++];
        *asked = kinds[i].asked;
        asked->other_company = strcmp(rest, "@globex") == 0;
        asked->other_user = asked->other_company || strcmp(rest, "@u2") == 0;
        if (strncmp(rest, ":r", 2) == 0 && rest[2] >= '0' && rest[2] < '0' + REQUESTS_MOST)
            asked->completes = (unsigned)(rest[2] - '0') + 1;
        return rest[0] == '\0' || asked->other_user || asked->completes > 0;
    }
    return false;
}

static bool read_flag(const char *word, struct scenario *scenario)
{
    struct {
        const char *word;
        bool *flag;
    } flags[] = {{"short", &scenario->is_short},
                 {"ordered", &scenario->ordered},
                 {"torn", &scenario->torn},
                 {"parks", &scenario->parks},
                 {"early", &scenario->early},
                 {"rests", &scenario->rests},
                 {"no-windows", &scenario->windows_over}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(word, flags[i].word) == 0)
            return *flags[i].flag = true;
    return false;
}

static bool read_number(const char *word, struct scenario *scenario)
{
    struct {
        const char *word;
        unsigned *number;
    } numbers[] = {{"tiers", &scenario->tiers},
                   {"per_user", &scenario->per_user},
                   {"per_recipient", &scenario->per_recipient},
                   {"per_actor", &scenario->per_actor},
                   {"per_bulk", &scenario->per_bulk},
                   {"per_notice", &scenario->per_notice}};
    size_t length = strcspn(word, "=");
    if (word[length] != '=' || word[length + 1] < '0' || word[length + 1] > '9')
        return false;
    unsigned long value = strtoul(word + length + 1, NULL, 10);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strlen(numbers[i].word) == length && memcmp(word, numbers[i].word, length) == 0) {
            *numbers[i].number = (unsigned)value;
            return true;
        }
    for (size_t i = 0; i < BUDGET_COUNT; i++)
        if (strlen(budgets[i]) == length && memcmp(word, budgets[i], length) == 0) {
            scenario->budget[i] = (uint8_t)value;
            return true;
        }
    return false;
}

static bool read_runs(const char *word, struct scenario *scenario)
{
    size_t length = strlen(word);
    if (strncmp(word, "runs=", 5) != 0 || length > 5 + RUNS_MOST || strspn(word + 5, "AB") != length - 5)
        return false;
    memcpy(scenario->runs, word + 5, length - 4);
    return true;
}

static bool read_words(char *line, struct scenario *scenario)
{
    for (char *at = line; *at;) {
        char word[SCENARIO_WORD];
        at += strspn(at, " \n");
        size_t length = strcspn(at, " \n");
        if (length == 0)
            break;
        if (length >= sizeof word)
            return false;
        memcpy(word, at, length);
        word[length] = '\0';
        if (!read_flag(word, scenario) && !read_runs(word, scenario) && !read_number(word, scenario) &&
            !read_request(word, scenario))
            return false;
        at += length;
    }
    return true;
}

static struct scenario *add(struct scenarios *scenarios)
{
    struct scenario *all = realloc(scenarios->all, (scenarios->count + 1) * sizeof *all);
    if (!all)
        abort();
    scenarios->all = all;
    struct scenario *scenario = &all[scenarios->count++];
    *scenario = (struct scenario){.tiers = 1, .runs = "AB"};
    return scenario;
}

static bool read_line(char *line, struct scenarios *scenarios)
{
    line[strcspn(line, "\n")] = '\0';
    char *colon = strstr(line, ": ");
    if (line[0] == '#' || line[0] == '\0')
        return true;
    if (line[0] == ' ' && scenarios->count > 0) {
        struct scenario *scenario = &scenarios->all[scenarios->count - 1];
        char *falls = strstr(line, "falls: ");
        if (!falls)
            return read_words(line, scenario);
        int size = snprintf(scenario->falls, sizeof scenario->falls, "%s", falls + strlen("falls: "));
        return size < (int)sizeof scenario->falls;
    }
    if (!colon)
        return false;
    struct scenario *scenario = add(scenarios);
    *colon = '\0';
    int name = snprintf(scenario->name, sizeof scenario->name, "%s", line);
    int about = snprintf(scenario->about, sizeof scenario->about, "%s", colon + 2);
    return name < (int)sizeof scenario->name && about < (int)sizeof scenario->about;
}

bool scenarios_read(const char *name, struct scenarios *scenarios)
{
    char line[400];
    unsigned number = 0;
    bool understood = true;
    FILE *file = fopen(name, "r");
    *scenarios = (struct scenarios){.count = 0};
    if (!file) {
        perror(name);
        return false;
    }
    while (understood && fgets(line, sizeof line, file)) {
        number++;
        understood = read_line(line, scenarios);
    }
    fclose(file);
    if (!understood)
        fprintf(stderr, "%s:%u: a word that is none of a scenario's\n", name, number);
    return understood;
}

const struct scenario *scenarios_find(const struct scenarios *scenarios, const char *name)
{
    for (size_t i = 0; i < scenarios->count; i++)
        if (strcmp(scenarios->all[i].name, name) == 0)
            return &scenarios->all[i];
    return NULL;
}

unsigned budget_of_mailbox(const struct scenario *scenario, unsigned request)
{
    const struct asked *asked = &scenario->asked[request];
    bool notice = asked->method == METHOD_PASSWORD_CHANGED;
    for (unsigned other = 0; other < request; other++) {
        const struct asked *earlier = &scenario->asked[other];
        bool same_kind =
            (earlier->method == METHOD_PASSWORD_CHANGED) == notice && earlier->admin == asked->admin;
        bool same_address = earlier->shared_address == asked->shared_address &&
                            (asked->shared_address || earlier->other_user == asked->other_user);
        bool own = !notice && !asked->admin; /* strangers share one, companies have each their own */
        if (same_kind && same_address && (own || earlier->other_company == asked->other_company))
            return other;
    }
    return request;
}

unsigned budget_of_actor(const struct scenario *scenario, unsigned request)
{
    const struct asked *asked = &scenario->asked[request];
    for (unsigned other = 0; other < request; other++) {
        const struct asked *earlier = &scenario->asked[other];
        bool same_actor = earlier->admin == asked->admin && earlier->other_company == asked->other_company &&
                          (asked->admin || earlier->other_user == asked->other_user);
        if (earlier->bulk == asked->bulk && (asked->bulk || same_actor))
            return other;
    }
    return request;
}
