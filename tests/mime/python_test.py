#!/usr/bin/env python3
"""Compares mime_dump with Python's `email` (policy default) on each message of the suites, part by part.

usage: python_test.py MIME_DUMP CONFORMANCE_FOLDER

Where the two differ and are meant to, the difference is listed below with what decides. One that is gone, or new, fails.
Exit status 77: there are no messages to compare with.
"""
import email
import email.policy
import hashlib
import json
import pathlib
import subprocess
import sys

SUITES = ("mail-parser/eml", "mimekit/messages", "ruby-mail/emails", "cpython-email")

# RFC 3464 section 2.1, RFC 8098 section 3.1: these bodies are groups of fields, no messages. Python makes a message of
# each group.
GROUPS = "message/delivery-status", "message/disposition-notification", "message/feedback-report"

# file: what differs
DIFFERENCES = {
    # RFC 2045 section 6.3: a private encoding is known by agreement only. Python decodes x-uuencode.
    "mail-parser/eml/legacy/017.eml": {"body root.1", "body root.2"},
    "mail-parser/eml/legacy/026.eml": {"body root.1"},
    "mail-parser/eml/legacy/048.eml": {"body root.1", "body root.2", "body root.3"},
    # RFC 2046 section 5.2.3: the body of message/external-body is a phantom, the header of what is elsewhere. Python makes
    # a message of it.
    "mail-parser/eml/rfc/001.eml": {"children root.0", "children root.1", "children root.2"},
    "cpython-email/msg_36.txt": {"children root.1.0", "children root.1.1"},
    # RFC 2046 section 5.2.1 allows message/rfc822 no base64; it is decoded all the same. Python reads the base64 as a
    # message.
    "mail-parser/eml/rfc/008.eml": {"type root.1.0", "children root.1.0"},
    # RFC 2046 section 5.1.1, body-part: without any, the multipart has nothing in it. Python counts a line break.
    "mimekit/messages/empty-multipart.txt": {"body root.0"},
    "cpython-email/msg_42.txt": {"body root.1.0"},
    # RFC 5322 section 4.5, obs-orig-date and the like: `"Date" *WSP ":"`. Python takes such a field for the body.
    "ruby-mail/emails/rfc2822/example13.eml": {"body root"},
    # A byte-order mark before the header: Python takes the whole file for a body.
    "mimekit/messages/feedback-report.txt": {"type root", "children root"},
    # RFC 2046 section 5.1.1: the line break before a boundary belongs to it. Here none came, so it is of the text.
    "ruby-mail/emails/mime_emails/raw_email4.eml": {"body root.2"},
    # RFC 2045 section 5.1 asks for quotes around such a boundary; without them Python cuts it, and finds no part.
    "ruby-mail/emails/mime_emails/raw_email_with_binary_encoded.eml": {"children root"},
    "ruby-mail/emails/mime_emails/raw_email_with_illegal_boundary.eml": {"children root"},
    "ruby-mail/emails/plain_emails/raw_email_bad_time.eml": {"children root"},
}


def subjects(message):
    return [str(value) for value in message.get_all("Subject") or []]


def compare(ours, theirs, path, found):
    kind = theirs.get_content_type()
    if ours["content_type"] != kind:
        found.add(f"type {path}")
    parts = theirs.get_payload() if theirs.is_multipart() and kind not in GROUPS else []
    if len(parts) != len(ours["children"]):
        found.add(f"children {path}")
        return
    # Bytes that are no ASCII and of no encoding: Python has U+FFFD for each, we guess.
    if not any("\ufffd" in text for text in subjects(theirs)):
        if [value for name, value in ours["headers"] if name.lower() == "subject"] != subjects(theirs):
            found.add(f"subject {path}")
    if not parts and kind not in GROUPS:
        body = theirs.get_payload(decode=True) or b""
        if hashlib.sha256(body).hexdigest() != ours["sha256"] or len(body) != ours["size"]:
            found.add(f"body {path}")
        name = theirs.get_filename()
        if "\ufffd" not in (name or "") and (name or None) != ours["filename"]:
            found.add(f"filename {path}")
    for number, (our_part, their_part) in enumerate(zip(ours["children"], parts)):
        compare(our_part, their_part, f"{path}.{number}", found)


def main():
    dump, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    files = [path for suite in SUITES for path in sorted((folder / suite).rglob("*"))
             if path.suffix in (".eml", ".txt") and path.is_file()]
    if not files:
        print(f"no conformance data: {folder}")
        return 77
    wrong = 0
    for path in files:
        source = path.read_bytes()
        done = subprocess.run([dump], input=source, capture_output=True, timeout=60, check=True)
        found = set()
        compare(json.loads(done.stdout), email.message_from_bytes(source, policy=email.policy.default), "root", found)
        name = path.relative_to(folder).as_posix()
        if found != DIFFERENCES.get(name, set()):
            wrong += 1
            print(f"{name}: differs in {sorted(found)}, expected {sorted(DIFFERENCES.get(name, set()))}")
    print(f"{len(files)} messages, {wrong} not as expected")
    return 1 if wrong else 0


sys.exit(main())
