/* The store in memory, listened to: what a swap has made of the request is in the journal before whoever
 * asked hears of it. */
#include "support.h"

#include <stdlib.h>

#include "pipeline/world.h"
#include "support/failing_memory.h"

struct swap {
    struct world *world;
    record_store_callback *done;
    void *context;
};

/* A new state of the request, or a change within it (a lease renewed, a park): "leased", "sent" … */
void world_look(struct world *world)
{
    struct text bytes = memory_store_get(world->memory, TEXT("request:" WORLD_ID));
    struct request_record record;
    if (bytes.size == world->state_size &&
        (!bytes.size || memcmp(bytes.bytes, world->state, bytes.size) == 0))
        return;
    assert_true(bytes.size <= sizeof world->state);
    if (bytes.size)
        memcpy(world->state, bytes.bytes, bytes.size);
    world->state_size = bytes.size;
    world_note(world, world_request(world, &record) ? request_state_name(record.state) : "lost");
}

static void swapped(void *context, const struct record_store_reply *reply)
{
    struct swap swap = *(struct swap *)context;
    free(context);
    world_look(swap.world);
    swap.done(swap.context, reply);
}

static void read_keys(void *context, const struct text *keys, size_t count, record_store_callback *done,
                      void *done_context)
{
    struct record_store memory = memory_store_port(((struct world *)context)->memory);
    memory.operations->read(memory.context, keys, count, done, done_context);
}

static void swap_keys(void *context, const struct record_store_change *changes, size_t count, bool allow_oom,
                      record_store_callback *done, void *done_context)
{
    struct record_store memory = memory_store_port(((struct world *)context)->memory);
    memory_spared++;
    struct swap *swap = malloc(sizeof *swap);
    memory_spared--;
    assert_non_null(swap);
    *swap = (struct swap){context, done, done_context};
    memory.operations->swap(memory.context, changes, count, allow_oom, swapped, swap);
}

struct record_store world_port(struct world *world)
{
    static const struct record_store_operations operations = {.read = read_keys, .swap = swap_keys};
    return (struct record_store){&operations, world};
}
