# SPDX-License-Identifier: GPL-2.0-only
"""A keeper's repository: a toy kernel's tags, and a branch of three odd commits."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from test_port_sites import HEAD, OLD, THEIRS

from zpmaint.cli import main as door

PATH = "mm/toy.c"
CRLF = b"one\r\ntwo\r\nthree\r\nfour\r\nfive\r\n"
BYTES = bytes(range(256)) * 4
LIB = b"".join(b"int lib_%d(void);\n" % n for n in range(12))
BASE: dict[str, bytes] = {
    "Makefile": b"VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n",
    PATH: (HEAD + OLD).encode(),
    "lib/old.c": LIB,
    "lib/dos.txt": CRLF,
    "lib/logo.bin": BYTES,
    "scripts/tool.sh": b"#!/bin/sh\necho tool\n",
}
POINT = {**BASE, PATH: ("/* a point release */\n" * 3 + HEAD + OLD).encode()}
NEXT = {**BASE, PATH: (HEAD + THEIRS).encode()}
"""In which the branch's first commit comes to a conflict."""
FAR = {**POINT, "lib/dos.txt": b"zero\r\n" + CRLF}

_TWO = b"lib: a title\nof two lines\n\nText.\n---\ndiff --git a/x b/x\n\n\n\nFixes: 012345678901\n"
ONE = (
    "Jörg Ä. Möller <j@example.org>".encode(),
    "1700000000 +0130",
    "mm/toy: raise the limit\n\nIt was too low.\n\nSigned-off-by: Jörg <j@example.org>\n".encode(),
    b"",
)
TWO = (b"Ann, Elk & Co. <>", "1700000060 -0800", _TWO, b"")
THREE = (
    "Élodie <e@example.org>".encode("latin-1"),
    "3 +0000",
    "scripts: résumé".encode("latin-1"),
    b"ISO-8859-1",
)
_HIGHER = OLD.replace("max = 40;", "max = 60;")
STEPS: tuple[dict[str, bytes | None], ...] = (
    {PATH: (HEAD + _HIGHER).encode(), "lib/logo.bin": BYTES[::-1]},
    {"lib/old.c": None, "lib/new.c": LIB.replace(b"lib_3(", b"lib_three("),
     "lib/dos.txt": CRLF.replace(b"three", b"drei"), "lib/empty": b""},
    {"scripts/tool.sh": BASE["scripts/tool.sh"], "scripts/fresh.sh": b"#!/bin/sh\n",
     PATH: (HEAD + _HIGHER.replace("step(a);", "step(a + 1);")).encode()},
)  # fmt: skip
_EXECUTABLE = ("scripts/tool.sh", "scripts/fresh.sh")


def git(folder: Path, *words: str, stdin: bytes | None = None, check: bool = True) -> str:
    """Run git as its user does, with no configuration but the repository's own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
            "GIT_AUTHOR_NAME": "U", "GIT_AUTHOR_EMAIL": "u@x", "GIT_COMMITTER_NAME": "U",
            "GIT_COMMITTER_EMAIL": "u@x"}  # fmt: skip
    done = subprocess.run(
        ["git", "-C", folder, *words], env=env, input=stdin, capture_output=True, check=False
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.decode("utf-8", "surrogateescape").strip()


class Stream:
    """What git fast-import reads: many commits for one program started."""

    def __init__(self) -> None:
        self.data = b""
        self.marks = 0

    def commit(
        self, ref: str, tree: Mapping[str, bytes | None], parents: tuple[str, ...] = (),
        words: tuple[bytes, str, bytes, bytes] = (b"K <k@x>", "1600000000 +0000", b"kernel\n", b""),
        executable: tuple[str, ...] = (),
    ) -> str:  # fmt: skip
        self.marks += 1
        who, when, message, encoding = words
        self.data += b"commit %s\nmark :%d\n" % (ref.encode(), self.marks)
        self.data += b"author %s %s\ncommitter C <c@x> 1600000000 +0000\n" % (who, when.encode())
        self.data += b"encoding %s\n" % encoding if encoding else b""
        self.data += b"data %d\n%s\n" % (len(message), message)
        for key, parent in zip(("from", "merge", "merge"), parents, strict=False):
            self.data += f"{key} {parent}\n".encode()
        for path, data in tree.items():
            if data is None:
                self.data += f"D {path}\n".encode()
                continue
            mode = b"100755" if path in executable else b"100644"
            self.data += b"M %s inline %s\ndata %d\n%s\n" % (mode, path.encode(), len(data), data)
        return f":{self.marks}"

    def into(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        git(folder, "fast-import", "--quiet", "--date-format=raw-permissive", stdin=self.data)
        return folder


def keepers_repository(folder: Path) -> Path:
    """Tags v6.12, v6.12.107, v7.2 (a conflict), v7.3, and the branch `work` on v6.12."""
    stream = Stream()
    base = stream.commit("refs/tags/v6.12", BASE)
    stream.commit("refs/tags/v6.12.107", POINT, (base,))
    later = stream.commit("refs/tags/v7.2", NEXT, (base,))
    stream.commit("refs/tags/v7.3", FAR, (later,))
    at = base
    for step, words in zip(STEPS, (ONE, TWO, THREE), strict=True):
        at = stream.commit("refs/heads/work", step, (at,), words, executable=_EXECUTABLE)
    stream.commit("refs/heads/main", {}, (base,))
    return stream.into(folder)


@dataclass
class Desk:
    """A keeper with a project and a repository."""

    folder: Path
    repo: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path, repo: Path) -> Desk:
        project = folder / "project"
        project.mkdir()
        copy = folder / "repo"
        shutil.copytree(repo, copy)
        (project / "kernels.toml").write_text(
            f'patch = "mine"\n[sources.toy]\nkind = "git"\nwhere = "{copy}"\n'
        )
        home = folder / "user"
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = Kay Keeper\n\temail = kay@example.org\n")
        env = {"HOME": str(home), "ZPMAINT_HOME": str(folder / "home")}
        return cls(folder, copy, env)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def set(self) -> Path:
        return self.project / "patches/mine"

    def run(self, *words: str) -> tuple[int, str, str]:
        """The command, in this process: a new one takes a second to start."""
        out, err = io.StringIO(), io.StringIO()
        with patch.dict(os.environ, self.env), redirect_stdout(out), redirect_stderr(err):
            status = door._status(["-q", "--project", str(self.project), *words])
        assert "internal error" not in err.getvalue(), err.getvalue()
        return status, out.getvalue(), err.getvalue()

    def json(self, *words: str) -> Any:
        status, out, err = self.run(*words, "--json")
        assert status == 0, err
        return json.loads(out)

    def new(self, revisions: str = "work") -> Any:
        return self.json("new", "mine", revisions, "--from", f"git:{self.repo}")

    def git(self, *words: str) -> str:
        return git(self.repo, *words)


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be written: a desk has its own copy."""
    return keepers_repository(tmp_path_factory.mktemp("keeper") / "repo")


@pytest.fixture
def desk(tmp_path: Path, repository: Path) -> Desk:
    return Desk.at(tmp_path, repository)


@pytest.fixture
def desk_with_set(tmp_path: Path, repository: Path) -> Desk:
    made = Desk.at(tmp_path, repository)
    made.new()
    return made
