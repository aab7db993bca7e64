#!/usr/bin/env bash
# A long run under faults, judged (I1 to I7): three brokers, Redis, workers, producers, a scripted relay.
#
#   tests/faults/run.sh --hours H | --minutes M            all faults, mixed
#   tests/faults/run.sh --kills N [--of worker|redis|broker|relay|producer]
#       [--workers 3] [--producers 2] [--brokers 3] [--requests R] [--rate 60] [--seed S] [--json FILE]
#       [--pause LEAST MOST] [--folder DIR]
#
# Prints its seed, the figures and what was broken; ends with 0 only if nothing was.  SIGINT or SIGTERM ends it early,
# with the verdict over what was until then.  Figures as JSON go to
# build/faults/ as well.  Installs what is missing (RESET_INSTALL=no: nothing) and builds with optimisation and
# assertions (RESET_BIN: takes those programs instead).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. deploy/packages.sh

use_cache
if [ "${RESET_INSTALL:-yes}" != no ]; then
    install_packages "${BUILD_PACKAGES[@]}" python3 python3-confluent-kafka python3-redis python3-jsonschema \
        openjdk-17-jre-headless maven ca-certificates libdb5.3 libnsl2 libicu72
    redis_program "$RESET_CACHE"
fi
fetch_kafka "$RESET_CACHE"
PYTHONPATH=tests /usr/bin/python3 -m support.kafka_archive || true # without it brokers start slower
if [ -z "${RESET_BIN:-}" ]; then
    choose_generator build/faults
    cmake -S . -B build/faults "${generator[@]}" -DRESET_TESTS=OFF -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DCMAKE_C_FLAGS_RELWITHDEBINFO="-O2 -g" >/dev/null
    cmake --build build/faults -j"$(nproc)" >/dev/null
    export RESET_BIN=$PWD/build/faults/bin
fi
exec /usr/bin/python3 tests/faults/long_run.py --json "build/faults/figures-$(date -u +%Y%m%d-%H%M%S).json" "$@"
