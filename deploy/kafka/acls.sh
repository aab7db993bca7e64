#!/usr/bin/env bash
# Who may do what on Kafka.  Prints the kafka-acls commands for the default topics; run them with your own
# --command-config, e.g.:  ./deploy/kafka/acls.sh | sh
#
#   BOOTSTRAP   a broker (default localhost:9092)      PUBLISHERS   principals of services that publish themselves
#
# The retry topics carry headers that the worker believes (generation, copy, t0), so that only the worker and
# `replay` write there; everybody else's events come in on the requested topic, where those headers count nothing.
set -euo pipefail
bootstrap=${BOOTSTRAP:-localhost:9092}
requested=password-reset.requested.v1
audit=password-reset.audit.v1

# allow PRINCIPAL OPERATIONS RESOURCE...
allow() {
    local principal=$1 operations=$2
    shift 2
    printf 'kafka-acls --bootstrap-server %s --add --allow-principal User:%s' "$bootstrap" "$principal"
    printf ' --operation %s' ${operations//,/ }
    printf ' %s\n' "$*"
}

allow reset-worker Read,Describe "--topic $requested"
allow reset-worker Read,Write,Describe "--topic $requested.retry. --resource-pattern-type prefixed"
allow reset-worker Write,Describe "--topic $requested.dlq"
allow reset-worker Write,Describe "--topic $audit"
allow reset-worker Describe,DescribeConfigs "--topic $requested --topic $audit"
allow reset-worker Read "--group reset-worker"
allow reset-worker IdempotentWrite "--cluster"

allow reset-producer Write,Describe "--topic $requested"
allow reset-producer Write,Describe "--topic $audit"
allow reset-producer IdempotentWrite "--cluster"

# reset-producer replay, trail and topics, by an operator's own principal.
allow reset-operator Read,Describe "--topic $requested.dlq"
allow reset-operator Write,Describe "--topic $requested.retry. --resource-pattern-type prefixed"
allow reset-operator Read,Describe "--topic $audit"
allow reset-operator Read "--group reset-replay"
allow reset-operator Create,Describe,DescribeConfigs "--topic password-reset. --resource-pattern-type prefixed"
allow reset-operator IdempotentWrite "--cluster"

# Services that publish their own signed events.
for publisher in ${PUBLISHERS:-}; do
    allow "$publisher" Write,Describe "--topic $requested"
done

# Auditors read the audit and nothing else: the other topics carry addresses.
allow reset-auditor Read,Describe "--topic $audit"
allow reset-auditor Read "--group reset-auditor- --resource-pattern-type prefixed"
