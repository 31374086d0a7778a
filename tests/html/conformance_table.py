#!/usr/bin/env python3
"""The table of conformance in README.md, made by the tests.

usage: conformance_table.py [--write] README.md PROGRAM...

Runs the tests, takes the rows that they print, and compares them with what stands between the two marks in the
file, or puts them there. Exit status: 0 if the table is that of the tests, 1 if it is not, 77 if a suite is not there.
"""
import pathlib
import subprocess
import sys

BEGIN = "<!-- made by tests/html/conformance_table.py: begin -->\n"
END = "<!-- end -->\n"
HEADING = "| suite | cases | passed | |\n| --- | ---: | ---: | --- |\n"


def rows_of(program):
    done = subprocess.run([program, "--gtest_filter=Html5lib*:SoupsieveSelectors*:CssParsingTests*"],
                          capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        sys.exit(f"{program} failed:\n{done.stdout}{done.stderr}")
    if "no conformance data" in done.stdout:
        print(done.stdout)
        sys.exit(77)
    return [line.removeprefix("conformance ") + "\n" for line in done.stdout.splitlines()
            if line.startswith("conformance |")]


def main():
    arguments = sys.argv[1:]
    write = arguments[:1] == ["--write"]
    file, *programs = arguments[1:] if write else arguments
    table = HEADING + "".join(row for program in programs for row in rows_of(program))

    path = pathlib.Path(file)
    text = path.read_text(encoding="ascii")
    before, _, rest = text.partition(BEGIN)
    found, mark, after = rest.partition(END)
    if not mark:
        sys.exit(f"{file} has no marks for the table:\n{BEGIN}{END}")
    if found == table:
        print(table, end="")
        return
    if not write:
        sys.exit(f"{file} has another table than the tests make (--write puts it there):\n{found}the tests:\n{table}")
    path.write_text(before + BEGIN + table + END + after, encoding="ascii")


main()
