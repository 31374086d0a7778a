#!/usr/bin/env python3
"""Writes saslprep.inc: the tables of stringprep (RFC 3454) and of Unicode 3.2's normalisation, from Python's own.

usage: generate_saslprep.py > saslprep.inc
"""
import stringprep
import unicodedata

UCD = unicodedata.ucd_3_2_0
LAST = 0x10FFFF


def ranges(holds):
    """The runs of code points for which it holds."""
    runs, start = [], None
    for point in range(LAST + 2):
        if point <= LAST and holds(chr(point)):
            start = point if start is None else start
        elif start is not None:
            runs.append((start, point - 1))
            start = None
    return runs


def lines(items, per_line):
    for at in range(0, len(items), per_line):
        print("    " + " ".join(items[at:at + per_line]))


def print_ranges(name, comment, runs):
    print(f"// {comment}")
    print(f"constexpr code_range {name}[] = {{")
    lines([f"{{0x{first:X}, 0x{last:X}}}," for first, last in runs], 5)
    print("};\n")


def prohibited(c):
    tables = (stringprep.in_table_c21_c22, stringprep.in_table_c3, stringprep.in_table_c4, stringprep.in_table_c5,
              stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8, stringprep.in_table_c9)
    return any(table(c) for table in tables)


def is_hangul(point):
    return 0xAC00 <= point <= 0xD7A3


def main():
    print("// Made by generate_saslprep.py: do not edit.\n")
    print_ranges("mapped_to_nothing", "Table B.1.", ranges(stringprep.in_table_b1))
    print_ranges("other_spaces", "Table C.1.2.", ranges(stringprep.in_table_c12))
    print_ranges("prohibited_characters", "Tables C.2 to C.9.", ranges(prohibited))
    print_ranges("right_to_left", "Table D.1.", ranges(stringprep.in_table_d1))
    print_ranges("left_to_right", "Table D.2.", ranges(stringprep.in_table_d2))

    print("// Combining classes.")
    print("constexpr combining_range combining_classes[] = {")
    items = []
    for value in sorted({UCD.combining(chr(p)) for p in range(LAST + 1)} - {0}):
        items += [(first, last, value) for first, last in ranges(lambda c: UCD.combining(c) == value)]
    lines([f"{{0x{first:X}, 0x{last:X}, {value}}}," for first, last, value in sorted(items)], 4)
    print("};\n")

    pool, entries = [], []
    for point in range(LAST + 1):
        whole = UCD.normalize("NFKD", chr(point))
        if whole != chr(point) and not is_hangul(point):
            entries.append(f"{{0x{point:X}, {len(pool)}, {len(whole)}}},")
            pool += [f"0x{ord(c):X}," for c in whole]
    print("// Compatibility decompositions, in full: where in the pool, and how many.")
    print("constexpr decomposition decompositions[] = {")
    lines(entries, 5)
    print("};\n")
    print("constexpr char32_t decomposition_pool[] = {")
    lines(pool, 11)
    print("};\n")

    pairs = []
    for point in range(LAST + 1):
        parts = UCD.decomposition(chr(point)).split()
        if len(parts) == 2 and not parts[0].startswith("<") and UCD.normalize("NFC", chr(point)) == chr(point):
            pairs.append((int(parts[0], 16), int(parts[1], 16), point))
    print("// What two characters are as one, by the first and the second.")
    print("constexpr composition compositions[] = {")
    lines([f"{{0x{first:X}, 0x{second:X}, 0x{whole:X}}}," for first, second, whole in sorted(pairs)], 4)
    print("};")


if __name__ == "__main__":
    main()
