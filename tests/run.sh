#!/usr/bin/env bash
# Runs every test on the real parts: Apache Kafka, Redis, SMTP servers.  Installs what is missing, builds with
# sanitizers, and ends with one line that says how many passed and failed; the exit code says the same.
#
#   ./tests/run.sh                 all suites
#   ./tests/run.sh unit e2e        only these: format house unit contract protocol integration gallery browser e2e
#   ./tests/run.sh faults           what takes minutes alone: three brokers, and faults under load
#
# RESET_CACHE: the folder for Kafka's jars and unpacked programs (default .cache/ here).  RESET_INSTALL=no: install
# nothing.  A step that cannot run counts as failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 70
. deploy/packages.sh

SUITES=(format house unit contract protocol integration gallery browser e2e)
LONG_SUITES=(faults) # only where they are named: several minutes each
PYTEST_DEADLINE=900
RESET_CACHE=$(realpath -m "${RESET_CACHE:-.cache}")
export RESET_CACHE PATH="$PATH:/usr/sbin:$RESET_CACHE/bin" PYTHONDONTWRITEBYTECODE=1
PYTHON=/usr/bin/python3
results=build/results
started=$SECONDS

say() { printf '\n== %s\n' "$*"; }

# cannot STEP WHY: the step counts as failed.
cannot() {
    printf '!! %s: %s\n' "$1" "$2"
    printf '%s\t%s\n' "$1" "$2" >>"$results/broken"
}

wanted() {
    local suite
    for suite in "${chosen[@]}"; do [ "$suite" = "$1" ] && return; done
    return 1
}

for argument in "$@"; do
    [[ " ${SUITES[*]} ${LONG_SUITES[*]} " == *" $argument "* ]] ||
        { echo "unknown suite $argument; there are: ${SUITES[*]} ${LONG_SUITES[*]}" >&2; exit 64; }
done
chosen=("${@:-${SUITES[@]}}")
[ $# -gt 0 ] || chosen=("${SUITES[@]}")
rm -rf "$results"
mkdir -p "$results"

install_all() {
    install_packages "${BUILD_PACKAGES[@]}" libcmocka-dev clang-format-14 ca-certificates git openssl python3 \
        python3-pytest python3-pytest-xdist python3-confluent-kafka python3-redis python3-aiosmtpd \
        python3-jsonschema python3-yaml curl groff-base openjdk-17-jdk-headless maven libdb5.3 libnsl2 \
        libicu72 python3-flask python3-argon2 python3-selenium chromium chromium-driver libxml2-utils \
        bubblewrap python3-seccomp systemd fonts-liberation fonts-noto-core fonts-noto-cjk golang-go nodejs || return
    redis_program "$RESET_CACHE" || return
    unpack_program "$RESET_CACHE" smtp-sink postfix || return
    unpack_program "$RESET_CACHE" smtp-source postfix || return
    unpack_program "$RESET_CACHE" promtool prometheus
}

build() {
    local generator=()
    command -v ninja >/dev/null && generator=(-G Ninja)
    [ -f "build/$1/CMakeCache.txt" ] && generator=()
    if ! { cmake --preset "$1" -DRESET_WERROR=ON "${generator[@]}" && cmake --build --preset "$1" -j"$(nproc)"; } >"$results/build-$1.log" 2>&1; then
        tail -n 40 "$results/build-$1.log"
        return 1
    fi
}

check_format() {
    git ls-files -z -co --exclude-standard '*.c' '*.h' | xargs -0 clang-format-14 --dry-run -Werror
}

run_unit() {
    CMOCKA_MESSAGE_OUTPUT=xml ctest --preset asan -j"$(nproc)" --timeout 120 --no-tests=error \
        --output-junit "$PWD/$results/unit.xml" --test-output-size-passed 4000000 --test-output-size-failed 4000000 \
        >"$results/unit.log" 2>&1
    [ -s "$results/unit.xml" ] || cannot unit "ctest wrote no result: $(tail -n 1 "$results/unit.log")"
}

# run_pytest SUITE FOLDER OPTION...: pytest's own failures (collection, a crash, the deadline) count, too.
run_pytest() {
    local code suite=$1 folder=$2
    shift 2
    if ! [ -d "$folder" ]; then
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

if [ "${RESET_INSTALL:-yes}" != no ]; then
    say "what is missing"
    install_all || cannot install "a package is missing"
fi
if wanted e2e || wanted integration || wanted faults; then
    fetch_kafka "$RESET_CACHE" || cannot kafka "Maven did not bring Kafka's jars"
    PYTHONPATH=tests "$PYTHON" -m support.kafka_archive || say "no archive of Kafka's classes: brokers start slower"
fi

say "build"
for preset in asan release; do
    build "$preset" || cannot "build-$preset" "does not build; see $results/build-$preset.log"
done

if wanted format; then
    say "format"
    if check_format; then echo format >>"$results/passed"; else cannot format "run clang-format-14 -i on the files above"; fi
fi
if wanted house; then
    say "house"
    if "$PYTHON" tests/house/check.py; then echo house-check >>"$results/passed"; else cannot house-check "see the violations above"; fi
    run_pytest house tests/house
fi
if wanted unit; then
    say "unit"
    run_unit
fi
for suite in contract protocol integration; do
    if wanted "$suite"; then
        say "$suite"
        run_pytest "$suite" "tests/$suite" -n 2
    fi
done
if wanted gallery; then
    say "gallery"
    # The browser draws in one process while parsers judge in the other.
    run_pytest gallery tests/gallery -n 2 --dist loadfile
fi
if wanted browser; then
    say "browser"
    run_pytest browser tests/browser -n 2
fi
if wanted e2e; then
    say "e2e"
    # Most of the time goes by waiting, so there are more at once than processors; each has servers of its own.
    run_pytest e2e tests/e2e -n 4
fi
if wanted faults; then
    say "faults"
    run_pytest faults tests/faults
fi

say "summary after $((SECONDS - started)) s"
exec "$PYTHON" tests/summary.py "$results"
