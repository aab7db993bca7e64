/* The dialog of the sink.  A mail counts when its dot is answered, not before; a session whose answers fill
 * its buffer is over. */
#include "sink_session.h"

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>

struct sink_plan sink_plan;

static struct {
    uint64_t mails, bytes, first, last; /* first, last: nanoseconds, of mails or refusals */
    uint64_t recipients, refused, stalled, connections;
} seen;

static bool answer(struct session *session, const char *text)
{
    size_t size = strlen(text);
    if (session->out_size + size > sizeof session->out)
        return false;
    memcpy(session->out + session->out_size, text, size);
    session->out_size += size;
    return true;
}

void session_greet(struct session *session)
{
    seen.connections++;
    answer(session, "220 sink.invalid ESMTP\r\n");
}

static void mark(void)
{
    seen.last = sink_now();
    if (seen.first == 0)
        seen.first = seen.last;
}

void session_accept(struct session *session)
{
    mark();
    seen.mails++;
    seen.recipients += session->recipients;
    seen.stalled += session->stalled;
    if (sink_plan.log)
        fprintf(sink_plan.log, "%llu %s\n", (unsigned long long)seen.last, session->address);
    session->recipients = 0;
    session->stalled = false;
    answer(session, "250 2.0.0 queued\r\n");
}

/* FNV-1a, 32 bits, of the address in lower case; the bench has the same in Python. */
static unsigned choice_of(const char *address)
{
    uint32_t hash = 2166136261u;
    for (; *address; address++)
        hash = (hash ^ (unsigned char)tolower((unsigned char)*address)) * 16777619u;
    return hash % 10000;
}

static bool take_recipient(struct session *session)
{
    const char *begin = memchr(session->line, '<', session->line_size);
    const char *end = begin ? memchr(begin, '>', session->line_size - (size_t)(begin - session->line)) : NULL;
    if (end == NULL || (size_t)(end - begin) > sizeof session->address)
        return answer(session, "501 5.1.3 no address\r\n");
    char address[SINK_ADDRESS_SIZE];
    size_t size = (size_t)(end - begin) - 1;
    memcpy(address, begin + 1, size);
    address[size] = '\0';
    if (sink_plan.refused > 0 && choice_of(address) < sink_plan.refused) {
        seen.refused++;
        mark();
        return answer(session, "550 5.1.1 no such user\r\n");
    }
    memcpy(session->address, address, size + 1);
    session->recipients++;
    if (sink_plan.stalled > 0 && choice_of(address) < sink_plan.stalled)
        session->stalled = true;
    return answer(session, "250 2.1.5 Ok\r\n");
}

static bool tell_counts(struct session *session)
{
    char counted[320];
    if (sink_plan.log)
        fflush(sink_plan.log);
    snprintf(counted, sizeof counted,
             "250 mails=%llu bytes=%llu first=%llu last=%llu recipients=%llu refused=%llu stalled=%llu "
             "connections=%llu\r\n",
             (unsigned long long)seen.mails, (unsigned long long)seen.bytes, (unsigned long long)seen.first,
             (unsigned long long)seen.last, (unsigned long long)seen.recipients,
             (unsigned long long)seen.refused, (unsigned long long)seen.stalled,
             (unsigned long long)--seen.connections); /* the question's own connection is no client's */
    return answer(session, counted);
}

static bool obey(struct session *session)
{
    const char *line = session->line;
    switch (line[0] & ~0x20) {
    case 'E':
    case 'H':
        return answer(session, "250-sink.invalid\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n");
    case 'M':
        session->recipients = 0;
        session->stalled = false;
        return answer(session, "250 2.1.0 Ok\r\n");
    case 'R':
        if ((line[1] & ~0x20) == 'C')
            return take_recipient(session);
        session->recipients = 0;
        return answer(session, "250 2.0.0 Ok\r\n");
    case 'D':
        if (session->recipients == 0)
            return answer(session, "554 5.5.1 no valid recipients\r\n");
        session->in_mail = true;
        session->dot_state = 2;
        return answer(session, "354 go on\r\n");
    case 'X':
        return tell_counts(session);
    case 'Q':
        answer(session, "221 2.0.0 bye\r\n");
        send(session->fd, session->out, session->out_size, MSG_NOSIGNAL);
        return false;
    default:
        return answer(session, "250 2.0.0 Ok\r\n");
    }
}

/* Takes bytes of a mail up to its end; how many were taken. */
static size_t take_mail(struct session *session, const char *data, size_t size)
{
    static const char end[] = "\r\n.\r\n";
    size_t i = 0;
    while (i < size && session->in_mail) {
        if (session->dot_state == 0) {
            const char *next = memchr(data + i, '\r', size - i);
            if (next == NULL) {
                i = size;
                break;
            }
            i = (size_t)(next - data);
        }
        char byte = data[i++];
        if (byte == end[session->dot_state])
            session->dot_state++;
        else
            session->dot_state = byte == '\r' ? 1 : 0;
        session->in_mail = session->dot_state < 5;
    }
    seen.bytes += i;
    return i;
}

static bool take_line(struct session *session, const char *data, size_t size, size_t *taken)
{
    const char *end = memchr(data, '\n', size);
    size_t part = end ? (size_t)(end - data) + 1 : size;
    if (session->line_size + part > sizeof session->line)
        return false;
    memcpy(session->line + session->line_size, data, part);
    session->line_size += part;
    *taken += part;
    if (end == NULL)
        return true;
    bool goes_on = obey(session);
    session->line_size = 0;
    return goes_on;
}

bool session_take(struct session *session, const char *data, size_t size, size_t *taken)
{
    while (*taken < size && session->due == 0) {
        if (!session->in_mail) {
            if (!take_line(session, data + *taken, size - *taken, taken))
                return false;
            continue;
        }
        *taken += take_mail(session, data + *taken, size - *taken);
        if (session->in_mail)
            continue;
        uint64_t delay = session->stalled ? sink_plan.stall : sink_plan.delay;
        if (delay > 0)
            session->due = sink_now() + delay;
        else
            session_accept(session);
    }
    return true;
}
