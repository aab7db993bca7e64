#!/usr/bin/env bash
# The whole relay on this machine, in one command: installs what is missing, builds, starts an embedded broker,
# Redis, a mailbox, a worker and a producer on free loopback ports, and runs one reset from the request to the
# redeemed link.  Then it stays up until Ctrl-C, with an application to click through (deploy/demo).
#
#   ./deploy/quickstart.sh          stays up
#   ./deploy/quickstart.sh --once   ends after the first run, with 0 or the first failure's code; no application
#
# Everything lives in one temporary folder that is removed at the end, whatever the end is; no process stays.  The
# build goes there, too, unless build/release exists already.  QUICKSTART_INSTALL=no: install nothing.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 70
. deploy/packages.sh

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }
once=no
for argument in "$@"; do
    case $argument in
        --once) once=yes ;;
        --help) usage; exit 0 ;;
        *) usage >&2; exit 64 ;;
    esac
done

folder=$(mktemp -d "${TMPDIR:-/tmp}/reset-relay.XXXXXX") || exit 73
chmod 700 "$folder"
export PYTHONDONTWRITEBYTECODE=1
PYTHON=/usr/bin/python3
names=() pids=()

# The last started ends first, so that a worker drains while Kafka, Redis and the mailbox are still there.
clean_up() {
    local code=$? index
    trap - EXIT
    trap '' INT TERM HUP
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        end_process "${pids[index]}"
    done
    rm -rf "$folder"
    exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# SIGTERM, ten seconds, SIGKILL.
end_process() {
    local pid=$1 tries
    kill -TERM "$pid" 2>/dev/null || return 0
    for ((tries = 0; tries < 100; tries++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

# fail CODE WHAT [NAME]: says what failed, and what the process NAME logged last.
fail() {
    printf '\n✗ %s\n' "$2" >&2
    if [ -n "${3:-}" ]; then
        tail -n 15 "$folder/$3.err" "$folder/$3.out" 2>/dev/null | sed 's/^/    /' >&2
    fi
    exit "$1"
}

step() { printf '▸ %s\n' "$*" >&2; }

# start NAME COMMAND...: in the background, logging to NAME.out and NAME.err; it dies with this script.
start() {
    local name=$1
    shift
    setpriv --pdeathsig KILL "$@" >"$folder/$name.out" 2>"$folder/$name.err" </dev/null &
    names+=("$name")
    pids+=($!)
}

# wait_for NAME SECONDS WHAT CONDITION...: until the condition holds; fails when NAME ends before.
wait_for() {
    local name=$1 end=$((SECONDS + $2)) what=$3 index
    shift 3
    until "$@" >/dev/null 2>&1; do
        for index in "${!names[@]}"; do
            if [ "${names[index]}" = "$name" ] && ! kill -0 "${pids[index]}" 2>/dev/null; then
                wait "${pids[index]}"
                fail $? "$what: $name ended" "$name"
            fi
        done
        [ $SECONDS -lt $end ] || fail 69 "$what: not within the time" "$name"
        sleep 0.1
    done
}

has_line() { [ -s "$1" ]; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
ready() { curl -fsS "http://127.0.0.1:$1/readyz"; }

if [ "${QUICKSTART_INSTALL:-yes}" != no ]; then
    demo_packages=(python3-flask python3-argon2)
    [ $once = no ] || demo_packages=()
    install_packages "${BUILD_PACKAGES[@]}" "${demo_packages[@]}" ca-certificates curl python3 python3-aiosmtpd \
        redis-tools util-linux ||
        fail 69 "the packages above could not be installed"
fi
redis_program "$folder" || fail 69 "there is no redis-server"
export PATH="$PATH:$folder/bin"

build=$folder/build
[ -f build/release/CMakeCache.txt ] && build=$PWD/build/release
choose_generator "$build"
step "building (about a minute the first time)"
{ cmake -S . -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release && cmake --build "$build" -j"$(nproc)"; } \
    >"$folder/build.out" 2>"$folder/build.err" || fail $? "the build failed" build
bin=$build/bin

step "starting everything on free loopback ports"
read -r redis_port smtp_port http_port demo_port producer_admin worker_admin < <("$PYTHON" -c '
import socket
held = [socket.socket() for _ in range(6)]
for each in held: each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in held))')
[ -n "${worker_admin:-}" ] || fail 69 "no free ports"

start broker "$bin/dev-broker"
wait_for broker 20 "the embedded broker" has_line "$folder/broker.out"
bootstrap=$(head -n 1 "$folder/broker.out")
mkdir "$folder/redis"
start redis redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$folder/redis" --save "" --appendonly yes \
    --maxmemory-policy noeviction
start mailbox "$PYTHON" -m aiosmtpd -n -l "127.0.0.1:$smtp_port" -c aiosmtpd.handlers.Mailbox "$folder/mail"
wait_for redis 20 "Redis" listens "$redis_port"
wait_for mailbox 20 "the mailbox" listens "$smtp_port"

# Where the links in the mails lead.
reset_page=https://app.example.com/reset-password
[ $once = yes ] || reset_page=http://127.0.0.1:$demo_port/reset-password
config=$folder/relay.ini
cat >"$config" <<END
[kafka]
bootstrap.servers = $bootstrap
[topics]
partitions = 4
replication = 1
[redis]
url = redis://127.0.0.1:$redis_port
[smtp]
url = smtp://127.0.0.1:$smtp_port
tls = off
from = Example <no-reply@example.com>
[link]
url = $reset_page#{token}
[token]
master_keys_file = $folder/master.keys
record_keys_file = $folder/record.keys
[policy]
temporary_password = mailed,handed,chosen
[templates]
tenants = $PWD/deploy/demo/tenants.ini
[limits]
; Everybody sits at 127.0.0.1 here.
per_client = 500/1h
[auth]
keys_file = $folder/api.keys
publishers_file = $folder/publishers
publisher = intake
[http]
listen = 127.0.0.1:$http_port
END

make_keys() {
    "$bin/reset-worker" --config "$config" keygen "$folder/master.keys" &&
        "$bin/reset-producer" --config "$config" keygen "$folder/record.keys" &&
        "$bin/reset-producer" --config "$config" publishers add --name intake --scope request:self \
            --scope request:admin --scope request:temporary_password --scope notify --scope assert:key --tenant '*' >/dev/null &&
        make_key api portal request:self,request:admin,redeem,status &&
        make_key demo-sign-in demo-sign-in request:self,redeem,notify &&
        make_key demo-console demo-console request:admin,request:temporary_password,revoke,status
}
# make_key FILE NAME SCOPES
make_key() {
    "$bin/reset-producer" --config "$config" keys add --name "$2" --scope "$3" --tenant acme --tenant globex \
        >"$folder/$1.key"
}
(umask 077 && make_keys) >"$folder/keys.out" 2>"$folder/keys.err" || fail $? "keys could not be made" keys
start worker "$bin/reset-worker" --config "$config" --set "admin.listen=127.0.0.1:$worker_admin" run
start producer "$bin/reset-producer" --config "$config" --set "admin.listen=127.0.0.1:$producer_admin" serve
wait_for worker 60 "the worker" ready "$worker_admin"
wait_for producer 60 "the producer" ready "$producer_admin"

"$PYTHON" deploy/quickstart_job.py --folder "$folder" --http "$http_port" --redis "$redis_port" || {
    code=$?
    for name in worker producer; do
        printf -- '--- last lines of the %s\n' "$name" >&2
        tail -n 10 "$folder/$name.err" >&2
    done
    fail $code "the reset did not go through"
}
[ $once = no ] || exit 0

step "starting the application"
start demo "$PYTHON" deploy/demo/demo.py --listen "127.0.0.1:$demo_port" --database "$folder/demo.db" \
    --companies deploy/demo/companies.json --intake "http://127.0.0.1:$http_port" \
    --sign-in-key "$folder/demo-sign-in.key" --console-key "$folder/demo-console.key" --mailbox "$folder/mail" \
    --trail "$bin/reset-producer --config $config trail"
wait_for demo 30 "the application" curl -fsS "http://127.0.0.1:$demo_port/sign-in"

cat <<END

Click through it: http://127.0.0.1:$demo_port/
  ann.lee@acme.example        an administrator of ACME
  bob.ortiz@acme.example      a manager of ACME
  carla.jensen@acme.example   a user of ACME                  the password of all of them: marble tunnel violin
  gina.park@globex.example    an administrator of Globex, another company
  What was mailed: http://127.0.0.1:$demo_port/mailbox        deploy/demo/README.md says what to look at

Running until Ctrl-C (everything is in $folder):
  producer   http://127.0.0.1:$http_port     metrics http://127.0.0.1:$producer_admin/metrics
  worker                               metrics http://127.0.0.1:$worker_admin/metrics
  Kafka      $bootstrap (in memory)    Redis 127.0.0.1:$redis_port    SMTP 127.0.0.1:$smtp_port
Try:
  curl -H "Authorization: Bearer \$(cat $folder/api.key)" -H 'Content-Type: application/json' \\
    -d '{"tenant":"acme","user":{"id":"u2","email":"bob@example.com","name":"Bob"},"actor":{"role":"self","id":"u2","tenant":"acme"},"method":"link"}' \\
    http://127.0.0.1:$http_port/v1/password-resets
  cat $folder/mail/new/*
  tail -f $folder/worker.out                      # the audit, one JSON line an outcome
  redis-cli -p $redis_port --scan
  $bin/reset-producer --config $config check
END
while :; do
    wait -n "${pids[@]}"
    code=$?
    for index in "${!pids[@]}"; do
        kill -0 "${pids[index]}" 2>/dev/null || fail $code "${names[index]} ended" "${names[index]}"
    done
done
