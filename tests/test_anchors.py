# SPDX-License-Identifier: GPL-2.0-only
"""The anchors and the planted faults: well-formed, honest headers, exact on their base.

Where the base is at hand `patch -p1 -F0` and `git apply` must take each anchor at offset 0: old
kernels from a git mirror (ZPMAINT_KERNEL_GIT), new ones from unpacked trees, VERSION/ or
linux-VERSION/ in the folder that ZPMAINT_KERNEL_TREES names, or from that mirror if it has them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from unidiff.patch import PatchSet

from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT / "patches" / "no-anon-zero-page"
FAULTS = sorted(p.parent for p in (ROOT / "tests" / "faults").glob("*/patch.toml"))
SPECIAL_PTE = KernelVersion.parse("2.6.32-rc1")  # from here on the zero page is a special pte
HUGE_ZERO = KernelVersion.parse("3.8-rc1")
OTHER_ZERO_PAGES = {  # since when a header has to speak of what else there is; before, it must not
    "3.8-rc1": ("huge zero page", "set_huge_zero_"),
    "4.3-rc1": ("UFFDIO_ZEROPAGE", "userfaultfd"),
    "4.12-rc1": ("use_zero_pages",),
}


@dataclass(frozen=True)
class Row:
    """One [[anchor]] with the file it names."""

    folder: Path
    table: dict[str, Any]

    @property
    def path(self) -> Path:
        return self.folder / str(self.table["file"])

    @property
    def base(self) -> KernelVersion:
        return KernelVersion.parse(self.table["base"])

    @property
    def era(self) -> Era:
        since, until = (self.table.get(key) for key in ("since", "until"))
        return Era(
            KernelVersion.parse(since) if since else None,
            KernelVersion.parse(until) if until else None,
        )

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def header(self) -> str:
        return self.text.partition("\ndiff --git ")[0]

    @property
    def prose(self) -> str:
        """The header as one line: where a line was wrapped is nobody's business."""
        return " ".join(self.header.split())

    def patch(self) -> PatchSet:
        return PatchSet(self.text)

    def __str__(self) -> str:
        return f"{self.folder.name}/{self.path.stem}"


def _rows(folder: Path) -> list[Row]:
    table = tomllib.loads((folder / "patch.toml").read_text(encoding="utf-8"))
    return [Row(folder, anchor) for anchor in table["anchor"]]


OWN = [row for row in _rows(REAL) if row.base >= SPECIAL_PTE]  # the 2007 patch has its own tests
PLANTED = [row for folder in FAULTS for row in _rows(folder)]
ALL = [*OWN, *PLANTED]

each = pytest.mark.parametrize("row", ALL, ids=str)
each_own = pytest.mark.parametrize("row", OWN, ids=str)
each_planted = pytest.mark.parametrize("row", PLANTED, ids=str)


def test_there_are_anchors_for_every_era_since_the_zero_page_came_back() -> None:
    rows = sorted(OWN, key=lambda row: row.base)
    assert rows[0].era.since == SPECIAL_PTE
    assert rows[-1].era.until is None
    for one, other in pairwise(rows):
        assert one.era.until is not None and other.era.since is not None
        assert one.era.until >= other.era.since, f"{one} and {other}: a gap"
        assert one.era.since is not None and one.era.since < other.era.since
        assert other.era.until is None or one.era.until < other.era.until


def test_every_patch_file_has_its_row() -> None:
    for folder in (REAL, *FAULTS):
        named = {row.path.name for row in _rows(folder)}
        assert {p.name for p in folder.glob("*.patch")} == named, folder.name


@each
def test_row_is_at_home(row: Row) -> None:
    assert row.base in row.era
    assert row.path.name == f"v{row.base}.patch"
    assert row.table["version"] == row.table["base"]
    assert len(row.table["why"].strip()) > 20


@each
def test_patch_parses_and_its_counts_are_right(row: Row) -> None:
    patch = row.patch()  # unidiff refuses a hunk that is longer or shorter than it says
    assert patch
    for file in patch:
        assert file.is_modified_file
        shift = 0
        for hunk in file:
            assert hunk.target_start == hunk.source_start + shift, hunk
            shift += hunk.target_length - hunk.source_length
    # the counts again, without the library
    for start in re.finditer(r"^@@ -\d+,(\d+) \+\d+,(\d+) @@.*\n((?:[ +-].*\n)*)", row.text, re.M):
        lines = start[3].splitlines()
        assert sum(line[0] in " -" for line in lines) == int(start[1])
        assert sum(line[0] in " +" for line in lines) == int(start[2])
    assert row.text.count("\n@@ ") == sum(len(file) for file in patch)


@each
def test_hunks_have_the_usual_context_and_no_trailing_blanks(row: Row) -> None:
    for file in row.patch():
        for hunk in file:
            kinds = "".join(line.line_type for line in hunk)
            assert kinds.startswith("   ") and kinds.endswith("   "), hunk
            assert not kinds.startswith("    "), "three lines of context, no more"
            for line in hunk:
                if line.is_added:
                    assert line.value.rstrip("\n") == line.value.rstrip(), line


@each
def test_header_names_its_base(row: Row) -> None:
    assert row.header.startswith(f"Subject: [PATCH v{row.base}] ")
    assert f"\nBase: linux {row.base}\n---\n" in row.header
    assert max(map(len, row.header.splitlines())) <= 80


@each
def test_diffstat_is_true(row: Row) -> None:
    patch = row.patch()
    stat = row.header.rpartition("\n---\n")[2]
    counts = {m[1]: int(m[2]) for m in re.finditer(r"^ (\S+) +\| +(\d+) ", stat, re.M)}
    assert counts == {file.path: file.added + file.removed for file in patch}


