/* Every ask must be answered with a verdict; a test that wants a failure asks the desk itself. */
#include "support.h"

#include "support/scene.h"

const struct reset_store_settings scene_defaults = {
    .limits = {.coalesce_ms = MINUTE_MS,
               .protect_admin_ms = 15 * MINUTE_MS,
               .per_user = {5, HOUR_MS},
               .per_recipient = {5, HOUR_MS},
               .per_actor = {30, HOUR_MS}},
};

void scene_open(struct scene *scene, const struct reset_store_settings *settings)
{
    scene->memory = memory_store_new();
    struct record_store port = memory_store_port(scene->memory);
    desk_open(&scene->desk, &port, settings);
    desk_start(&scene->desk);
    scene_pass(scene, SECOND_MS);
    scene->t0_ms = memory_store_time(scene->memory);
}

void scene_close(struct scene *scene)
{
    desk_close(&scene->desk);
    memory_store_free(&scene->memory);
}

void scene_pass(struct scene *scene, int64_t milliseconds)
{
    memory_store_set_time(scene->memory, memory_store_time(scene->memory) + milliseconds);
}

static enum verdict verdict_of(const struct desk_answer *answer)
{
    if (answer->status != STATUS_OK)
        fail_msg("no verdict but %s", status_name(answer->status));
    return answer->verdict;
}

enum verdict scene_begin(struct scene *scene, struct desk_begin with)
{
    if (with.t0_ms == 0)
        with.t0_ms = memory_store_time(scene->memory);
    desk_begin(&scene->desk, &with, &scene->answer);
    return verdict_of(&scene->answer);
}

enum verdict scene_finish(struct scene *scene, struct desk_answer *lease, struct reset_finish with)
{
    with.now_ms = memory_store_time(scene->memory);
    desk_finish(&scene->desk, &lease->lease, &with, &scene->answer);
    return verdict_of(&scene->answer);
}

enum verdict scene_check(struct scene *scene, const struct desk_answer *lease)
{
    desk_check(&scene->desk, lease->stored, &scene->answer);
    return verdict_of(&scene->answer);
}

enum verdict scene_redeem(struct scene *scene, const struct desk_answer *lease, unsigned request,
                          unsigned key)
{
    struct desk_redeem question = {.stored = lease->stored,
                                   .request = request,
                                   .key = key,
                                   .recipient = lease->recipient,
                                   .mac = lease->mac};
    desk_redeem(&scene->desk, &question, &scene->answer);
    return verdict_of(&scene->answer);
}

size_t scene_count(struct scene *scene, const char *kind)
{
    struct memory_entry entry;
    size_t count = 0, size = strlen(kind);
    for (size_t i = 0; memory_store_at(scene->memory, i, &entry); i++)
        if (entry.key.size > size && memcmp(entry.key.bytes, kind, size) == 0 && entry.key.bytes[size] == ':')
            count++;
    return count;
}

struct desk_begin scene_request(unsigned number, enum method method)
{
    return (struct desk_begin){
        .request = number, .owner = number, .inc = number, .by_admin = true, .method = method};
}

enum verdict scene_stage(struct scene *scene, unsigned number, unsigned version, enum method method)
{
    struct desk_stage question = {.request = number, .version = version, .method = method};
    desk_stage(&scene->desk, &question, &scene->answer);
    return verdict_of(&scene->answer);
}

enum verdict scene_begin_staged(struct scene *scene, unsigned number, unsigned version, enum method method)
{
    assert_int_equal(scene_stage(scene, number, version, method), VERDICT_OK);
    return scene_begin(scene, scene_request(number, method));
}

enum verdict scene_try(struct scene *scene)
{
    desk_try(&scene->desk, NULL, &scene->answer);
    return verdict_of(&scene->answer);
}

enum verdict scene_open_password(struct scene *scene, const struct desk_answer *tried)
{
    desk_open_password(&scene->desk, tried, NULL, &scene->answer);
    return verdict_of(&scene->answer);
}

bool scene_password_counts(struct scene *scene)
{
    const struct text attempts = TEXT("attempts:");
    struct memory_entry entry;
    for (size_t i = 0; memory_store_at(scene->memory, i, &entry); i++)
        if (entry.key.size > attempts.size && memcmp(entry.key.bytes, attempts.bytes, attempts.size) == 0) {
            memory_store_remove(scene->memory, entry.key);
            break;
        }
    assert_int_equal(scene_try(scene), VERDICT_OK);
    return scene->answer.has_password;
}
