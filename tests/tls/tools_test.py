#!/usr/bin/env python3
"""Runs examples/tls_probe, given its folder, against servers of Python's ssl: good ones, bad ones, with STARTTLS."""

import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

FOLDER = pathlib.Path(sys.argv.pop(1))


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Server:
    """Accepts connections until it is left; speaks `before` in plaintext, line against line, then TLS."""

    def __init__(self, certificate, key, before=()):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.before = before
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.settimeout(10)
            try:
                for say in self.before:
                    peer.sendall(say.encode())
                    if say is not self.before[-1]:
                        peer.recv(4096)
                with self.context.wrap_socket(peer, server_side=True) as secure:
                    secure.recv(1)
            except OSError:
                peer.close()


class Probe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        at = pathlib.Path(cls.place.name)
        cls.good = (at / "good.pem", at / "good.key")
        cls.other = (at / "other.pem", at / "other.key")
        for (certificate, key), names in ((cls.good, "DNS:localhost,IP:127.0.0.1"), (cls.other, "DNS:other.test")):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                    "-subj", "/CN=probe", "-addext", f"subjectAltName={names}", "-keyout", key, "-out", certificate)

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def probe(self, *arguments):
        done = subprocess.run([FOLDER / "tls_probe", *map(str, arguments)], capture_output=True, text=True, timeout=50)
        return done.returncode, done.stdout + done.stderr

    def test_a_good_server(self):
        with Server(*self.good) as server:
            status, said = self.probe("127.0.0.1", server.port, "--roots", self.good[0])
        self.assertEqual(status, 0, said)
        self.assertIn("version       TLS 1.3", said)
        self.assertIn("offers        TLS 1.2 TLS 1.3", said)
        self.assertIn("verified      yes", said)

    def test_what_is_wrong_with_a_bad_one(self):
        with Server(*self.other) as server:
            status, said = self.probe("127.0.0.1", server.port)
        self.assertEqual(status, 1, said)
        self.assertIn("signs itself", said)
        self.assertIn("does not cover 127.0.0.1; it names other.test", said)

    def test_starttls(self):
        conversations = {
            "smtp": ("220 mail.example.org ready\r\n", "250-mail.example.org\r\n250 STARTTLS\r\n", "220 go ahead\r\n"),
            "imap": ("* OK ready\r\n", "* CAPABILITY IMAP4rev1\r\na OK begin\r\n"),
        }
        for protocol, before in conversations.items():
            with Server(*self.good, before) as server:
                status, said = self.probe(
                    "127.0.0.1", server.port, "--starttls", protocol, "--roots", self.good[0])
                self.assertEqual(status, 0, said)

    def test_what_is_said_too_early(self):
        with Server(*self.good, ("* OK ready\r\n", "a OK begin\r\n* injected\r\n")) as server:
            status, said = self.probe("127.0.0.1", server.port, "--starttls", "imap", "--roots", self.good[0])
        self.assertEqual(status, 1, said)
        self.assertIn("plaintext came before TLS began", said)

    def test_wrong_calls(self):
        for arguments in ((), ("host",), ("host", "no port"), ("host", "1", "--starttls", "ftp"), ("host", "1", "more")):
            self.assertEqual(self.probe(*arguments)[0], 2, arguments)


if __name__ == "__main__":
    unittest.main()
