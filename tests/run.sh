#!/usr/bin/env bash
# Runs every test on the real parts: Apache Kafka, Redis, SMTP servers.  Installs what is missing, builds with
# sanitizers, and ends with one line that says how many passed and failed; the exit code says the same.
#
#   ./tests/run.sh                 all suites
#   ./tests/run.sh unit e2e        only these: format house unit contract protocol integration gallery browser e2e attacks
#                                  faults tls bench static threads coverage
#
# Unit tests come first, with the machine to themselves; then three rows of suites side by side: those that compute,
# those that mostly wait, and at the lowest priority what looks at the sources.  What a suite says is shown when it has
# ended, with its time.  `coverage` judges which lines all of it ran, so it means something after all suites only.
# Twenty minutes on two processors are the aim; `tests/faults/run.sh` is what takes hours.
#
# RESET_CACHE: the folder for Kafka's jars and unpacked programs (default .cache/ here).  RESET_INSTALL=no: install
# nothing.  A step that cannot run counts as failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 70
. deploy/packages.sh

SUITES=(format house unit contract protocol integration gallery browser e2e attacks faults tls bench static threads coverage)
# Of the unit tests, those of what runs on several threads: librdkafka's, the helper's, the log's; and of what each
# thread has for itself.
THREAD_TESTS=(audit_stream_test json_memory_test kafka_clock_test kafka_consumer_test kafka_producer_fault_test
    kafka_producer_test kafka_rebalance_test kafka_topics_test log_test password_stretcher_test redis_test)
PYTEST_DEADLINE=1200
use_cache
# The programs that tests run: with sanitizers, and counting lines.
export RESET_BUILD=build/coverage RESET_BIN=$PWD/build/coverage/bin
PYTHON=/usr/bin/python3
results=build/results
started=$SECONDS

say() { printf '\n== %s\n' "$*"; }

# cannot STEP WHY: the step counts as failed.
cannot() {
    printf '!! %s: %s\n' "$1" "$2"
    printf '%s\t%s\n' "$1" "$2" >>"$results/broken"
}

# part NAME COMMAND...: what it says is shown when it has ended; its seconds are kept.
part() {
    local name=$1 began=$SECONDS
    shift
    "$@" >"$results/$name.out" 2>&1
    printf '%s\t%d\n' "$name" $((SECONDS - began)) >>"$results/times"
    {
        flock 9
        say "$name, $((SECONDS - began)) s"
        cat "$results/$name.out"
    } 9>>"$results/lock"
}

wanted() {
    local suite
    for suite in "${chosen[@]}"; do [ "$suite" = "$1" ] && return; done
    return 1
}

for argument in "$@"; do
    [[ " ${SUITES[*]} " == *" $argument "* ]] ||
        { echo "unknown suite $argument; there are: ${SUITES[*]}" >&2; exit 64; }
