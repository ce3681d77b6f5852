# SPDX-License-Identifier: GPL-2.0-only
"""Selftests of a kernel's own tree and programs of LTP: what is built, what is named instead."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from zpmaint.core.errors import UserError
from zpmaint.core.progress import SILENT
from zpmaint.core.versions import KernelVersion
from zpmaint.suites.kselftest.build import ROOT, Target, programs_of
from zpmaint.suites.kselftest.suite import Kselftest
from zpmaint.suites.ltp.build import runtest
from zpmaint.suites.ltp.suite import TREE, Ltp
from zpmaint.suites.protocol import Ask, Ready, Wanted

needs_gcc = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("gcc", "musl-gcc", "make")),
    reason="NOT RUN: needs gcc, musl-gcc and make",
)

MAKEFILE = """\
CFLAGS += -I../
TEST_PROGS := run.sh
TEST_GEN_PROGS = good_one \\
\tbad
TEST_GEN_PROGS += late
TEST_GEN_PROGS_EXTENDED := helper
include ../lib.mk
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A kernel tree as far as this suite looks at it."""
    place = tmp_path / "tree" / ROOT / "toys"
    place.mkdir(parents=True)
    (place / "Makefile").write_text(MAKEFILE)
    (place / "good_one.c").write_text('#include "kselftest.h"\nint main(void) { return OK; }\n')
    (place / "bad.c").write_text("int main(void) { return gone; }\n")
    (place.parent / "kselftest.h").write_text("#define OK 0\n")
    (tmp_path / "tree/Makefile").write_text("headers:\n\t@mkdir -p $(O)/usr/include\n")
    return tmp_path / "tree"


def ready(tree: Path, *targets: str, arch: str = "x86_64") -> Ready:
    version = KernelVersion.parse("6.12.107")
    suite = Kselftest(targets)
    return suite.ready(Ask(version, arch, tree.parent / "cache", SILENT, lambda _: tree))


def test_targets_are_programs_or_folders() -> None:
    suite = Kselftest(("mm/map_fixed_noreplace", "timers", "net/forwarding/x_1"))
    assert [case.name for case in suite.cases] == [
        "kselftest.mm.map-fixed-noreplace",
        "kselftest.net.forwarding.x-1",
    ]
    assert suite.open_names == ("kselftest.timers.*",)
    assert all(case.relative for case in suite.cases)
    assert Target.parse("timers") == Target("timers")


def test_a_folders_programs_are_read_from_its_makefile(tree: Path) -> None:
    # `late` has no source here, `helper` is no test.
    assert programs_of(tree, "toys") == ["good_one", "bad"]


@needs_gcc
def test_what_does_not_build_is_named_and_not_counted(tree: Path) -> None:
    made = ready(tree, "toys", "toys/gone")
    assert [case.name for case in made.cases] == ["kselftest.toys.good-one"]
    assert made.compared
    bad, gone = made.left_out
    assert bad.startswith("kselftest.toys.bad: bad.c:1:") and "gone" in bad
    assert gone == "kselftest.toys.gone: no tools/testing/selftests/toys/gone.c in this kernel"


@needs_gcc
def test_a_guest_has_the_programs_and_their_list(tree: Path) -> None:
    class Kernel:
        image = tree.parent / "work/out/vmlinux"

    (tree.parent / "work/obj").mkdir(parents=True)
    (tree.parent / "work/obj/.config").write_text("CONFIG_X=y\n")
    made = ready(tree, "toys")
    guest = made.guest(Wanted(Kernel(), None, shift=1))  # type: ignore[arg-type]
    entries = {entry.path: entry for entry in guest.entries}
    lines = entries["list"].data.decode().splitlines()
    assert "= shift 1" in lines
    assert lines[-1] == "kselftest.toys.good-one 10 - /t/good_one"
    assert entries["config"].data == b"CONFIG_X=y\n"
    assert stat.S_IMODE(entries["t/good_one"].mode) == 0o755
    # Static: no library beside it.
    assert not any("libc" in path for path in entries)


def test_a_folder_that_is_not_there_is_told(tree: Path) -> None:
    with pytest.raises(UserError, match=r"has no selftests 'toy' \(it has: toys\)"):
        ready(tree, "toy")


def test_other_architectures_are_left_out_loudly(tree: Path) -> None:
    made = ready(tree, "toys", arch="i386")
    assert (made.cases, len(made.left_out)) == ((), 1)


def test_ltp_is_skipped_loudly_without_a_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TREE, raising=False)
    ask = Ask(KernelVersion.parse("6.12"), "x86_64", tmp_path, SILENT, lambda _: tmp_path)
    made = Ltp(()).ready(ask)
    assert (made.cases, made.left_out) == ((), (f"ltp: NOT RUN: {TREE} names no tree of LTP",))
    monkeypatch.setenv(TREE, str(tmp_path))
    with pytest.raises(UserError, match="no configured LTP"):
        Ltp(()).ready(ask)


def test_a_runtest_list_names_programs_and_their_folders(tmp_path: Path) -> None:
    (tmp_path / "runtest").mkdir()
    (tmp_path / "testcases/mmap").mkdir(parents=True)
    (tmp_path / "testcases/mmap/mmap001.c").touch()
    (tmp_path / "runtest/mm").write_text("# a list\nmm_01 mmap001 -m 10\n\nthp thp01\n")
    rows = list(runtest(tmp_path, "runtest/mm"))
    assert rows == [
        {"name": "mm-01", "path": "testcases/mmap", "run": [["mmap001", "-m", "10"]]},
        {"name": "thp", "path": "", "run": [["thp01"]]},
    ]
    with pytest.raises(UserError, match="name a list of LTP"):
        list(runtest(tmp_path, "runtest/none"))
