# shellcheck shell=bash
# Installs Debian packages that are missing, and nothing else.  Sourced by deploy/quickstart.sh and the
# tests' run.sh, which also begin alike: where things are kept, and what cmake builds with.
#
# Policy: says what it does; works as root and with sudo; asks nothing; starts no service.  Programs whose packages
# bring a daemon (Redis, Postfix) or would replace one of the machine's are unpacked into the cache folder instead of
# being installed, so that no service runs and no port is taken afterwards.

BUILD_PACKAGES=(gcc libc6-dev cmake make pkg-config librdkafka-dev libhiredis-dev libcurl4-openssl-dev
    libevent-dev libjansson-dev libsodium-dev libgmime-3.0-dev libinih-dev tzdata)
# What tests/bench measures with, beside Kafka and Redis.
BENCH_PACKAGES=(wrk kcat golang-go nodejs python3-confluent-kafka python3-redis python3-matplotlib)

packages_say() { printf '▸ %s\n' "$*" >&2; }

package_installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# What provides libcurl or pkg-config already is left alone: their Debian variants exclude one another.
package_satisfied() {
    package_installed "$1" && return
    case $1 in
        libcurl4-*-dev) pkg-config --exists libcurl 2>/dev/null ;;
        pkg-config | pkgconf) command -v pkg-config >/dev/null ;;
        *) return 1 ;;
    esac
}

packages_as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    else
        packages_say "this needs root to install packages, and there is no sudo: $*"
        return 1
    fi
}

# apt's lists are fetched once in a run, and only when something is missing.
packages_update() {
    [ -n "${PACKAGES_UPDATED:-}" ] && return
    packages_say "apt-get update"
    packages_as_root apt-get -q -y update >/dev/null || return
    PACKAGES_UPDATED=yes
}

# install_packages NAME...
install_packages() {
    local missing=() name
    for name in "$@"; do
        package_satisfied "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    packages_update || return
    packages_say "installing ${missing[*]}"
    packages_as_root apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "${missing[@]}" \
        >/dev/null || { packages_say "could not install ${missing[*]}"; return 1; }
}

# unpack_program CACHE PROGRAM PACKAGE...: PROGRAM from PATH, else from the packages unpacked below CACHE, reachable
# as CACHE/bin/PROGRAM.  What the packages' programs link against is installed by its own names by the caller.
unpack_program() {
    local cache=$1 program=$2
    shift 2
    command -v "$program" >/dev/null && return
    [ -x "/usr/sbin/$program" ] && return
    [ -x "$cache/bin/$program" ] && return
    packages_update || return
    packages_say "unpacking $* into the cache (not installed, no service is started)"
    mkdir -p "$cache/bin" "$cache/packages" || return
    (
        cd "$cache/packages" || exit
        apt-get -q -o APT::Sandbox::User="$(id -un)" download "$@" >/dev/null || exit
        for file in *.deb; do dpkg-deb -x "$file" "$cache/root" || exit; done
        rm -f ./*.deb
    ) || { packages_say "could not fetch $*"; return 1; }
    local found
    found=$(find "$cache/root/usr/bin" "$cache/root/usr/sbin" "$cache/root/sbin" -name "$program" 2>/dev/null | head -n 1)
    [ -n "$found" ] || { packages_say "$program is not in $*"; return 1; }
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "$cache/root/usr/lib/postfix" "$found" >"$cache/bin/$program"
    chmod +x "$cache/bin/$program"
}

# redis_program CACHE: redis-server on PATH or below CACHE/bin.  Debian's redis-tools carries the whole server (it is
# one program with several names); only its daemon's unit is in another package.
redis_program() {
    command -v redis-server >/dev/null && return
    [ -x "$1/bin/redis-server" ] && return
    install_packages redis-tools || return
    mkdir -p "$1/bin" && ln -sf "$(command -v redis-check-rdb)" "$1/bin/redis-server"
}

# use_cache: RESET_CACHE keeps Kafka's jars and unpacked programs, by default in .cache/ here, and its programs are on
# PATH; Python keeps nothing beside the sources.
use_cache() {
    RESET_CACHE=$(realpath -m "${RESET_CACHE:-.cache}")
    export RESET_CACHE PATH="$PATH:/usr/sbin:$RESET_CACHE/bin" PYTHONDONTWRITEBYTECODE=1
}

# choose_generator FOLDER: `generator` is what cmake is told for that build folder: Ninja where there is one, and
# nothing where the folder has chosen already.
choose_generator() {
    generator=()
    [ -f "$1/CMakeCache.txt" ] || ! command -v ninja >/dev/null || generator=(-G Ninja)
}

# fetch_kafka CACHE: Apache Kafka's jars from Maven Central, as tests/kafka/pom.xml names them.
fetch_kafka() {
    local home="$1/kafka-4.1.0"
    [ -d "$home/libs" ] && return
    packages_say "fetching Apache Kafka 4.1.0 from Maven Central"
    rm -rf "$home.new"
    mvn -B -q -f tests/kafka/pom.xml -Dmaven.repo.local="$1/maven" dependency:copy-dependencies \
        -DoutputDirectory="$home.new/libs" && mv "$home.new" "$home"
}
