# SPDX-License-Identifier: GPL-2.0-only
"""A git repository as a source: blobs by tag, trees by archive, clones without contents."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sources_fixtures import Notes, V, add_kernel, git, kernel_repo

from zpmaint.core.errors import InfraError, UserError
from zpmaint.sources import git as module
from zpmaint.sources.git import GitSource
from zpmaint.sources.source import NotServedError, SourceFailedError


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return kernel_repo(tmp_path / "repo", "2.6.20.4", "2.6.21-rc3", "2.6.21", "6.12.107")


def served(repo: Path, tmp_path: Path, max_age: float = 3600.0) -> GitSource:
    """`repo` by a URL: git's own transport, so that a clone really leaves contents out."""
    url = "https://example.invalid/linux.git"
    source = GitSource(url, tmp_path / "cache", Notes(), max_age=max_age)
    source._url = f"file://{repo}"
    return source


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_blobs_are_read_by_tag(repo: Path, tmp_path: Path, form: str) -> None:
    source = GitSource(form.format(repo), tmp_path / "cache")
    assert source.versions() == [V("2.6.20.4"), V("2.6.21-rc3"), V("2.6.21"), V("6.12.107")]
    got = source.blobs(V("2.6.21"), ["mm/memory.c", "mm", "mm/no such file.c"])
    assert got == {
        "mm/memory.c": b"/* memory of 2.6.21 */\n", "mm": None, "mm/no such file.c": None,
    }  # fmt: skip
    assert source.name == f"git:{form.format(repo)}"
    source.close()


def test_blob_ids_are_gits_names_of_contents(repo: Path, tmp_path: Path) -> None:
    source = GitSource(str(repo), tmp_path / "cache")
    ids = source.blob_ids(V("2.6.21"), ["mm/memory.c", "drivers/base/core.c", "none", "mm"])
    assert ids["mm/memory.c"] == git(repo, "rev-parse", "v2.6.21:mm/memory.c")
    assert ids["none"] is None and ids["mm"] is None
    other = source.blob_ids(V("6.12.107"), ["mm/memory.c", "drivers/base/core.c"])
    assert other["mm/memory.c"] != ids["mm/memory.c"]
    assert other["drivers/base/core.c"] == ids["drivers/base/core.c"]
    source.close()


