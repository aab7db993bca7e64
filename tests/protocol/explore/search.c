/* A state is three numbers: the shelf, the work, the history.  Each part is kept once; a state costs 16
 * bytes, and 8 of the table that finds it. */
#include "search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROOM_MOST ((size_t)64 << 30)

struct node {
    uint32_t shelf, work, history, parent;
};

struct edge {
    uint32_t from, to;
};

struct search {
    const struct search_settings *settings;
    struct search_result *result;
    struct clerk clerk;
    struct interning works, histories;
    struct room nodes, edges;
    uint32_t *slots;
    size_t slot_count;
    uint32_t at;   /* whose moves are made */
    unsigned move; /* which one */
    uint32_t places[PROMISE_COUNT];
    unsigned place_moves[PROMISE_COUNT]; /* 0: the state itself; else the move from it, counted from 1 */
};

static struct node *node_at(const struct search *search, uint32_t number)
{
    return (struct node *)(void *)search->nodes.bytes + number;
}

static size_t hash_node(const struct node *node)
{
    return hash_bytes(node, offsetof(struct node, parent));
}

static void grow(struct search *search)
{
    size_t count = search->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        abort();
    for (uint32_t number = 0; number < search->result->states; number++) {
        size_t slot = hash_node(node_at(search, number)) & (count - 1);
        while (slots[slot])
            slot = (slot + 1) & (count - 1);
        slots[slot] = number + 1;
    }
    free(search->slots);
    search->slots = slots;
    search->slot_count = count;
}

/* The state's number; `*fresh`: it was not known. */
static uint32_t add(struct search *search, const struct node *node, bool *fresh)
{
    size_t slot = hash_node(node) & (search->slot_count - 1);
    *fresh = false;
    for (; search->slots[slot]; slot = (slot + 1) & (search->slot_count - 1))
        if (memcmp(node_at(search, search->slots[slot] - 1), node, offsetof(struct node, parent)) == 0)
            return search->slots[slot] - 1;
    *fresh = true;
    memcpy(room_take(&search->nodes, sizeof *node), node, sizeof *node);
    search->slots[slot] = (uint32_t)++search->result->states;
    if (search->result->states * 2 > search->slot_count)
        grow(search);
    return (uint32_t)search->result->states - 1;
}

static struct node node_of(struct search *search, const struct state *state)
{
    return (struct node){.shelf = state->shelf,
                         .work = interning_put(&search->works, &state->work, sizeof state->work),
                         .history =
                             interning_put(&search->histories, &state->history, sizeof state->history)};
}

static void state_of(const struct search *search, uint32_t number, struct state *state)
{
    const struct node *node = node_at(search, number);
    state->shelf = node->shelf;
    memcpy(&state->work, interning_get(&search->works, node->work, NULL), sizeof state->work);
    memcpy(&state->history, interning_get(&search->histories, node->history, NULL), sizeof state->history);
}

static void note_broken(struct search *search, promises broken, uint32_t place, unsigned move)
{
    for (unsigned promise = 0; promise < PROMISE_COUNT && broken; promise++) {
        if (!(broken >> promise & 1) || search->result->broken >> promise & 1)
            continue;
        search->result->broken |= BROKEN(promise);
        search->places[promise] = place;
        search->place_moves[promise] = move;
    }
}

static void take(void *context, const struct mover *mover)
{
    struct search *search = context;
    struct node node = node_of(search, &mover->next);
    bool fresh;
    search->result->moves++;
    search->move++;
    node.parent = search->at;
    uint32_t number = add(search, &node, &fresh);
    if (mover->broken)
        note_broken(search, mover->broken, search->at, search->move);
    if (fresh) {
        promises broken = promise_state(&search->clerk, &mover->next);
        if (broken)
            note_broken(search, broken, number, 0);
    }
    if (search->clerk.scenario->rests && !mover->fault) {
        struct edge *edge = room_take(&search->edges, sizeof *edge);
        *edge = (struct edge){search->at, number};
    }
}

static size_t bytes_of(const struct search *search)
{
    return search->nodes.used + search->edges.used + search->slot_count * sizeof *search->slots +
           interning_bytes(&search->works) + interning_bytes(&search->histories) +
           clerk_bytes(&search->clerk);
}

/* Finds the move from `parent` that leads to `child`, or the move of that number, for its words. */
struct finder {
    struct search *search;
    struct node child;
    unsigned move, wanted; /* wanted 0: by the child */
    bool found;
    char label[240];
};

static void match(void *context, const struct mover *mover)
{
    struct finder *finder = context;
    struct node node = node_of(finder->search, &mover->next);
    finder->move++;
    bool same = finder->wanted ? finder->move == finder->wanted
                               : memcmp(&node, &finder->child, offsetof(struct node, parent)) == 0;
    if (!same || finder->found)
        return;
    finder->found = true;
    memcpy(finder->label, mover->label, sizeof finder->label);
}

static void tell_move(struct search *search, uint32_t from, uint32_t to, unsigned wanted, char label[240])
{
    struct state state;
    struct finder finder = {.search = search, .wanted = wanted};
    struct mover mover = {.clerk = &search->clerk, .labels = true, .take = match, .context = &finder};
    if (!wanted)
        finder.child = *node_at(search, to);
    state_of(search, from, &state);
    moves_of(&mover, &state);
    memcpy(label, finder.label, sizeof finder.label);
}

