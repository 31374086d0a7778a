#!/usr/bin/env python3
"""Runs what docs/html.md shows of BeautifulSoup and parsel, and compares it with what the C++ beside it gives.

usage: guide_python_test.py GUIDE.md HTML_GUIDE_TEST PROGRAM

HTML_GUIDE_TEST prints the value of each C++ cell of the tables; PROGRAM is the guide's first program. Exit status:
77 if BeautifulSoup is not there, unless TIDEWIRE_REQUIRE_ORACLES asks for it.
"""
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import types

try:
    import bs4
    import bs4.dammit
    import bs4.formatter
    import html5lib  # noqa: F401, what BeautifulSoup parses with
    import parsel
    import soupsieve
except ImportError as error:
    # Debian's packages are for its own Python, which need not be the first in the path.
    system = "/usr/bin/python3"
    if pathlib.Path(sys.executable) != pathlib.Path(system) and os.access(system, os.X_OK):
        os.execv(system, [system, *sys.argv])
    print(f"BeautifulSoup, html5lib or parsel is not there: {error}")
    sys.exit(1 if os.environ.get("TIDEWIRE_REQUIRE_ORACLES", "0") not in ("", "0") else 77)

# Where the two do the same by other means, or print it otherwise, on purpose: the guide says so.
OTHERWISE = {
    "soup.original_encoding": "BeautifulSoup gives the name that it was told",
    "tag.previous_elements": "without the document, which is in tag.previous_nodes()",
    "soup.prettify()": "each tag on a line",
    "minify_html.minify(str(soup))": "another package",
    "lxml.etree.tostring(tree)": "another package",
    "html_text.extract_text(str(soup))": "another package",
    "markdownify.markdownify(str(soup))": "another package",
}
CHANGED_PAGE = "<h1>a</h1><p id=a class='old new'>x<b>y</b></p><p>z</p>"
WRITTEN_PAGE = "<html><head></head><body><h1>a</h1><p>b<br>c</p></body></html>"
SHOP = b"""<article class=book><h2><a href=/1>The <i>first</i></a></h2><p class=price> $8.50 </p></article>
<article class="book new"><a>no link</a><a href="/2?a=1&amp;b=2">Caf\xc3\xa9</a><p class=price>$9.99</article>
<article class=book><a href=/3>Dear</a><p class=price>$10</p></article>
<article class=book><a href=/4>No price</a></article><article><a href=/5>No book</a><p class=price>$1</article>"""


class AsWritten(bs4.formatter.HTMLFormatter):
    """HTML as the standard serialises it: BeautifulSoup's own formatters sort attributes, and write entities."""

    def __init__(self):
        super().__init__(entity_substitution=bs4.dammit.EntitySubstitution.substitute_xml, void_element_close_prefix=None)

    def attributes(self, tag):
        return tag.attrs.items()


def shown(value):
    """As the C++ test prints it."""
    if isinstance(value, bs4.BeautifulSoup):
        return "[document]"
    if isinstance(value, bs4.Tag):
        return value.decode(formatter=AsWritten())
    if isinstance(value, bs4.Doctype):
        return f"<!DOCTYPE {value}>"
    if isinstance(value, parsel.SelectorList):
        return "[" + ", ".join(value.getall()) + "]"
    if isinstance(value, tuple):
        name, content = value
        return json.dumps(f"{name}={' '.join(content) if isinstance(content, list) else content}")
    if value is None or isinstance(value, (str, bool)):
        return json.dumps(value, ensure_ascii=False)
    return "[" + ", ".join(shown(each) for each in value) + "]"


def soup_of(page):
    return bs4.BeautifulSoup(page, "html5lib")


def body_of(soup):
    return soup.body.decode_contents(formatter=AsWritten())


def scope_of(section, page):
    """What the cells of a section find."""
    soup = soup_of({"Change": CHANGED_PAGE, "Write": WRITTEN_PAGE}.get(section, page))
    tag = {"Find": "#p1", "Read": "a", "Move": "#p2", "Change": "p", "Write": "p"}.get(section)
    tag = soup.select_one(tag) if tag else None
    x = soup.new_tag("i") if section == "Change" else tag.contents[0] if section == "Read" else None
    return {"soup": soup, "tag": tag, "x": x, "text": page, "charset": "latin1", "selector": parsel.Selector(text=page),
            "response": types.SimpleNamespace(content=b"caf\xe9"), "re": re, "copy": copy, "soupsieve": soupsieve,
            "BeautifulSoup": lambda markup, features="html5lib", **more: bs4.BeautifulSoup(markup, features, **more),
            "NavigableString": bs4.NavigableString}


def value_of(section, cell, page):
    scope = scope_of(section, page)
    try:
        code = compile(cell, cell, "eval")
    except SyntaxError:
        exec(compile(cell, cell, "exec"), scope)  # pylint: disable=exec-used
        return shown(scope["soup"].html) if section == "Parse" else body_of(scope["soup"])
    value = eval(code, scope)  # pylint: disable=eval-used
    return body_of(scope["soup"]) if section == "Change" else shown(value)


def cells_of(column):
    return [cell.replace("\\|", "|") for cell in re.findall(r"`([^`]+)`", column)]


def rows_of(guide):
    """(section, Python cell, C++ cell) of each pair in the tables of BeautifulSoup and parsel."""
    section = ""
    for line in guide.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        if section not in ("Parse", "Find", "Read", "Move", "Change", "Write") or not line.startswith("| `"):
            continue
        python, cpp = (cells_of(column) for column in re.split(r" \| ", line.strip("| "), maxsplit=1))
        # As many of both: one by one. Else each Python cell says what the one of C++ does.
        if len(cpp) == 1:
            cpp = cpp * len(python)
        if len(python) != len(cpp):
            sys.exit(f"not as many cells on both sides: {line}")
        yield from ((section, *pair) for pair in zip(python, cpp))


def without_space(text):
    return re.sub(r"\s", "", text)


def main():
    guide = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    printed = subprocess.run([sys.argv[2], "--gtest_filter=HtmlGuide.*"], capture_output=True, check=True, timeout=60)
    values = {}
    for line in printed.stdout.decode().splitlines():
        if line.startswith("guide | "):
            _, section, rest = line.split(" | ", 2)
            cell, value = rest.rsplit(" | ", 1)
            values[section, without_space(cell)] = value
    page = json.loads(values["Parse", "text"])

    compared = 0
    wrong = []
    for section, python, cpp in rows_of(guide):
        if python in OTHERWISE or "notation of the html5lib" in python:
            continue
        ours = values.get((section, without_space(cpp)))
        theirs = value_of(section, python, page)
        compared += 1
        if ours != theirs:
            wrong.append(f"{section}\n  {python}\n    {theirs}\n  {cpp}\n    {ours}")
    print(f"{compared} cells compared with BeautifulSoup {bs4.__version__}")

    script = re.search(r"```python\n(.*?)```", guide, re.DOTALL).group(1)
    theirs, ours = (subprocess.run(command, input=SHOP, capture_output=True, check=True, timeout=60).stdout
                    for command in ([sys.executable, "-c", script], [sys.argv[3]]))
    if ours != theirs or not theirs:
        wrong.append(f"the first program\n  Python: {theirs}\n  C++: {ours}")
    if wrong or compared < 70:
        sys.exit("\n".join(wrong) or "too few cells")


main()
