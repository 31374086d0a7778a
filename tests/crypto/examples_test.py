#!/usr/bin/env python3
"""Runs hashsum, hmac_messages and password_store as a user would."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(sys.argv[1]).resolve()
REQUIRED = os.environ.get("TIDEWIRE_REQUIRE_ORACLES", "0") not in ("", "0")


def run(program, *arguments, text=b""):
    done = subprocess.run([program, *arguments], input=text, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


def ours(name, *arguments, text=b""):
    return run(FOLDER / name, *arguments, text=text)


def expect(found, wanted):
    if found != wanted:
        raise SystemExit(f"found  {found!r}\nwanted {wanted!r}")


def hashsum():
    names = ["plain", "with space", "back\\slash", "two\nlines", "empty"]
    for name in names:
        pathlib.Path(name).write_bytes(b"" if name == "empty" else name.encode() * 1000)
    status, sums, errors = ours("hashsum", *names)
    expect((status, errors), (0, ""))
    pathlib.Path("sums").write_bytes(sums)
    expect(ours("hashsum", "-c", "sums")[0], 0)
    if shutil.which("sha256sum"):
        expect(run("sha256sum", *names)[1], sums)
        expect(run("sha256sum", "-c", "--strict", "sums")[0], 0)
        expect(ours("hashsum", "-a", "sha512", *names)[1], run("sha512sum", *names)[1])
    elif REQUIRED:
        raise SystemExit("no sha256sum")

    pathlib.Path("plain").write_bytes(b"changed")
    status, out, _ = ours("hashsum", "-c", "sums")
    expect((status, out.splitlines()[:2]), (1, [b"plain: FAILED", b"with space: OK"]))
    os.remove("plain")
    status, out, errors = ours("hashsum", "-c", "sums")
    expect((status, out.splitlines()[0]), (1, b"plain: FAILED open or read"))
    expect(errors.startswith("hashsum: hash plain: "), True)
    expect(ours("hashsum", "missing", ".")[0], 1)
    status, _, errors = ours("hashsum", "-a", "sha257", "empty")
    expect((status, errors.startswith("hashsum: unknown algorithm: no hash is called 'sha257'; known are md5")), (2, True))
    pathlib.Path("sums").write_bytes(b"abc  plain\n")
    expect(ours("hashsum", "-c", "sums")[0], 1)

    with open("large", "wb") as file:
        file.truncate(80 << 20)
    status, _, errors = ours("hashsum", "large")
    expect((status, errors.endswith("large: 100 %\n")), (0, True))


def hmac_messages():
    pathlib.Path("key").write_bytes(b"0123456789abcdef")
    pathlib.Path("other").write_bytes(b"fedcba9876543210")
    text = b"first message\n\nthird, after an empty one\n"
    status, stream, _ = ours("hmac_messages", "send", "key", text=text)
    expect(status, 0)
    expect(ours("hmac_messages", "receive", "key", text=stream), (0, text, ""))

    def refused(changed, why, key="key"):
        status, _, errors = ours("hmac_messages", "receive", key, text=changed)
        expect((status, why in errors), (1, True) if why in errors else (1, f"{why} in {errors}"))

    refused(stream, "message 1: not authentic: the tag is not that of the message with this key", key="other")
    refused(stream.replace(b"first", b"thirst"), "message 1: not authentic")
    lines = stream.splitlines(keepends=True)
    refused(b"".join([lines[0], lines[2], lines[3]]), "message 2: malformed input: it is number 3")
    refused(b"".join([lines[0], lines[0]]), "message 2: malformed input: it is number 1")
    refused(b"".join(lines[:3]), "the messages end after 3")
    refused(lines[0] + lines[3], "1 messages of 3")
    refused(b"1 abc first\n", "half a byte at the end")
    refused(b"1 abcd first\n", "the tag has 2 bytes; it has to have 32")
    refused(b"nonsense\n", "not a number, a tag and a message")
    expect(ours("hmac_messages", "send", "missing")[0], 2)


def password_store():
    expect(ours("password_store", "users", "add", "ada", text=b"correct horse\n")[:2], (0, b"stored ada\n"))
    expect(ours("password_store", "users", "add", "bob", text=b"battery staple\n")[0], 0)
    expect(b"correct" in pathlib.Path("users").read_bytes(), False)
    expect(ours("password_store", "users", "check", "ada", text=b"correct horse\n")[:2], (0, b"right\n"))
    expect(ours("password_store", "users", "check", "ada", text=b"battery staple\n")[:2],
           (1, b"wrong user or password\n"))
    expect(ours("password_store", "users", "check", "eve", text=b"correct horse\n")[0], 1)
    expect(ours("password_store", "users", "check", "two words")[0], 2)
    # What an older version of the program stored is right still, and then stored anew.
    lines = pathlib.Path("users").read_text().splitlines()
    old = "bob $scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + OLD_KEY
    pathlib.Path("users").write_text("\n".join([lines[0], old]) + "\n")
    expect(ours("password_store", "users", "check", "bob", text=b"secret\n")[0], 0)
    expect("ln=16" in pathlib.Path("users").read_text().splitlines()[1], True)
    expect(ours("password_store", "users", "check", "bob", text=b"secret\n")[0], 0)


# hashlib.scrypt(b"secret", salt=b"0123456789abcdef", n=16, r=8, p=1, dklen=32)
OLD_KEY = "gEeb/KeWbm5g+kBQOFr1yJbkjBxxxDOkhSmrSXFFwOg"

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    hashsum()
    hmac_messages()
    password_store()