static void tell_way(struct search *search, unsigned promise)
{
    uint32_t place = search->places[promise];
    unsigned last = search->place_moves[promise], steps = last ? 1 : 0;
    char label[240];
    size_t size = 0;
    for (uint32_t at = place; at != 0; at = node_at(search, at)->parent)
        steps++;
    uint32_t *way = calloc(steps + 1U, sizeof *way);
    char *text = calloc(steps + 1U, sizeof label + 8);
    if (!way || !text)
        abort();
    unsigned known = steps - (last ? 1 : 0);
    for (uint32_t at = place, i = known; at != 0; at = node_at(search, at)->parent)
        way[i--] = at;
    for (unsigned i = 1; i <= steps; i++) {
        bool is_last = last && i == steps;
        tell_move(search, way[i - 1], is_last ? 0 : way[i], is_last ? last : 0, label);
        size += (size_t)snprintf(text + size, sizeof label + 8, "%5u %s\n", i, label);
    }
    search->result->ways[promise] = text;
    search->result->steps[promise] = steps;
    free(way);
}

/* Marks all from which a quiet state can be reached; tells of the first that is left. */
static void look_for_rest(struct search *search)
{
    size_t states = search->result->states, edges = search->edges.used / sizeof(struct edge), waiting = 0;
    const struct edge *edge = (const struct edge *)(void *)search->edges.bytes;
    uint32_t *first = calloc(states + 2, sizeof *first), *into = calloc(edges + 1, sizeof *into);
    uint32_t *queue = calloc(states + 1, sizeof *queue);
    bool *rests = calloc(states + 1, sizeof *rests);
    struct state state;
    if (!first || !into || !queue || !rests)
        abort();
    for (size_t i = 0; i < edges; i++)
        first[edge[i].to + 2]++;
    for (size_t i = 2; i < states + 2; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < edges; i++)
        into[first[edge[i].to + 1]++] = edge[i].from;
    for (uint32_t i = 0; i < states; i++) {
        state_of(search, i, &state);
        if (state_is_quiet(&state))
            rests[queue[waiting++] = i] = true;
    }
    for (size_t done = 0; done < waiting; done++)
        for (uint32_t i = first[queue[done]]; i < first[queue[done] + 1]; i++)
            if (!rests[into[i]])
                rests[queue[waiting++] = into[i]] = true;
    for (uint32_t i = 0; i < states; i++)
        if (!rests[i]) {
            note_broken(search, BROKEN(PROMISE_REST), i, 0);
            break;
        }
    free(first);
    free(into);
    free(queue);
    free(rests);
}

static void note_reasons(struct search *search)
{
    for (uint32_t number = 0; number < search->histories.count; number++) {
        const struct history *history = interning_get(&search->histories, number, NULL);
        for (unsigned i = 0; i < history->audit_count; i++)
            search->result->met[history->audits[i].reason % REASONS_MET] = true;
    }
}

/* Of the processor: how fast a search is must not depend on who else works. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void go(struct search *search)
{
    struct state state;
    bool fresh;
    struct mover mover = {.clerk = &search->clerk, .take = take, .context = search};
    state_first(&search->clerk, &state);
    struct node first = node_of(search, &state);
    add(search, &first, &fresh);
    for (; search->at < search->result->states; search->at++) {
        bool enough = search->settings->stops && search->result->broken;
        if (enough || ((search->at & 1023) == 0 && bytes_of(search) > search->settings->bytes_most))
            break;
        state_of(search, search->at, &state);
        search->move = 0;
        moves_of(&mover, &state);
    }
    search->result->exhausted = search->at == search->result->states;
}

void search_run(const struct scenario *scenario, const struct search_settings *settings,
                struct search_result *result)
{
    double started = now();
    struct search search = {.settings = settings, .result = result, .slot_count = 1 << 16};
    *result = (struct search_result){.states = 0};
    clerk_open(&search.clerk, scenario);
    interning_open(&search.works);
    interning_open(&search.histories);
    room_open(&search.nodes, ROOM_MOST);
    room_open(&search.edges, ROOM_MOST);
    search.slots = calloc(search.slot_count, sizeof *search.slots);
    if (!search.slots)
        abort();
    go(&search);
    if (scenario->rests && result->exhausted)
        look_for_rest(&search);
    note_reasons(&search);
    result->seconds = now() - started;
    result->bytes = bytes_of(&search);
    for (unsigned promise = 0; promise < PROMISE_COUNT; promise++)
        if (result->broken >> promise & 1)
            tell_way(&search, promise);
    for (uint32_t at = (uint32_t)result->states - 1; at != 0; at = node_at(&search, at)->parent)
        result->depth++;
    free(search.slots);
    room_close(&search.nodes);
    room_close(&search.edges);
    interning_close(&search.works);
    interning_close(&search.histories);
    clerk_close(&search.clerk);
}

void search_result_clear(struct search_result *result)
{
    for (unsigned promise = 0; promise < PROMISE_COUNT; promise++)
        free(result->ways[promise]);
    *result = (struct search_result){.states = 0};
}