def programs_started(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows with every program that is started from here on. A clock would measure the machine."""
    started: list[object] = []
    begin = subprocess.Popen.__init__

    def counted(self: object, args: object, *more: Any, **named: Any) -> None:
        started.append(args)
        begin(self, args, *more, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess.Popen, "__init__", counted)
    return started


def test_a_sweep_over_many_tags_starts_few_programs(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 201):
        git(repo, "tag", f"v6.1.{number}", "v6.12.107")
    source = GitSource(str(repo), tmp_path / "cache")
    started = programs_started(monkeypatch)
    rows = [source.blob_ids(v, ["mm/memory.c", "Makefile"]) for v in source.versions()]
    assert len(started) <= 5, "one git for all, not one for each tag"
    assert len(rows) == 204 and len({row["mm/memory.c"] for row in rows}) == 4
    source.close()


def test_newest_of_a_series_is_a_release(repo: Path, tmp_path: Path) -> None:
    add_kernel(repo, "6.12.108-rc1", "v6.13-rc1")
    source = GitSource(str(repo), tmp_path / "cache")
    assert source.newest("6") == V("6.12.107")
    assert source.newest("2.6.20") == V("2.6.20.4")
    assert source.newest("2.6.21") == V("2.6.21")
    with pytest.raises(NotServedError, match=r"6\.1\b"):
        source.newest("6.1")
    source.close()


def test_a_version_without_a_tag_names_its_neighbours(repo: Path, tmp_path: Path) -> None:
    source = GitSource(str(repo), tmp_path / "cache")
    with pytest.raises(NotServedError, match=r"no kernel 2\.6\.30.*2\.6\.21, 6\.12\.107"):
        source.blobs(V("2.6.30"), ["Makefile"])
    source.close()


def test_other_tags_are_no_kernels(repo: Path, tmp_path: Path) -> None:
    git(repo, "tag", "v2.6.11-tree", "v2.6.21^{tree}")
    git(repo, "tag", "mm-for-linus", "v2.6.21")
    git(repo, "tag", "next-20261120", "v6.12.107")
    source = GitSource(str(repo), tmp_path / "cache")
    assert [str(v) for v in source.versions()][-1] == "next-20261120"
    assert len(source.versions()) == 5
    source.close()


def test_a_tree_is_archived_once(repo: Path, tmp_path: Path) -> None:
    notes = Notes()
    source = GitSource(str(repo), tmp_path / "cache", notes)
    assert not source.is_unpacked(V("2.6.21"))
    tree = source.tree(V("2.6.21"))
    assert source.is_unpacked(V("2.6.21")) and not source.is_unpacked(V("2.6.2"))
    assert (tree / "mm/memory.c").read_text() == "/* memory of 2.6.21 */\n"
    assert (tree / "drivers/gpu/drm/drm.c").is_file() and not (tree / ".git").exists()
    assert source.tree(V("2.6.21")) == tree
    assert len([step for step in notes.steps if step.startswith("unpack")]) == 1
    assert git(repo, "status", "--porcelain") == ""
    source.close()


def test_a_tree_that_was_damaged_is_written_again(repo: Path, tmp_path: Path) -> None:
    source = GitSource(str(repo), tmp_path / "cache")
    tree = source.tree(V("2.6.21"))
    source.close()
    (tree / "mm/memory.c").write_bytes(b"")
    notes = Notes()
    source = GitSource(str(repo), tmp_path / "cache", notes)
    assert (source.tree(V("2.6.21")) / "mm/memory.c").read_text() == "/* memory of 2.6.21 */\n"
    assert ["mm/memory.c" in note for note in notes.notes] == [True]
    source.close()


def test_a_url_is_cloned_without_contents(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(repo, "config", "uploadpack.allowAnySHA1InWant", "true")
    source = served(repo, tmp_path)
    assert source.versions()[-1] == V("6.12.107") and source.newest("6.12") == V("6.12.107")
    clone = source._folder
    assert not clone.exists(), "to list tags is no reason to clone"
    assert source.blob_ids(V("2.6.21"), ["Makefile"])["Makefile"]
    missing = [
        line for line in
        git(clone, "rev-list", "--objects", "--all", "--missing=print").splitlines()
        if line.startswith("?")
    ]  # fmt: skip
    assert len(missing) > 5
    assert source.blobs(V("2.6.21"), ["mm/memory.c"])["mm/memory.c"] == b"/* memory of 2.6.21 */\n"
    tree = source.tree(V("6.12.107"))
    assert (tree / "drivers/base/core.c").read_text() == "core\n"
    assert any(step.startswith("fetch 1") for step in source.reporter.steps)  # type: ignore
    source.close()


def test_a_server_that_cannot_filter_is_cloned_whole(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "uploadpack.allowFilter", "false")
    source = served(repo, tmp_path)
    assert source.blobs(V("2.6.21"), ["Makefile"])["Makefile"]
    source.close()


def test_a_clone_fetches_tags_that_are_new(repo: Path, tmp_path: Path) -> None:
    source = served(repo, tmp_path, max_age=0)
    assert source.blob_ids(V("2.6.21"), ["Makefile"])["Makefile"]
    add_kernel(repo, "6.12.108")
    assert source.blobs(V("6.12.108"), ["mm/memory.c"])["mm/memory.c"]
    add_kernel(repo, "6.12.109")
    assert source.newest("6.12") == V("6.12.109")
    with pytest.raises(NotServedError):
        source.tree(V("6.12.110"))
    source.close()


def test_a_url_that_does_not_answer_is_the_infrastructures_fault(tmp_path: Path) -> None:
    source = GitSource("http://127.0.0.1:1/linux.git", tmp_path / "cache")
    with pytest.raises(SourceFailedError, match=r"127\.0\.0\.1") as caught:
        source.versions()
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "cache").rglob("HEAD"))


def test_what_is_no_repository_is_the_users_fault(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place in ("empty", "none"):
        with pytest.raises(UserError, match="no git repository"):
            GitSource(str(tmp_path / place), tmp_path / "cache")
    git(tmp_path, "init", "-q", "unborn")
    with pytest.raises(UserError, match="no tag"):
        GitSource(str(tmp_path / "unborn"), tmp_path / "cache")


def test_a_broken_repository_is_never_read_as_a_missing_file(repo: Path, tmp_path: Path) -> None:
    folder = git(repo, "rev-parse", "v2.6.21:mm")
    loose = repo / ".git/objects" / folder[:2] / folder[2:]
    loose.unlink()
    source = GitSource(str(repo), tmp_path / "cache")
    with pytest.raises(InfraError, match="could not read"):
        source.blobs(V("2.6.21"), ["mm/memory.c"])
    with pytest.raises(InfraError):
        source.tree(V("2.6.21"))
    assert not [p for p in (tmp_path / "cache/trees").iterdir() if p.is_dir()]
    shutil.rmtree(repo / ".git/objects")
    with pytest.raises((InfraError, UserError)):
        GitSource(str(repo), tmp_path / "cache").blobs(V("6.12.107"), ["mm/memory.c"])
    source.close()


def test_gits_environment_does_not_turn_us_elsewhere(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = kernel_repo(tmp_path / "other", "3.0")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    monkeypatch.setenv("GIT_SSL_CAINFO", "/etc/ca")
    source = GitSource(str(repo), tmp_path / "cache")
    assert source.blobs(V("2.6.21"), ["mm/memory.c"])["mm/memory.c"]
    assert (source.tree(V("2.6.21")) / "Makefile").is_file()
    assert os.environ["GIT_SSL_CAINFO"] == "/etc/ca" and "GIT_DIR" not in os.environ
    source.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_a_repository_of_another_user_is_read(repo: Path, tmp_path: Path) -> None:
    for path in [repo, *repo.rglob("*")]:
        os.chown(path, 12345, 12345)
    source = GitSource(str(repo), tmp_path / "cache")
    assert source.blobs(V("2.6.21"), ["mm/memory.c"])["mm/memory.c"]
    assert (source.tree(V("2.6.21")) / "Makefile").is_file()
    source.close()


@pytest.mark.mirror
def test_the_mirror_serves_old_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = os.environ.get("ZPMAINT_KERNEL_GIT")
    if not place:
        pytest.skip("ZPMAINT_KERNEL_GIT names no git mirror of the kernel")
    source = GitSource(place, tmp_path / "cache")
    got = source.blobs(V("2.6.21"), ["mm/memory.c", "Makefile"])
    assert b"do_anonymous_page" in (got["mm/memory.c"] or b"")
    assert b"SUBLEVEL = 21" in (got["Makefile"] or b"")
    started = programs_started(monkeypatch)
    ids = {source.blob_ids(v, ["mm/memory.c"])["mm/memory.c"] for v in source.versions()}
    assert len(started) <= 5
    assert len(ids) > 20
    source.close()


def test_clean_environment_keeps_how_to_reach_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", "/x")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
    module.clean_environment()
    assert "GIT_INDEX_FILE" not in os.environ
    assert os.environ["GIT_SSH_COMMAND"] == "ssh -i key"


def test_lost_contents_are_no_missing_file(repo: Path, tmp_path: Path) -> None:
    """A repository that lost a blob must not pass for a kernel without that file."""
    source = GitSource(str(repo), tmp_path / "cache")
    sha = source.blob_ids(V("2.6.21"), ["mm/memory.c"])["mm/memory.c"]
    source.close()
    assert sha is not None
    (repo / ".git/objects" / sha[:2] / sha[2:]).unlink()
    with pytest.raises(SourceFailedError, match="contents are lost"):
        GitSource(str(repo), tmp_path / "cache").blobs(V("2.6.21"), ["mm/memory.c"])
