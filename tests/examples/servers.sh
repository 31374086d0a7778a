#!/bin/bash
# Talks to an example that is a server, over bash's own TCP, and ends it by SIGTERM.
#
#   servers.sh echo_modes|chat_server PROGRAM
set -eu
program=$2

# start ARGUMENT...: starts the server and sets $port to what its first line ends with.
start() {
  said=$(mktemp)
  "$program" "$@" >"$said" &
  server=$!
  trap 'kill "$server" 2>/dev/null || true; rm -f "$said"' EXIT
  for _ in $(seq 200); do
    grep -q . "$said" && break
    kill -0 "$server"
    sleep 0.05
  done
  port=$(sed -n '1s/.*:\([0-9]*\)$/\1/p' "$said")
}

# stop: the server ends well.
stop() {
  kill -TERM "$server"
  wait "$server" || fail "it ended with $?"
  rm -f "$said"
}

fail() {
  echo "$*"
  exit 1
}

# expect DESCRIPTOR TEXT: the next line is this one.
expect() {
  IFS= read -r -t 10 -u "$1" line || fail "nothing came, instead of: $2"
  [ "$line" = "$2" ] || fail "'$line' came, instead of: $2"
}

case $1 in
  echo_modes)
    for mode in loop threads processes; do
      start "$mode" 0 2
      for round in 1 2 3; do
        exec 3<>"/dev/tcp/127.0.0.1/$port"
        echo "round $round in $mode" >&3
        expect 3 "round $round in $mode"
        exec 3>&-
      done
      stop
    done
    ;;
  chat_server)
    start 0
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    expect 3 "* your name?"
    echo ada >&3
    expect 3 "* ada came to lobby"
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    expect 4 "* your name?"
    echo bob >&4
    expect 3 "* bob came to lobby"
    expect 4 "* bob came to lobby"
    printf 'hello\033[2J\r\n' >&4
    expect 3 "bob: hello?[2J"
    expect 4 "bob: hello?[2J"
    echo "/join garden" >&4
    expect 3 "* bob left"
    expect 4 "* bob came to garden"
    echo "/who" >&4
    expect 4 "* here: bob"
    echo "/quit" >&4
    ! IFS= read -r -t 10 -u 4 line || fail "'$line' came after the end"
    # Who never reads is put out, and nobody waits for that.
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    echo slow >&4
    expect 3 "* slow came to lobby"
    text=$(printf 'x%.0s' $(seq 390))
    for _ in $(seq 300); do
      for _ in $(seq 20); do echo "$text"; done >&3
      out=
      for _ in $(seq 20); do
        IFS= read -r -t 10 -u 3 line || fail "the room stands still"
        [ "$line" != "* slow left" ] || out=yes
      done
      [ -z "$out" ] || break
    done
    [ -n "$out" ] || fail "the slow reader was kept"
    stop
    ;;
esac
echo "it said what it should"
