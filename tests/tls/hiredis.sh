#!/usr/bin/env bash
# hiredis.sh FOLDER: a hiredis with TLS, made in FOLDER from the C sources that the Python package "hiredis" brings
# along.  Debian 12's own (0.14) has no TLS; where the system's has, nothing is made.  Prints the folder for
# PKG_CONFIG_PATH, or nothing where the system's will do; ends with 69 and a reason where there is none.
set -euo pipefail
folder=$1

cannot() {
    printf 'no hiredis with TLS: %s\n' "$1" >&2
    exit 69
}

if pkg-config --exists 'hiredis >= 1.1' 'hiredis_ssl >= 1.1'; then
    exit 0
fi
if [ ! -f "$folder/lib/pkgconfig/hiredis_ssl.pc" ]; then
    pkg-config --exists openssl || cannot "OpenSSL's headers are missing (libssl-dev)"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary hiredis --dest "$work" \
        'hiredis>=3' >"$work/log" 2>&1 || cannot "pip cannot download the package: $(tail -n 1 "$work/log")"
    tar -xzf "$work"/hiredis-*.tar.gz -C "$work"
    source=$(echo "$work"/hiredis-*/vendor/hiredis)
    [ -f "$source/ssl.c" ] || cannot "the package has no ssl.c any more"
    mkdir -p "$folder/include/hiredis" "$folder/lib/pkgconfig"
    (cd "$source" && for part in alloc async hiredis net read sds sockcompat ssl; do
        cc -std=c99 -O2 -g -fPIC -c "$part.c" -o "$part.o"
    done) >"$work/log" 2>&1 || cannot "its sources do not compile: $(grep -m 1 error "$work/log")"
    (cd "$source" && ar rcs "$folder/lib/libhiredis.a" alloc.o async.o hiredis.o net.o read.o sds.o sockcompat.o &&
        ar rcs "$folder/lib/libhiredis_ssl.a" ssl.o && cp ./*.h "$folder/include/hiredis/")
    number() { sed -n "s/^#define HIREDIS_$1 //p" "$source/hiredis.h"; }
    version=$(number MAJOR).$(number MINOR).$(number PATCH)
    printf 'Name: hiredis\nDescription: hiredis\nVersion: %s\nLibs: -L%s/lib -lhiredis\nCflags: -I%s/include\n' \
        "$version" "$folder" "$folder" >"$folder/lib/pkgconfig/hiredis.pc"
    printf 'Name: hiredis_ssl\nDescription: hiredis TLS\nVersion: %s\nRequires: hiredis openssl\nLibs: -L%s/lib -lhiredis_ssl\nCflags: -I%s/include\n' \
        "$version" "$folder" "$folder" >"$folder/lib/pkgconfig/hiredis_ssl.pc"
fi
printf '%s/lib/pkgconfig\n' "$folder"
