#!/usr/bin/env python3
"""Runs the Python programs of docs/mail.md beside the C++ programs that follow them, and compares what they make.

usage: guide_test.py MAIL_MD FOLDER

FOLDER has the C++ blocks that are programs, as snippet_mail_<number of the block>.
"""
import email
import email.policy
import pathlib
import re
import subprocess
import sys
import tempfile

DOCUMENT = pathlib.Path(sys.argv[1]).read_text()
FOLDER = pathlib.Path(sys.argv[2]).resolve()
failures = []


def expect(what, left, right):
    if left != right:
        failures.append(what)
        print(f"FAILED: {what}\n  python: {left!r:.500}\n  ours:   {right!r:.500}")


def pair(heading):
    """The Python block of that section, and the program of its first C++ block."""
    at = DOCUMENT.index(heading)
    python = re.compile(r"```python\n(.*?)```", re.S).search(DOCUMENT, at).group(1)
    number = DOCUMENT.count("```cpp\n", 0, DOCUMENT.index("```cpp\n", at)) + 1
    return python, FOLDER / f"snippet_mail_{number}"


def run(command, folder, data=b""):
    done = subprocess.run(command, cwd=folder, input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout.replace(b"\r\n", b"\n")


def shape(part):
    """What of a message both must make alike: not boundaries, dates and identifiers."""
    if part.is_multipart():
        content = [shape(child) for child in part.iter_parts()]
    else:
        content = part.get_payload(decode=True).rstrip(b"\r\n")
    return (part.get_content_type(), part.get_content_disposition(), part.get_filename(), part["Content-ID"], content)


def compare_writing(folder):
    python, ours = pair("### A message with text, HTML, an image and a file")
    (folder / "chart.png").write_bytes(bytes(range(256)) * 9)
    (folder / "links.pdf").write_bytes(b"%PDF-1.4\n" + b"x\r\n" * 1000)
    theirs, made = run([sys.executable, "-c", python], folder), run([ours], folder)
    left, right = (email.message_from_bytes(data, policy=email.policy.default) for data in (theirs, made))
    for name in ("From", "To", "Subject", "MIME-Version", "Bcc"):
        expect(f"the field {name}", left[name], right[name])
    expect("the tree of parts", shape(left), shape(right))
    return theirs, made


def compare_reading(folder, label, data, shown=None):
    """`shown` is an image that the HTML shows: by RFC 8621 section 4.1.4 an attachment as well, not so for Python."""
    python, ours = pair("### Reading one")
    said, saved = [], []
    for name, command in (("python", [sys.executable, "-X", "utf8", "-c", python]), ("ours", [ours])):
        place = folder / label / name
        place.mkdir(parents=True)
        said.append(run(command, place, data))
        saved.append({file.name: file.read_bytes() for file in place.iterdir()})
    expect(f"what is printed of {label}", *said)
    expect(f"the image of {label}", shown, saved[1].pop("attachment", None))
    expect(f"the files of {label}", *saved)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        theirs, made = compare_writing(folder)
        chart = (folder / "chart.png").read_bytes()
        compare_reading(folder, "python's", theirs, chart)
        compare_reading(folder, "ours", made, chart)
        compare_reading(folder, "encoded", b"From: =?utf-8?q?J=C3=BCrgen?= <j@x.org>, \"A, B\" <ab@x.org>\n"
                        b"Subject: =?iso-8859-1?q?Gr=FC=DFe?= to\n all\nMIME-Version: 1.0\n"
                        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=iso-8859-1\n"
                        b"Content-Transfer-Encoding: quoted-printable\n\ncaf=E9\n\n--b\n"
                        b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
                        b"Content-Disposition: attachment; filename*=utf-8''%C3%A9.bin\n\nAAEC/w==\n\n--b--\n")
    print(f"{len(failures)} differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
