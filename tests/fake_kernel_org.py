# SPDX-License-Identifier: GPL-2.0-only
"""kernel.org, played on this machine: releases.json, index pages, tarballs and what signs them, a
git repository with the tags; releases come out, are withdrawn and end while it runs.

    with FakeKernelOrg(folder) as org:
        org.release("6.12.107", "longterm")
        ... KernelOrgSource(org.base, cache, keyring=org.keyring) ...
        org.trouble("busy", "*releases.json", seconds=2, times=3)

`ci/fake-kernel-org` is the same as a program.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import io
import json
import lzma
import re
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from fake_web import Asked, FakeWeb, File, Kind, Trouble

PUB = "/pub/linux/kernel"
Contents = Callable[[str], Mapping[str, bytes]]
"""By version the files of a kernel's tree."""
_ORDER = ("mainline", "stable", "longterm", "linux-next")
_OLD = "20200101T000000"
"""The key is so old that a signature of any clock is younger."""


@dataclass
class Held:
    """A kernel that is out."""

    version: str
    moniker: str
    """'' for one that is no head: an older point release."""
    at: float
    """When it came out, in seconds since the epoch."""
    eol: bool = False
    tar: bytes = b""
    """Not compressed; empty where there is no tarball: of candidates and of linux-next."""
    packed: bytes = b""


@dataclass
class _Made:
    """Signatures that were made, each by what it is over: signing takes gpg 30 ms."""

    by: dict[tuple[str, bytes, int], bytes] = field(default_factory=dict)
    changes: int = 0
    """So many times what is out has changed: a list that is what it once was is signed anew."""


