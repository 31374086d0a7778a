#!/usr/bin/env python3
"""Sends files from file_send to file_receive, over links and disks that do what they should not."""

import contextlib
import pathlib
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

FOLDER = pathlib.Path(sys.argv.pop(1))
SIZE = 3 << 20


class Cut(Exception):
    """The link breaks here."""


class Link:
    """Carries one connection after the other to a receiver. `sent` is asked before each piece of the sender's, with how
    much came before and the piece, and gives what is passed on; `answered` is the same for the receiver's. Both may
    raise Cut. `between` is called when a connection is over."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sent = self.answered = lambda before, piece: piece
        self.between = lambda: None
        self.carried = []  # how much each connection had of the sender
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def run(self):
        while True:
            try:
                sender, _ = self.listener.accept()
            except OSError:
                return
            try:
                receiver = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                sender.close()
                continue
            self.carried.append(0)
            back = threading.Thread(target=self.carry, args=(receiver, sender, False))
            back.start()
            self.carry(sender, receiver, True)
            back.join()
            sender.close()
            receiver.close()
            self.between()

    def carry(self, source, sink, from_sender):
        before = 0
        try:
            while piece := source.recv(1 << 16):
                sink.sendall((self.sent if from_sender else self.answered)(before, piece))
                before += len(piece)
                if from_sender:
                    self.carried[-1] = before
            sink.shutdown(socket.SHUT_WR)
        except (Cut, OSError):
            # What is under way is lost, and whoever waits for either end wakes up.
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RD)


def once(after, what):
    """For a Link: does `what` once, when so many bytes were carried."""
    done = []

    def at(before, piece):
        if before >= after and not done:
            done.append(True)
            return what(piece)
        return piece
    return at


def cut(_):
    raise Cut


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


class Transfer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        at = pathlib.Path(cls.keys.name)
        cls.certificate, cls.private_key, cls.key, cls.other_key = at / "cert.pem", at / "cert.key", at / "a", at / "b"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "9", "-subj", "/CN=receiver", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", cls.private_key, "-out", cls.certificate], check=True, capture_output=True)
        cls.key.write_text("0123456789abcdef")
        cls.other_key.write_text("fedcba9876543210")

    @classmethod
    def tearDownClass(cls):
        cls.keys.cleanup()

    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        at = pathlib.Path(self.place.name)
        self.file, self.inbox = at / "report.bin", at / "inbox"
        self.arrived, self.part = self.inbox / "report.bin", self.inbox / "report.bin.part"
        self.file.write_bytes(bytes(i * i % 251 for i in range(SIZE // 64)) * 64)
        self.inbox.mkdir()

    def start(self, program, *arguments):
        started = subprocess.Popen([FOLDER / program, *map(str, arguments)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, started)
        return started

    def end(self, program):
        program.kill()
        program.communicate()

    def receive(self):
        receiver = self.start("file_receive", self.inbox, self.key, self.certificate, self.private_key)
        line = receiver.stdout.readline()
        self.assertRegex(line, r"^listening on 127\.0\.0\.1:\d+$")
        return receiver, int(line.rpartition(":")[2])

    def send(self, port, host="localhost", key=None):
        return self.start("file_send", self.file, host, port, key or self.key, self.certificate)

    def succeeds(self, program):
        said, wrong = program.communicate(timeout=50)
        self.assertEqual((program.returncode, wrong), (0, ""))
        return said

    def fails(self, program, why):
        """With one line on standard error, and a status that says so."""
        _, wrong = program.communicate(timeout=50)
        self.assertEqual(program.returncode, 1)
        self.assertRegex(wrong, r"^file_(send|receive): [^\n]*\n$")
        self.assertRegex(wrong, why)

    def in_the_middle(self, what):
        """For a Link: does it once, when the receiver has some of the file but not all."""
        def at(piece):
            for _ in range(2000):
                if self.part.exists() and self.part.stat().st_size > 0:
                    return what(piece)
                time.sleep(0.01)
            raise AssertionError("nothing came")
        return once(SIZE // 2, at)

    def is_complete(self):
        self.assertEqual(self.arrived.read_bytes(), self.file.read_bytes())
        self.assertFalse(self.part.exists())

    def test_a_file_arrives(self):
        receiver, port = self.receive()
        said = self.succeeds(self.send(port))
        self.assertIn("sent 50 % of 3.0 MiB\n", said)
        self.assertIn("sent 100 % of 3.0 MiB\n", said)
        self.assertIn("report.bin is complete: SHA-256 and HMAC are right\n", self.succeeds(receiver))
        self.is_complete()

    def test_an_empty_file_arrives(self):
        self.file.write_bytes(b"")
        receiver, port = self.receive()
        self.succeeds(self.send(port))
        self.succeeds(receiver)
        self.is_complete()

    def test_it_goes_on_where_the_link_was_cut(self):
        receiver, port = self.receive()
        with Link(port) as link:
            link.sent = self.in_the_middle(cut)
            said = self.succeeds(self.send(link.port))
        self.assertIn("; trying again\n", said)
        self.assertIn("; waiting for the rest\n", self.succeeds(receiver))
        self.assertEqual(len(link.carried), 2)
        self.assertLess(link.carried[1], SIZE)
        self.is_complete()

    def test_the_last_answer_is_lost(self):
        receiver, port = self.receive()
        with Link(port) as link:
            link.answered = lambda before, piece: (
                cut(piece) if len(link.carried) == 1 and link.carried[0] > SIZE // 2 else piece)
            self.succeeds(self.send(link.port))
        self.succeeds(receiver)
        self.assertLess(link.carried[1], 1 << 14)
        self.is_complete()

    def test_a_byte_is_changed_on_the_way(self):
        receiver, port = self.receive()
        with Link(port) as link:
            link.sent = once(SIZE // 2, lambda piece: piece[:9] + bytes([piece[9] ^ 1]) + piece[10:])
            sender = self.send(link.port)
            self.fails(receiver, "changed on its way")
            self.fails(sender, "localhost")
        self.assertFalse(self.arrived.exists())

    def test_the_file_changes_before_the_rest_is_sent(self):
        receiver, port = self.receive()
        with Link(port) as link:
            link.sent = self.in_the_middle(cut)
            link.between = lambda: flip(self.file, SIZE - 9) if len(link.carried) == 1 else None
            self.fails(self.send(link.port), 'the peer said "no, its SHA-256 is not what was announced"')
        self.fails(receiver, "report.bin was dropped: its SHA-256 is not what was announced")
        self.assertEqual(list(self.inbox.iterdir()), [])

    def test_what_was_received_changes_before_the_rest_comes(self):
        receiver, port = self.receive()
        with Link(port) as link:
            link.sent = self.in_the_middle(cut)
            link.between = lambda: flip(self.part, 9) if len(link.carried) == 1 else None
            self.fails(self.send(link.port), "SHA-256")
        self.fails(receiver, "report.bin was dropped: its SHA-256 is not what was announced")
        self.assertEqual(list(self.inbox.iterdir()), [])

    def test_the_file_gets_shorter_before_the_rest_is_sent(self):
        receiver, port = self.receive()
        with Link(port) as link:
            link.sent = self.in_the_middle(cut)
            link.between = lambda: self.file.write_bytes(b"short")
            self.fails(self.send(link.port), "report.bin")
        self.assertFalse(self.arrived.exists())

    def test_the_keys_differ(self):
        receiver, port = self.receive()
        self.fails(self.send(port, key=self.other_key), 'the peer said "no, its HMAC is not of the key that we share"')
        self.fails(receiver, "report.bin was dropped: its HMAC is not of the key that we share")
        self.assertEqual(list(self.inbox.iterdir()), [])

    def test_the_host_is_another(self):
        receiver, port = self.receive()
        self.fails(self.send(port, host="127.0.0.1"), "does not cover 127.0.0.1; it names localhost")
        self.fails(receiver, "bad certificate|certificate")
        self.assertEqual(list(self.inbox.iterdir()), [])

    def test_the_sender_vanishes(self):
        receiver, port = self.receive()
        with Link(port) as link:
            link.sent = self.in_the_middle(lambda piece: (sender.kill(), sender.wait(), cut(piece)))
            sender = self.send(link.port)
            sender.communicate(timeout=50)
            self.assertEqual(sender.returncode, -signal.SIGKILL)
            self.assertFalse(self.arrived.exists())
            self.succeeds(self.send(link.port))
            self.assertLess(link.carried[1], SIZE)
        self.assertIn("; waiting for the rest\n", self.succeeds(receiver))
        self.is_complete()

    def test_the_receiver_vanishes(self):
        receiver, port = self.receive()
        with Link(port) as link:
            link.sent = self.in_the_middle(lambda piece: (receiver.kill(), receiver.wait(), cut(piece)))
            self.fails(self.send(link.port), "localhost")
        self.assertFalse(self.arrived.exists())
        # Another one goes on with what that one left.
        receiver, port = self.receive()
        with Link(port) as link:
            self.succeeds(self.send(link.port))
        self.assertLess(link.carried[0], SIZE)
        self.succeeds(receiver)
        self.is_complete()

    def test_names_that_lead_elsewhere(self):
        context = ssl.create_default_context(cafile=self.certificate)
        digits = "0" * 64
        for name in ("../evil", "/tmp/evil", "..", "", "two\x1b[2Jlines"):
            receiver, port = self.receive()
            with socket.create_connection(("127.0.0.1", port)) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as sender:
                    sender.sendall(f"put 5 {digits} {digits} {name}\nevil\n".encode())
                    self.fails(receiver, "the sender did not announce a file")
            self.assertEqual(set(self.inbox.parent.iterdir()), {self.inbox, self.file}, name)

    def test_a_sender_without_tls(self):
        receiver, port = self.receive()
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(b"put 5 report.bin\nhello")
            self.fails(receiver, "TLS")

    def test_wrong_calls(self):
        for program, *arguments in (("file_send",), ("file_send", self.file, "localhost", "http", self.key),
                                    ("file_receive",), ("file_receive", self.inbox, self.key)):
            started = self.start(program, *arguments)
            self.assertIn("usage: ", started.communicate(timeout=50)[1])
            self.assertEqual(started.returncode, 2)
        short = self.inbox.parent / "short"
        short.write_text("123")
        for key in (short, self.inbox / "missing"):
            self.fails(self.send(1, key=key), "no file with a key of 16 bytes or more")
        self.fails(self.start("file_send", self.inbox / "missing", "localhost", 1, self.key), "missing: No such file")


if __name__ == "__main__":
    unittest.main()
