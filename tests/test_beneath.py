# SPDX-License-Identifier: GPL-2.0-only
"""Paths that a patch or a tree chose: what is read and written stays below the top, through no
link, whoever planted it and when."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from pathlib import Path

import pytest
from series_fixtures import lay
from sources_fixtures import V, kernel_files
from test_cli import zpmaint

from zpmaint.build.worktree import WorkTree
from zpmaint.core import beneath
from zpmaint.core.beneath import (
    ThroughLinkError,
    inside,
    link_beneath,
    parts_of,
    read_beneath,
    remove_beneath,
    status_beneath,
    write_beneath,
)
from zpmaint.core.errors import UserError
from zpmaint.diffs.reader import read_patch
from zpmaint.sources.tree import TreeSource, read_blobs, version_of

BAD = [
    "", "/etc/passwd", "..", "../x", "mm/../../x", "mm/..", "./x", "mm//x", "mm/", ".git/hooks/x",
    "mm/.git/config", ".GIT/config", "mm/a\nb", "mm/a\0b", "mm/a\x1b[2J", "mm/a\x9b", "mm/a\u2028b",
]  # fmt: skip


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A tree with links to a folder and a file beside it."""
    made, outside = tmp_path / "tree", tmp_path / "outside"
    (made / "mm").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (made / "mm/a.c").write_text("a")
    (made / "drivers").symlink_to(outside)
    (made / "mm/out.c").symlink_to(outside / "secret")
    (made / "mm/in.c").symlink_to("a.c")
    (made / "same").symlink_to("mm")
    return made


@pytest.mark.parametrize("path", BAD)
def test_no_path_of_a_tree(top: Path, path: str) -> None:
    for ask in (
        lambda: parts_of(path),
        lambda: read_beneath(top, path),
        lambda: write_beneath(top, path, b"x"),
        lambda: remove_beneath(top, path),
        lambda: link_beneath(top, path, "x"),
        lambda: status_beneath(top, path),
    ):
        with pytest.raises(UserError) as caught:
            ask()
        assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


LINKED = ["drivers/secret", "drivers/new/x.c", "mm/out.c", "mm/in.c", "same/a.c", "same/new.c"]


@pytest.mark.parametrize("path", LINKED)
def test_nothing_goes_through_a_link(top: Path, path: str) -> None:
    before = sorted((str(p), p.is_symlink()) for p in top.parent.rglob("*"))
    for ask in (
        lambda: read_beneath(top, path),
        lambda: write_beneath(top, path, b"evil"),
        lambda: remove_beneath(top, path),
    ):
        with pytest.raises(ThroughLinkError, match="is a symbolic link") as caught:
            ask()
        assert caught.value.exit_status == 1 and path.partition("/")[0] in caught.value.what
    assert sorted((str(p), p.is_symlink()) for p in top.parent.rglob("*")) == before
    assert (top.parent / "outside/secret").read_text() == "secret"


def test_plain_files_are_read_written_and_taken_away(top: Path) -> None:
    assert read_beneath(top, "mm/a.c") == b"a"
    assert read_beneath(top, "mm/none.c") is None and read_beneath(top, "none/x.c") is None
    assert read_beneath(top, "mm") is None and read_beneath(top, "mm/a.c/x") is None
    assert read_beneath(top, "x" * 300) is None and read_beneath(top / "none", "x") is None
    write_beneath(top, "new/deep/b.sh", b"b", executable=True)
    assert (top / "new/deep/b.sh").stat().st_mode & 0o7777 == 0o755
    write_beneath(top, "new/deep/b.sh", b"c")
    assert (top / "new/deep/b.sh").read_bytes() == b"c"
    assert [p.name for p in (top / "new/deep").iterdir()] == ["b.sh"]
    assert (top / "new/deep/b.sh").stat().st_mode & 0o7777 == 0o644
    remove_beneath(top, "new/deep/b.sh")
    remove_beneath(top, "new/deep/b.sh")
    remove_beneath(top, "new/none/b.sh")
    assert status_beneath(top, "new/deep/b.sh") is None
    write_beneath(top, "mm/" + "x" * 250, b"a long name")
    link_beneath(top, "new/l", "../mm/a.c")
    assert (top / "new/l").read_text() == "a"


def test_what_is_no_file_is_not_waited_for(top: Path) -> None:
    os.mkfifo(top / "mm/fifo")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(top / "mm/socket"))
    assert read_beneath(top, "mm/fifo") is None
    assert read_beneath(top, "mm/socket") is None


