# SPDX-License-Identifier: GPL-2.0-only
"""Sources in a row: order, notes, and whose fault it is when none serves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from sources_fixtures import Notes, V, kernel_repo, makefile

from zpmaint.core.config import Config, SourceTable
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.source_kinds import KINDS, Kind
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.chain import Chain, open_configured, open_source
from zpmaint.sources.debian import DebianSource
from zpmaint.sources.kernelorg import KernelOrgSource
from zpmaint.sources.series import newest_of, not_served
from zpmaint.sources.source import Source, SourceFailedError


class Toy:
    """A source that serves `has`, or fails."""

    def __init__(self, name: str, *has: str, broken: str = "") -> None:
        self.name = name
        self.has = [V(text) for text in has]
        self.broken = broken
        self.asked = 0

    def _judge(self, version: KernelVersion) -> None:
        self.asked += 1
        self._work()
        if version not in self.has:
            raise not_served(self.name, version, self.has)

    def _work(self) -> None:
        if self.broken:
            raise SourceFailedError(f"{self.name}: {self.broken}")

    def versions(self) -> list[KernelVersion]:
        self._work()
        return self.has

    def newest(self, series: str) -> KernelVersion:
        self._work()
        return newest_of(series, self.has, self.name)

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]:
        self._judge(version)
        return {path: self.name.encode() for path in paths}

    def tree(self, version: KernelVersion, keep: Iterable[str] = ()) -> Path:
        self._judge(version)
        return Path("/") / self.name


def test_the_first_that_serves_is_taken_and_remembered() -> None:
    notes = Notes()
    first, second, third = Toy("a", "6.1.1"), Toy("b", "6.12.1"), Toy("c", "6.12.1")
    chain = Chain([first, second, third], notes)
    assert chain.served_by(V("6.12.1")) is None
    assert chain.tree(V("6.12.1")) == Path("/b")
    assert chain.served_by(V("6.12.1")) is second
    assert notes.notes == ["a: no kernel 6.12.1; the nearest it has: 6.1.1"]
    assert chain.blobs(V("6.12.1"), iter(["x"])) == {"x": b"b"}
    assert first.asked == 1 and third.asked == 0
    assert chain.name == "a b c"


def test_a_source_that_fails_is_noted_and_passed_over() -> None:
    notes = Notes()
    chain = Chain([Toy("a", broken="connection refused"), Toy("b", "6.12.1")], notes)
    assert chain.blobs(V("6.12.1"), ["x"]) == {"x": b"b"}
    assert chain.newest("6.12") == V("6.12.1")
    assert chain.versions() == [V("6.12.1")]
    assert notes.notes == ["a: connection refused"] * 3


def test_a_version_nobody_has_is_the_users_fault() -> None:
    chain = Chain([Toy("a", "6.1.1"), Toy("b", "6.12.1", "6.12.3")])
    with pytest.raises(UserError) as caught:
        chain.tree(V("6.12.2"))
    assert caught.value.what == (
        "no source has version 6.12.2: a: no kernel 6.12.2; the nearest it has: 6.1.1; "
        "b: no kernel 6.12.2; the nearest it has: 6.12.1, 6.12.3"
    )
    assert "--source" in caught.value.hint
    with pytest.raises(UserError, match="no release of series 7"):
        chain.newest("7")


def test_a_version_that_a_broken_source_might_have_is_not() -> None:
    chain = Chain([Toy("a", "6.1.1"), Toy("b", broken="timed out")])
    for ask in (lambda: chain.tree(V("6.12.2")), lambda: chain.newest("6.12")):
        with pytest.raises(InfraError, match=r"a: no .*b: timed out") as caught:
            ask()
        assert not isinstance(caught.value, UserError)


def test_a_full_disk_ends_the_search() -> None:
    class Full(Toy):
        def _work(self) -> None:
            raise InfraError("no space left on the disk")

    second = Toy("b", "6.12.1")
    with pytest.raises(InfraError, match="no space"):
        Chain([Full("a"), second]).tree(V("6.12.1"))
    assert second.asked == 0


def test_newest_is_the_newest_of_all() -> None:
    chain = Chain([Toy("a", "6.12.3", "6.13-rc1"), Toy("b", "6.12.5"), Toy("c", "6.1.9")])
    assert chain.newest("6.12") == V("6.12.5")
    assert chain.newest("6") == V("6.12.5")
    assert chain.versions()[-1] == V("6.13-rc1")


def test_a_chain_of_nothing() -> None:
    with pytest.raises(UserError, match="no source is set up"):
        Chain([]).tree(V("6.1"))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("svn:/x", "no such kind of source"),
        ("", "no such kind of source"),
        ("git", "does not say where"),
        ("git:", "does not say where"),
        ("tree:", "does not say where"),
        ("debian:", "nothing behind the colon"),
        ("tree:/nowhere", "no kernel tree"),
        ("git:/nowhere", "no git repository"),
        ("kernel.org:/nowhere", "not a URL"),
    ],
)
def test_specs_that_name_no_source(tmp_path: Path, spec: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        open_source(spec, cache=tmp_path)
    assert caught.value.hint


def test_specs_that_do(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(makefile("6.12.107"))
    repo = kernel_repo(tmp_path / "repo", "2.6.21")
    cache = tmp_path / "cache"
    assert open_source(f"tree:{tmp_path}", cache=cache).versions() == [V("6.12.107")]
    assert open_source(f"git:file://{repo}", cache=cache).versions() == [V("2.6.21")]
    assert isinstance(open_source("kernel.org", cache=cache), KernelOrgSource)
    mirror = open_source("kernel.org:http://localhost/pub", cache=cache)
    assert mirror.name == "kernel.org:http://localhost/pub"
    suites = open_source("debian:trixie sid", cache=cache)
    assert isinstance(suites, DebianSource) and suites.name == "debian:trixie sid"


def config(**sources: dict[str, str]) -> Config:
    return Config.model_validate({"patch": "p", "sources": sources})


def test_a_source_whose_place_is_not_set_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(makefile("6.12.107"))
    declared = config(
        mirror={"kind": "git", "where_env": "KERNEL_GIT"},
        here={"kind": "tree", "where": str(tmp_path)},
    )
    chain = open_configured(declared, cache=tmp_path / "cache", environment={})
    assert [source.name for source in chain.sources] == [f"tree:{tmp_path}"]
    with pytest.raises(UserError, match="mirror: left out, KERNEL_GIT is not set"):
        chain.tree(V("2.6.21"))
    repo = kernel_repo(tmp_path / "repo", "2.6.21")
    there = {"KERNEL_GIT": str(repo)}
    chain = open_configured(declared, cache=tmp_path / "cache", environment=there)
    assert chain.tree(V("2.6.21")).name.startswith("git-2.6.21-")
    assert chain.tree(V("6.12.107")) == tmp_path.resolve()
    only = open_configured(declared, ["here"], cache=tmp_path / "cache", environment=there)
    assert len(only.sources) == 1
    with pytest.raises(UserError, match="declared: mirror, here"):
        open_configured(declared, ["nowhere"], cache=tmp_path / "cache")


def test_a_source_is_opened_once_for_all_chains(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(makefile("6.12.107"))
    declared = config(here={"kind": "tree", "where": str(tmp_path)}, archive={"kind": "kernel.org"})
    opened: dict[str, Source] = {}
    cache = tmp_path / "cache"
    both = open_configured(declared, cache=cache, opened=opened)
    one = open_configured(declared, ["archive"], cache=cache, opened=opened)
    assert one.sources == both.sources[1:]
    assert open_configured(declared, ["archive"], cache=cache).sources != one.sources


def test_a_place_that_is_wrong_is_told_when_nobody_serves(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(makefile("6.12.107"))
    notes = Notes()
    declared = config(
        mirror={"kind": "git", "where_env": "KERNEL_GIT"},
        here={"kind": "tree", "where": str(tmp_path)},
    )
    chain = open_configured(
        declared, cache=tmp_path / "cache", reporter=notes, environment={"KERNEL_GIT": "/nowhere"}
    )
    assert "no git repository" in notes.notes[0]
    assert chain.newest("6.12") == V("6.12.107")
    with pytest.raises(UserError, match="no git repository at /nowhere"):
        chain.tree(V("2.6.21"))


def test_cheapest_first_asks_for_no_tarball_that_git_spares(tmp_path: Path) -> None:
    """The order among the others stays, and so does what is known to be absent."""
    tarballs = KernelOrgSource("", tmp_path), DebianSource("", tmp_path)
    one, other = Toy("one", "6.1.1"), Toy("other", "6.1.1")
    gone = {"mirror": UserError("not set")}
    chain = Chain([tarballs[0], one, tarballs[1], other], absent=gone).cheapest_first()
    assert chain.sources == (one, other, *tarballs)
    assert chain.blobs(V("6.1.1"), ["x"]) == {"x": b"one"}
    with pytest.raises(UserError, match="mirror"):
        Chain([one], absent=gone).cheapest_first().blobs(V("6.12"), [])


def test_a_new_kind_is_a_module_and_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a source can do is asked of itself: no room knows the kinds by name."""
    (tmp_path / "toy_kind.py").write_text(
        "from zpmaint.core.versions import KernelVersion\n"
        "class ToySource:\n"
        "    is_here = True\n"
        "    def __init__(self, where, cache, reporter):\n"
        "        self.name = f'toy:{where}'\n"
        "    def versions(self):\n"
        "        return [KernelVersion.parse('6.12'), KernelVersion.parse('6.13')]\n"
        "    def newest(self, series): return self.versions()[-1]\n"
        "    def blobs(self, version, paths): return {path: b'toy' for path in paths}\n"
        "    def tree(self, version, keep=()): raise AssertionError\n"
        "    def speaks_of(self, version, name): return name == 'toy'\n"
        "    def speaking_of(self, version, name): return []\n"
        "    def files_called(self, version, name): return []\n"
        "    def blob_ids(self, version, paths): return {}\n"
        "    def contents(self, revision, paths): return {}\n"
        "    def renamed(self, older, newer, paths): return {}\n"
        "    def commit(self, sha): return None\n"
        "    def holds(self, version, sha): return False\n"
        "    def commits(self, older, newer, paths, *, most): return []\n"
        "    def between(self, older, newer, paths): return []\n"
        "    def first_tags(self, shas): return {}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(KINDS, "toy", Kind("toy_kind", "ToySource", True))
    with pytest.raises(UserError, match="does not say where"):
        open_source("toy", cache=tmp_path)
    toy = open_source("toy:HERE", cache=tmp_path)
    assert SourceTable.model_validate({"kind": "toy", "where": "HERE"}).kind == "toy"
    chain = Chain([toy])
    assert chain.blobs(V("6.12"), ["a"]) == {"a": b"toy"}
    assert chain.history_of(V("6.12"), V("6.13")) is toy
    assert chain.history_of(V("6.12"), V("6.14")) is None
    assert chain.speaks_of(V("6.12"), "toy") and not chain.speaks_of(V("6.12"), "no")
