# SPDX-License-Identifier: GPL-2.0-only
"""The site on the disk: whole at every moment, and nothing made or written that is as it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_fixtures import NOON, SET, modern_deltas, passing, record, samples
from publish_fixtures import Held, config, patchset

from zpmaint.core import disk
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.result import Result
from zpmaint.ledger.values import Record
from zpmaint.publish import program, site, writing
from zpmaint.publish.manifest import NAME
from zpmaint.publish.page import Bundle, Page
from zpmaint.publish.site import Material, publish
from zpmaint.publish.writing import LASTING, Written, standing

MADE_EVERY_TIME = {"index.html", "status.json"}
LATER = passing("6.12.108", modern_deltas(900, 2400, 2200, 2300), key="later", finished=NOON + 1e5)


def put(out: Path, records: list[Record], *, now: float = NOON, **more: object) -> Written:
    options = {"config": config(), "patchsets": [patchset()], "generated": now} | more
    return publish(Held(records), Material(**options), out)  # type: ignore[arg-type]


def tree(out: Path) -> dict[str, bytes]:
    """The pages of what the ledger knows. The manifest holds times, and what lasts for ever may be
    of a time before."""
    found = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert found.pop(NAME)
    if lines := found.get("SHA256SUMS", b"").splitlines(keepends=True):
        kept = (line for line in lines if f"  {LASTING}".encode() not in line)
        found["SHA256SUMS"] = b"".join(kept)
    return {name: data for name, data in found.items() if not name.startswith(LASTING)}


def identities(out: Path) -> dict[str, tuple[int, int]]:
    return {
        str(p.relative_to(out)): (p.stat().st_ino, p.stat().st_mtime_ns)
        for p in out.rglob("*")
        if p.is_file()
    }


def anew(tmp_path: Path, records: list[Record], **more: object) -> dict[str, bytes]:
    put(tmp_path / "anew", records, **more)
    found = tree(tmp_path / "anew")
    shutil.rmtree(tmp_path / "anew")
    shutil.rmtree(tmp_path / ".anew.spare")
    shutil.rmtree(tmp_path / ".anew.kept")
    return found


def test_the_site_is_written_whole_and_replaces_the_former(tmp_path: Path) -> None:
    out = tmp_path / "site"
    done = put(out, samples())
    written = {name for name in done.written if not name.startswith(LASTING)}
    assert tree(out).keys() == written
    assert done.pages == done.made == len(done.written)
    (out / "stale.html").write_text("old")
    (out / "deep/er").mkdir(parents=True)
    (out / "deep/er/stale.html").write_text("old")
    done = put(out, [])
    assert {"stale.html", "deep/er/stale.html", f"{SET}/6.12.107-x86_64.patch"} <= set(done.gone)
    assert tree(out) == anew(tmp_path, [])
    assert not (out / "deep").exists()
    beside = {".anew.lock", ".site.kept", ".site.lock", ".site.spare", "site"}
    assert {path.name for path in tmp_path.iterdir()} == beside


def test_an_unchanged_site_is_not_written(tmp_path: Path) -> None:
    out = tmp_path / "site"
    put(out, samples())
    before, folder = identities(out), out.stat().st_ino
    done = put(out, samples())
    assert (done.written, done.gone, done.mended) == ([], [], [])
    assert done.made <= 4  # those that show the time of day: their bytes are compared
    assert identities(out) == before
    assert out.stat().st_ino == folder, "it is the very same site"


def test_the_time_of_day_changes_what_shows_it_alone(tmp_path: Path) -> None:
    out = tmp_path / "site"
    put(out, samples())
    before = identities(out)
    done = put(out, samples(), now=NOON + 60)
    assert set(done.written) == MADE_EVERY_TIME
    after = identities(out)
    assert {name for name in after if after[name] != before.get(name)} == MADE_EVERY_TIME | {NAME}


def test_one_new_record_makes_its_own_pages_and_those_of_all(tmp_path: Path) -> None:
    out = tmp_path / "site"
    put(out, samples())
    before = identities(out)
    ledger = Held([*samples(), LATER])
    done = publish(ledger, Material(config(), [patchset()], generated=NOON + 60), out)
    # It takes the place of its series' newest, which says so, as neighbours do.
    assert LATER.key in ledger.read and len(set(ledger.read)) < len(samples()) / 2
    for name, identity in identities(out).items():
        assert (identity != before.get(name)) == (name in done.written or name == NAME), name
    assert {f"{SET}/6.12.108-x86_64.html", f"{SET}/6.12.108-x86_64.patch"} <= set(done.written)
    assert done.made < done.pages / 2
    assert tree(out) == anew(tmp_path, [*samples(), LATER], now=NOON + 60)


Change = Callable[[list[Record]], tuple[list[Record], dict[str, object]]]

CHANGES: dict[str, Change] = {
    "a new kernel": lambda r: ([*r, LATER], {}),
    "a failure": lambda r: ([*r, record("6.12.107", Result.FAIL, finished=NOON + 9e5)], {}),
    "no result": lambda r: ([*r, record("6.12.107", Result.INFRA, finished=NOON + 9e5)], {}),
    "a record is gone": lambda r: (r[1:], {}),
    "all are gone": lambda r: ([], {}),
    "another document": lambda r: ([*r[1:], replace(r[0], port=None)], {}),
    "another set": lambda r: ([*r, record("6.1.1", patchset="other")], {}),
    "an address": lambda r: (r, {"base_url": "https://example.org/zp"}),
    "a title": lambda r: (r, {"patchsets": [patchset("Another title")]}),
    "no story": lambda r: (r, {"patchsets": []}),
    "fewer lines": lambda r: (r, {"config": config("6.12.*")}),
    "other lines": lambda r: (r, {"config": config("6.12.107", "5.*", "9.*")}),
    "another default": lambda r: (
        r, {"config": config().model_copy(update={"patch": "other"})}
    ),
    "a later day": lambda r: (r, {"now": NOON + 400 * 86400}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_site_that_was_brought_up_to_date_is_the_one_that_is_made_anew(
    tmp_path: Path, name: str
) -> None:
    """Whatever a page shows is among its inputs: there and back, byte for byte."""
    out = tmp_path / "site"
    records, more = CHANGES[name](samples())
    put(out, samples())
    put(out, records, **more)
    assert tree(out) == anew(tmp_path, records, **more)
    put(out, samples())
    assert tree(out) == anew(tmp_path, samples())


@pytest.mark.parametrize("how", ["text", "size", "time", "gone", "link", "folder", "fifo"])
def test_a_file_that_somebody_changed_is_made_anew_and_told(tmp_path: Path, how: str) -> None:
    out = tmp_path / "site"
    put(out, samples())
    whole, name = tree(out), f"{SET}/6.12.107-x86_64.html"
    page = out / name
    match how:
        case "text":
            page.write_bytes(whole[name].replace(b"pass", b"fail"))
        case "size":
            page.write_bytes(b"")
        case "time":
            os.utime(page)
        case "gone" | "link" | "folder" | "fifo":
            page.unlink()
            if how == "link":
                page.symlink_to("/etc/hostname")
            elif how == "folder":
                (page / "below").mkdir(parents=True)
                (page / "below/file").write_text("x")
            elif how == "fifo":
                os.mkfifo(page)
    done = put(out, samples())
    assert done.mended == [name]
    assert done.written == ([] if how == "time" else [name])
    assert tree(out) == whole
    assert put(out, samples()).mended == []
    assert tree(out) == whole


@pytest.mark.parametrize("how", ["cut", "a byte", "none", "text", "another program", "lies"])
def test_a_manifest_that_cannot_be_believed_means_everything_anew(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    put(out, samples())
    whole = tree(out)
    path = out / NAME
    data = path.read_bytes()
    match how:
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "a byte":
            path.write_bytes(data.replace(b"6.12.107", b"6.12.108"))
        case "none":
            path.write_bytes(b"")
        case "text":
            path.write_bytes(b"A status page written by zpmaint\n")
        case "another program":
            monkeypatch.setattr(writing, "program", lambda: "another")
        case "lies":  # whole, and not of this shape
            body = b'[["x"]]\nnonsense'
            head = f"{program.program()} {writing.sha256(body).hexdigest()}\n"
            path.write_bytes(b"words\n" + head.encode() + body)
    ledger = Held(samples())
    done = publish(ledger, Material(config(), [patchset()], generated=NOON), out)
    assert done.made == done.pages
    assert done.written == [], "the bytes are the same, so are the files"
    assert set(ledger.read) == {r.key for r in samples() if r.result.settles} | {
        r.key for r in samples() if r.version == "6.18.15"
    }
    assert tree(out) == whole
    assert put(out, samples()).made <= 4, "those that are made every time"


def test_the_spare_folder_is_believed_in_nothing(tmp_path: Path) -> None:
    out, spare = tmp_path / "site", tmp_path / ".site.spare"
    put(out, samples())
    assert {p.stat().st_ino for p in out.rglob("*.html")} == {
        p.stat().st_ino for p in spare.rglob("*.html")
    }
    page = f"{SET}/6.12.107-x86_64.html"
    (spare / page).unlink()
    (spare / page).write_text("planted")
    (spare / "more").mkdir()
    (spare / "more/planted").write_text("x")
    (spare / "index.html").unlink()
    (spare / "index.html").mkdir()
    shutil.rmtree(spare / "schema", ignore_errors=True)
    put(out, [*samples(), LATER])
    assert tree(out) == anew(tmp_path, [*samples(), LATER])
    shutil.rmtree(spare)
    spare.write_text("not even a folder")
    put(out, samples())
    assert tree(out) == anew(tmp_path, samples())


def test_without_hard_links_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refused)
    out = tmp_path / "site"
    put(out, samples())
    done = put(out, [*samples(), LATER], now=NOON + 60)
    assert done.made < done.pages
    assert put(out, [*samples(), LATER], now=NOON + 60).written == []
    assert tree(out) == anew(tmp_path, [*samples(), LATER], now=NOON + 60)


def test_without_an_exchange_of_names_two_renames_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "exchange", lambda *_: False)
    out = tmp_path / "site"
    put(out, samples())
    put(out, [*samples(), LATER])
    assert tree(out) == anew(tmp_path, [*samples(), LATER])
    # Killed between the two: the former site is aside, the new one not in its place.
    out.rename(tmp_path / ".site.former")
    put(out, [*samples(), LATER])
    assert tree(out) == anew(tmp_path, [*samples(), LATER])
    # Killed after the two.
    (tmp_path / ".site.former").mkdir()
    (tmp_path / ".site.former/index.html").write_text("old")
    put(out, samples())
    assert not (tmp_path / ".site.former").exists()


def test_a_disk_that_is_full_leaves_the_former_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    put(out, samples())
    whole, before = tree(out), identities(out)

    def full(new: writing._New, address: str, data: bytes) -> tuple[int, int]:
        if address == NAME:  # what came before it has been written
            raise OSError(28, "No space left on device", str(tmp_path / ".site.spare/x"))
        return put_one(new, address, data)

    put_one = writing._New.put
    monkeypatch.setattr(writing._New, "put", full)
    with pytest.raises(InfraError, match="No space left"):
        put(out, [*samples(), LATER])
    monkeypatch.undo()
    assert (tree(out), identities(out)) == (whole, before)
    put(out, [*samples(), LATER])
    assert tree(out) == anew(tmp_path, [*samples(), LATER])


def test_an_error_while_a_page_is_made_leaves_the_former_site(tmp_path: Path) -> None:
    out = tmp_path / "site"
    put(out, samples())
    before = identities(out)

    def fails() -> bytes:
        raise InfraError("the ledger is gone", "look for it")

    with standing(out) as former, pytest.raises(InfraError):
        former.write([Page("a.html", "1", lambda: b"a"), Page("b.html", "1", fails)])
    assert identities(out) == before


def bundle(name: str, told: str, *pages: str, made: list[str]) -> Bundle:
    """Pages whose bytes are their address; `made` notes which are looked at, and made."""

    def one(address: str) -> Page:
        made.append(f"? {address}")
        return Page(address, told, lambda: made.append(address) or address.encode())  # type: ignore[func-returns-value]

    return Bundle(name, told, lambda: map(one, pages))


def test_a_bundle_that_stands_is_not_even_looked_at(tmp_path: Path) -> None:
    out = tmp_path / "site"
    made: list[str] = []

    def write(told: str, *more: str) -> Written:
        made.clear()
        with standing(out) as former:
            bundles = [bundle("a", "1", "a/1", "a/2", made=made),
                       bundle("b", told, "b/1", *more, made=made)]  # fmt: skip
            return former.write([Page("x", "1", lambda: b"x")], bundles)

    assert write("1", "b/2").pages == 5 and {"a/1", "a/2", "b/1", "b/2"} <= set(made)
    done = write("1", "b/2")
    assert (made, done.pages, done.written, done.gone) == ([], 5, [], [])
    done = write("2")
    assert (made, done.gone) == (["? b/1", "b/1"], ["b/2"])
    (out / "a/2").write_text("changed")
    done = write("2")
    assert (made, done.mended, done.written) == (["? a/1", "? a/2", "a/2"], ["a/2"], ["a/2"])
    assert {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()} == {
        NAME, "a/1", "a/2", "b/1", "x",
    }  # fmt: skip


def test_a_bundle_takes_no_address_of_another_that_stands(tmp_path: Path) -> None:
    out = tmp_path / "site"
    lasting = Page(f"{LASTING}{writing.sha256(b'x').hexdigest()}.patch", "1", lambda: b"x")
    page = Page("a", "1", lambda: b"a")
    first = Bundle("1", "1", lambda: [page, lasting])
    with standing(out) as former:
        former.write([], [first, Bundle("2", "1", lambda: [page._replace(address="b"), lasting])])
    with standing(out) as former, pytest.raises(ValueError, match="two pages have"):
        former.write([], [first, Bundle("2", "2", lambda: [page, lasting])])
    assert (out / "b").read_bytes() == b"a" and (out / lasting.address).read_bytes() == b"x"


def test_pages_of_kernels_that_nobody_tracks_any_more_stay(tmp_path: Path) -> None:
    out = tmp_path / "site"
    put(out, samples())
    pages = {n for n in tree(out) if n.startswith((f"{SET}/6.", f"{SET}/7.", f"{SET}/2."))}
    assert len(pages) > 10
    done = put(out, samples(), config=config("9.*"))
    assert not pages & set(done.gone)
    assert pages <= tree(out).keys()


def test_what_is_named_by_its_content_lasts_whatever_the_ledger_knows(tmp_path: Path) -> None:
    out = tmp_path / "site"
    data = b"a patch\n"
    name = f"{LASTING}{writing.sha256(data).hexdigest()}.patch"
    forged = f"{LASTING}{writing.sha256(b'other').hexdigest()}.patch"
    with standing(out) as former:
        former.write([Page(name, "1", lambda: data), Page("x.html", "1", lambda: b"x")])
    put(out, samples())
    assert (out / name).read_bytes() == data and "x.html" not in tree(out)
    (out / forged).write_bytes(b"forged")
    (out / NAME).write_bytes(b"damaged")
    done = put(out, samples())
    assert (out / name).read_bytes() == data
    assert forged in done.gone


@pytest.mark.parametrize(
    "address", ["", "/etc/passwd", "../x", "a/../x", "a//b", ".zpmaint-site", "a/.b", "a\nb", "ü"]
)
def test_no_page_has_an_address_that_is_none(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = lambda _: iter([Page(address, None, bytes)])  # noqa: E731
    monkeypatch.setattr("zpmaint.publish.plan.KINDS", (kind,))
    with pytest.raises(ValueError, match="address"):
        put(tmp_path / "site", samples())
    assert not (tmp_path / "site").exists()


def test_no_two_pages_have_one_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = lambda _: iter([Page("a", None, bytes)])  # noqa: E731
    monkeypatch.setattr("zpmaint.publish.plan.KINDS", (kind, kind))
    with pytest.raises(ValueError, match="two pages have"):
        put(tmp_path / "site", samples())


@pytest.mark.parametrize("kind", ["other", "file", "link"])
def test_what_is_not_a_site_of_ours_is_left_alone(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "site"
    if kind == "file":
        out.write_text("precious")
    else:
        real = tmp_path / "home" if kind == "link" else out
        real.mkdir()
        (real / "thesis.tex").write_text("precious")
        if kind == "link":
            out.symlink_to(real)
    with pytest.raises(UserError, match=str(out)):
        put(out, samples())
    assert "precious" in [p.read_text() for p in tmp_path.rglob("*") if p.is_file()]
    assert not list(tmp_path.rglob(NAME))


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    assert put(out, []).written
    assert (out / NAME).is_file()


def test_a_site_of_before_there_were_manifests_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / NAME).write_text("A status page written by zpmaint; the next one replaces it whole.\n")
    (out / "index.html").write_text("old")
    put(out, samples())
    assert tree(out) == anew(tmp_path, samples())


def test_the_names_of_the_disks_calls_are_those_of_the_core() -> None:
    assert writing.exchange is disk.exchange and site.standing is standing


def test_two_at_once_wait_for_each_other(tmp_path: Path) -> None:
    out = tmp_path / "site"
    with standing(out) as former:
        assert not former.known.entries
        with pytest.raises(InfraError), writing.locked(out, timeout=0.05):
            raise AssertionError("nobody else writes meanwhile")
