# SPDX-License-Identifier: GPL-2.0-only
"""A web server with the manners of a large archive (ETags, 304, ranges, HEAD), and with every
trouble that such a server may be in, switched on and off while it runs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PORTAL = b"<html><head><title>Please log in</title></head><body>Accept our terms.</body></html>"


class Kind(StrEnum):
    """What goes wrong with an answer."""

    STALL = "stall"
    """The half of it, and then nothing: the connection stays open."""
    SILENT = "silent"
    """Not even a head; the connection stays open."""
    TRICKLE = "trickle"
    """A byte now and then: `seconds` between two, 0.2 where that is 0."""
    GARBAGE = "garbage"
    """Somebody else's page with status 200, as behind a captive portal; else `body`."""
    UNCHANGED = "unchanged"
    """304, whatever was asked."""
    BUSY = "busy"
    """429 with Retry-After: `seconds`."""
    BROKEN = "broken"
    """A status of its own, 503 if none is named; with Retry-After where `seconds` are."""
    TRUNCATED = "truncated"
    """The half of what Content-Length announces, and an end of the connection."""
    SHORT = "short"
    """The half, and nothing says that there is more."""
    RESET = "reset"
    """The connection is reset before anything is said."""
    GONE = "gone"
    """404."""
    LOOP = "loop"
    """A redirect to itself."""
    FLOOD = "flood"
    """A body without end."""


@dataclass
class Trouble:
    """Something that is wrong with some paths for some answers."""

    kind: Kind
    paths: str = "*"
    """A glob over whole paths."""
    times: int | None = None
    """So many answers; None: until it is mended."""
    seconds: float = 0.0
    status: int = 503
    body: bytes = _PORTAL


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    status: int
    """What was answered; 0 where the answer was none."""
    headers: Mapping[str, str]
    at: float
    """The machine's own clock, in seconds since the epoch."""


@dataclass(frozen=True)
class File:
    """What is served under a path."""

    body: bytes
    modified: float
    """Seconds since the epoch."""
    type: str = "application/octet-stream"


