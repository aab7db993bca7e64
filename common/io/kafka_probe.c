/* Readiness: does the cluster answer, may we speak to its brokers, is the topic there, has each of its
 * partitions a leader?
 *
 * librdkafka keeps no "connected" that could be asked: it connects when there is something to do and brokers
 * close idle connections.  So the question is asked for real, by rd_kafka_metadata(), which blocks: on a
 * thread, bounded. */
#include "io/kafka_probe.h"

#include <stdlib.h>
#include <string.h>

#include "io/kafka_brokers.h"
#include "io/kafka_delivery.h"
#include "io/offload.h"

struct kafka_probe {
    struct offload *offload;
    rd_kafka_t *handle; /* the producer's */
    bool loopback_only;
    char *topic; /* owned */
    int deadline_ms;
    kafka_probed *probed;
    void *context;
    void (*finished)(void *owner);
    void *owner;
    enum status status; /* from here on: the thread's answer */
    int partitions;
    struct error error;
};

static void judge(struct kafka_probe *probe, const struct rd_kafka_metadata *metadata)
{
    const struct rd_kafka_metadata_topic *topic = metadata->topic_cnt > 0 ? &metadata->topics[0] : NULL;
    if (probe->loopback_only && (probe->status = kafka_brokers_check(metadata, &probe->error)) != STATUS_OK)
        return;
    if (topic == NULL || topic->err) {
        rd_kafka_resp_err_t code = topic ? topic->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        probe->status = error_set(&probe->error, kafka_delivery_status(code), "Kafka topic %s: %s",
                                  probe->topic, rd_kafka_err2str(code));
        return;
    }
    for (int i = 0; i < topic->partition_cnt; i++)
        if (topic->partitions[i].leader < 0) {
            probe->status =
                error_set(&probe->error, STATUS_UNAVAILABLE, "Kafka topic %s: partition %d has no leader",
                          probe->topic, (int)topic->partitions[i].id);
            return;
        }
    probe->partitions = topic->partition_cnt;
}

static void ask(void *context)
{
    struct kafka_probe *probe = context;
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(probe->handle, probe->topic, NULL);
    if (topic == NULL) {
        probe->status =
            error_set(&probe->error, STATUS_CONFIG, "Kafka refuses the topic's name: %s", probe->topic);
        return;
    }
    rd_kafka_resp_err_t code = rd_kafka_metadata(probe->handle, 0, topic, &metadata, probe->deadline_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        judge(probe, metadata);
    else
        probe->status =
            error_set(&probe->error, STATUS_UNAVAILABLE, "Kafka does not answer: %s", rd_kafka_err2str(code));
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
}

static void release(struct kafka_probe *probe)
{
    free(probe->topic);
    free(probe);
}

static void answer(void *context)
{
    struct kafka_probe *probe = context;
    probe->finished(probe->owner);
    probe->probed(probe->context, probe->status, probe->partitions, &probe->error);
    release(probe);
}

enum status kafka_probe_start(struct event_base *base, rd_kafka_t *handle, bool loopback_only,
                              const char *topic, int deadline_ms, kafka_probed *probed, void *context,
                              void (*finished)(void *owner), void *owner, struct kafka_probe **result,
                              struct error *error)
{
    struct kafka_probe *probe = calloc(1, sizeof *probe);
    if (probe == NULL || (probe->topic = strdup(topic)) == NULL) {
        free(probe);
        return error_set(error, STATUS_MEMORY, "no memory for a question to Kafka");
    }
    probe->handle = handle;
    probe->loopback_only = loopback_only;
    probe->deadline_ms =
        deadline_ms > 0 && deadline_ms < KAFKA_PROBE_MAX_MS ? deadline_ms : KAFKA_PROBE_MAX_MS;
    probe->probed = probed;
    probe->context = context;
    probe->finished = finished;
    probe->owner = owner;
    *result = probe; /* before the thread may end */
    enum status status = offload_start(base, ask, answer, probe, &probe->offload, error);
    if (status != STATUS_OK) {
        *result = NULL;
        release(probe);
    }
    return status;
}

void kafka_probe_cancel(struct kafka_probe **probe)
{
    if (*probe == NULL)
        return;
    offload_cancel(&(*probe)->offload);
    release(*probe);
    *probe = NULL;
}