class FakeKernelOrg:
    """The played archive. `base` is what a kernel.org source takes as its place."""

    def __init__(self, folder: Path, contents: Contents | None = None, port: int = 0) -> None:
        """`folder` takes the key and the git repository; `contents` are the trees of kernels: of
        four files if not given."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.contents = contents or plain_tree
        self.kernels: dict[str, Held] = {}
        self.raw_rows: list[object] = []
        """Rows of releases.json that are put in front as they are."""
        self.extra: dict[str, File] = {}
        """More files, by whole path; they hide the archive's own."""
        self._signed = _Made()
        self._frozen: dict[str, File] = {}
        self._home = folder / "gpg"
        self.keyring = folder / "kernel.org.gpg"
        self.repository = folder / "linux.git"
        self._make_key()
        self.web = FakeWeb(self._find, self.order, port)

    def __enter__(self) -> FakeKernelOrg:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server, and the agent that gpg started."""
        self.web.down()
        subprocess.run(
            ["gpgconf", "--homedir", self._home, "--kill", "gpg-agent"],
            capture_output=True, check=False,
        )  # fmt: skip

    @property
    def url(self) -> str:
        return self.web.url

    @property
    def base(self) -> str:
        """`where` of a source of the kind kernel.org."""
        return self.web.url + PUB

    @property
    def git(self) -> str:
        """`where` of a source of the kind git: the tags, over HTTP."""
        return self.web.url + "/git/linux.git"

    @property
    def log(self) -> list[Asked]:
        return self.web.log

    def trust(self, home: Path) -> None:
        """Have a zpmaint whose HOME is `home` take this archive's key for kernel.org's."""
        place = home / ".config/zpmaint/kernel.org.gpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(self.keyring.read_bytes())

    # What comes out

    def release(self, version: str, moniker: str = "", *, day: str = "", eol: bool = False) -> None:
        """A kernel comes out, as the head of its series where it has a moniker; the head before it
        stays as a point release. Candidates (-rcN, -rtN) and linux-next have no tarball: the
        repository has their tags. `day` is 2026-11-27; today if not given."""
        at = datetime.fromisoformat(day + "T12:00Z").timestamp() if day else self.web.now()
        made = Held(version, moniker, at, eol)
        if re.fullmatch(r"[0-9.]+", version):
            made.tar = _tar(version, self.contents(version))
            made.packed = lzma.compress(made.tar, preset=0)
        with self.web.lock:
            if moniker:
                for one in self.kernels.values():
                    if one.moniker == moniker and _line(one.version) == _line(version):
                        one.moniker = ""
            self.kernels[version] = made
            self._signed.changes += 1

    def withdraw(self, version: str) -> None:
        """It is no longer there, nor listed, nor tagged; its series' newest before it is the head
        again."""
        with self.web.lock:
            gone = self.kernels.pop(version)
            self._signed.changes += 1
            left = [
                one
                for one in self.kernels.values()
                if _line(one.version) == _line(version) and bool(one.tar) == bool(gone.tar)
            ]
            if gone.moniker and left:
                max(left, key=lambda one: _numbers(one.version)).moniker = gone.moniker
            if self.repository.is_dir():
                name = version if version.startswith("next-") else f"v{version}"
                if self._git("tag", "--list", name):
                    self._git("tag", "-d", name)
                    self._git("update-server-info")

    def end(self, series: str) -> None:
        """A series ends: its head is listed as EOL once more, then `drop` takes it off the list."""
        with self.web.lock:
            for one in self.kernels.values():
                if one.moniker and _line(one.version) == series:
                    one.eol = True

    def drop(self, series: str) -> None:
        """A series is no longer among the heads; its releases stay."""
        with self.web.lock:
            for one in self.kernels.values():
                if _line(one.version) == series:
                    one.moniker = ""

    def tag(self, *names: str) -> None:
        """More tags in the git repository, whatever their names."""
        self._repository()
        for name in names:
            self._git("tag", "-f", name)
        self._git("update-server-info")

    def freeze(self, paths: Iterable[str]) -> None:
        """A mirror that is behind: these paths go on as they are now. `thaw` ends it."""
        with self.web.lock:
            self._frozen = {path: file for path in paths if (file := self._find(path)) is not None}

    def thaw(self) -> None:
        """Up to date again."""
        with self.web.lock:
            self._frozen = {}

    # Trouble

    def trouble(self, kind: Kind | str, paths: str = "*", **more: Any) -> Trouble:
        """See fake_web.Trouble: kind, paths (a glob), times, seconds, status, body; as words of a
        command line, too."""
        read = {"times": int, "status": int, "seconds": float, "body": _bytes}
        return self.web.trouble(kind, paths, **{name: read[name](it) for name, it in more.items()})

    def mend(self) -> None:
        """No trouble any more, the clock right, connections answered."""
        self.web.mend()
        self.thaw()
        self.jump(0.0)
        self.web.up()

    def jump(self, seconds: float | str) -> None:
        """The archive's clock is wrong by so much: Date, Last-Modified, days, signatures."""
        with self.web.lock:
            self.web.offset = float(seconds)
            self._signed.changes += 1

    def order(self, given: Mapping[str, Any]) -> object:
        """What `ci/fake-kernel-org URL ORDER` asks for: {"do": "release", "with": [...], "and":
        {...}} calls the method of that name. Gives back what is out and what is wrong."""
        allowed = ("release", "withdraw", "end", "drop", "tag", "trouble", "mend", "jump", "state",
                   "thaw")  # fmt: skip
        name = given["do"]
        if name not in allowed:
            raise ValueError(f"{name!r} is no order; one of: {', '.join(allowed)}")
        if name != "state":
            getattr(self, name)(*given.get("with", []), **given.get("and", {}))
        return {
            "base": self.base,
            "git": self.git,
            "keyring": str(self.keyring.resolve()),
            "kernels": {one.version: one.moniker for one in self.kernels.values()},
            "troubles": [f"{one.kind} {one.paths}" for one in self.web.troubles],
            "asked": len(self.log),
            "clock": self.web.offset,
        }

    # What is served

    def _find(self, path: str) -> File | None:
        with self.web.lock:
            if path in self.extra or path in self._frozen:
                return self.extra.get(path) or self._frozen.get(path)
            if path in ("/releases.json", f"{PUB}/releases.json"):
                body = json.dumps(self.releases(), indent=4).encode()
                return File(body, self._newest(), "application/json")
            if path.startswith("/git/linux.git/"):
                return self._git_file(path.removeprefix("/git/linux.git/"))
            if not path.startswith(PUB + "/"):
                return None
            files = self._files()
            inside = path.removeprefix(PUB + "/")
            if inside in files:
                return files[inside]()
            return self._index(inside, files)

    def releases(self) -> dict[str, object]:
        """releases.json, as kernel.org writes it."""
        heads = [one for one in self.kernels.values() if one.moniker]
        heads.sort(key=lambda one: tuple(-n for n in _numbers(one.version)))
        heads.sort(key=lambda one: _ORDER.index(one.moniker) if one.moniker in _ORDER else 9)
        stable = next((one.version for one in heads if one.moniker == "stable"), "")
        return {
            "latest_stable": {"version": stable},
            "releases": [*self.raw_rows, *map(self._row, heads)],
        }

    def _row(self, one: Held) -> dict[str, object]:
        source = f"{self.base}/{_folder(one.version)}/linux-{one.version}.tar.xz"
        day = datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%d")
        return {
            "iseol": one.eol,
            "version": one.version,
            "moniker": one.moniker,
            "source": source if one.tar else None,
            "pgp": source.removesuffix("xz") + "sign" if one.tar else None,
            "released": {"timestamp": int(one.at), "isodate": day},
            "gitweb": None,
            "changelog": None,
            "diffview": None,
            "patch": {"full": None, "incremental": None},
        }

    def _newest(self) -> float:
        return max((one.at for one in self.kernels.values()), default=0.0)

    def _files(self) -> dict[str, Callable[[], File]]:
        """By path below pub/linux/kernel what is there."""
        found: dict[str, Callable[[], File]] = {}
        folders: dict[str, list[Held]] = {}
        for one in self.kernels.values():
            folder, version = _folder(one.version), one.version
            if one.tar:
                folders.setdefault(folder, []).append(one)
                found[f"{folder}/linux-{version}.tar.xz"] = lambda one=one: File(one.packed, one.at)
                found[f"{folder}/linux-{version}.tar.sign"] = lambda one=one: File(
                    self._signature("--detach-sign", one.tar, one.at), one.at
                )
                text = f"Linux {version}\n".encode()
                found[f"{folder}/ChangeLog-{version}"] = lambda text=text, one=one: File(
                    text, one.at, "text/plain"
                )
            elif re.fullmatch(r"\d+\.\d+\.\d+-rc\d+", version):
                place = f"{folder}/stable-review/patch-{version}.gz"
                found[place] = lambda one=one: File(gzip.compress(b"", mtime=0), one.at)
            elif "-rt" in version:
                place = f"projects/rt/{_line(version)}/patch-{version}.patch.xz"
                found[place] = lambda one=one: File(lzma.compress(b""), one.at)
        for folder, kernels in folders.items():
            found[f"{folder}/sha256sums.asc"] = lambda kernels=kernels: self._sums(kernels)
        return found

    def _sums(self, kernels: list[Held]) -> File:
        rows = sorted(
            f"{hashlib.sha256(one.packed).hexdigest()}  linux-{one.version}.tar.xz\n"
            for one in kernels
        )
        text = "".join(rows).encode()
        return File(self._signature("--clearsign", text, self.web.now()), self._newest())

    def _index(self, folder: str, files: Iterable[str]) -> File | None:
        """A folder's page, as nginx makes it."""
        if folder and not folder.endswith("/"):
            return None
        inside = [path.removeprefix(folder) for path in files if path.startswith(folder)]
        if not inside and folder:
            return None
        names = sorted({name.partition("/")[0] + ("/" if "/" in name else "") for name in inside})
        day = datetime.fromtimestamp(self._newest(), UTC).strftime("%d-%b-%Y %H:%M")
        title = html.escape(f"Index of {PUB}/{folder}")
        rows = "".join(
            f'<a href="{html.escape(name)}">{html.escape(name)}</a>'
            f"{'':{max(1, 51 - len(name))}}{day}   {'-' if name.endswith('/') else 1000:>16}\n"
            for name in names
        )
        body = (
            f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1><hr><pre>"
            f'<a href="../">../</a>\n{rows}</pre><hr></body>\n</html>\n'
        )
        return File(body.encode(), self._newest(), "text/html")

    def _git_file(self, inside: str) -> File | None:
        self._repository()
        tags = {one.removeprefix("refs/tags/") for one in self._git(
            "for-each-ref", "--format=%(refname)", "refs/tags").split()}  # fmt: skip
        wanted = {
            name if name.startswith("next-") else f"v{name}"
            for name in self.kernels
        }  # fmt: skip
        if wanted - tags:
            self.tag(*(wanted - tags))
        place = (self.repository / inside).resolve()
        if not place.is_relative_to(self.repository.resolve()) or not place.is_file():
            return None
        return File(place.read_bytes(), place.stat().st_mtime)

    def _repository(self) -> None:
        if not self.repository.is_dir():
            self.repository.mkdir()
            self._git("init", "-q", "--bare")
            tree = self._git("mktree", text="")
            made = self._git("commit-tree", "-m", "a kernel", tree.strip()).strip()
            self._git("update-ref", "HEAD", made)

    def _git(self, *words: str, text: str | None = None) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *who, "-C", str(self.repository), *words],
            input=text, capture_output=True, text=True, check=True,
            env={"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent"},
        )  # fmt: skip
        return done.stdout

    # What signs

    def _make_key(self) -> None:
        if self.keyring.is_file():
            return  # of an archive that was here before
        self._home.mkdir(mode=0o700, exist_ok=True)
        old = ("--faked-system-time", f"{_OLD}!", "--passphrase", "")
        self._gpg(*old, "--quick-generate-key", "archive@example.org", "ed25519", "sign", "never")
        self._gpg("--output", str(self.keyring), "--export", "archive@example.org")

    def _signature(self, how: str, data: bytes, at: float) -> bytes:
        """Made once for each text, and dated with the archive's clock of then."""
        changes = self._signed.changes if how == "--clearsign" else 0
        name = (how, hashlib.sha256(data).digest(), changes)
        if name not in self._signed.by:
            # A signature is never of later than now for a clock that is right.
            seconds = int(min(at, time.time() + self.web.offset))
            armour = () if how == "--clearsign" else ("--armor",)
            self._signed.by[name] = self._gpg(
                "--faked-system-time", f"{seconds}!", *armour, how, text=data
            )
        return self._signed.by[name]

    def _gpg(self, *words: str, text: bytes = b"") -> bytes:
        done = subprocess.run(
            ["gpg", "--homedir", self._home, "--batch", "--quiet", "--pinentry-mode", "loopback",
             "--digest-algo", "SHA512", *words],
            input=text, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout


def plain_tree(version: str) -> dict[str, bytes]:
    """A tree of four files: enough to be ported to, not to be built."""
    return named(
        {
            "Makefile": b"all:\n",
            "Kbuild": b"obj-y += mm/\n",
            "mm/memory.c": b"int zero_page;\nint handle_mm_fault(void) { return zero_page; }\n",
            "include/linux/mm.h": b"int handle_mm_fault(void);\n",
        },
        version,
    )


def named(tree: Mapping[str, bytes], version: str) -> dict[str, bytes]:
    """A tree whose Makefile says that it is `version`, whatever it said before."""
    numbers = [*map(str, _numbers(version)), "0", "0"]
    extra = "" if len(version.split(".")) < 4 else "." + version.split(".")[3]
    head = (
        f"VERSION = {numbers[0]}\nPATCHLEVEL = {numbers[1]}\nSUBLEVEL = {numbers[2]}\n"
        f"EXTRAVERSION = {extra}\n"
    ).encode()
    said = rb"(?m)^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *=.*\n"
    return {**tree, "Makefile": head + re.sub(said, b"", tree["Makefile"])}


def tree_in(folder: Path) -> Contents:
    """The files below a folder, as the tree of every kernel."""
    tree = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip
    return lambda version: named(tree, version)


def _tar(version: str, tree: Mapping[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path, data in tree.items():
            info = tarfile.TarInfo(f"linux-{version}/{path}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return raw.getvalue()


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def _line(version: str) -> str:
    """The series: 6.12 of 6.12.107, 2.6.20 of 2.6.20.4, next."""
    if version.startswith("next-"):
        return "next"
    parts = re.split(r"[-~]", version)[0].split(".")
    return ".".join(parts[: 3 if parts[0] == "2" else 2])


def _folder(version: str) -> str:
    major = version.partition(".")[0]
    return "v2.6" if major == "2" else f"v{major}.x"
