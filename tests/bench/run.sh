#!/usr/bin/env bash
# The benchmark: every figure of the README, measured on real Kafka, Redis and relays on this one machine.
#
#   ./tests/bench/run.sh [NAME...] [--runs 3] [--out build/bench]      sink, P1 to P13, oracle, argon2; none: all
#   ./tests/bench/run.sh --smoke [NAME...]                             a few mails each, seconds: does it still work?
#   ./tests/bench/run.sh --readme README.md                            puts the last run's table between the marks there
#
# What is compared takes turns in one run (A B A B A B); a figure is the median, with minimum and maximum; what the sink
# counted is the truth.  A row whose mails were lost or refused unexpectedly prints why instead of a figure, and the exit
# code is 1.  The table says how noisy the machine was; it wants to be quiet.  Beside it: bench.json, a chart of each row
# that has an axis (SVG and PNG).
#
# Installs what is missing as tests/run.sh does (RESET_INSTALL=no: nothing); the peers go into RESET_CACHE.
# RESET_BIN: the folder of built programs, instead of build/release/bin (then nothing is built).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. deploy/packages.sh

use_cache
export PYTHONUNBUFFERED=1
for argument in "$@"; do
    [ "$argument" != --readme ] || exec /usr/bin/python3 tests/bench/bench.py "$@"
done
if [ "${RESET_INSTALL:-yes}" != no ]; then
    install_packages "${BUILD_PACKAGES[@]}" "${BENCH_PACKAGES[@]}" python3 openjdk-17-jre-headless maven ca-certificates \
        libdb5.3 libnsl2 libicu72
    command -v npm >/dev/null || install_packages npm
    redis_program "$RESET_CACHE"
    unpack_program "$RESET_CACHE" smtp-source postfix
fi
fetch_kafka "$RESET_CACHE"
if [ -z "${RESET_BIN:-}" ]; then
    choose_generator build/release
    cmake --preset release "${generator[@]}" >/dev/null
    cmake --build --preset release --target bench >/dev/null
    export RESET_BIN=$PWD/build/release/bin
fi
exec /usr/bin/python3 tests/bench/bench.py "$@"
