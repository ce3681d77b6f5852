# SPDX-License-Identifier: GPL-2.0-only
"""Servers that mean ill: whatever bytes a test has them send, at whatever pace, over TCP or TLS."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

Answer = Callable[["Client"], None]


@dataclass
class Client:
    """One request that came, and the way back."""

    connection: socket.socket
    head: str
    stopped: threading.Event

    @property
    def path(self) -> str:
        return self.head.split(" ")[1]

    def send(self, *parts: bytes | str) -> None:
        for part in parts:
            self.connection.sendall(part.encode("latin-1") if isinstance(part, str) else part)

    def forever(self, make: Callable[[], bytes], pause: float = 0.0) -> None:
        """Send until the client has had enough."""
        while not self.stopped.is_set():
            self.send(make())
            time.sleep(pause)

    def stall(self) -> None:
        """Keep the connection and say nothing."""
        self.stopped.wait(60)


@dataclass
class Hostile:
    """A server whose answers a test gives, one for each path (the last for all further ones)."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """The heads of the requests that came."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """A hostile server on this machine; with `context` over TLS."""
    made = Hostile()
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        scheme = "https" if context else "http"
        made.url = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"

        def take() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    arguments = (made, connection, context, stopped)
                    threading.Thread(target=_answer, args=arguments, daemon=True).start()

        threading.Thread(target=take, daemon=True).start()
        try:
            yield made
        finally:
            stopped.set()
            listening.shutdown(socket.SHUT_RDWR)


def _answer(
    made: Hostile,
    connection: socket.socket,
    context: ssl.SSLContext | None,
    stopped: threading.Event,
) -> None:
    with suppress(OSError):
        connection.settimeout(60)
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                came = connection.recv(1 << 16)
                if not came:
                    return
                head += came
                if head.startswith(b"\x16\x03"):  # TLS, asked of a server that has none
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    return
            client = Client(connection, head.decode("latin-1"), stopped)
            made.asked.append(client.head)
            orders = made.answers[client.path if client.path in made.answers else "*"]
            (orders.pop(0) if len(orders) > 1 else orders[0])(client)


def plain(
    body: bytes = b"", status: str = "200 OK", length: int | None = None, **headers: str
) -> Answer:
    """An ordinary answer; `length` is what Content-Length says of it."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "Connection: close", "", ""])
    return lambda client: client.send(head, body)


class Authority:
    """A certificate authority of a test, and what it signs; openssl makes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                  "-out", "ca.key")  # fmt: skip
        self._run("req", "-x509", "-new", "-key", "ca.key", "-out", "ca.pem", "-days", "2",
                  "-subj", "/CN=test authority",
                  "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
        self.file = folder / "ca.pem"

    def context(self, host: str = "IP:127.0.0.1", *, days: int = 2) -> ssl.SSLContext:
        """A server's side with a certificate for `host`; with `days` below 0 it has expired."""
        (self.folder / "ext").write_text(f"subjectAltName={host}\n")
        self._run("req", "-new", "-key", "ca.key", "-out", "s.csr", "-subj", "/CN=server")
        self._run("x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                  "-CAcreateserial", "-extfile", "ext", "-days", str(days),
                  "-out", "s.pem")  # fmt: skip
        return self._context("s.pem", "ca.key")

    def alone(self) -> ssl.SSLContext:
        """A server's side with a certificate that nobody but itself has signed."""
        self._run("req", "-x509", "-new", "-key", "ca.key", "-out", "alone.pem", "-days", "2",
                  "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                  "-addext", "basicConstraints=critical,CA:FALSE")  # fmt: skip
        return self._context("alone.pem", "ca.key")

    def _context(self, certificate: str, key: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.folder / certificate, self.folder / key)
        return made

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)