def test_a_file_without_end_is_not_read(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beneath, "MOST", 1 << 20)
    with (top / "mm/huge.c").open("wb") as out:
        out.truncate(1 << 40)
    with pytest.raises(UserError, match=r"huge\.c: more than 1 MB"):
        read_beneath(top, "mm/huge.c")


def test_a_folder_that_becomes_a_link_meanwhile(top: Path) -> None:
    """Whoever swaps a folder for a link between two steps of ours gains nothing."""
    outside, done, swaps = top.parent / "outside", threading.Event(), []
    (top / "aside").symlink_to(outside)

    def swap() -> None:
        while not done.is_set():
            (top / "mm").rename(top / "kept")
            while (top / "mm").is_dir():  # made anew meanwhile, as a folder of ours
                shutil.rmtree(top / "mm", ignore_errors=True)
            try:
                (top / "aside").rename(top / "mm")
                (top / "mm").rename(top / "aside")
            except OSError:
                shutil.rmtree(top / "mm", ignore_errors=True)
            while True:
                try:
                    (top / "kept").rename(top / "mm")
                    break
                except OSError:
                    shutil.rmtree(top / "mm", ignore_errors=True)
            swaps.append(1)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for number in range(300):
            try:
                write_beneath(top, "mm/secret", b"evil")
                assert read_beneath(top, "mm/secret") in (b"evil", None)
                write_beneath(top, f"mm/new/{number}", b"evil")
            except (ThroughLinkError, OSError):
                continue
    finally:
        done.set()
        swapper.join()
    assert len(swaps) > 3, "it was never swapped"
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "secret"


def test_links_that_stay_in_a_tree_are_followed_by_its_readers(top: Path) -> None:
    assert read_blobs(top, ["mm/in.c", "same/a.c", "mm/none"]) == {
        "mm/in.c": b"a", "same/a.c": b"a", "mm/none": None,
    }  # fmt: skip
    for path in ("mm/out.c", "drivers/secret", "drivers/none", "../outside/secret", "/etc/passwd"):
        with pytest.raises(UserError, match="leads out of the tree"):
            read_blobs(top, [path])
    (top / "round").symlink_to("round")
    with pytest.raises(UserError):
        inside(top, "round/x")


def test_a_tree_whose_makefile_is_elsewhere_is_none(tmp_path: Path) -> None:
    (tmp_path / "Makefile").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="leads out"):
        version_of(tmp_path)
    (tmp_path / "Makefile").unlink()
    os.mkfifo(tmp_path / "Makefile")
    with pytest.raises(UserError, match="no kernel tree"):
        version_of(tmp_path)


