#!/usr/bin/env python3
"""Writes entities.inc: the named character references (WHATWG HTML 13.5), sorted by name.

The source is the table of Python's standard library, html.entities.html5.
Usage: generate_entities.py > entities.inc
"""
from html.entities import html5


def main():
    names = sorted(html5)
    print("// Made by generate_entities.py from html.entities.html5; do not edit.")
    print("// X(name without '&', UTF-8 of its characters)")
    for name in names:
        text = "".join(f"\\x{byte:02x}" for byte in html5[name].encode())
        print(f'X("{name}", "{text}")')


main()
