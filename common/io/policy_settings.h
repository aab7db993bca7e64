/* Section [policy] of the configuration as the value that core/policy.h decides with. */
#ifndef IO_POLICY_SETTINGS_H
#define IO_POLICY_SETTINGS_H

#include "core/policy.h"
#include "io/config.h"

#define POLICY_ROLES_MOST 64

/* Points into itself and into the configuration: never copied, and gone before the configuration. */
struct policy_settings {
    struct policy policy;
    struct text roles[POLICY_ROLES_MOST]; /* the first ones, where more are configured */
};

void policy_settings_read(const struct config *config, struct policy_settings *values);

#endif
