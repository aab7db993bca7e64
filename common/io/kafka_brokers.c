/* config_rules.c judges the brokers that the configuration names.  A client asks one of them for the cluster,
 * and goes on with the addresses that the brokers advertise, which nobody has judged: so the same rule holds
 * for their hosts, for readiness and `check`, and for each address that is connected to, for the requests
 * themselves. */
#include "io/kafka_brokers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "io/config_rules.h"

static bool is_loopback(const struct sockaddr *address)
{
    const void *bytes = address;
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)bytes)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)bytes)->sin6_addr);
}

/* On librdkafka's threads; the socket does not block. */
static int connect_on_loopback(int descriptor, const struct sockaddr *address, int size, const char *broker,
                               void *context)
{
    (void)broker, (void)context;
    if (!is_loopback(address))
        return EACCES;
    return connect(descriptor, address, (socklen_t)size) == 0 || errno == EINPROGRESS ? 0 : errno;
}

void kafka_brokers_hold(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_connect_cb(conf, connect_on_loopback);
}

enum status kafka_brokers_check(const struct rd_kafka_metadata *metadata, struct error *error)
{
    for (int i = 0; i < metadata->broker_cnt; i++) {
        const struct rd_kafka_metadata_broker *broker = &metadata->brokers[i];
        if (!config_is_loopback(broker->host))
            return error_set(
                error, STATUS_CONFIG,
                "Kafka's broker %d is advertised at %.100s:%d, which is not loopback, and we speak "
                "plaintext: set security.protocol = ssl or sasl_ssl in [kafka], or say "
                "security.plaintext = trusted_network",
                (int)broker->id, broker->host, broker->port);
    }
    return STATUS_OK;
}
