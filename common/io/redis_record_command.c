/* Written for every mail, so each argument goes in with one reservation and no printf.  What stands for a key
 * in the swap's arguments is said in io/swap.lua, which reads them: only what it uses is sent, since Redis
 * pays for each argument.  Owns nothing; the values may hold a seed, and the caller's buffer is a secret one.
 */
#include "io/redis_record_command.h"

#include <stdint.h>

enum { DIGITS_MOST = 20 };

/* At most DIGITS_MOST digits; gives the place after the last. */
static char *write_number(char *at, uint64_t number)
{
    char digits[DIGITS_MOST];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    memcpy(at, digits + first, sizeof digits - first);
    return at + (sizeof digits - first);
}

/* A bulk string of RESP, made of two texts. */
static void append_joined(struct buffer *command, struct text head, struct text tail)
{
    size_t size = head.size + tail.size;
    char *start = buffer_reserve(command, size + sizeof "$\r\n\r\n" + DIGITS_MOST);
    if (!start)
        return;
    *start = '$';
    char *at = write_number(start + 1, size);
    *at++ = '\r';
    *at++ = '\n';
    if (head.size > 0)
        memcpy(at, head.bytes, head.size);
    if (tail.size > 0)
        memcpy(at + head.size, tail.bytes, tail.size);
    at += size;
    *at++ = '\r';
    *at++ = '\n';
    buffer_grow_by(command, (size_t)(at - start));
}

static void append_argument(struct buffer *command, struct text argument)
{
    append_joined(command, argument, TEXT(""));
}

static void append_number(struct buffer *command, uint64_t number)
{
    char digits[DIGITS_MOST];
    size_t size = (size_t)(write_number(digits, number) - digits);
    append_argument(command, (struct text){digits, size});
}

static void append_head(struct buffer *command, size_t arguments)
{
    buffer_append_byte(command, '*');
    buffer_append_number(command, (long long)arguments);
    buffer_append(command, "\r\n", 2);
}

static bool expects_bytes(const struct record_store_change *change)
{
    return change->compared && change->expected.bytes;
}

static bool expects_room(const struct record_store_change *change)
{
    return change->action == RECORD_STORE_COUNT && change->below > 0;
}

static bool sets_for_ever(const struct record_store_change *change)
{
    return change->action == RECORD_STORE_SET && change->expires_at_ms == 0;
}

static bool has_expiry(const struct record_store_change *change)
{
    return change->action == RECORD_STORE_COUNT ||
           (change->action == RECORD_STORE_SET && !sets_for_ever(change));
}

/* What io/swap.lua is to do with each key, two letters for one. */
static struct text write_letters(const struct record_store_change *changes, size_t count,
                                 char letters[2 * RECORD_STORE_KEYS_MOST])
{
    static const char actions[] = {[RECORD_STORE_KEEP] = 'k',
                                   [RECORD_STORE_SET] = 's',
                                   [RECORD_STORE_DELETE] = 'd',
                                   [RECORD_STORE_COUNT] = 'c'};
    for (size_t i = 0; i < count; i++) {
        char unexpected = changes[i].compared ? '-' : '*';
        unexpected = expects_room(&changes[i]) ? '<' : unexpected;
        letters[2 * i] = expects_bytes(&changes[i]) ? '=' : unexpected;
        letters[2 * i + 1] = sets_for_ever(&changes[i]) ? 'e' : actions[changes[i].action];
    }
    return (struct text){letters, 2 * count};
}

static void append_values(struct buffer *command, const struct record_store_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (expects_bytes(&changes[i]))
            append_argument(command, changes[i].expected);
        else if (expects_room(&changes[i]))
            append_number(command, changes[i].below);
    for (size_t i = 0; i < count; i++) {
        if (changes[i].action == RECORD_STORE_SET)
            append_argument(command, changes[i].value);
        if (has_expiry(&changes[i]))
            append_number(command, (uint64_t)changes[i].expires_at_ms);
    }
}

/* How many arguments append_values appends. */
static size_t count_values(const struct record_store_change *changes, size_t total)
{
    size_t count = 0;
    for (size_t i = 0; i < total; i++)
        count += (expects_bytes(&changes[i]) || expects_room(&changes[i]) ? 1u : 0u) +
                 (changes[i].action == RECORD_STORE_SET ? 1u : 0u) + (has_expiry(&changes[i]) ? 1u : 0u);
    return count;
}

void redis_record_command_read(struct buffer *command, struct text prefix, const struct text *keys,
                               size_t count)
{
    append_head(command, 1 + count);
    append_argument(command, TEXT("MGET"));
    for (size_t i = 0; i < count; i++)
        append_joined(command, prefix, keys[i]);
}

void redis_record_command_swap(struct buffer *command, struct text script, struct text prefix,
                               const struct record_store_change *changes, size_t count)
{
    char letters[2 * RECORD_STORE_KEYS_MOST];
    append_head(command, 4 + count + count_values(changes, count));
    append_argument(command, TEXT("EVALSHA"));
    append_argument(command, script);
    append_number(command, count);
    for (size_t i = 0; i < count; i++)
        append_joined(command, prefix, changes[i].key);
    append_argument(command, write_letters(changes, count, letters));
    append_values(command, changes, count);
}
