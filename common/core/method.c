/* The table of methods.
 *
 * A link and the password of `temporary_password_mailed` are made by the worker, and a retry makes them
 * again; handed and chosen passwords were shown to somebody, so the newest counts and none is coalesced. */
#include "core/method.h"

#include <assert.h>

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS   (60 * MINUTE_MS)

static const struct method_traits table[METHOD_COUNT] = {
    [METHOD_LINK] =
        {.name = "link", .mail = "link", .lane = LANE_LINK, .mailed = SECRET_TOKEN, .coalesces = true},
    [METHOD_TEMPORARY_PASSWORD_MAILED] = {.name = "temporary_password_mailed",
                                          .mail = "temporary_password_mailed",
                                          .lane = LANE_PASSWORD,
                                          .mailed = SECRET_PASSWORD,
                                          .coalesces = true},
    [METHOD_TEMPORARY_PASSWORD_HANDED] = {.name = "temporary_password_handed",
                                          .mail = "temporary_password_notice",
                                          .lane = LANE_PASSWORD,
                                          .staged = true,
                                          .staged_ms = 24 * HOUR_MS},
    [METHOD_TEMPORARY_PASSWORD_CHOSEN] = {.name = "temporary_password_chosen",
                                          .mail = "temporary_password_notice",
                                          .lane = LANE_PASSWORD,
                                          .staged = true,
                                          .staged_ms = 15 * MINUTE_MS},
    [METHOD_PASSWORD_CHANGED] = {.name = "password_changed", .mail = "password_changed", .lane = LANE_NONE},
};

const struct method_traits *method_traits(enum method method)
{
    assert((unsigned)method < METHOD_COUNT);
    return &table[method];
}

const char *method_name(enum method method)
{
    return (unsigned)method < METHOD_COUNT ? table[method].name : "unknown";
}

bool method_of_record(struct text name, enum method *method)
{
    for (unsigned i = 0; i < METHOD_COUNT; i++)
        if (text_equal(name, text_of(table[i].name))) {
            *method = (enum method)i;
            return true;
        }
    return false;
}

bool method_of_name(struct text name, enum method *method)
{
    enum method named;
    if (!method_of_record(name, &named) || named == METHOD_PASSWORD_CHANGED)
        return false;
    *method = named;
    return true;
}
