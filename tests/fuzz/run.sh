#!/usr/bin/env bash
# Searches for inputs that break an invariant, with libFuzzer, ASan and UBSan (clang 14).
#
#   tests/fuzz/run.sh [--seconds N] [TARGET...]     default: 60 s for each target
#   tests/fuzz/run.sh --merge [TARGET...]           takes what was found into tests/fuzz/corpus, as small as it covers
#
# What it finds is kept in build/fuzz/found/TARGET; an input that breaks something stands beside, and the exit code is 1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. deploy/packages.sh

seconds=60 merge=no targets=()
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=${2:?--seconds wants a number}; shift 2 ;;
        --merge) merge=yes; shift ;;
        -*) echo "unknown option $1" >&2; exit 64 ;;
        *) targets+=("$1"); shift ;;
    esac
done
if [ ${#targets[@]} -eq 0 ]; then
    for source in tests/fuzz/*_fuzz.c; do targets+=("$(basename "$source" _fuzz.c)"); done
fi

[ "${RESET_INSTALL:-yes}" = no ] || install_packages "${BUILD_PACKAGES[@]}" clang-14 libclang-rt-14-dev
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j"$(nproc)"

failed=0
for target in "${targets[@]}"; do
    corpus=tests/fuzz/corpus/$target found=build/fuzz/found/$target
    mkdir -p "$corpus" "$found"
    if [ "$merge" = yes ]; then
        smaller=$(mktemp -d)
        "build/fuzz/bin/fuzz_$target" -merge=1 -use_counters=0 -max_len=2048 "$smaller" "$corpus" "$found" >/dev/null 2>&1
        rm -rf "$corpus" && mv "$smaller" "$corpus" && chmod 755 "$corpus"
        echo "$target: $(find "$corpus" -type f | wc -l) inputs"
        continue
    fi
    echo "== $target, $seconds s"
    if "build/fuzz/bin/fuzz_$target" -max_total_time="$seconds" -print_final_stats=1 -timeout=10 \
        -artifact_prefix="build/fuzz/found/$target-" "$found" "$corpus" >"build/fuzz/found/$target.log" 2>&1; then
        grep -E "number_of_executed_units|cov:" "build/fuzz/found/$target.log" | tail -n 2
    else
        failed=1
        tail -n 30 "build/fuzz/found/$target.log"
    fi
done
exit $failed
