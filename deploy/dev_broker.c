/* dev-broker: Kafka for trying things out.  librdkafka's mock cluster in a process of its own: up in
 * milliseconds, no JVM.
 *
 * Everything is in memory and on loopback; a partition keeps 5 MiB at most; timestamps stay the producer's;
 * there is no Admin API, so the topics are made here.  It proves nothing about durability: never in
 * production. Prints `bootstrap.servers` alone on one line, then runs until SIGTERM or SIGINT. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: dev-broker [--partitions N] [TOPIC...]\n"
                            "\n"
                            "An in-memory Kafka on a free loopback port, for development. Prints its "
                            "bootstrap.servers and runs until\n"
                            "SIGTERM or SIGINT. Without TOPIC it makes those of reset-relay's default "
                            "configuration; N is 4 by default.\n";

static const char *const default_topics[] = {
    "password-reset.requested.v1",          "password-reset.requested.v1.retry.30s",
    "password-reset.requested.v1.retry.5m", "password-reset.requested.v1.retry.30m",
    "password-reset.requested.v1.dlq",      "password-reset.audit.v1",
};

static int run(const char *const *topics, int count, int partitions)
{
    char reason[256];
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);

    rd_kafka_conf_t *quiet =
        rd_kafka_conf_new(); /* the handle only carries the cluster: no word about its own lack of brokers */
    rd_kafka_conf_set(quiet, "log_level", "3", NULL, 0);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, quiet, reason, sizeof reason);
    rd_kafka_mock_cluster_t *cluster = handle ? rd_kafka_mock_cluster_new(handle, 1) : NULL;
    if (cluster == NULL) {
        fprintf(stderr, "dev-broker: the mock cluster does not start: %s\n", handle ? "no port" : reason);
        return 69;
    }
    int code = 0;
    for (int i = 0; i < count && code == 0; i++) {
        rd_kafka_resp_err_t failure = rd_kafka_mock_topic_create(cluster, topics[i], partitions, 1);
        if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) {
            fprintf(stderr, "dev-broker: topic %s: %s\n", topics[i], rd_kafka_err2str(failure));
            code = 64;
        }
    }
    if (code == 0) {
        printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
        fflush(stdout);
        int signal_number = 0;
        sigwait(&stop, &signal_number);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(handle);
    return code;
}

int main(int argc, char **argv)
{
    long partitions = 4;
    int first = 1;
    if (argc > first && strcmp(argv[first], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc > first + 1 && strcmp(argv[first], "--partitions") == 0) {
        partitions = strtol(argv[first + 1], NULL, 10);
        first += 2;
    }
    if (partitions < 1 || partitions > 1000 || (argc > first && argv[first][0] == '-')) {
        fputs(usage, stderr);
        return 64;
    }
    if (argc > first)
        return run((const char *const *)(argv + first), argc - first, (int)partitions);
    return run(default_topics, sizeof default_topics / sizeof *default_topics, (int)partitions);
}
