#!/bin/bash
# Runs one libFuzzer program for $seconds (default 10) on a copy of its corpus; says what it did in one line, or all of
# it and the input that broke it. The inputs come in the same order each time, so that what one machine finds others find
# too; seed=0 takes a new order, for long searches.
#
#   tests/fuzz/run.sh build/fuzz/fuzzers/base_base64_fuzz
#   seconds=600 seed=0 tests/fuzz/run.sh build/fuzz/fuzzers/base_base64_fuzz
set -u
fuzzer=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
# Written by CMake: the dictionary and the folders of stored inputs.
mapfile -t arguments <"$fuzzer.args"
if "$fuzzer" -seed="${seed:-1}" -max_total_time="${seconds:-10}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
  -artifact_prefix="$work/" "$work/corpus" "${arguments[@]}" >"$work/log" 2>&1; then
  echo "${fuzzer##*/}: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") inputs"
else
  cat "$work/log"
  for input in "$work"/{crash,leak,timeout,oom}-*; do
    [ -e "$input" ] && echo "${fuzzer##*/} broke on this input (base64):" && base64 "$input"
  done
  exit 1
fi
