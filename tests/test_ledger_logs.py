# SPDX-License-Identifier: GPL-2.0-only
"""Whole logs and consoles beside the ledger: kept once, bounded, vouched for by their names."""

from __future__ import annotations

import hashlib
import lzma
from pathlib import Path

import pytest

from zpmaint.ledger.logs import LARGEST, LogStore


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path / "state" / "logs")


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", 0),
        (b"one", 1),
        (b"one\n", 1),
        (b"one\ntwo", 2),
        (b"\x1b[2Jcleared\r\n\x00\xff\xfe\n\xe2\x80\xae", 3),
    ],
)
def test_bytes_come_back_as_they_were(store: LogStore, data: bytes, lines: int) -> None:
    kept = store.keep(data)
    assert store.text(kept.digest) == data
    assert (kept.size, kept.lines, kept.left_out, kept.whole) == (len(data), lines, 0, "")
    assert kept.digest == hashlib.sha256(data).hexdigest()


def test_a_text_is_kept_once(store: LogStore) -> None:
    first = store.keep(b"x" * 1000)
    written = store.path(first.digest).stat().st_ino
    assert store.keep(b"x" * 1000) == first
    assert store.path(first.digest).stat().st_ino == written
    assert len([*store.folder.rglob("*.xz")]) == 1


def test_a_console_of_10_mb_is_kept_whole(store: LogStore, tmp_path: Path) -> None:
    line = b"[    1.000000] zpinit: case anon-read-zero: the same line again\n"
    path = tmp_path / "console"
    path.write_bytes(line * (10 * 2**20 // len(line)) + b"the end")
    kept = store.keep_file(path)
    assert kept is not None and not kept.left_out
    assert store.text(kept.digest) == path.read_bytes()
    assert store.path(kept.digest).stat().st_size < 100_000


def test_what_is_too_long_loses_its_middle_and_says_so(store: LogStore, tmp_path: Path) -> None:
    data = b"head\n" + b"." * (LARGEST + 1000) + b"\ntail\n"
    (path := tmp_path / "console").write_bytes(data)
    kept = store.keep_file(path)
    assert kept is not None
    text = store.text(kept.digest)
    assert text is not None
    assert text.startswith(b"head\n") and text.endswith(b"\ntail\n")
    assert kept.left_out == len(data) - LARGEST == 1011
    assert b"[zpmaint: 1011 bytes of the middle are left out here]" in text
    assert kept.whole == hashlib.sha256(data).hexdigest()
    assert store.keep(data) == kept  # the same from memory


def test_what_is_not_there_is_not_known(store: LogStore, tmp_path: Path) -> None:
    assert store.keep_file(tmp_path / "none") is None
    assert store.text("0" * 64) is None
    assert not store.has("0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_digest_is_no_file(store: LogStore, digest: str) -> None:
    assert not store.has(digest)
    with pytest.raises(ValueError, match="no digest"):
        store.path(digest)


def _bomb() -> bytes:
    return lzma.compress(b"\0" * (LARGEST + 100_000), preset=0)


@pytest.mark.parametrize(
    "packed",
    [b"", b"no xz", lzma.compress(b"another text"), lzma.compress(b"text")[:-9], _bomb()],
    ids=["empty", "another format", "another text", "cut", "bomb"],
)
def test_what_is_damaged_is_set_aside_and_never_shown(store: LogStore, packed: bytes) -> None:
    path = store.path(store.keep(b"text").digest)
    path.write_bytes(packed)
    assert store.text(hashlib.sha256(b"text").hexdigest()) is None
    assert not path.exists()
    assert path.with_name(f".damaged-{path.name}").read_bytes() == packed


def test_another_store_is_taken_along_but_not_what_is_damaged(
    store: LogStore, tmp_path: Path
) -> None:
    other = LogStore(tmp_path / "other")
    both = store.keep(b"both")
    assert other.keep(b"both") == both
    new, bad = other.keep(b"new"), other.keep(b"bad")
    other.path(bad.digest).write_bytes(lzma.compress(b"worse"))
    other.path("f" * 64).parent.mkdir(exist_ok=True)
    other.path("f" * 64).with_name("no-digest.xz").write_bytes(b"")
    assert store.take(other) == (1, [other.path(bad.digest)])
    assert store.text(new.digest) == b"new"
    assert not store.has(bad.digest)
    assert store.take(other) == (0, [other.path(bad.digest)])
    assert store.take(LogStore(tmp_path / "none")) == (0, [])
