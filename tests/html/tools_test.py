#!/usr/bin/env python3
"""Runs html_tree, html_select and html_extract as a user would: input on standard input, answers and exit statuses."""
import json
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(sys.argv[1])


def run(tool, *arguments, text):
    done = subprocess.run([FOLDER / tool, *arguments], input=text.encode(), capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect(found, wanted):
    if found != wanted:
        raise SystemExit(f"found  {found!r}\nwanted {wanted!r}")


def main():
    status, out, _ = run("html_tree", text="<p>a<b>c")
    expect((status, out), (0, '| <html>\n|   <head>\n|   <body>\n|     <p>\n|       "a"\n|       <b>\n|         "c"\n'))
    expect(run("html_tree", "--fragment", "tr", text="<td>x")[1], '| <td>\n|   "x"\n')
    expect(run("html_tree", "--scripting", "--fragment", "body", text="<noscript><p>")[1], '| <noscript>\n|   "<p>"\n')
    expect(run("html_tree", "--fragment", "svg path", text="<G>")[1], "| <svg g>\n")
    expect(run("html_tree", text="<!DOCTYPE html><template><p>x")[1],
           "| <!DOCTYPE html>\n| <html>\n|   <head>\n|     <template>\n|       content\n|         <p>\n"
           '|           "x"\n|   <body>\n')
    expect(run("html_tree", "--nonsense", text="")[0], 2)

    page = "<p id=a>x\ny</p><p>z\\</p><a href=u>l</a>"
    expect(run("html_select", "p", "--text", text=page)[:2], (0, "x\\ny\nz\\\n"))
    expect(run("html_select", "p:first-child", text=page)[1], '<p id="a">x\\ny</p>\n')
    expect(run("html_select", "p", "--attr", "id", text=page)[1], "a\n")
    expect(run("html_select", "p", "--attr", "title", text=page)[:2], (0, ""))
    expect(run("html_select", "p, a", "--html", text=page)[1], '<p id="a">x\\ny</p>\n<p>z\\</p>\n<a href="u">l</a>\n')
    expect(run("html_select", "p, a", "--count", text=page)[:2], (0, "3\n"))
    expect(run("html_select", "p::text", "--count", text=page)[:2], (0, "2\n"))
    expect(run("html_select", "a::attr(href)", text=page)[1], "u\n")
    expect(run("html_select", "table", "--count", text=page)[:2], (1, "0\n"))
    status, out, error = run("html_select", "p[", text=page)
    expect((status, out), (2, ""))
    expect(error.splitlines()[-2:], ["  p[", "    ^"])
    error = run("html_select", ".caf\u00e9 >> p", text=page)[2]
    expect(error.splitlines()[-2:], ["  .caf\u00e9 >> p", "         ^"])
    for arguments in ["p", "--nonsense"], ["p", "--attr"], ["p", "--text", "--html"], []:
        expect(run("html_select", *arguments, text=page)[0], 2)

    page = ("<html lang=en><title>T</title><a href=u>l</a><table><tr><th>a<tr><td>1</table>"
            "<form action=s><input name=q value=v></form>")
    expect(json.loads(run("html_extract", "links", text=page)[1].splitlines()[0])["url"], "u")
    expect(json.loads(run("html_extract", "tables", text=page)[1])["rows"], [["a"], ["1"]])
    expect(json.loads(run("html_extract", "forms", text=page)[1])["body"], "q=v")
    metadata = json.loads(run("html_extract", "metadata", text=page)[1])
    expect((metadata["title"], metadata["language"]), ("T", "en"))
    expect(run("html_extract", "text", text="<p>a<p>b")[1], "a\n\nb\n")
    expect(run("html_extract", "markdown", text="<h1>a</h1><b>c</b>")[1], "# a\n\n**c**\n")
    expect(run("html_extract", text="")[0], 2)


main()
