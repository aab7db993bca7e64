/* A producer handle: what is set so that an acknowledgement means durability, and so that it comes fast.
 *
 * linger.ms=0: the first message goes at once, and the ones that come while it travels go together in the
 * next request; that is batching without waiting.  Nagle would hold small requests back for the peer's
 * acknowledgement. */
#include "io/kafka_carrier.h"

#include <stdlib.h>

#include "io/clock.h"
#include "io/kafka_conf.h"

enum status kafka_carrier_new(struct event_base *base, const rd_kafka_conf_t *template,
                              kafka_queue_ready *ready, struct kafka_producer *producer,
                              struct kafka_carrier **result, struct error *error)
{
    struct kafka_carrier *carrier = calloc(1, sizeof *carrier);
    rd_kafka_conf_t *conf = carrier ? rd_kafka_conf_dup(template) : NULL;
    if (conf == NULL) {
        free(carrier);
        return error_set(error, STATUS_MEMORY, "no memory for a Kafka producer");
    }
    carrier->producer = producer;
    carrier->queue.descriptor = -1;
    carrier->born_ms = clock_monotonic_ms();
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    enum status status = kafka_conf_handle(RD_KAFKA_PRODUCER, conf, &carrier->handle, error);
    if (status == STATUS_OK)
        status = kafka_queue_open(&carrier->queue, base, rd_kafka_queue_get_main(carrier->handle), ready,
                                  carrier, error);
    if (status != STATUS_OK)
        kafka_carrier_free(&carrier, 0);
    *result = carrier;
    return status;
}

void kafka_carrier_purge(struct kafka_carrier *carrier)
{
    rd_kafka_purge(carrier->handle,
                   RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

void kafka_carrier_free(struct kafka_carrier **carrier, int patience_ms)
{
    if (*carrier == NULL)
        return;
    if ((*carrier)->held)
        rd_kafka_event_destroy((*carrier)->held);
    kafka_queue_close(&(*carrier)->queue);
    if ((*carrier)->handle)
        kafka_carrier_purge(*carrier);
    kafka_handle_destroy(&(*carrier)->handle, patience_ms, false);
    free(*carrier);
    *carrier = NULL;
}