@each_own
def test_header_says_what_and_why(row: Row) -> None:
    said = row.prose
    for commit in ("a13ea5b75964", "62eede62dafb"):
        assert commit in said
    assert "do_anonymous_page()" in said
    assert "Left alone" in said
    assert "What it costs" in said
    assert "copy-on-write" in said and "user ADDRESS" in said
    for since, words in OTHER_ZERO_PAGES.items():
        for word in words:
            assert (word in said) == (row.base >= KernelVersion.parse(since)), word
    if row.base >= KernelVersion.parse("6.12"):
        assert "migration's remap" in said
    if row.base >= KernelVersion.parse("7.1"):
        assert "6215d9f4470f" in said


@each_own
def test_anchor_only_takes_away(row: Row) -> None:
    """The intent on these kernels is the absence of a branch: an added line is a slip."""
    patch = row.patch()
    assert patch.added == 0
    files = ["mm/memory.c"] if row.base < HUGE_ZERO else ["mm/huge_memory.c", "mm/memory.c"]
    assert sorted(file.path for file in patch) == files
    gone = "".join(
        line.value for file in patch for hunk in file for line in hunk if line.is_removed
    )
    assert re.search(r"\b(my_)?zero_pfn\(", gone)
    assert "is_zero_pfn" not in gone, "copy-on-write must go on knowing the zero page"
    assert ("transparent_hugepage_use_zero_page" in gone) == (row.base >= HUGE_ZERO)


@each_planted
def test_planted_fault_says_that_it_is_one(row: Row) -> None:
    assert "Not to be used" in row.prose
    table = tomllib.loads((row.folder / "patch.toml").read_text(encoding="utf-8"))
    assert table["like"] == REAL.name
    readme = (ROOT / "tests" / "faults" / "README.md").read_text(encoding="utf-8")
    (line,) = (x for x in readme.splitlines() if x.startswith(f"| `{row.folder.name}` |"))
    assert str(row.base) in line


def test_planted_faults_differ_from_the_good_patch_and_from_each_other() -> None:
    for version in ("2.6.21", "6.12.107"):
        bodies = [
            "".join(map(str, row.patch())) for row in [*OWN, *PLANTED] if str(row.base) == version
        ]
        assert len(bodies) == len(set(bodies)) >= 3


# ---- on the kernels themselves


def _old(row: Row, into: Path) -> None:
    where = os.environ.get("ZPMAINT_KERNEL_GIT")
    if not where:
        pytest.skip(f"{row}: ZPMAINT_KERNEL_GIT names no git mirror with the tag v{row.base}")
    for file in row.patch():
        out = subprocess.run(
            ["git", "-C", where, "show", f"v{row.base}:{file.path}"],
            check=True,
            capture_output=True,
        ).stdout
        (into / file.path).parent.mkdir(parents=True, exist_ok=True)
        (into / file.path).write_bytes(out)


def _tagged(row: Row) -> bool:
    where = os.environ.get("ZPMAINT_KERNEL_GIT")
    asked = ["git", "-C", str(where), "rev-parse", "-q", "--verify", f"refs/tags/v{row.base}"]
    return bool(where) and not subprocess.run(asked, check=False, capture_output=True).returncode


def _new(row: Row, into: Path) -> None:
    where = os.environ.get("ZPMAINT_KERNEL_TREES")
    names = (str(row.base), f"linux-{row.base}")
    trees = [Path(where) / name for name in names] if where else []
    tree = next((t for t in trees if (t / "mm").is_dir()), None)
    if tree is None and _tagged(row):
        _old(row, into)
        return
    if tree is None:
        pytest.skip(
            f"{row}: neither ZPMAINT_KERNEL_TREES names a folder with {' or '.join(names)}, "
            f"nor ZPMAINT_KERNEL_GIT a git mirror with the tag v{row.base}"
        )
    for file in row.patch():
        (into / file.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tree / file.path, into / file.path)


def _takes(row: Row, tree: Path) -> None:
    done = subprocess.run(
        ["patch", "-p1", "-F0", "--dry-run", "--verbose", "-i", str(row.path)],
        check=False,
        cwd=tree,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    placed = re.findall(r"^Hunk #\d+ succeeded at \d+(.*)\.$", done.stdout, re.M)
    assert len(placed) == sum(len(file) for file in row.patch())
    assert set(placed) == {""}, f"an offset or fuzz: {placed}"

    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    check = subprocess.run(
        ["git", "-c", "core.whitespace=-trailing-space", "apply", "--check", str(row.path)],
        check=False,
        cwd=tree,
        text=True,
        capture_output=True,
        env={**env, "GIT_CEILING_DIRECTORIES": str(tree.parent)},
    )
    assert check.returncode == 0, check.stderr

    for file in row.patch():
        hashed = subprocess.run(
            ["git", "hash-object", str(tree / file.path)],
            check=True,
            text=True,
            capture_output=True,
            env=env,
        ).stdout.strip()
        index = re.search(
            rf"^diff --git a/{re.escape(file.path)} .*\nindex ([0-9a-f]{{40}})\.\.", row.text, re.M
        )
        assert index is not None and index[1] == hashed, "cut against another blob than its base's"


@pytest.mark.mirror
@pytest.mark.parametrize("row", [r for r in ALL if r.base < HUGE_ZERO], ids=str)
def test_old_base_takes_it_at_offset_0(row: Row, tmp_path: Path) -> None:
    _old(row, tmp_path)
    _takes(row, tmp_path)


@pytest.mark.parametrize("row", [r for r in ALL if r.base >= HUGE_ZERO], ids=str)
def test_new_base_takes_it_at_offset_0(row: Row, tmp_path: Path) -> None:
    _new(row, tmp_path)
    _takes(row, tmp_path)
