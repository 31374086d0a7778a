#!/bin/sh
# The tour takes the records of the pages that come with it, whatever their encoding and their faults, and says no where
# it should.
#
#   tests/examples/tour.sh BUILD/examples/tour
set -eu
tour=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$tour" --out "$work/tides.jsonl" >"$work/said"
grep -qx 'Every check held.' "$work/said"
cmp "$work/tides.jsonl" "$here/tides.jsonl"

mkdir "$work/empty"
if "$tour" --pages "$work/empty" 2>"$work/errors"; then exit 1; fi
grep -q '^tour: no page in ' "$work/errors"

echo '<h1>Nowhere</h1><table class=tides><tr><th>Tide<th>Time<tr><td>High<td>12:00</table>' >"$work/empty/page.html"
if "$tour" --pages "$work/empty" 2>"$work/errors"; then exit 1; fi
grep -q '^tour: no tides on these pages$' "$work/errors"

status=0
"$tour" --smtp localhost 2>"$work/errors" || status=$?
[ "$status" = 2 ]
echo "it said what it should"
