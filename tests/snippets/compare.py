#!/usr/bin/env python3
"""Runs each ```python block of a document and the ```cpp block after it, and compares what they print.

usage: compare.py DOCUMENT FOLDER

The programs of the cpp blocks are in FOLDER. Blocks that use sys.argv get the host, the port and the roots of a TLS
server here, which sends back the lines that it gets.
"""
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading


SKIPPED = 77  # as CMake is told


class Echo:
    """A TLS server for localhost."""

    def __init__(self, folder):
        self.roots = pathlib.Path(folder, "localhost.pem")
        key = pathlib.Path(folder, "localhost.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "9", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:two.test",
                        "-keyout", key, "-out", self.roots], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.roots, key)
        self.context.set_alpn_protocols(["echo"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            peer.settimeout(10)
            try:
                with self.context.wrap_socket(peer, server_side=True) as secure:
                    while got := secure.recv(4096):
                        secure.sendall(got)
            except OSError:
                peer.close()

    def arguments(self):
        return ["localhost", str(self.listener.getsockname()[1]), str(self.roots)]


def pairs(text):
    """The Python programs, each with the number of the cpp block after it."""
    program, number = None, 0
    for language, code in re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if language == "cpp":
            number += 1
            if program:
                yield program, number
        program = code if language == "python" else None


def printed(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stderr}")
    return done.stdout


def main():
    document, folder = map(pathlib.Path, sys.argv[1:])
    count = 0
    with tempfile.TemporaryDirectory() as place:
        echo = None
        for program, number in pairs(document.read_text(encoding="utf-8")):
            arguments = []
            if "sys.argv" in program:
                if not shutil.which("openssl") and os.environ.get("TIDEWIRE_REQUIRE_ORACLES") != "1":
                    print("no openssl program")
                    sys.exit(SKIPPED)
                echo = echo or Echo(place)
                arguments = echo.arguments()
            theirs = printed([sys.executable, "-c", program, *arguments])
            ours = printed([folder / f"snippet_{document.stem}_{number}", *arguments])
            if theirs != ours:
                sys.exit(f"block {number} of {document} prints\n{ours}and Python\n{theirs}")
            count += 1
    if count == 0:
        sys.exit(f"{document} has no pair of programs")
    print(f"{count} pairs print the same")


if __name__ == "__main__":
    main()
