# SPDX-License-Identifier: GPL-2.0-only
"""What sources make of a kernel.org in trouble: what was known serves, and is called stale; nothing
that came in trouble takes its place; when the trouble ends all is as before."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_kernel_org import FakeKernelOrg
from fake_web import Kind
from sources_fixtures import Notes, V

from zpmaint.sources import bounds, document, download, git_remote, http, kernelorg
from zpmaint.sources.git import GitSource
from zpmaint.sources.kernelorg import KernelOrgSource
from zpmaint.sources.source import NotServedError, SourceFailedError

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("gpg", "gpgv", "git", "xz"))), reason="needs gpg, gpgv, git and xz"
)

HASTY = {"seconds": 3.0, "rate": 512, "window": 0.3, "wait": 1.0, "attempts": 1, "redirects": 2}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeKernelOrg]:
    with FakeKernelOrg(tmp_path_factory.mktemp("org")) as org:
        org.release("6.12.106", "longterm")
        org.release("6.12.107", "longterm")
        org.release("7.2", "mainline")
        yield org


@pytest.fixture
def org(made: FakeKernelOrg, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKernelOrg]:
    """The archive, and a client that soon has enough while there is trouble."""
    whole = bounds.bounds_of

    def hasty(kind: str) -> bounds.Bounds:
        return replace(whole(kind), **HASTY) if made.web.troubles else whole(kind)

    for module in (kernelorg, document, download, git_remote):
        monkeypatch.setattr(module, "bounds_of", hasty)
    plain = http.session
    monkeypatch.setattr(kernelorg, "session", lambda: plain(0.01))
    made.log.clear()
    yield made
    made.mend()


def source(org: FakeKernelOrg, folder: Path, **more: Any) -> KernelOrgSource:
    return KernelOrgSource(org.base, folder, Notes(), keyring=org.keyring, **{"max_age": 0, **more})


def seen(served: KernelOrgSource) -> tuple[list[str], str]:
    return [str(head.version) for head in served.heads()], str(served.newest("6.12"))


TROUBLES: list[tuple[str, dict[str, Any]]] = [
    ("stall", {}),
    ("silent", {}),
    ("trickle", {"seconds": 0.05}),
    ("garbage", {}),
    ("garbage", {"body": b'{"releases": []}'}),
    ("garbage", {"body": b"\x00\xff" * 500}),
    ("busy", {"seconds": 3600}),
    ("busy", {}),
    ("broken", {}),
    ("broken", {"status": 500}),
    ("broken", {"status": 599}),
    ("broken", {"status": 403}),
    ("truncated", {}),
    ("short", {}),
    ("reset", {}),
    ("loop", {}),
]


@pytest.mark.parametrize(
    ("kind", "more"), TROUBLES, ids=[f"{kind}{number}" for number, (kind, _) in enumerate(TROUBLES)]
)
def test_what_was_known_serves_and_is_called_stale(
    org: FakeKernelOrg, tmp_path: Path, kind: str, more: dict[str, Any]
) -> None:
    before = seen(source(org, tmp_path))
    org.trouble(kind, **more)
    troubled = source(org, tmp_path)
    assert seen(troubled) == before
    stale = [one for one in troubled.answers() if one.is_stale]
    assert {one.place.rpartition("/")[2] for one in stale} == {"releases.json", "sha256sums.asc"}
    assert all(0 < one.given <= time.time() and one.place in one.why for one in stale)
    notes = troubled.reporter.notes  # type: ignore[attr-defined]
    assert len(notes) >= 2 and all("before is used" in note for note in notes[-2:]), notes
    org.mend()
    if more.get("seconds") == 3600:
        asked = len(org.log)
        assert seen(source(org, tmp_path)) == before
        assert len(org.log) == asked, "who asks to be left alone is, by later runs, too"
    else:
        mended = source(org, tmp_path)
        assert seen(mended) == before
        assert not any(one.is_stale for one in mended.answers())


@pytest.mark.parametrize("kind", ["unchanged", "gone"])
def test_answers_that_are_not_trouble_by_themselves(
    org: FakeKernelOrg, tmp_path: Path, kind: str
) -> None:
    org.trouble(kind)
    with pytest.raises((SourceFailedError, NotServedError)):
        source(org, tmp_path).heads()
    org.mend()
    assert seen(source(org, tmp_path))[1] == "6.12.107"


@pytest.mark.parametrize("kind", ["truncated", "reset", "stall", "broken", "garbage", "short"])
def test_a_tarball_that_comes_in_trouble_is_whole_in_the_end(
    org: FakeKernelOrg, tmp_path: Path, kind: str
) -> None:
    org.trouble(kind, "*.tar.xz", times=1)
    served = source(org, tmp_path)
    try:
        tree = served.tree(V("6.12.107"))
    except SourceFailedError:
        tree = served.tree(V("6.12.107"))  # as the next run does it
    assert "SUBLEVEL = 107\n" in (tree / "Makefile").read_text()
    assert len(served.provenance(V("6.12.107")).proofs) == 2


def test_a_tarball_that_is_listed_and_not_there(org: FakeKernelOrg, tmp_path: Path) -> None:
    org.trouble("gone", "*.tar.xz")
    with pytest.raises(SourceFailedError, match="list of checksums names it"):
        source(org, tmp_path).tree(V("6.12.107"))


def test_a_mirror_that_is_behind_holds_nothing_back(org: FakeKernelOrg, tmp_path: Path) -> None:
    place = "/pub/linux/kernel/v6.x/sha256sums.asc"
    org.jump(-3600)
    org.freeze([place])
    org.jump(0)
    source(org, tmp_path).newest("6.12")
    org.thaw()
    assert source(org, tmp_path).newest("6.12") == V("6.12.107")
    org.jump(-7200)  # signed before what was seen
    late = source(org, tmp_path)
    assert late.newest("6.12") == V("6.12.107")
    assert "older than the list seen before" in late.answers()[0].why


@pytest.mark.parametrize("ahead", [3600.0, 86_400.0 * 400])
def test_a_list_signed_by_a_clock_that_is_ahead_locks_nobody_out(
    org: FakeKernelOrg, tmp_path: Path, ahead: float
) -> None:
    org.jump(ahead)
    assert source(org, tmp_path).newest("6.12") == V("6.12.107")
    org.jump(0)
    right = source(org, tmp_path)
    assert right.newest("6.12") == V("6.12.107")
    assert [one.why for one in right.answers()] == [""]


def test_our_own_clock_may_jump(
    org: FakeKernelOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = seen(source(org, tmp_path))
    now = time.time()
    for jump in (-86_400.0 * 30, 86_400.0 * 30, 0.0):
        monkeypatch.setattr(document.time, "time", lambda jump=jump: now + jump)
        assert seen(source(org, tmp_path)) == before


def test_tags_are_listed_without_a_clone_and_odd_ones_named(
    org: FakeKernelOrg, tmp_path: Path
) -> None:
    org.tag("v6.12.107-rt34", "v6.12.108-rc1", "next-20261126", "v7.3-rc1")
    odd = ("v2.6.21-git3", "v7.2-rc3-dontuse", "garbage", "v6.12.107-rt34-rebase", "next-20269999")
    org.tag(*odd)
    served = GitSource(org.git, tmp_path, Notes(), max_age=0)
    names = {str(version) for version in served.versions()}
    assert {"6.12.107-rt34", "6.12.108-rc1", "next-20261126", "7.3-rc1", "6.12.107"} <= names
    [answer] = served.answers()
    assert set(answer.left_out) == set(odd) and not answer.is_stale
    assert served.newest("6.12") == V("6.12.107")
    assert not list(tmp_path.rglob("*.git"))
    org.trouble("broken", "/git/*")
    kept = GitSource(org.git, tmp_path, Notes(), max_age=0)
    assert {str(version) for version in kept.versions()} == names
    assert kept.answers()[0].is_stale
    assert "before is used" in kept.reporter.notes[0]  # type: ignore[attr-defined]
    with pytest.raises(SourceFailedError, match=org.git):
        GitSource(org.git, tmp_path / "other", Notes()).versions()


def test_a_git_server_that_says_nothing_is_given_up(org: FakeKernelOrg, tmp_path: Path) -> None:
    org.trouble(Kind.SILENT, "/git/*")
    with pytest.raises(SourceFailedError, match="not done after 3 s"):
        GitSource(org.git, tmp_path, Notes()).versions()


def test_candidates_stand_on_pages_of_their_own(org: FakeKernelOrg, tmp_path: Path) -> None:
    for name in ("6.12.108-rc1", "6.12.108-rc2", "6.12.107-rt34"):
        org.release(name)
    try:
        served = source(org, tmp_path)
        review = served.candidates(["6.12", "6.1"], rt=False)
        assert [str(head.version) for head in review] == ["6.12.108-rc1", "6.12.108-rc2"]
        real_time = served.candidates(["6.12", "6.1"], rt=True)
        assert [str(head.version) for head in real_time] == ["6.12.107-rt34"]
        assert not any(head.is_served for head in (*review, *real_time))
    finally:
        for name in ("6.12.108-rc1", "6.12.108-rc2", "6.12.107-rt34"):
            org.withdraw(name)
