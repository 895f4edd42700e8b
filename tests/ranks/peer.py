#!/usr/bin/env python3
"""peer.py client|md5|listener ADDRESS KEY: a Python program on the other side of a connection.

The messages are sent and received by CPython's own multiprocessing.connection. The handshake is the one of Python 3.12,
written out here, since older versions know MD5 only; `md5` is a client as those have it. Every message is sent back
reversed, until there are no more. Prints the address where it listens. Ends with code 0 if all was well, 3 if it was
not let in.
"""
import hmac
import os
import socket
import sys
from multiprocessing.connection import Connection

CHALLENGE, WELCOME, FAILURE = b"#CHALLENGE#", b"#WELCOME#", b"#FAILURE#"
DIGEST = b"{sha256}"


def challenge(connection, key):
    message = DIGEST + os.urandom(40)
    connection.send_bytes(CHALLENGE + message)
    answer = connection.recv_bytes(256)
    if answer != DIGEST + hmac.digest(key, message, "sha256"):
        connection.send_bytes(FAILURE)
        sys.exit(3)
    connection.send_bytes(WELCOME)


def answer(connection, key, digest=DIGEST):
    message = connection.recv_bytes(256)
    if not message.startswith(CHALLENGE + DIGEST):
        sys.exit(4)
    name = digest.strip(b"{}").decode() or "md5"
    connection.send_bytes(digest + hmac.digest(key, message[len(CHALLENGE):], name))
    if connection.recv_bytes(256) != WELCOME:
        sys.exit(3)


def connect(address):
    if ":" in address:
        host, port = address.rsplit(":", 1)
        return socket.create_connection((host, int(port)))
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(address.replace("@", "\0", 1))
    return peer


def accept():
    with socket.create_server(("127.0.0.1", 0)) as server:
        print("127.0.0.1:%d" % server.getsockname()[1], flush=True)
        return server.accept()[0]


def main():
    role, address, key = sys.argv[1], sys.argv[2], os.fsencode(sys.argv[3])
    connection = Connection((accept() if role == "listener" else connect(address)).detach())
    if role == "listener":
        challenge(connection, key)
        answer(connection, key)
    else:
        answer(connection, key, b"" if role == "md5" else DIGEST)
        challenge(connection, key)
    try:
        while True:
            connection.send_bytes(connection.recv_bytes()[::-1])
    except EOFError:
        pass


main()
