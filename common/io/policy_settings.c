/* Roles and methods by their words in the configuration.  A word of policy.temporary_password that is no
 * method ("off") turns nothing on; others the configuration has refused already. */
#include "io/policy_settings.h"

static void read_methods(const struct config *config, struct policy *policy)
{
    static const char *const names[METHOD_COUNT] = {
        [METHOD_TEMPORARY_PASSWORD_MAILED] = "mailed",
        [METHOD_TEMPORARY_PASSWORD_HANDED] = "handed",
        [METHOD_TEMPORARY_PASSWORD_CHOSEN] = "chosen",
    };
    size_t count;
    const char *const *words = config_list(config, CONFIG_POLICY_TEMPORARY_PASSWORD, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t method = 0; method < METHOD_COUNT; method++)
            if (names[method] && strcmp(names[method], words[i]) == 0)
                policy->methods[method] = true;
}

void policy_settings_read(const struct config *config, struct policy_settings *values)
{
    size_t count;
    const char *const *roles = config_list(config, CONFIG_POLICY_ADMIN_ROLES, &count);
    *values = (struct policy_settings){.policy.admin_roles = values->roles};
    for (size_t i = 0; i < count && i < POLICY_ROLES_MOST; i++) {
        values->roles[i] = text_of(roles[i]);
        values->policy.admin_role_count++;
    }
    read_methods(config, &values->policy);
}
