# SPDX-License-Identifier: GPL-2.0-only
"""Archives become trees once, whole or not at all; folders tell their own version."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sources_fixtures import Notes, V, kernel_files, makefile, tarball

from zpmaint.core.errors import InfraError, UserError
from zpmaint.sources.added import added_later
from zpmaint.sources.source import NotServedError, SourceFailedError
from zpmaint.sources.tree import TreeSource, read_blobs, version_of
from zpmaint.sources.unpack import NOTHING, declared, unpack


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "linux.tar.xz"
    path.write_bytes(tarball("6.12.107"))
    return path


def files(tree: Path) -> set[str]:
    return {str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file()}


def test_what_x86_does_not_need_is_left_out_but_for_kbuild(archive: Path, tmp_path: Path) -> None:
    tree = unpack(archive, tmp_path / "trees/linux")
    left_out = {"drivers/gpu/drm/drm.c", "drivers/gpu/drm/drm.h", "arch/arm64/mm/fault.c"}
    assert files(tree) == set(kernel_files("6.12.107")) - left_out


def test_all_of_it_can_be_had(archive: Path, tmp_path: Path) -> None:
    tree = unpack(archive, tmp_path / "trees/linux", omit=NOTHING)
    assert files(tree) == set(kernel_files("6.12.107"))


def test_the_folder_of_another_architecture_comes_whole_at_once_or_later(
    archive: Path, tmp_path: Path
) -> None:
    """What a kernel of that architecture is built of, and no part of what the tree is told by."""
    for place in ("now", "later"):
        tree = unpack(archive, tmp_path / place, keep=["arch/arm64"] if place == "now" else [])
        assert (tree / "arch/arm64/mm/fault.c").is_file() == (place == "now")
        unpack(archive, tmp_path / place, keep=["arch/arm64", "mm/memory.c"])
        assert (tree / "arch/arm64/mm/fault.c").read_text() == "fault\n"
        assert "arch/arm64/mm/fault.c" in added_later(tree)


def test_kept_files_are_there_at_once_or_later(archive: Path, tmp_path: Path) -> None:
    place, notes = tmp_path / "trees/linux", Notes()
    tree = unpack(archive, place, keep=["arch/arm64/mm/fault.c", "arch/arm64/none.c"])
    assert (tree / "arch/arm64/mm/fault.c").read_text() == "fault\n"
    assert not (tree / "drivers/gpu/drm/drm.c").exists()
    keep = ["drivers/gpu/drm/drm.c", "drivers/gpu/drm/none.c", "mm/memory.c"]
    unpack(archive, place, keep=keep, reporter=notes)
    assert (tree / "drivers/gpu/drm/drm.c").read_text() == "drm\n"
    # With its folder: it is built from what else is there.
    assert (tree / "drivers/gpu/drm/drm.h").is_file()
    assert added_later(tree) == {
        "arch/arm64/mm/fault.c", "drivers/gpu/drm/drm.c", "drivers/gpu/drm/drm.h",
    }  # fmt: skip
    assert len(notes.steps) == 1
    unpack(archive, place, keep=[*keep, "arch/arm64/none.c"], reporter=notes)
    assert len(notes.steps) == 1  # what the archive does not hold is not looked for twice


def test_a_kept_folder_is_completed_where_kbuild_s_files_are_already(
    archive: Path, tmp_path: Path
) -> None:
    place = tmp_path / "trees/linux"
    tree = unpack(archive, place)
    assert not (tree / "arch/arm64/mm/fault.c").exists()
    before = sorted(path for path in (tree / "arch/arm64").rglob("*") if path.is_file())
    unpack(archive, place, keep=["arch/arm64"])
    assert (tree / "arch/arm64/mm/fault.c").is_file()
    assert all(path.is_file() for path in before) and before


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "."])
def test_paths_that_lead_out_of_the_tree_are_refused(
    archive: Path, tmp_path: Path, path: str
) -> None:
    with pytest.raises(UserError, match="inside a kernel tree"):
        unpack(archive, tmp_path / "trees/linux", keep=[path])


@pytest.mark.parametrize("cut", [-1, -200, 100, 0])
def test_a_cut_archive_lands_nothing(archive: Path, tmp_path: Path, cut: int) -> None:
    archive.write_bytes(archive.read_bytes()[:cut])
    with pytest.raises(SourceFailedError, match=r"cut|corrupt|not a"):
        unpack(archive, tmp_path / "trees/linux")
    assert [p for p in (tmp_path / "trees").iterdir() if p.is_dir()] == []


def test_a_corrupt_archive_lands_nothing(archive: Path, tmp_path: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(SourceFailedError):
        unpack(archive, tmp_path / "trees/linux")
    assert not (tmp_path / "trees/linux").exists()


def test_an_archive_of_something_else_lands_nothing(tmp_path: Path) -> None:
    odd = tmp_path / "odd.tar.xz"
    odd.write_bytes(b"<html>no such file</html>")
    with pytest.raises(SourceFailedError, match="not a"):
        unpack(odd, tmp_path / "trees/odd")


def test_what_a_killed_run_left_is_cleared_away(archive: Path, tmp_path: Path) -> None:
    left = tmp_path / "trees/.linux.landing.abc"
    left.mkdir(parents=True)
    (left / "Makefile").write_text("half")
    unpack(archive, tmp_path / "trees/linux")
    assert not left.exists()


def test_parallel_runs_unpack_once(archive: Path, tmp_path: Path) -> None:
    notes = Notes()
    threads = [
        threading.Thread(
            target=unpack, args=(archive, tmp_path / "trees/linux"), kwargs={"reporter": notes}
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(notes.steps) == 1
    assert (tmp_path / "trees/linux/Makefile").is_file()


def test_every_folder_left_out_has_its_reason_and_x86_is_not_among_them() -> None:
    omit = declared()
    assert all(reason for reason in omit.folders.values())
    for path in ("arch/x86/mm/fault.c", "mm/memory.c", "net/core/dev.c", "drivers/tty/n_tty.c"):
        assert not omit.covers(path)
    assert omit.covers("arch/arm/mm/fault.c") and not omit.covers("arch/armada/x.c")


@pytest.mark.parametrize(
    "version", ["2.6.20.4", "2.6.21-rc3", "2.6.21", "3.0", "6.12.107", "7.3-rc7", "6.1"]
)
def test_a_folder_tells_its_version(tmp_path: Path, version: str) -> None:
    (tmp_path / "Makefile").write_text(makefile(version))
    assert version_of(tmp_path) == V(version)


def test_a_local_suffix_is_no_part_of_the_version(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(makefile("6.12.107-custom"))
    assert version_of(tmp_path) == V("6.12.107")
    (tmp_path / "Makefile").write_text(makefile("2.6.32.8-zen"))
    assert version_of(tmp_path) == V("2.6.32.8")


def test_a_tree_serves_its_one_kernel(tmp_path: Path) -> None:
    for path, text in kernel_files("2.6.21").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    source = TreeSource(tmp_path, tmp_path / "cache")
    assert source.versions() == [V("2.6.21")] and source.newest("2.6.21") == V("2.6.21")
    assert source.tree(V("2.6.21")) == tmp_path.resolve()
    got = source.blobs(V("2.6.21"), ["mm/memory.c", "mm", "none"])
    assert got == {"mm/memory.c": b"/* memory of 2.6.21 */\n", "mm": None, "none": None}
    with pytest.raises(NotServedError, match=r"is 2\.6\.21, not 2\.6\.22"):
        source.tree(V("2.6.22"))
    with pytest.raises(NotServedError):
        source.newest("6.12")
    with pytest.raises(UserError, match="leads out"):
        read_blobs(tmp_path, ["../../etc/passwd"])


@pytest.mark.parametrize("text", [None, "all:\n\techo\n", "VERSION = x\nPATCHLEVEL = 1\n"])
def test_a_folder_that_is_no_kernel_is_the_users_fault(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "Makefile").write_text(text)
    with pytest.raises(UserError, match=r"no kernel tree|names no kernel") as caught:
        TreeSource(tmp_path, tmp_path / "cache")
    assert not isinstance(caught.value, InfraError)
