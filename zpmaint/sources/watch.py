# SPDX-License-Identifier: GPL-2.0-only
"""Connections that are ended when their time is up, wherever they stand.

A time-out of a socket is one between two reads: a server that sends a byte of its headers, of the
length of a chunk or of an endless trailer now and then is never late by it. So a thread looks at
the transfer's meter, and shuts the socket when a bound is broken.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from zpmaint.sources.bounds import Meter

_LOOK = 1.0  # seconds between two looks at the meter, at most


class Watch:
    """Looks after the requests that are made in its block."""

    def __init__(self, meter: Meter) -> None:
        self.why = ""
        """Why the connection was shut; '' where it was not."""
        self._meter = meter
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="http watch", daemon=True)

    def __enter__(self) -> Watch:
        self._before = _watch.set(self)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        _watch.reset(self._before)

    def at(self, connection: HTTPConnection) -> None:
        """The connection that a request goes over. Raises OSError when the time is up: no further
        one is begun."""
        if self.why:
            raise TimeoutError(self.why)
        self._connection = connection
        # The answer keeps the socket when the connection has let go of it.
        self._socket = connection.sock or self._socket

    def _look(self) -> None:
        pause = min(_LOOK, self._meter.bounds.window / 4, self._meter.bounds.seconds / 4)
        while not self._done.wait(pause):
            self.why = self.why or self._meter.overdue()
            if self.why:
                self._shut()  # again and again: a connection may be under way to another

    def _shut(self) -> None:
        connected = self._connection.sock if self._connection else None
        for one in (self._socket, connected):
            if one is not None:
                with suppress(OSError):
                    # The plain socket's own: that of TLS would drop its state under the reader.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


class _Watched(HTTPConnection):
    """Tells the Watch of each step; goes before the class of a connection."""

    def connect(self) -> None:
        self._tell()
        super().connect()
        self._tell()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        self._tell()
        return super().getresponse()

    def _tell(self) -> None:
        if (watch := _watch.get()) is not None:
            watch.at(self)


class _Secure(_Watched, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class WatchedAdapter(HTTPAdapter):
    """An adapter of requests whose connections a Watch can end."""

    def init_poolmanager(self, *words: Any, **more: Any) -> None:
        super().init_poolmanager(*words, **more)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **more: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(proxy, **more)
        manager.pool_classes_by_scheme = _POOLS
        return manager
