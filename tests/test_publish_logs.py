# SPDX-License-Identifier: GPL-2.0-only
"""Pages of whole logs: linked by line, bounded, of any bytes; what stands where there is none."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_fixtures import NOON, SET, modern_deltas, passing
from publish_fixtures import config, patchset
from site_checks import broken_links, checked

from zpmaint.ledger.logs import LogStore
from zpmaint.ledger.values import Record
from zpmaint.publish.log_places import PER_PAGE, log_places
from zpmaint.publish.site import Material, site_files
from zpmaint.publish.texts import KeptTexts

FOLDER = f"{SET}/6.12.107-x86_64"
PAGE = f"{FOLDER}/console-patched.html"


def with_console(store: LogStore, data: bytes, complaints: tuple[str, ...] = ()) -> Record:
    made = passing("6.12.107", modern_deltas(1, 2, 3, 4))
    assert made.runs and made.runs.patched
    run = replace(made.runs.patched, kept=store.keep(data), complaints=complaints)
    return replace(made, runs=replace(made.runs, patched=run))


def site(record: Record, texts: KeptTexts) -> dict[str, bytes]:
    return site_files([record], Material(config(), [patchset()], generated=NOON, texts=texts))


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path / "logs")


def test_each_line_can_be_linked_to_and_the_bytes_stand_beside(store: LogStore) -> None:
    data = b"Linux version 6.12\r\n\x1b[2J<script>alert(1)</script>\nBUG: bad \xff\xe2\x80\xae\n"
    files = site(with_console(store, data, ("<script>alert(1)</script>",)), KeptTexts(store))
    page = files[PAGE].decode()
    assert '<span id="L1"><a href="#L1">1</a> Linux version 6.12\n' in page
    assert "\\x1b[2J&lt;script&gt;" in page
    assert "\\xff\\u202e" in page
    assert gzip.decompress(files[f"{FOLDER}/console-patched.txt.gz"]) == data
    assert broken_links(checked(files), files) == []
    assert "6.12.107-x86_64/console-patched.html" in files[f"{FOLDER}.html"].decode()


def test_a_line_that_the_kernel_complains_in_is_marked(store: LogStore) -> None:
    record = with_console(store, b"fine\nBUG: Bad page map\n", ("BUG: Bad page map",))
    page = site(record, KeptTexts(store))[PAGE].decode()
    assert re.findall(r'<span id="(L\d+)" class="tells">', page) == ["L2"]


def test_a_console_of_10_mb_is_on_pages_that_a_browser_shows(store: LogStore) -> None:
    line = b"[    1.000000] zpinit: case anon-read-zero: the same line again, and again\n"
    count = 10 * 2**20 // len(line)
    record = with_console(store, line * count + b"the end\n")
    (place,) = (p for p in log_places(record) if p.name == "console-patched")
    files = site(record, KeptTexts(store))
    parts = [f"{FOLDER}/{place.file(first)}" for first in place.parts]
    assert len(parts) == -(-(count + 1) // PER_PAGE)
    assert max(len(files[name]) for name in parts) < 1_000_000
    assert f'id="L{count + 1}"' in files[parts[-1]].decode()
    assert f"{FOLDER}/{place.at(count + 1)}" == f"{parts[-1]}#L{count + 1}"
    assert len(gzip.decompress(files[f"{FOLDER}/console-patched.txt.gz"])) == place.size
    assert broken_links(checked({n: files[n] for n in parts[:2]} | {}), files) == []


def test_a_line_without_end_is_cut_where_it_is_shown(store: LogStore) -> None:
    files = site(with_console(store, b"x" * 10_000_000), KeptTexts(store))
    assert len(files[PAGE]) < 20_000
    assert b"9996000 more characters: in the file" in files[PAGE]


def test_what_was_kept_and_is_gone_is_said(store: LogStore) -> None:
    record = with_console(store, b"gone\n")
    assert record.runs and record.runs.patched and record.runs.patched.kept
    digest = record.runs.patched.kept.digest
    store.path(digest).unlink()
    files = site(record, KeptTexts(store))
    assert PAGE not in files
    page = files[f"{FOLDER}.html"].decode()
    assert f"not here; the store of logs lacks <code>{digest[:16]}</code>" in page
    assert "The whole console: not kept" in page  # of the stock kernel: an older record


def test_what_is_damaged_is_never_shown(store: LogStore) -> None:
    record = with_console(store, b"secret\n")
    assert record.runs and record.runs.patched and record.runs.patched.kept
    store.path(record.runs.patched.kept.digest).write_bytes(b"damaged")
    files = site(record, KeptTexts(store))
    assert "holds it damaged" in files[PAGE].decode()
    assert gzip.decompress(files[f"{FOLDER}/console-patched.txt.gz"]) == b""


@pytest.mark.parametrize(
    ("now", "is_shown"), [("a\nb\nend\n", True), ("a\nb\nanother\n", False), (None, False)]
)
def test_the_console_of_an_older_record_is_shown_if_it_is_still_that(
    store: LogStore, tmp_path: Path, now: str | None, is_shown: bool
) -> None:
    path = tmp_path / "state" / "console"
    path.parent.mkdir()
    if now is not None:
        path.write_text(now)
    made = passing("6.12.107", modern_deltas(1, 2, 3, 4))
    assert made.runs and made.runs.patched
    run = replace(made.runs.patched, console=str(path), tail="a\nb\nend")
    record = replace(made, runs=replace(made.runs, patched=run))
    files = site(record, KeptTexts(store, (tmp_path / "state",)))
    shown = files.get(PAGE, b"").decode()
    assert ('id="L3"' in shown) is is_shown
    assert "another" not in shown
    # A path elsewhere, which somebody's ledger may name, is never read.
    assert PAGE not in site(record, KeptTexts(store, (tmp_path / "elsewhere",)))


def test_a_link_to_another_file_is_not_followed(store: LogStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a\nb\nend\n")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "console").symlink_to(tmp_path / "secret")
    made = passing("6.12.107", modern_deltas(1, 2, 3, 4))
    assert made.runs and made.runs.patched
    path = str(tmp_path / "state" / "console")
    for console in (path, str(tmp_path / "state" / ".." / "secret")):
        run = replace(made.runs.patched, console=console, tail="a\nb\nend")
        record = replace(made, runs=replace(made.runs, patched=run))
        assert PAGE not in site(record, KeptTexts(store, (tmp_path / "state",)))
