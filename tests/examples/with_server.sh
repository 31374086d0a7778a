#!/bin/bash
# Runs a program against a server, and then ends the server by SIGTERM. Fails if either of them does.
#
#   with_server.sh PLACEHOLDER SERVER ARGUMENT... -- PROGRAM ARGUMENT...
#
# The server says in its first line where it listens: "listening on 127.0.0.1:4711". That port replaces PLACEHOLDER
# wherever it occurs in the arguments of the program.
set -eu
placeholder=$1
shift
server=()
while [ "$1" != -- ]; do
  server+=("$1")
  shift
done
shift

said=$(mktemp)
"${server[@]}" >"$said" &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; rm -f "$said"' EXIT
for _ in $(seq 200); do
  grep -q . "$said" && break
  kill -0 "$pid" || exit 1
  sleep 0.05
done
port=$(sed -n '1s/.*:\([0-9]*\)$/\1/p' "$said")
[ -n "$port" ] || { echo "the server did not say where it listens: $(cat "$said")"; exit 1; }

status=0
"${@//$placeholder/$port}" || status=$?
kill -TERM "$pid"
wait "$pid" || { echo "the server ended with $?"; exit 1; }
exit "$status"