done
chosen=("${@:-${SUITES[@]}}")
[ $# -gt 0 ] || chosen=("${SUITES[@]}")
rm -rf "$results"
mkdir -p "$results"

install_all() {
    install_packages "${BUILD_PACKAGES[@]}" libcmocka-dev clang-format-14 clang-tidy-14 valgrind ca-certificates git openssl python3 \
        python3-pytest python3-pytest-xdist python3-confluent-kafka python3-redis python3-aiosmtpd \
        python3-jsonschema python3-yaml curl groff-base openjdk-17-jdk-headless maven libdb5.3 libnsl2 \
        libicu72 python3-flask python3-argon2 python3-selenium chromium chromium-driver libxml2-utils \
        bubblewrap python3-seccomp systemd strace libssl-dev python3-pip fonts-liberation fonts-noto-core fonts-noto-cjk golang-go nodejs || return
    redis_program "$RESET_CACHE" || return
    unpack_program "$RESET_CACHE" smtp-sink postfix || return
    unpack_program "$RESET_CACHE" smtp-source postfix || return
    unpack_program "$RESET_CACHE" promtool prometheus || return
    wanted bench || return 0
    install_packages "${BENCH_PACKAGES[@]}" || return
    command -v npm >/dev/null || install_packages npm
}

# build PRESET TARGET...
build() {
    local preset=$1 generator
    shift
    choose_generator "build/$preset"
    if ! { cmake --preset "$preset" -DRESET_WERROR=ON "${generator[@]}" &&
        cmake --build --preset "$preset" -j"$(nproc)" ${1:+--target "$@"}; } >"$results/build-$preset.log" 2>&1; then
        tail -n 40 "$results/build-$preset.log"
        cannot "build-$preset" "does not build; see $results/build-$preset.log"
        return 1
    fi
}

# check NAME WHY COMMAND...: one test that is a command.
check() {
    local name=$1 why=$2
    shift 2
    if "$@"; then echo "$name" >>"$results/passed"; else cannot "$name" "$why"; fi
}

check_format() {
    git ls-files -z -co --exclude-standard '*.c' '*.h' | xargs -0 clang-format-14 --dry-run -Werror
}

run_house() {
    check house-check "see the violations above" "$PYTHON" tests/house/check.py
    run_pytest house tests/house
    run_pytest verdict tests/faults/test_verdict.py # the judge of the fault runs, on doctored records
}

# run_ctest SUITE PRESET OPTION...
run_ctest() {
    local suite=$1 preset=$2
    shift 2
    CMOCKA_MESSAGE_OUTPUT=xml ctest --preset "$preset" -j"$(nproc)" --no-tests=error "$@" \
        --output-junit "$PWD/$results/$suite.xml" --test-output-size-passed 4000000 \
        --test-output-size-failed 4000000 >"$results/$suite.log" 2>&1
    [ -s "$results/$suite.xml" ] || cannot "$suite" "ctest wrote no result: $(tail -n 1 "$results/$suite.log")"
}

# Their own build, so that ThreadSanitizer sees all of ours.
run_threads() {
    local pattern
    build threads "${THREAD_TESTS[@]}" || return
    pattern=$(IFS='|'; echo "${THREAD_TESTS[*]}")
    TSAN_OPTIONS="suppressions=$PWD/tests/threads.suppressions" \
        run_ctest threads threads -R "^($pattern)$" --timeout 600
}

# run_pytest SUITE FOLDER OPTION...: pytest's own failures (collection, a crash, the deadline) count, too.
run_pytest() {
    local code suite=$1 folder=$2
    shift 2
    if ! [ -e "$folder" ]; then
        cannot "$suite" "there is no $folder"
        return
    fi
    timeout --kill-after=20 "$PYTEST_DEADLINE" "$PYTHON" -m pytest -c tests/pytest.ini --rootdir=tests \
        --junitxml="$results/$suite.xml" -o junit_suite_name="$suite" "$@" "$folder" </dev/null
    code=$?
    case $code in
        0 | 1) [ -s "$results/$suite.xml" ] || cannot "$suite" "pytest wrote no result" ;;
        5) cannot "$suite" "no test was found" ;;
        124 | 137) cannot "$suite" "not done within $PYTEST_DEADLINE s" ;;
        *) cannot "$suite" "pytest ended with $code" ;;
    esac
}

# The three rows.
row_that_computes() {
    # The gallery's browser draws in one process while parsers judge in the other.
    wanted contract && part contract run_pytest contract tests/contract -n 2
    wanted protocol && part protocol run_pytest protocol tests/protocol -n 2
    wanted integration && part integration run_pytest integration tests/integration -n 2
    wanted gallery && part gallery run_pytest gallery tests/gallery -n 2 --dist loadfile
    wanted browser && part browser run_pytest browser tests/browser -n 2
    # Says why, where there is no hiredis with TLS: tests/tls/hiredis.sh.
    wanted tls && part tls run_pytest tls tests/tls
    # Every row of the benchmark with a few mails, by the release build; its figures are made by tests/bench/run.sh.
    wanted bench && RESET_BIN=$PWD/build/release/bin part bench run_pytest bench tests/bench
    return 0
}

row_that_waits() {
    # More at once than processors: most of their time goes by waiting, and each has servers of its own.
    wanted e2e && part e2e run_pytest e2e tests/e2e -n 4
    wanted attacks && part attacks run_pytest attacks tests/attacks -n 3
    # Those that strike brokers have three for each module; --long shows more of each fault.
    wanted faults && part faults run_pytest faults tests/faults -n 4 --dist loadgroup
    return 0
}

row_of_sources() {
    renice -n 19 "$BASHPID" >/dev/null
    wanted static && part static check static "see the findings above" "$PYTHON" tests/static.py build/release
    wanted threads && part threads run_threads
    return 0
}

if [ "${RESET_INSTALL:-yes}" != no ]; then
    say "what is missing"
    install_all || cannot install "a package is missing"
fi
if wanted e2e || wanted integration || wanted attacks || wanted faults || wanted browser || wanted tls || wanted bench; then
    fetch_kafka "$RESET_CACHE" || cannot kafka "Maven did not bring Kafka's jars"
    PYTHONPATH=tests "$PYTHON" -m support.kafka_archive || say "no archive of Kafka's classes: brokers start slower"
fi

if wanted format; then part format check format "run clang-format-14 -i on the files above" check_format; fi
if wanted house; then part house run_house; fi
part build build coverage
if wanted bench; then part build-release build release all bench; else part build-release build release; fi
if wanted faults; then part build-failpoints build failpoints; fi
"$PYTHON" tests/coverage.py build/coverage --reset
if wanted unit; then part unit run_ctest unit coverage --timeout 300; fi
row_that_waits &
row_that_computes &
row_of_sources &
wait
if wanted coverage; then
    part coverage check coverage "too few lines ran" "$PYTHON" tests/coverage.py build/coverage
fi

say "seconds of each part"
cat "$results/times"
say "summary after $((SECONDS - started)) s"
exec "$PYTHON" tests/summary.py "$results"
