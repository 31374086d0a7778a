#!/usr/bin/env python3
"""Writes bidi.inc: where the strong directions of characters begin (Unicode Bidi_Class L, R and AL).

Usage: generate_bidi.py > bidi.inc
"""
import unicodedata


def main():
    kinds = {"L": 1, "R": 2, "AL": 2}
    print(f"// Made by generate_bidi.py from Unicode {unicodedata.unidata_version}; do not edit.")
    print("// {first code point, 0 weak or neutral, 1 left to right, 2 right to left}")
    last = None
    line = ""
    for point in range(0x110000):
        kind = kinds.get(unicodedata.bidirectional(chr(point)), 0)
        # Code points without a character take the direction of what is before them: fewer ranges.
        if unicodedata.category(chr(point)) == "Cn" and last is not None:
            continue
        if kind != last:
            last = kind
            item = f"{{0x{point:X}, {kind}}}, "
            if len(line) + len(item) > 110:
                print(line.rstrip())
                line = ""
            line += item
    print(line.rstrip())


main()
