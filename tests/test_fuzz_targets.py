# SPDX-License-Identifier: GPL-2.0-only
"""The targets of ci/fuzz without a fuzzer: their seeds, what was found before, and damage of it."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.seeds import FOUND, seeds
from fuzz.targets import TARGETS

from zpmaint.core.errors import UserError

FUZZ = Path(__file__).parent / "fuzz"
DAMAGED = 30
"""Damaged versions of each target's seeds; the same ones each time."""


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read_or_refused(name: str) -> None:
    assert seeds(name), "a target begins with something"
    for data in seeds(name):
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_seeds_are_read_or_refused(name: str) -> None:
    chance = random.Random(name)
    for _ in range(DAMAGED):
        TARGETS[name](damaged(chance.choice(seeds(name)), chance))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """`data` with pieces cut, doubled, swapped or overwritten."""
    for _ in range(chance.randint(1, 4)):
        at, end = sorted(chance.randint(0, len(data)) for _ in range(2))
        piece = data[at : min(end, at + 200)]
        other = chance.choice(
            (b"", piece * 2, piece[::-1], chance.randbytes(3), b"\0", b"\xff\xfe", b"9" * 5000)
        )
        data = data[:at] + other + data[at + len(piece) :]
    return data


DIGITS = b"9" * 5000
MAIL = b"From: a@b\nSubject: "
PATCH = b"--- a/lib/rye.h\n+++ b/lib/rye.h\n@@ -1 +1 @@\n-int rye;\n+int b;\n"
KNOWN = {
    "a charset that nobody knows": ("mail", MAIL + b"=?unknown-8bit?q?x?=\n\n" + PATCH),
    "an encoded word that is none": ("mail", MAIL + b"=?utf-8?b?x?=\n\n" + PATCH),
    "a box that begins `From me`": ("mail", b"From me\n\nhello\n" + PATCH),
    "a character of 5,000 digits": ("mail", b"<html><pre>&#" + DIGITS + b";@@ -1 +1 @@</pre>"),
    "a plan of 5,000 digits": ("guest", b"KTAP version 1\n1.." + DIGITS + b"\n"),
    "a result of 5,000 digits": ("guest", b"KTAP version 1\nok " + DIGITS + b" a # observed: b\n"),
    "a figure of 5,000 digits": (
        "guest",
        b"# measured pattern=x pages=" + DIGITS + b" huge=0 share=1 run=1 pass=r touched=1",
    ),
    "a hunk of 5,000 digits": ("diff", PATCH.replace(b"-1 ", b"-" + DIGITS + b" ")),
    "a chunk of 5,000 digits": ("binary", b"a\n\nliteral " + DIGITS + b"\nzc\n\n"),
    "a version of 5,000 digits": ("words", b"6." + DIGITS),
    "a release of 5,000 digits": ("kernel-org", b'{"releases": [' + DIGITS + b"]}"),
    "a number of 5,000 digits": ("tables", b"patch = " + DIGITS),
    "a record of 5,000 digits": ("record", b'{"a": ' + DIGITS + b"}"),
    "a list of a megabyte of brackets": ("kernel-org", b"[" * (1 << 20)),
    "a record of brackets": ("record", b"[" * 100_000),
    "tables in tables": ("tables", b"a = " + b"{a=" * 30_000),
    "a checksum without a name": ("debian-lists", b"Package: linux\nChecksums-Sha256:\n 01\n"),
    "a size that is none": (
        "debian-lists", b"Package: linux\nDirectory: a\nChecksums-Sha256:\n"
        b" 01 x linux_6.12.1.orig.tar.xz\n"
    ),
}  # fmt: skip
"""What ended as a bug before it was looked for."""


@pytest.mark.parametrize("name", KNOWN)
def test_what_was_a_bug_once(name: str) -> None:
    target, data = KNOWN[name]
    TARGETS[target](data)


def test_what_was_found_belongs_to_a_target() -> None:
    assert {path.name for path in FOUND.glob("*") if path.is_dir()} <= TARGETS.keys()


def test_an_error_that_is_not_ours_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(data: bytes) -> None:
        raise UserError("ours") if data else KeyError("not ours")

    one = TARGETS["words"].__class__(read)
    one(b"x")
    with pytest.raises(KeyError):
        one(b"")


@pytest.mark.slow
def test_the_fuzzer_keeps_going_and_keeps_findings(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("NOT RUN: atheris is not installed (pip install -e '.[fuzz]')")
    words = ["words", "--seconds", "5", "--home", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, FUZZ / "run.py", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    name, _, runs, _, edges, findings = done.stdout.splitlines()[-1].split()
    assert (name, findings) == ("words", "0")
    assert int(runs) > 100
    assert int(edges) > 10
