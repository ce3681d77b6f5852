# SPDX-License-Identifier: GPL-2.0-only
"""Bytes in, the same bytes out; files that come, go and are missing; patches that tools take."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest
from port_fixtures import PATH, V, anchor, carry, diff, outcome, patchset, placed
from test_port_strategies import FAULT, HEAD, PATCHED
from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.diffs.writer import unified
from zpmaint.merge.lines import join, lines_of, split_lines
from zpmaint.port.engine import paths, port
from zpmaint.port.values import Port, State


def carry_bytes(base: bytes, patched: bytes, target: bytes) -> Port:
    patch = unified(PATH, lines_of(base), lines_of(patched))
    return port(patchset(anchor(patch)), V("2.6.21"), {"a": {PATH: base}}, {PATH: target})


def take(ported: Port, target: dict[str, bytes | None], folder: Path, tool: str) -> None:
    """Have a real tool apply the written patch; whatever it leaves must be the port's result."""
    for path, data in target.items():
        if data is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    (folder / "p.patch").write_bytes(ported.patch.encode("utf-8", "surrogateescape"))
    command = {
        "patch": ["patch", "-p1", "-F0", "-E", "--no-backup-if-mismatch", "-i", "p.patch"],
        "git": ["git", "apply", "-p1", "p.patch"],
    }[tool]
    env = {"GIT_CEILING_DIRECTORIES": str(folder.parent), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("offset", "fuzz", "garbage"):
        assert word not in done.stdout + done.stderr
    for file in ported.files:
        there = folder / file.path
        assert (there.read_bytes() if there.exists() else None) == file.result


@pytest.mark.parametrize("tool", ["patch", "git"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: "int x;\n" * 30 + text,
        lambda text: text.replace("get_page(page)", "pin(page)").replace("HEAD", "X"),
        lambda text: text.removesuffix("\n"),
        lambda text: text + "\f\n/* form feed */\n",
    ],
)
def test_tools_take_the_written_patch(tool: str, change, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.fail(f"{tool} is not installed")
    target = change(HEAD + FAULT)
    ported = carry(HEAD + FAULT, HEAD + PATCHED, target)
    assert ported.state in (State.APPLIES, State.PORTED)
    take(ported, {PATH: target.encode()}, tmp_path, tool)


@pytest.mark.parametrize("tool", ["patch", "git"])
@pytest.mark.parametrize(
    ("base", "patched", "target"),
    [
        (b"a\nb\nc", b"a\nb\nd", b"x\na\nb\nc"),  # no newline at the end, before and after
        (b"a\nb\nc", b"a\nb\nc\n", b"a\nb\nc"),  # the patch adds it
        (b"a\nb\nc\n", b"a\nb\nc", b"a\nb\nc\n"),  # the patch takes it away
        (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nc\r\n", b"x\r\na\r\nb\r\nc\r\n"),
        (b"a\n\xe9\xff b\nc\n", b"a\n\xe9\xff B\nc\n", b"\xfc\na\n\xe9\xff b\nc\n"),
        (b"a\nb\nc\n", b"b\nc\n", b"a\nb\nc\n"),
        (b"a\n", b"a\nb\n", b"a\n"),
    ],
)
def test_bytes_are_kept(
    tool: str, base: bytes, patched: bytes, target: bytes, tmp_path: Path
) -> None:
    ported = carry_bytes(base, patched, target)
    assert ported.state is State.APPLIES, ported.why
    assert ported.files[0].result == target.replace(base, patched)
    take(ported, {PATH: target}, tmp_path, tool)


def test_line_ends_are_no_detail() -> None:
    """What a patch with LF adds to a file with CRLF would leave a file with both."""
    base = (HEAD + FAULT).encode()
    dos = base.replace(b"\n", b"\r\n")
    added = carry_bytes(base, base.replace(b"\tset_pte(", b"\tfresh(vma);\n\tset_pte("), dos)
    assert added.state is State.CONFLICT
    moved = carry_bytes(base, (HEAD + PATCHED).encode(), dos)
    assert moved.state is State.PORTED  # only lines of the file's own are moved or go
    assert moved.files[0].result == (HEAD + PATCHED).encode().replace(b"\n", b"\r\n")


def test_lines_split_at_line_feeds_alone() -> None:
    text = "a\fb\x0bc\x85d\u2028e\r\nf\rg\n\nh"
    assert split_lines(text) == ["a\fb\x0bc\x85d\u2028e\r\n", "f\rg\n", "\n", "h"]
    assert join(lines_of(b"\xff\xfe\n\x00")) == b"\xff\xfe\n\x00"


NEW = "int fresh;\nint more;\n"


def whole(old: str | None, new: str | None, target: bytes | None, path: str = PATH) -> Port:
    patch = unified(
        path,
        None if old is None else old.splitlines(True),
        None if new is None else new.splitlines(True),
    )
    base = {path: None if old is None else old.encode()}
    return port(patchset(anchor(patch)), V("2.6.21"), {"a": base}, {path: target})


@pytest.mark.parametrize("tool", ["patch", "git"])
def test_a_new_file(tool: str, tmp_path: Path) -> None:
    ported = whole(None, NEW, None)
    assert ported.state is State.APPLIES and outcome(ported) == NEW
    take(ported, {PATH: None}, tmp_path, tool)


def test_a_new_file_that_the_target_has() -> None:
    assert whole(None, NEW, NEW.encode()).state is State.UPSTREAM
    assert whole(None, NEW, b"int other;\n").state is State.CONFLICT


@pytest.mark.parametrize("tool", ["patch", "git"])
def test_a_deleted_file(tool: str, tmp_path: Path) -> None:
    ported = whole(NEW, None, NEW.encode())
    assert ported.state is State.APPLIES and ported.files[0].result is None
    take(ported, {PATH: NEW.encode()}, tmp_path, tool)


def test_a_deleted_file_that_upstream_changed_or_deleted() -> None:
    assert whole(NEW, None, NEW.encode() + b"int x;\n").state is State.CONFLICT
    assert whole(NEW, None, None).state is State.UPSTREAM


def test_a_file_that_the_target_does_not_have() -> None:
    patch = diff(HEAD + FAULT, HEAD + PATCHED)
    for target in ({PATH: None}, {}):
        ported = port(patchset(anchor(patch)), V("2.6.21"), {}, target)
        assert ported.state is State.CONFLICT
        assert "does not have" in ported.why


@pytest.mark.parametrize(
    "head",
    [
        "diff --git a/x.c b/y.c\nsimilarity index 90%\nrename from x.c\nrename to y.c\n"
        "--- a/x.c\n+++ b/y.c\n@@ -1 +1 @@\n-a\n+b\n",
        "diff --git a/y.c b/y.c\nold mode 100644\nnew mode 100755\n"
        "--- a/y.c\n+++ b/y.c\n@@ -1 +1 @@\n-a\n+b\n",
        "diff --git a/y.c b/y.c\nindex 1..2 100644\nBinary files a/y.c and b/y.c differ\n",
    ],
)
def test_what_is_not_carried_is_said(head: str) -> None:
    ported = port(patchset(anchor(head)), V("2.6.21"), {}, {"x.c": b"a\n", "y.c": b"a\n"})
    assert ported.state is State.CONFLICT
    assert ported.why


def test_all_files_or_none() -> None:
    patch = diff("int a;\n", "int b;\n", "a.c") + diff("int c;\n", "int d;\n", "c.c")
    good = port(patchset(anchor(patch)), V("2.6.21"), {}, {"a.c": b"int a;\n", "c.c": b"int c;\n"})
    assert good.state is State.APPLIES
    assert [file.path for file in good.files] == ["a.c", "c.c"] == list(paths(patch))
    bad = port(patchset(anchor(patch)), V("2.6.21"), {}, {"a.c": b"int a;\n", "c.c": b"x\n"})
    assert bad.state is State.CONFLICT and bad.patch == ""
    assert [file.result for file in bad.files] == [None, None]
    assert placed(bad) == ["exact", "conflict"]


@pytest.mark.parametrize("tool", ["patch", "git"])
def test_no_value_in_the_head_can_start_a_diff(tool: str, tmp_path: Path) -> None:
    evil = "x\n--- a/evil\n+++ b/evil\n@@ -0,0 +1 @@\n+boo\ndiff --git a/e b/e\nIndex: e\n1d\n"
    chosen = dataclasses.replace(
        patchset(anchor(diff(HEAD + FAULT, HEAD + PATCHED))), title=evil, intent=evil, origin=evil
    )
    target = {PATH: (HEAD + FAULT).encode()}
    ported = port(chosen, V("2.6.21"), {}, target)
    assert len(UnifiedDiff.from_string(ported.patch)) == 1
    take(ported, target, tmp_path, tool)
    assert not (tmp_path / "evil").exists()


def test_hunks_name_their_function() -> None:
    pad = "".join(f"	step{n}();\n" for n in range(9))
    base = f"int before;\n\nstatic int deep(int a)\n{{\n{pad}	last();\n}}\n"
    ported = carry(base, base.replace("	last();", "	final();"), base)
    assert "@@ static int deep(int a)\n" in ported.patch


def test_a_port_starts_a_port() -> None:
    """The written patch is an anchor itself: it applies where it was written for."""
    target = "int x;\n" + HEAD + FAULT.replace("get_page(page)", "pin(page)")
    first = carry(HEAD + FAULT, HEAD + PATCHED, target)
    again = port(patchset(anchor(first.patch)), V("2.6.21"), {}, {PATH: target.encode()})
    assert again.state is State.APPLIES
    assert again.files[0].result == first.files[0].result
