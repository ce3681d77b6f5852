# SPDX-License-Identifier: GPL-2.0-only
"""A web server that misbehaves on order, toy kernels, toy archives."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from zpmaint.core.versions import KernelVersion

V = KernelVersion.parse


@dataclass
class Site:
    """What a local web server holds and how it misbehaves; paths start with a slash."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: dict[str, list[int]] = field(default_factory=dict)
    """Bytes after which the next answers for a path break off, one each."""
    status: dict[str, list[int]] = field(default_factory=dict)
    """Error statuses that the next answers for a path have, one each."""
    shift: int = 0
    """By how many bytes the ranges that are sent lie beside those that were asked for."""
    pause: float = 0.0
    """Seconds between two pieces of 16 KiB."""
    log: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and Range of each request."""
    agents: set[str] = field(default_factory=set)

    def ranges(self, path: str) -> list[str]:
        return [span for _method, asked, span in self.log if asked == path]

    def sha256(self, path: str) -> str:
        return hashlib.sha256(self.files[path]).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        site, path = self.site, self.path.replace("%7e", "~")
        site.log.append((self.command, path, self.headers.get("Range", "")))
        site.agents.add(self.headers.get("User-Agent", ""))
        data = site.files.get(path)
        if status := next(iter(site.status.get(path, [])), 0):
            site.status[path].pop(0)
            return self._plain(status)
        if data is None:
            return self._plain(404)
        tag = f'"{hashlib.md5(data).hexdigest()}"'
        if self.headers.get("If-None-Match") == tag:
            return self._plain(304)
        start = 0
        if (span := self.headers.get("Range")) and self.headers.get("If-Range", tag) in (
            tag, "Thu, 01 Jan 2026 00:00:00 GMT",
        ):  # fmt: skip
            start = int(span.removeprefix("bytes=").rstrip("-"))
            start += site.shift
            if start >= len(data):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(data)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return None
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", tag)
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        body = data[start:]
        cuts = site.cut.get(path, [])
        if cut := bool(cuts):
            body = body[: cuts.pop(0)]
        for at in range(0, len(body), 1 << 14):
            self.wfile.write(body[at : at + (1 << 14)])
            self.wfile.flush()
            time.sleep(site.pause)
        if cut:
            self.close_connection = True
            self.connection.shutdown(2)
        return None

    def _plain(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that was killed on purpose


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": made}))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


class Notes:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.notes: list[str] = []
        self.done: list[tuple[float, float | None]] = []

    @contextmanager
    def step(self, title: str, unit: str = "") -> Iterator[Notes]:
        self.steps.append(title)
        yield self

    def advance(self, done: float, total: float | None = None) -> None:
        self.done.append((done, total))

    def note(self, text: str) -> None:
        self.notes.append(text)


class Signer:
    """A throw-away key of an archive, made once for each `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.keyring = home / "public.gpg"
        if not home.exists():
            home.mkdir(mode=0o700)
            self._gpg(
                "--passphrase", "", "--quick-generate-key", "a@example.org", "rsa2048", "sign"
            )
            self._gpg("--output", str(self.keyring), "--export", "a@example.org")

    def signed(self, text: bytes) -> bytes:
        return self._gpg("--clearsign", text=text)

    def close(self) -> None:
        """End the agent that gpg started."""
        command = ["gpgconf", "--homedir", self._home, "--kill", "gpg-agent"]
        subprocess.run(command, capture_output=True, check=True)

    def _gpg(self, *words: str, text: bytes = b"") -> bytes:
        done = subprocess.run(
            ["gpg", "--homedir", self._home, "--batch", "--quiet", "--pinentry-mode", "loopback",
             *words],
            input=text, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout


def makefile(version: str) -> str:
    """The head of a kernel's Makefile."""
    base, _, candidate = version.partition("-")
    numbers = base.split(".")
    extra = f".{numbers[3]}" if len(numbers) > 3 else ""
    return (
        f"# SPDX-License-Identifier: GPL-2.0\nVERSION = {numbers[0]}\nPATCHLEVEL = {numbers[1]}\n"
        f"SUBLEVEL = {numbers[2] if len(numbers) > 2 else 0}\n"
        f"EXTRAVERSION = {extra}{'-' + candidate if candidate else ''}\nNAME = Toy\n\nall:\n"
    )


def kernel_files(version: str) -> dict[str, str]:
    """A toy kernel: files by path."""
    return {
        "Makefile": makefile(version),
        "mm/memory.c": f"/* memory of {version} */\n",
        "drivers/Makefile": "obj-y += gpu/ base/\n",
        "drivers/base/core.c": "core\n",
        "drivers/gpu/Makefile": "obj-y += drm/\n",
        "drivers/gpu/Kconfig": "menu\n",
        "drivers/gpu/drm/Kconfig.debug": "config\n",
        "drivers/gpu/drm/drm.c": "drm\n",
        "drivers/gpu/drm/drm.h": "drm header\n",
        "arch/arm64/mm/fault.c": "fault\n",
        "arch/arm64/Kbuild": "kbuild\n",
        "arch/armada/x.c": "no architecture that is left out\n",
        "samples/rules.mk": "rules\n",
    }


def tarball(version: str, top: str = "", **more: str) -> bytes:
    """A .tar.xz of a toy kernel."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:xz", preset=0) as tar:
        for path, text in {**kernel_files(version), **more}.items():
            data = text.encode()
            info = tarfile.TarInfo(f"{top or 'linux-' + version}/{path}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return raw.getvalue()


def git(folder: Path, *words: str) -> str:
    """Run git on a toy repository, away from the user's configuration."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_AUTHOR_DATE": "2026-01-01T00:00Z",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b.c",
        "GIT_COMMITTER_DATE": "2026-01-01T00:00Z",
    }  # fmt: skip
    done = subprocess.run(
        ["git", "-C", folder, *words], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def add_kernel(repo: Path, version: str, tag: str = "", **more: str) -> None:
    """Commit and tag a toy kernel."""
    for path, text in {**kernel_files(version), **more}.items():
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", version)
    git(repo, "tag", "-a", "-m", version, tag or f"v{version}")


def kernel_repo(folder: Path, *versions: str) -> Path:
    """A repository with a tag per version."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for version in versions:
        add_kernel(folder, version)
    return folder
