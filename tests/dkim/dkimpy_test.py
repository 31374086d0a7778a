#!/usr/bin/env python3
"""dkimpy and dkim_sign verify each other's signatures, of every form and both kinds of key.

usage: dkimpy_test.py DKIM_SIGN [CONFORMANCE_FOLDER]

Exit status 77: dkimpy is not installed, and TIDEWIRE_REQUIRE_ORACLES does not ask for it.
"""
import base64
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import dkim
    import nacl.signing
except ImportError as missing:
    print(f"no dkimpy to compare with: {missing}")
    sys.exit(1 if os.environ.get("TIDEWIRE_REQUIRE_ORACLES", "0") not in ("", "0") else 77)

PROGRAM = sys.argv[1]
MESSAGES = {
    "short": b"From: Ada <ada@example.org>\r\nTo: bob@example.net\r\nSubject:  The   tides\r\n\tof tomorrow \r\n\r\n"
             b"High  at noon. \r\n\r\n\tLow at six.\r\n\r\n\r\n",
    "no body": b"From: ada@example.org\r\n\r\n",
    "empty lines": b"From: ada@example.org\r\nSubject:\r\n\r\n\r\n\r\n",
    "no last line break": b"From: ada@example.org\r\n\r\nHigh at noon.",
    "several of a name": b"Received: b\r\nReceived: a\r\nFrom: ada@example.org\r\nTo: a@b.c\r\nTo: d@e.f\r\n\r\nx\r\n",
    "eight bits": "From: ada@example.org\r\nSubject: caf\u00e9\r\n\r\nGr\u00fc\u00dfe\r\n".encode(),
}
failures = []


def expect(what, holds):
    if not holds:
        failures.append(what)
        print(f"FAILED: {what}")


def run(arguments, message=b""):
    return subprocess.run([PROGRAM, *arguments], input=message, capture_output=True, check=False)


def from_suites(folder):
    """Messages that have a From and an ordinary header, with lines as they travel."""
    for path in sorted(pathlib.Path(folder).glob("mimekit/messages/*.txt"))[:25]:
        data = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        header = data.partition(b"\r\n\r\n")[0]
        lines = header.split(b"\r\n")
        if all(line[:1] in b" \t" or (b":" in line and b" " not in line.partition(b":")[0]) for line in lines) and \
                any(line.lower().startswith(b"from:") for line in lines) and lines[0][:1] not in b" \t":
            yield path.name, data


def main():
    messages = dict(MESSAGES)
    if len(sys.argv) > 2:
        messages.update(from_suites(sys.argv[2]))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        keys = {"rsa": folder / "rsa.pem", "ed": folder / "ed.pem"}
        subprocess.run(["openssl", "genrsa", "-out", keys["rsa"], "2048"], check=True, capture_output=True)
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", keys["ed"]], check=True)
        der = subprocess.run(["openssl", "pkey", "-in", keys["ed"], "-outform", "DER"], check=True, capture_output=True)
        seed = base64.b64encode(der.stdout[-32:])
        records = {f"{selector}._domainkey.example.org": run(["record", path]).stdout.strip()
                   for selector, path in keys.items()}
        zone = folder / "records"
        zone.write_text("".join(f"{owner} {text.decode()}\n" for owner, text in records.items()))

        def look_up(owner, timeout=5):
            return records.get(owner.decode().rstrip("."))

        for label, message in messages.items():
            for selector, path in keys.items():
                signed = run(["sign", "example.org", selector, path], message)
                expect(f"we sign, {label}, {selector}: {signed.stderr}", signed.returncode == 0)
                expect(f"dkimpy verifies ours, {label}, {selector}", dkim.verify(signed.stdout, dnsfunc=look_up))
                for header in (b"simple", b"relaxed"):
                    for body in (b"simple", b"relaxed"):
                        how = f"{label}, {selector}, {header.decode()}/{body.decode()}"
                        field = dkim.sign(message, selector.encode(), b"example.org",
                                          seed if selector == "ed" else path.read_bytes(), canonicalize=(header, body),
                                          signature_algorithm=b"ed25519-sha256" if selector == "ed" else b"rsa-sha256")
                        good = run(["verify", zone], field + message)
                        expect(f"we verify dkimpy's, {how}: {good.stdout}", good.returncode == 0)
                        bad = run(["verify", zone], field + message.replace(b"From:", b"From: x", 1))
                        expect(f"we refuse a change, {how}", bad.returncode == 1)
    print(f"{len(messages)} messages, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
