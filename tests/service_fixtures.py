# SPDX-License-Identifier: GPL-2.0-only
"""Receivers of notices on this machine, which fail as a test has them: over HTTP and SMTP."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NOON = 1_800_000_000.0


@dataclass
class Hook:
    """A webhook's receiver: what came, and what it answers (the last for all further ones)."""

    url: str = ""
    answers: list[int | str | Callable[[BaseHTTPRequestHandler], None]] = field(
        default_factory=lambda: [200]
    )
    """A status; a status with the Retry-After behind it; or what is done with the request."""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Headers and body of each request that was answered."""
    taken: list[bytes] = field(default_factory=list)
    """The bodies of those that it was told well of: 200."""

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.came]


@contextmanager
def hook() -> Iterator[Hook]:
    made = Hook()
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with turn:
                answer = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
                made.came.append((dict(self.headers.items()), body))
            if callable(answer):
                answer(self)
                return
            status, _, wait = str(answer).partition(" ")
            if status == "200":
                made.taken.append(body)
            self.send_response(int(status))
            if wait:
                self.send_header("Retry-After", wait)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Post:
    """An SMTP server: the mails that it took, and what it answers to which command."""

    place: str = ""
    replies: dict[str, str] = field(default_factory=dict)
    """By the first word of a command ("." ends a mail) its reply; "" hangs up."""
    mails: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Every command that came."""


@contextmanager
def post(context: ssl.SSLContext | None = None) -> Iterator[Post]:
    """With `context` over TLS from the first byte."""
    made = Post()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.place = f"127.0.0.1:{listening.getsockname()[1]}"

        def take() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    words = (made, client, context)
                    threading.Thread(target=_talk, args=words, daemon=True).start()

        threading.Thread(target=take, daemon=True).start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)


def _talk(made: Post, client: socket.socket, context: ssl.SSLContext | None) -> None:
    usual = {"DATA": "354 go on", ".": "250 taken", "QUIT": "221 bye", "": "220 here"}
    usual |= {"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "235 let in"}
    with suppress(OSError), client:
        if context:
            with context.wrap_socket(client, server_side=True) as secured:
                _answer(made, secured, usual)
        else:
            _answer(made, client, usual)


def _answer(made: Post, client: socket.socket, usual: dict[str, str]) -> None:
    with client.makefile("rwb") as talk:

        def reply(word: str) -> bool:
            text = made.replies.get(word, usual.get(word, "250 fine"))
            talk.write(f"{text}\r\n".encode() if text else b"")
            talk.flush()
            return bool(text)

        if not reply(""):
            return
        while line := talk.readline():
            word = line.split(b" ")[0].strip().decode().upper()
            made.asked.append(line.decode().strip())
            if not reply(word):
                return
            if word == "QUIT":
                return
            if word == "DATA" and not made.replies.get("DATA"):
                mail = b""
                while (line := talk.readline()) not in (b".\r\n", b""):
                    mail += line
                if made.replies.get(".", "2")[:1] in ("2", ""):
                    made.mails.append(mail)
                if not reply("."):
                    return


def row(number: int, kind: str = "turned red", when: float = NOON, **more: Any) -> dict[str, Any]:
    """A transition as status.json has it."""
    from zpmaint.publish.words import iso  # noqa: PLC0415

    return {
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012x}",
        "kind": kind,
        "when": iso(when),
        "patchset": "set",
        "line": "6.12-x86_64",
        "version": f"6.12.{number}",
        "before": None,
        "words": f"fail: why {number}",
        "page": "set/lines/6.12-x86_64.html",
    } | more


def status(*rows: dict[str, Any]) -> dict[str, Any]:
    """A site's status.json with these news, newest first."""
    return {"schema": 2, "transitions": list(rows), "patchsets": []}


def site(folder: Path, *rows: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "status.json").write_text(json.dumps(status(*rows)))
    return folder
