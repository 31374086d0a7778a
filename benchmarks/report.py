#!/usr/bin/env python3
"""Runs the benchmarks with their rivals interleaved, and writes how we compare: a table, and bench-report.json.

usage: report.py OUTPUT.json [--rounds N] [--filter REGEX] PROGRAM...

A case named ROW/ours is compared with each case named ROW/RIVAL. What a case costs is its counter `cost`, if it
has one, else the time that it asks for (UseRealTime, UseManualTime), else the CPU time, which other work on the
machine changes little; the median of the rounds counts. A ratio above 1 means that we are better. Some machines
are noisy: compare within one report only.
"""
import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile


def run(program, rounds, only):
    """All runs of a program: {case: ([costs], unit)}."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        done = subprocess.run(
            [program, f"--benchmark_repetitions={rounds}", "--benchmark_enable_random_interleaving=true",
             f"--benchmark_filter={only}", f"--benchmark_out={out.name}", "--benchmark_out_format=json"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"{program} failed:\n{done.stderr}")
        text = out.read()
    cases = {}
    if not text:
        return cases  # nothing of it passes the filter
    for result in json.loads(text)["benchmarks"]:
        if result.get("run_type") == "aggregate":
            continue
        if result.get("error_occurred"):
            sys.exit(f"{program}: {result['name']}: {result.get('error_message', 'failed')}")
        name = re.sub(r"/(iterations:\d+|repeats:\d+|manual_time|real_time|process_time)", "", result["name"])
        if "cost" in result:
            cost, unit = result["cost"], result.get("label", "")
        else:
            asked = re.search(r"/(manual_time|real_time)", result["name"])
            cost, unit = result["real_time" if asked else "cpu_time"], result["time_unit"]
        cases.setdefault(name, ([], unit))[0].append(cost)
    return cases


def compare(cases):
    """One row for each rival of each case of ours."""
    rows = []
    for name, (costs, unit) in cases.items():
        parts = name.split("/")
        if "ours" not in parts:
            continue
        place = parts.index("ours")
        for other, (rival_costs, _) in cases.items():
            theirs = other.split("/")
            if len(theirs) != len(parts) or theirs[place] == "ours":
                continue
            if theirs[:place] + theirs[place + 1:] != parts[:place] + parts[place + 1:]:
                continue
            mine, his = statistics.median(costs), statistics.median(rival_costs)
            rows.append({"row": "/".join(parts[:place] + parts[place + 1:]), "rival": theirs[place],
                         "ours": round(mine, 3), "theirs": round(his, 3), "unit": unit,
                         "ratio": round(his / mine, 3) if mine else 0})
    return rows


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("output")
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--filter", default=".")
    arguments.add_argument("programs", nargs="+")
    given = arguments.parse_args()

    rows = []
    for program in given.programs:
        rows += compare(run(program, given.rounds, given.filter))
    with open(given.output, "w", encoding="ascii") as out:
        json.dump(rows, out, indent=1)
        out.write("\n")
    width = max((len(row["row"]) for row in rows), default=3)
    print(f"{'row':{width}}  {'rival':12} {'ours':>12} {'theirs':>12} unit    ratio")
    for row in rows:
        print(f"{row['row']:{width}}  {row['rival']:12} {row['ours']:12.1f} {row['theirs']:12.1f} "
              f"{row['unit']:6} {row['ratio']:6.2f}")
    print(f"medians of {given.rounds} interleaved rounds; a ratio above 1 means that tidewire is better")


if __name__ == "__main__":
    main()
