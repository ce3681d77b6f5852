"""What upstream took away between two kernels of one repository, told by the changed files."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from sources_fixtures import V, add_kernel, git, kernel_repo

from zpmaint.app.port import compared
from zpmaint.sources import removed_names as module
from zpmaint.sources.chain import Chain
from zpmaint.sources.git import GitSource
from zpmaint.sources.source import SourceFailedError
from zpmaint.sources.tree import TreeSource

OLD, NEW = V("6.12.1"), V("6.12.2")


def repo_of(folder: Path, old: dict[str, str], new: dict[str, str]) -> Path:
    """Two kernels; a file that only the first has is deleted in the second."""
    repo = kernel_repo(folder)
    add_kernel(repo, "6.12.1", **old)
    for path in old.keys() - new.keys():
        git(repo, "rm", "-q", path)
    add_kernel(repo, "6.12.2", **new)
    return repo


@pytest.fixture
def source(tmp_path: Path) -> GitSource:
    old = {
        "a.c": "call(gone_here, kept_here, moved_here);\n",
        "same.c": "use(kept_elsewhere);\n",
        "b.c": "call(kept_elsewhere, gone.too, caf\xe9_x);\n",
        "name.c": "renamed_file\n",
    }
    new = {
        "a.c": "call(kept_here, come);\n",
        "same.c": old["same.c"],
        "c.c": "moved_here\n",
        "new/name.c": "renamed_file\n",
    }
    return GitSource(str(repo_of(tmp_path / "repo", old, new)), tmp_path / "cache")


def test_what_changed_files_lost(source: GitSource) -> None:
    lost = source.lost(OLD, NEW)
    assert {"gone_here", "gone", "too", "kept_elsewhere"} <= lost
    assert not lost & {"kept_here", "moved_here", "come", "renamed_file", "call", "use"}
    assert source.lost(NEW, OLD) >= {"come"}
    source.close()


def test_names_that_are_gone(source: GitSource) -> None:
    """As the trees tell it, name by name, and without asking them for most."""
    chain = Chain([source])
    terms = compared(chain, NEW, OLD)
    assert terms is not None and terms.gone is not None and terms.exists is not None
    names = ["gone_here", "kept_here", "moved_here", "kept_elsewhere", "come", "renamed_file"]
    assert [name for name in names if terms.gone(name)] == ["gone_here"]
    assert set(chain._told) == {(NEW, "gone_here"), (NEW, "kept_elsewhere")}
    assert terms.exists("come") and not terms.exists("gone_here")
    source.close()


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_grep_says(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    words = [f"w{n}" for n in range(30)]

    def tree() -> dict[str, str]:
        there = dice.sample(range(8), 6)
        return {f"f{n}.c": " -> ".join(dice.sample(words, 4)) for n in there}

    source = GitSource(str(repo_of(tmp_path / "repo", tree(), tree())), tmp_path / "cache")
    terms = compared(Chain([source]), NEW, OLD)
    assert terms is not None and terms.gone is not None
    for word in words:
        there = [source.speaks_of(version, word) for version in (OLD, NEW)]
        assert terms.gone(word) == (there == [True, False]), word
    source.close()


def test_trees_are_compared_once(source: GitSource, monkeypatch: pytest.MonkeyPatch) -> None:
    first = source.lost(OLD, NEW)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("compared again")

    monkeypatch.setattr(module, "_changed", fail)
    assert source.lost(OLD, NEW) == first
    source.close()


def test_a_broken_repository_tells_nothing(source: GitSource, tmp_path: Path) -> None:
    """A file that is missing may hold the name: half an answer is none, and none is kept."""
    sha = git(tmp_path / "repo", "rev-parse", "v6.12.2:c.c")
    (tmp_path / "repo/.git/objects" / sha[:2] / sha[2:]).unlink()
    with pytest.raises(SourceFailedError, match=f"{sha} is missing"):
        source.lost(OLD, NEW)
    assert not [p for p in (tmp_path / "cache/names").iterdir() if not p.name.startswith(".")]
    source.close()


def test_only_one_repository_on_this_disk_is_compared(source: GitSource, tmp_path: Path) -> None:
    assert compared(Chain([source]), NEW, V("6.12.9")) is None
    away = GitSource("https://example.invalid/linux.git", tmp_path / "cache")
    assert compared(Chain([away]), NEW, OLD) is None, "it would fetch both kernels whole"
    subprocess.run(["git", "-C", tmp_path / "repo", "checkout", "-q", "v6.12.2"], check=True)
    other = Chain([TreeSource(tmp_path / "repo"), source])
    other.blobs(NEW, ["a.c"])
    assert compared(other, NEW, OLD) is None, "the target came from elsewhere"
    source.close()


def test_a_clone_without_contents_brings_them(tmp_path: Path) -> None:
    repo = repo_of(tmp_path / "repo", {"a.c": "one two\n"}, {"a.c": "two\n"})
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(repo, "config", "uploadpack.allowAnySHA1InWant", "true")
    source = GitSource("https://example.invalid/linux.git", tmp_path / "cache")
    source._url = f"file://{repo}"
    assert "one" in source.lost(OLD, NEW)
    source.close()
