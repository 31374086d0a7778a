#!/bin/bash
# Talks to an example that is a server, over bash's own TCP.
#
#   dialogue.sh echo|chat PORT
set -eu
port=$2

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
  echo)
    for round in 1 2 3; do
      exec 3<>"/dev/tcp/127.0.0.1/$port"
      echo "round $round" >&3
      expect 3 "round $round"
      exec 3>&-
    done
    ;;
  chat)
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
    ;;
esac
echo "it said what it should"
