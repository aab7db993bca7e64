/* The relay and the pool before it: each mail meets the relay that the test has chosen for it.  As with the
 * real pool no callback comes from inside a call. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "pipeline/world.h"
#include "support/failing_memory.h"

static struct world *world_of(struct smtp_pool *pool)
{
    return (struct world *)(void *)pool;
}

/* Keeps its text without soft line breaks, and its Message-ID. */
static void look_at(struct world *world, struct text message)
{
    size_t size = 0;
    for (size_t i = 0; i < message.size && size + 1 < sizeof world->mail; i++) {
        if (message.size - i >= 3 && memcmp(message.bytes + i, "=\r\n", 3) == 0)
            i += 2;
        else
            world->mail[size++] = message.bytes[i];
    }
    world->mail[size] = '\0';
    const char *id = strstr(world->mail, "Message-ID: ");
    assert_non_null(id);
    snprintf(world->message_ids[world->mails], sizeof world->message_ids[0], "%.*s", (int)strcspn(id, "\r"),
             id);
}

bool world_mail_has(const struct world *world, const char *part)
{
    return strstr(world->mail, part) != NULL;
}

enum status smtp_pool_submit(struct smtp_pool *pool, const struct smtp_submission *submission,
                             struct smtp_delivery **delivery, struct error *error)
{
    struct world *world = world_of(pool);
    if (world->full_submissions > 0 || world->pool_full) {
        world->full_submissions -= world->full_submissions > 0;
        return error_set(error, STATUS_FULL, "no room");
    }
    assert_true(submission->message.size > 0);
    assert_true(world->delivery_count < WORLD_WAITING && world->mails < WORLD_MAILS);
    memory_spared++;
    struct smtp_delivery *taken = calloc(1, sizeof *taken);
    memory_spared--;
    assert_non_null(taken);
    look_at(world, submission->message);
    *taken = (struct smtp_delivery){.submission = *submission, .relay = world->relay[world->mails++]};
    world->deliveries[world->delivery_count++] = taken;
    world_note(world, "mail");
    *delivery = taken;
    return STATUS_OK;
}

void smtp_pool_cancel(struct smtp_pool *pool, struct smtp_delivery *delivery)
{
    (void)pool;
    delivery->unwanted = true;
}

void smtp_pool_abort(struct smtp_pool *pool, struct smtp_delivery *delivery)
{
    (void)pool;
    delivery->unwanted = delivery->aborted = true;
}

static void end(struct world *world, size_t place, struct smtp_result result)
{
    struct smtp_delivery *delivery = world->deliveries[place];
    world->deliveries[place] = world->deliveries[--world->delivery_count];
    if (result.kind == SMTP_ACCEPTED || result.kind == SMTP_UNCERTAIN)
        world->mails_out++;
    struct smtp_submission submission = delivery->submission;
    free(delivery);
    submission.done(submission.context, &result);
}

static bool send_dot(struct world *world, size_t place)
{
    struct smtp_delivery *delivery = world->deliveries[place];
    if (!delivery->submission.may_send_dot(delivery->submission.context)) {
        world_note(world, "withheld");
        end(world, place, (struct smtp_result){.kind = SMTP_WITHHELD, .reason = SMTP_REASON_CALLER});
        return true;
    }
    delivery->at_dot = true;
    world_note(world, "dot");
    delivery->submission.at_dot(delivery->submission.context);
    return true;
}

static bool answer(struct world *world, size_t place)
{
    struct smtp_delivery *delivery = world->deliveries[place];
    enum smtp_stage stage = delivery->at_dot ? SMTP_STAGE_DOT : SMTP_STAGE_RCPT;
    struct smtp_result result = {.stage = stage, .reason = SMTP_REASON_REPLY};
    if (delivery->unwanted && !delivery->at_dot) {
        world_note(world, "withheld");
        end(world, place, (struct smtp_result){.kind = SMTP_WITHHELD, .reason = SMTP_REASON_CALLER});
        return true;
    }
    switch (delivery->relay) {
    case RELAY_HOLDS:
        return false;
    case RELAY_HOLDS_DOT:
        return !delivery->at_dot && send_dot(world, place);
    case RELAY_ACCEPTS:
        if (!delivery->at_dot)
            return send_dot(world, place);
        result.kind = SMTP_ACCEPTED;
        result.code = 250;
        break;
    case RELAY_CUTS_AT_DOT:
        if (!delivery->at_dot)
            return send_dot(world, place);
        result.kind = SMTP_UNCERTAIN;
        result.reason = SMTP_REASON_CUT;
        break;
    case RELAY_REFUSES_FOR_NOW:
        result.kind = SMTP_REFUSED;
        result.code = 451;
        break;
    case RELAY_REFUSES:
        result.kind = SMTP_REFUSED;
        result.permanent = true;
        result.code = 550;
        result.enhanced = (struct smtp_enhanced_code){5, 1, 1};
        break;
    case RELAY_BREAKS_OFF:
        result.kind = SMTP_UNAVAILABLE;
        result.reason = SMTP_REASON_CUT;
        break;
    case RELAY_SHUTS_DOWN:
        result.kind = SMTP_UNAVAILABLE;
        result.code = 421;
        break;
    }
    end(world, place, result);
    return true;
}

bool world_answer_smtp(struct world *world)
{
    for (size_t i = 0; i < world->delivery_count; i++)
        if (answer(world, i))
            return true;
    return false;
}
