#!/usr/bin/env bash
# The benchmark: drain of preloaded events beside smtp-source on the same sink, intake over HTTP with 202 after the
# acknowledgement, memory and CPU; whether the time of an answer tells who has an account; whether links keep their
# latency beside Argon2id.  Prints a table and writes build/bench.json; prints no figure when anything is lost.
#
#   ./tests/bench/run.sh [drain] [intake] [oracle] [argon2] [--events 100000] [--seconds 10] [--connections 64]
#                        [--runs 3] [--requests 2000]
#
# By name only those measurements; without a name all.
# Wants a quiet machine.  Installs what is missing as tests/run.sh does (RESET_INSTALL=no: nothing).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. deploy/packages.sh

RESET_CACHE=$(realpath -m "${RESET_CACHE:-.cache}")
export RESET_CACHE PATH="$PATH:/usr/sbin:$RESET_CACHE/bin" PYTHONDONTWRITEBYTECODE=1
if [ "${RESET_INSTALL:-yes}" != no ]; then
    install_packages "${BUILD_PACKAGES[@]}" wrk python3 python3-confluent-kafka python3-redis openjdk-17-jre-headless \
        maven ca-certificates libdb5.3 libnsl2 libicu72
    redis_program "$RESET_CACHE"
    unpack_program "$RESET_CACHE" smtp-source postfix
fi
fetch_kafka "$RESET_CACHE"

generator=()
[ -f build/release/CMakeCache.txt ] || { command -v ninja >/dev/null && generator=(-G Ninja); }
cmake --preset release "${generator[@]}" >/dev/null
cmake --build --preset release >/dev/null
mkdir -p build/bench
gcc -O2 -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -o build/bench/sink tests/bench/sink.c
RESET_BIN=$PWD/build/release/bin exec /usr/bin/python3 tests/bench/bench.py --sink build/bench/sink \
    --json build/bench.json "$@"