class FakeWeb:
    """A server on 127.0.0.1; what it serves is `find`'s to say."""

    def __init__(
        self, find: Callable[[str], File | None], order: Callable[[Mapping[str, Any]], object],
        port: int = 0,
    ) -> None:  # fmt: skip
        """`order` is called with what is POSTed to /order as JSON; what it gives back is the
        answer. `port` 0: any that is free."""
        self.find, self.order = find, order
        self.troubles: list[Trouble] = []
        self.log: list[Asked] = []
        self.offset = 0.0
        """Seconds by which the server's clock is wrong."""
        self.port = port
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self._server: _Server | None = None
        self.up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> float:
        """The server's clock."""
        return time.time() + self.offset

    def up(self) -> None:
        """Answer (again), on the same port."""
        if self._server is not None:
            return
        self.closing = threading.Event()
        self._server = _Server(self, self.port)
        self.port = self._server.server_port
        serve = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        serve.start()

    def down(self) -> None:
        """Refuse connections, as a machine does whose server has ended."""
        if self._server is not None:
            self.closing.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def trouble(self, kind: Kind | str, paths: str = "*", **more: Any) -> Trouble:
        """Switch a trouble on; see Trouble. The one that came last goes first."""
        made = Trouble(Kind(kind), paths, **more)
        with self.lock:
            self.troubles.insert(0, made)
        return made

    def mend(self) -> None:
        """No trouble any more; who waits in a stall is let go."""
        with self.lock:
            self.troubles.clear()
            before, self.closing = self.closing, threading.Event()
        before.set()

    def take(self, path: str) -> Trouble | None:
        """The trouble of the next answer for `path`."""
        with self.lock:
            for one in self.troubles:
                if fnmatchcase(path, one.paths):
                    if one.times is not None:
                        one.times -= 1
                        if one.times <= 0:
                            self.troubles.remove(one)
                    return one
        return None

    def asked_for(self, paths: str) -> list[Asked]:
        """The requests for paths that a glob names."""
        with self.lock:
            return [one for one in self.log if fnmatchcase(one.path, paths)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, web: FakeWeb, port: int) -> None:
        handler = type("Handler", (_Handler,), {"web": web})
        super().__init__(("127.0.0.1", port), handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away."""


@dataclass
class _Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "fake"
    sys_version = ""
    web: FakeWeb

    def log_message(self, format: str, *args: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(self.web.now() if timestamp is None else timestamp, usegmt=True)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        trouble = self.web.take(path)
        if trouble is None:
            self._send(self._reply(path))
        else:
            self._troubled(trouble, path)

    do_HEAD = do_GET  # noqa: N815  http.server's name

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        given = self.rfile.read(size)
        try:
            if self.path != "/order":
                raise ValueError(f"no such place: {self.path}")
            told = json.dumps(self.web.order(json.loads(given)), default=str)
            self._send(_Reply(200, told.encode() + b"\n", {"Content-Type": "application/json"}))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._send(_Reply(400, f"{error}\n".encode()))

    def _reply(self, path: str, *, is_whole: bool = False) -> _Reply:
        """What an honest server answers; with `is_whole` never that nothing changed."""
        file = self.web.find(path)
        if file is None:
            return _Reply(404, b"not here\n")
        tag = f'"{hashlib.sha256(file.body).hexdigest()[:20]}"'
        head = {
            "ETag": tag, "Last-Modified": self.date_time_string(file.modified),
            "Content-Type": file.type, "Accept-Ranges": "bytes",
        }  # fmt: skip
        wanted = self.headers.get("If-None-Match")
        since = self.headers.get("If-Modified-Since")
        if is_whole:
            wanted, since = None, None
        if tag in (wanted or "") or (not wanted and since == head["Last-Modified"]):
            return _Reply(304, b"", head)
        span = self.headers.get("Range", "")
        if span and self.headers.get("If-Range", tag) in (tag, head["Last-Modified"]):
            start = int(span.removeprefix("bytes=").partition("-")[0] or 0)
            size = len(file.body)
            if start >= size:
                return _Reply(416, b"", {"Content-Range": f"bytes */{size}"})
            head["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
            return _Reply(206, file.body[start:], head)
        return _Reply(200, file.body, head)

    def _send(self, reply: _Reply, *, length: int | None = None, body: bytes | None = None) -> None:
        """`length` is announced instead of the true one; `body` goes out instead of the whole."""
        self._note(reply.status)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if length != -1:
            self.send_header("Content-Length", str(len(reply.body) if length is None else length))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body if body is None else body)
            self.wfile.flush()

    def _note(self, status: int) -> None:
        with self.web.lock:
            path = self.path.partition("?")[0]
            headers = dict(self.headers.items())
            self.web.log.append(Asked(self.command, path, status, headers, time.time()))

    def _troubled(self, trouble: Trouble, path: str) -> None:
        whole = self._reply(path, is_whole=True)
        reply = _refusal(trouble, whole, path)
        if reply is not None:
            self._send(reply)
        else:
            self._break_off(trouble, whole)

    def _break_off(self, trouble: Trouble, whole: _Reply) -> None:
        """An answer that is not brought to its end, or has none."""
        kind, until = trouble.kind, self.web.closing
        half = whole.body[: len(whole.body) // 2]
        if kind in (Kind.SHORT, Kind.TRUNCATED):
            self._send(whole, length=-1 if kind is Kind.SHORT else None, body=half)
        elif kind is Kind.STALL:
            self._send(whole, body=half)
            self._hold(until)
        elif kind in (Kind.SILENT, Kind.RESET):
            self._note(0)
            self.close_connection = True
            if kind is Kind.SILENT:
                self._hold(until)
            linger = struct.pack("ii", 1, 0)  # closing sends RST, not FIN
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return
        elif kind is Kind.TRICKLE:
            self._send(whole, body=b"")
            for at in range(len(whole.body)):
                self.wfile.write(whole.body[at : at + 1])
                if until.wait(trouble.seconds or 0.2):
                    break
        else:
            self._send(whole, length=-1, body=b"")
            while not until.is_set():
                self.wfile.write(b"0" * 65_536)
        self._hang_up()

    def _hold(self, until: threading.Event) -> None:
        """Keep the connection until trouble ends or the client leaves."""
        self.close_connection = True
        self.connection.settimeout(0.05)
        while not until.is_set():
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _refusal(trouble: Trouble, whole: _Reply, path: str) -> _Reply | None:
    """The whole answer of a server that does not give what was asked for; None: it breaks off."""
    again = {"Retry-After": f"{trouble.seconds:g}"} if trouble.seconds else {}
    return {
        Kind.BUSY: _Reply(429, b"slow down\n", again),
        Kind.BROKEN: _Reply(trouble.status, b"<h1>broken</h1>\n", again),
        Kind.GONE: _Reply(404, b"not here\n"),
        Kind.UNCHANGED: _Reply(304, b"", {"ETag": whole.headers.get("ETag", '"none"')}),
        Kind.GARBAGE: _Reply(200, trouble.body, {"Content-Type": "text/html"}),
        Kind.LOOP: _Reply(302, b"", {"Location": path}),
    }.get(trouble.kind)
