# SPDX-License-Identifier: GPL-2.0-only
"""Whether a kernel's tree speaks of a name: asked of every kind of source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sources_fixtures import Notes, V, git, kernel_files, kernel_repo, makefile, tarball

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.chain import Chain
from zpmaint.sources.git import GitSource
from zpmaint.sources.source import NotServedError, Source, SourceFailedError
from zpmaint.sources.tarball import Archive, TarballSource
from zpmaint.sources.tree import TreeSource

VERSION = V("6.12.107")
HEADER = "int pte_alloc(void);\n"
MORE = {"include/linux/toy.h": HEADER, "arch/arm64/mm/only.c": "call(arm_only, 1);\n"}


class _Boxed(TarballSource):
    """One archive on the disk."""

    name = "boxed"

    def __init__(self, cache: Path, data: bytes) -> None:
        super().__init__(cache)
        self.path = cache / "linux.tar.xz"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(data)

    def archive(self, version: KernelVersion) -> Archive:
        if version != VERSION:
            raise NotServedError(f"boxed: no {version}")
        return Archive(self.path, "0" * 64)

    def versions(self) -> list[KernelVersion]:
        return [VERSION]

    def newest(self, series: str) -> KernelVersion:
        return VERSION


def _unpacked(folder: Path) -> Path:
    for name, text in {
        **kernel_files("6.12.107"),
        **MORE,
        "Makefile": makefile("6.12.107"),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(params=["git", "tree", "tarball"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    if request.param == "tree":
        yield TreeSource(_unpacked(tmp_path / "linux"), tmp_path / "cache")
    elif request.param == "tarball":
        yield _Boxed(tmp_path / "cache", tarball("6.12.107", **MORE))
    else:
        repo = kernel_repo(tmp_path / "repo", "6.12.107")
        _unpacked(repo)
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "more")
        git(repo, "tag", "-f", "v6.12.107")
        served = GitSource(str(repo), tmp_path / "cache")
        yield served
        served.close()


def test_a_name_is_found_wherever_it_stands(source: Source) -> None:
    assert source.speaks_of(VERSION, "pte_alloc"), "in a header"
    assert source.speaks_of(VERSION, "arm_only"), "where no x86 build looks"
    assert not source.speaks_of(VERSION, "pte"), "half a word is none"
    assert not source.speaks_of(VERSION, "nothing_such")
    assert not source.speaks_of(VERSION, "pte.alloc"), "a name is no pattern"


def test_a_kernel_that_is_not_there(source: Source) -> None:
    with pytest.raises(UserError):
        source.speaks_of(V("6.12.1"), "pte_alloc")


def test_a_broken_archive_says_no_to_nothing(tmp_path: Path) -> None:
    """Half an archive that lacks the name is no proof that the kernel does."""
    data = tarball("6.12.107", **MORE)
    source = _Boxed(tmp_path / "cache", data)
    source.tree(VERSION)
    source.path.write_bytes(data[: len(data) // 2])
    with pytest.raises(SourceFailedError, match="cannot be read"):
        source.speaks_of(VERSION, "nothing_such")


def test_a_tree_is_read_once_however_many_names_are_asked(tmp_path: Path) -> None:
    notes = Notes()
    source = TreeSource(_unpacked(tmp_path / "linux"), tmp_path / "cache", notes)
    chain = Chain([source], notes)
    asked = [chain.speaks_of(VERSION, name) for name in ("arm_only", "pte_alloc", "nothing_such")]
    assert asked == [True, True, False]
    assert sum("index the names of" in title for title in notes.steps) == 1
    with pytest.raises((UserError, InfraError)):
        chain.speaks_of(V("6.1.1"), "arm_only")
