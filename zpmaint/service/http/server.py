# SPDX-License-Identifier: GPL-2.0-only
"""The sockets: a thread for each connection, so many at most, each with bounds on its time.

A client that is slow to ask, slow to read, or silent holds a thread no longer than those bounds;
when all threads are taken, others are told so at once.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from zpmaint.core.errors import InfraError
from zpmaint.service.http.answer import Answer, told
from zpmaint.service.http.files import Files, Found
from zpmaint.service.http.request import LONGEST, RefusedError, Request, parse

_CHUNK = 1 << 16


@dataclass(frozen=True)
class Limits:
    """What a client may cost; times in seconds."""

    connections: int = 128
    head: float = 10.0
    """For a whole head, from its first byte or the connection's beginning."""
    idle: float = 15.0
    """Between two requests of one connection."""
    requests: int = 1000
    """Of one connection."""
    stall: float = 20.0
    """For sending a piece of an answer."""
    rate: float = 2000.0
    """Bytes a second that a client takes at least, on average over an answer."""


class Server:
    """Serves `files` and what `made` makes, by path, until it is closed."""

    def __init__(
        self,
        place: tuple[str, int],
        files: Files,
        made: Mapping[str, Callable[[], Answer]],
        limits: Limits = Limits(),
    ) -> None:
        """Listens from now on; answers after `start`. Raises InfraError where it cannot listen."""
        self._files, self._made, self._limits = files, made, limits
        self._slots = threading.BoundedSemaphore(limits.connections)
        self._open: set[socket.socket] = set()
        self._turn = threading.Lock()
        self._is_over = False
        self.answered: Counter[int] = Counter()
        """How many requests were answered with which status."""
        try:
            family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
            self._socket = socket.create_server(place, family=family, backlog=256)
        except (OSError, OverflowError) as error:
            cause = getattr(error, "strerror", None) or str(error)
            raise InfraError(
                f"{place[0]}:{place[1]}: cannot listen there: {cause}",
                'name another place: listen = "127.0.0.1:PORT" of [service] in kernels.toml',
            ) from None
        self.place: tuple[str, int] = self._socket.getsockname()[:2]
        self._thread = threading.Thread(target=self._accept, name="http", daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    @property
    def connections(self) -> int:
        """Those that are open."""
        return len(self._open)

    def close(self, within: float = 2.0) -> None:
        """Take no more connections; answers under way have `within` seconds to end."""
        self._is_over = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._thread.is_alive():
            self._thread.join(within)
        until = time.monotonic() + within
        while self._open and time.monotonic() < until:
            time.sleep(0.02)
        with self._turn:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._is_over:
            try:
                client, _ = self._socket.accept()
            except OSError:
                if not self._is_over:
                    time.sleep(0.1)  # no descriptor is left, for now
                continue
            if not self._slots.acquire(blocking=False):
                self._turn_away(client)
                continue
            with self._turn:
                self._open.add(client)
            try:
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
            except RuntimeError:  # no thread is left, for now
                self._turn_away(client)
                self._release(client)

    def _turn_away(self, client: socket.socket) -> None:
        answer = told(503, "too many connections", Retry_After="5")
        self.answered[503] += 1
        with suppress(OSError), client:
            client.setblocking(False)
            client.send(answer.head(keeps=False, now=time.time()) + (answer.body or b""))
            client.shutdown(socket.SHUT_WR)

    def _serve(self, client: socket.socket) -> None:
        try:
            with suppress(OSError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._talk(client)
                client.shutdown(socket.SHUT_WR)
        finally:
            self._release(client)

    def _release(self, client: socket.socket) -> None:
        with self._turn:
            self._open.discard(client)
        client.close()
        self._slots.release()

    def _talk(self, client: socket.socket) -> None:
        rest = b""
        for number in range(self._limits.requests):
            wait = self._limits.idle if number else self._limits.head
            try:
                head, rest = _head(client, rest, wait, self._limits.head)
                if head is None:
                    return
                request = parse(head)
            except RefusedError as error:
                self._send(
                    client, Request("GET", "", {}, keeps=False), told(error.status, error.why)
                )
                return
            is_last = number + 1 == self._limits.requests or self._is_crowded or self._is_over
            if not self._answer(client, request, keeps=request.keeps and not is_last):
                return

    @property
    def _is_crowded(self) -> bool:
        return len(self._open) * 2 > self._limits.connections

    def _answer(self, client: socket.socket, request: Request, *, keeps: bool) -> bool:
        """Whether the connection goes on."""
        if request.method not in ("GET", "HEAD"):
            refusal = told(405, "GET and HEAD alone", Allow="GET, HEAD")
            self._send(client, request, refusal)
            return False
        if make := self._made.get(request.path):
            self._send(client, request, make(), keeps=keeps)
            return keeps
        try:
            with self._files.of(request) as found:
                self._send(client, request, found, keeps=keeps)
        except _UnreadableError:
            return False
        return keeps

    def _send(
        self,
        client: socket.socket,
        request: Request,
        found: Found | Answer,
        *,
        keeps: bool = False,
    ) -> None:
        found = Found(found) if isinstance(found, Answer) else found
        answer = found.answer
        self.answered[answer.status] += 1
        began = time.monotonic()
        client.settimeout(self._limits.stall)
        head = answer.head(keeps=keeps, now=time.time())
        if request.method == "HEAD" or answer.status == 304:
            client.sendall(head)
            return
        if answer.body is not None or found.file is None:
            client.sendall(head + (answer.body or b""))
            return
        client.sendall(head)
        at, end = answer.start, answer.start + answer.length
        while at < end:
            data = os.pread(found.file, min(_CHUNK, end - at), at)
            if not data:  # shorter than it was: the length that was told cannot be kept
                raise _UnreadableError
            client.sendall(data)
            at += len(data)
            took = time.monotonic() - began
            if took > self._limits.stall and (at - answer.start) / took < self._limits.rate:
                raise TimeoutError


class _UnreadableError(Exception):
    """A file that is not what its facts said."""


def _head(
    client: socket.socket, rest: bytes, wait: float, limit: float
) -> tuple[bytes | None, bytes]:
    """The next head and what came behind it; None where the client has gone or is silent for `wait`
    seconds. Raises RefusedError where it is too long, or takes longer than `limit`."""
    until = time.monotonic() + wait
    while True:
        rest = rest.lstrip(b"\r\n")
        end = rest.find(b"\r\n\r\n")
        if end >= 0 and end <= LONGEST:
            return rest[:end], rest[end + 4 :]
        if len(rest) > LONGEST:
            raise RefusedError(431, f"more than {LONGEST} bytes")
        left = until - time.monotonic()
        if left <= 0:
            if rest:
                raise RefusedError(408, "no whole request came")
            return None, b""
        client.settimeout(left)
        try:
            came = client.recv(_CHUNK)
        except TimeoutError:
            continue
        if not came:
            return None, b""
        if not rest:
            until = time.monotonic() + limit
        rest += came