def test_an_index_of_names_reads_no_links_and_no_pipes(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    lay(tree, {path: text.encode() for path, text in kernel_files("6.12").items()})
    (tmp_path / "secret").write_text("a_secret_name\n")
    (tree / "mm/out.c").symlink_to(tmp_path / "secret")
    (tree / "evil").symlink_to(tmp_path)
    os.mkfifo(tree / "mm/fifo.c")
    with (tree / "mm/huge.c").open("wb") as out:
        out.truncate(1 << 40)
    source = TreeSource(tree, tmp_path / "cache")
    assert not source.speaks_of(V("6.12"), "a_secret_name")
    assert source.speaks_of(V("6.12"), "drm")


class Shop:
    """A work folder made of a tree."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.tree, self.work = tree, WorkTree(folder)
        folder.mkdir()
        self.work.prepare(tree, "1")

    def put(self, wanted: dict[str, bytes | None]) -> list[str]:
        return self.work.put(self.tree, wanted)


@pytest.mark.parametrize("path", LINKED)
def test_a_patch_writes_through_no_link_of_a_tree(top: Path, tmp_path: Path, path: str) -> None:
    shop = Shop(top, tmp_path / "work")
    for content in (b"evil", None):
        with pytest.raises(ThroughLinkError, match="is a symbolic link"):
            shop.put({"mm/a.c": b"fine", path: content})
    assert [p.name for p in (tmp_path / "outside").iterdir()] == ["secret"]
    assert (tmp_path / "outside/secret").read_text() == "secret"
    assert (top / "mm/a.c").read_text() == "a"
    assert shop.put({"mm/a.c": b"fine"}) == ["mm/a.c"], "the folder is of use after that"
    assert shop.put({}) == ["mm/a.c"]


@pytest.mark.parametrize("path", BAD)
def test_a_patch_writes_at_paths_of_a_tree_alone(top: Path, tmp_path: Path, path: str) -> None:
    shop = Shop(top, tmp_path / "work")
    with pytest.raises(UserError):
        shop.put({path: b"evil"})
    assert not (tmp_path / "work/placed").exists()


def test_links_that_a_build_left_are_not_written_through(top: Path, tmp_path: Path) -> None:
    """A Makefile may write in src/, and what is put there afterwards is written outside of its
    isolation."""
    shop = Shop(top, tmp_path / "work")
    shop.put({"mm/a.c": b"patched", "mm/b.c": b"new"})
    (shop.work.src / "mm").rename(shop.work.src / "was")
    (shop.work.src / "mm").symlink_to(tmp_path / "outside")
    with pytest.raises(ThroughLinkError):
        shop.put({"mm/a.c": b"again"})
    with pytest.raises(ThroughLinkError):
        shop.put({})
    assert [p.name for p in (tmp_path / "outside").iterdir()] == ["secret"]


def test_an_image_is_a_file_of_the_build(top: Path, tmp_path: Path) -> None:
    work = Shop(top, tmp_path / "work").work
    (work.obj / "x86").mkdir()
    (work.obj / "x86/bzImage").write_bytes(b"image")
    (work.obj / "bzImage").symlink_to("x86/bzImage")
    work.keep(work.obj / "bzImage", work.images / "stock")
    assert (work.images / "stock").read_bytes() == b"image"
    (work.obj / "evil").symlink_to(tmp_path / "outside/secret")
    with pytest.raises(UserError, match="leads out"):
        work.keep(work.obj / "evil", work.images / "patched")
    assert not (work.images / "patched").exists()


def test_what_comes_later_goes_through_no_link(top: Path, tmp_path: Path) -> None:
    work = Shop(top, tmp_path / "work").work
    (top / "mm/later.c").write_text("later")
    (top / "mm/later-link.c").symlink_to("later.c")
    work.prepare(top, "1", ["mm/later.c", "mm/later-link.c", "mm/none.c"])
    assert (work.src / "mm/later-link.c").read_text() == "later"
    assert (work.src / "mm/later-link.c").is_symlink()
    (top / "new").mkdir()
    (top / "new/x.c").write_text("x")
    (work.src / "new").symlink_to(tmp_path / "outside")
    with pytest.raises(ThroughLinkError):
        work.prepare(top, "1", ["new/x.c"])


def test_pipes_of_a_tree_are_left_out(top: Path, tmp_path: Path) -> None:
    os.mkfifo(top / "mm/fifo")
    work = Shop(top, tmp_path / "work").work
    assert not os.path.lexists(work.src / "mm/fifo")
    assert (work.src / "mm/a.c").is_file()


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "b/../../x", "b/.git/hooks/post-checkout", "b/mm/.GIT/x", "b/mm/a\0b.c",
     "b/mm/a\x1b[2J.c", "b/.."],
)  # fmt: skip
def test_a_patch_names_no_such_file(name: str) -> None:
    text = f"--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+evil\n"
    with pytest.raises(UserError):
        read_patch(text, "evil.patch")


@pytest.mark.parametrize("name", ["../evil.patch", "/tmp/evil.patch", "x/../../evil.patch"])
def test_a_queue_writes_no_patch_beside_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "evil.patch").write_text("x")
    (folder / "series").write_text(f"{name}\n")
    (tmp_path / "linux").mkdir()
    (tmp_path / "linux/Makefile").write_text("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n")
    status, _, err = zpmaint(
        "-q", "port", "6.12.1", "--series", str(folder), "--out", str(tmp_path / "out"),
        "--source", f"tree:{tmp_path / 'linux'}",
    )  # fmt: skip
    assert status == 2 and "leads out" in err
    assert not (tmp_path / "out").exists()


def test_subjects_make_harmless_names(tmp_path: Path) -> None:
    mails = "".join(
        f"From {n:040x} Mon Sep 17 00:00:00 2001\nFrom: A <a@b.c>\n"
        f"Subject: [PATCH {n}/2] {subject}\n\nx\n---\n"
        f"--- /dev/null\n+++ b/mm/new{n}.c\n@@ -0,0 +1 @@\n+x\n\n"
        for n, subject in ((1, "../../../evil\x1b[2J"), (2, "/etc/cron.d/.git/x"))
    )
    (tmp_path / "in.mbox").write_text(mails)
    (tmp_path / "linux").mkdir()
    (tmp_path / "linux/Makefile").write_text("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n")
    status, out, err = zpmaint(
        "-q", "port", "6.12.1", "--series", str(tmp_path / "in.mbox"),
        "--out", str(tmp_path / "out"), "--source", f"tree:{tmp_path / 'linux'}",
    )  # fmt: skip
    assert status == 0, out + err
    names = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*")}
    assert len(names) == 4 and all(n.replace("-", "").replace(".", "").isalnum() for n in names)
