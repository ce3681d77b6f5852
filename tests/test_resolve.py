# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint resolve`: a conflict laid out, solved by hand, remembered, and followed by others."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
from history_fixtures import PATH, Past
from port_fixtures import V, diff
from sources_fixtures import git
from test_cli import ROOT
from test_port_sites import HEAD, MINE, NEW, OLD, THEIRS

from zpmaint.app import resolve, solution
from zpmaint.cli import main as door
from zpmaint.core.eras import Era
from zpmaint.patchset import anchor_files
from zpmaint.patchset.load import load_patchset

TOML = """\
title = "Higher limit"
author = "a third party"
origin = "made up"
intent = "the limit is 60, and steps are strides"
leaves = []

# --- Anchors
[[anchor]]
file = "v2.6.20.patch"
version = "2.6.20"
base = "2.6.20"          # a comment that stays
why = "the first"

# --- Nothing more
"""
DRIFTED = "/* new */\n" * 5 + HEAD + THEIRS.replace("log_it(a);", "log_it(a, 1);")


class Place:
    """A project, a kernel with a conflict from 2.6.21 on, and a user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.set = self.project / "patches/third"
        self.past = Past(folder / "repo")
        self.past.repo.mkdir()
        git(self.past.repo, "init", "-q", "-b", "main")
        for version, subject, text in (
            ("2.6.20", "begin", HEAD + OLD),
            ("2.6.21-rc1", "lower the limit", HEAD + THEIRS),
            ("2.6.21", "drift", DRIFTED),
            ("2.6.22", "another limit", DRIFTED.replace("= 10;", "= 20;")),
        ):
            self.past.commit(subject, text)
            self.past.tag(version)
        self.set.mkdir(parents=True)
        (self.project / "kernels.toml").write_text(
            f'patch = "third"\n[sources.toy]\nkind = "git"\nwhere = "{self.past.repo}"\n'
        )
        (self.set / "patch.toml").write_text(TOML)
        (self.set / "v2.6.20.patch").write_text(diff(HEAD + OLD, HEAD + NEW))
        home = folder / "user"
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = A Person\n\temail = p@example.org\n")
        self.env = {"HOME": str(home), "ZPMAINT_HOME": str(folder / "home")}

    def run(self, *words: str) -> tuple[int, str, str]:
        """The command, in this process: a new one takes a second to start."""
        out, err = io.StringIO(), io.StringIO()
        with patch.dict(os.environ, self.env), redirect_stdout(out), redirect_stderr(err):
            status = door._status(["-q", "--project", str(self.project), *words])
        assert "internal error" not in err.getvalue()
        return status, out.getvalue(), err.getvalue()

    def open(self, version: str = "2.6.21-rc1") -> Path:
        status, out, err = self.run("resolve", version)
        assert status == 1, err
        assert f"zpmaint resolve {version} --done" in out
        return self.work(version)

    def work(self, version: str = "2.6.21-rc1") -> Path:
        return self.folder / f"home/state/resolve/third-{version}"

    def solve(self, version: str = "2.6.21-rc1", to: str = "\tint max = 60;\n") -> Path:
        merged = self.open(version) / "merged" / PATH
        merged.write_text(re.sub(r"<{7}.*?>{7}[^\n]*\n", to, merged.read_text(), flags=re.DOTALL))
        return merged

    def state(self, version: str) -> str:
        status, out, err = self.run("port", version, "--json")
        assert status in (0, 1), err
        return str(json.loads(out)["state"])

    def tree(self) -> dict[str, bytes]:
        """The patch set as it stands on the disk."""
        return {
            str(p.relative_to(self.set)): p.read_bytes()
            for p in sorted(self.set.rglob("*"))
            if p.is_file()
        }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_next_command_repeats_the_words_that_chose(place: Place) -> None:
    """Without them it would be about another patch set, or from other sources."""
    words = ("2.6.21-rc1", "--patch", "third", "--source", f"git:{place.past.repo}")
    step = f"zpmaint resolve {' '.join(words)}"
    status, out, err = place.run("port", *words)
    assert (status, err.splitlines()[-1]) == (1, f"next: {step}")
    assert "next:" not in place.run("port", *words, "--json")[2]
    status, out, err = place.run("resolve", *words, "--done")
    assert status == 2 and f"next: {step}\n" in err
    status, out, err = place.run("resolve", *words)
    assert status == 1 and out.splitlines()[-1].endswith(f"then {step} --done")
    assert f"then: {step} --done" in out
    status, out, err = place.run("export", *words, "--mbox", str(place.folder / "x.mbox"))
    assert status == 1 and f"next: zpmaint explain {' '.join(words)}\n" in err
    words = ("2.6.20", *words[1:])
    status, out, err = place.run("resolve", *words)
    assert status == 2 and f"next: zpmaint port {' '.join(words)}\n" in err


def test_the_folder_holds_the_smallest_conflict_the_sides_and_the_cause(place: Place) -> None:
    folder = place.open()
    sides = {side: (folder / side / PATH).read_text() for side in ("ours", "base", "theirs")}
    assert sides == {"ours": HEAD + NEW, "base": HEAD + OLD, "theirs": HEAD + THEIRS}
    merged = (folder / "merged" / PATH).read_text()
    [opened] = re.findall(r"<{7}.*?>{7}[^\n]*\n", merged, flags=re.DOTALL)
    assert opened == (
        "<<<<<<< the patch (limit)\n\tint max = 60;\n||||||| the anchor's base\n\tint max = 40;\n"
        "=======\n\tint max = 10;\n>>>>>>> the target\n"
    )
    assert merged.replace(opened, "\tint max = 60;\n") == HEAD + MINE
    notes = (folder / "README.txt").read_text()
    sha = place.past.shas["lower the limit"][:12]
    assert f"{sha} (v2.6.21-rc1, A) lower the limit: breaks it" in notes
    assert "no proposal" in notes and not (folder / "proposal").exists()


def test_a_second_call_leaves_the_edits_alone(place: Place) -> None:
    merged = place.solve()
    edited = merged.read_text()
    status, out, _ = place.run("resolve", "2.6.21-rc1", "--json")
    row = json.loads(out)
    assert (status, row["fresh"], row["open"]) == (1, False, {})
    assert row["files"] == [str(merged)]
    assert merged.read_text() == edited


def test_a_solution_is_remembered_and_the_neighbour_follows(place: Place) -> None:
    merged = place.solve()
    before = place.tree()
    out_folder = place.folder / "out"
    status, out, err = place.run(
        "resolve", "2.6.21-rc1", "--done", "--why", "we need more", "--out", str(out_folder)
    )
    assert status == 0, err
    assert "follows by itself: v2.6.21 (1): ported" in out
    [known] = load_patchset(place.set).resolutions
    assert (known.by, known.why, known.anchor) == (
        "A Person <p@example.org>", "we need more", "v2.6.20",
    )  # fmt: skip
    assert {name: data for name, data in place.tree().items() if name in before} == before
    text = (out_folder / "v2.6.21-rc1.patch").read_text()
    assert "-	int max = 10;\n+	int max = 60;\n" in text and "we need more" in text
    assert not merged.exists() and not place.work().exists()
    status, out, _ = place.run("port", "2.6.21", "--json")
    row = json.loads(out)
    assert row["state"] == "ported"
    [hunk] = [h for h in row["files"][0]["hunks"] if h["placed"] == "resolution"]
    assert "2.6.21-rc1" in hunk["why"] and "A Person" in hunk["why"]
    assert place.state("2.6.22") == "conflict"  # another limit is another conflict
    status, _, err = place.run("resolve", "2.6.21")
    assert status == 2 and "nothing to resolve: ported" in err


def test_a_solution_may_be_an_anchor(place: Place) -> None:
    place.solve()
    status, _, err = place.run("resolve", "2.6.21-rc1", "--done", "--as-anchor")
    assert status == 0, err
    read = load_patchset(place.set)
    first, second = read.anchors
    assert (first.era, second.era) == (Era(None, V("2.6.21-rc1")), Era(V("2.6.21-rc1"), None))
    sha = place.past.shas["lower the limit"][:12]
    for line in (
        "Derived-from: the anchor v2.6.20 (cut against 2.6.20)",
        f"By-hand: {PATH} in limit",
        f'Why: {sha} ("lower the limit")',
        "Resolved-by: A Person <p@example.org>",
    ):
        assert line in second.patch.splitlines()
    assert sha in second.why and "Derived from v2.6.20" in second.why
    assert "# a comment that stays" in (place.set / "patch.toml").read_text()
    assert [place.state(v) for v in ("2.6.20", "2.6.21-rc1", "2.6.21")] == [
        "applies", "applies", "applies",
    ]  # fmt: skip
    target = place.folder / "linux" / PATH
    target.parent.mkdir(parents=True)
    target.write_text(HEAD + THEIRS)
    subprocess.run(
        ["patch", "-p1", "-F0", "-s", "-i", place.set / "v2.6.21-rc1.patch"],
        cwd=place.folder / "linux", check=True,
    )  # fmt: skip
    assert target.read_text() == HEAD + MINE


@pytest.mark.parametrize(
    ("to", "status", "says"),
    [
        ("<<<<<<< the patch (limit)\n", 2, f"still open: merged/{PATH}:13"),
        ("=======\n", 2, f"still open: merged/{PATH}:13"),
        ("\tint max = 10;\n", 1, "only 0% of what the hunk is for would be done"),
        ("\tif (a) {\n\tint max = 60;\n", 1, "brackets {} would be out of balance"),
        ("\tint max = 60\n", 1, "limit would no longer parse"),
    ],
)
def test_what_is_no_solution_is_refused_and_nothing_is_written(
    place: Place, to: str, status: int, says: str
) -> None:
    merged = place.solve(to=to)
    before, edited = place.tree(), merged.read_text()
    for words in ([], ["--as-anchor"]):
        got, _, err = place.run("resolve", "2.6.21-rc1", "--done", *words)
        assert got == status
        assert says in err.splitlines()[0] and err.splitlines()[1].startswith("  next: ")
        assert len(err.splitlines()) == 2
    assert place.tree() == before and merged.read_text() == edited


def test_undoing_a_hunk_that_was_placed_is_refused(place: Place) -> None:
    merged = place.solve()
    merged.write_text(merged.read_text().replace("step(a + 1);", "step(a);"))
    status, _, err = place.run("resolve", "2.6.21-rc1", "--done", "--as-anchor")
    assert status == 1 and "is for would be done" in err


def test_edits_elsewhere_want_an_anchor(place: Place) -> None:
    merged = place.solve()
    merged.write_text(merged.read_text().replace("prepare(a);", "prepare(a, 1);"))
    status, _, err = place.run("resolve", "2.6.21-rc1", "--done")
    assert status == 2 and "cannot be remembered" in err and "--as-anchor" in err
    status, _, err = place.run("resolve", "2.6.21-rc1", "--done", "--as-anchor")
    assert status == 0, err
    assert "prepare(a, 1);" in (place.set / "v2.6.21-rc1.patch").read_text()


def test_a_port_that_was_held_back_opens_no_lines(place: Place) -> None:
    """The threshold of the set holds for every command; `port --min-confidence` goes beyond it."""
    place.solve()
    assert place.run("resolve", "2.6.21-rc1", "--done", "--why", "so")[0] == 0
    free = json.loads(place.run("port", "2.6.21", "--json")[1])
    assert free["confidence"] < 1.0
    table = place.set / "patch.toml"
    table.write_text(f"min_confidence = 1.0\n{table.read_text()}")
    status, out, _ = place.run("port", "2.6.21", "--json")
    assert status == 1
    held = json.loads(out)
    assert held["state"] == "conflict" and held["confidence"] == free["confidence"]
    status, _, err = place.run("resolve", "2.6.21")
    assert status == 2
    assert "held back: 2 of 2" in err and "no lines are open" in err
    assert not place.work("2.6.21").exists()
    status, out, _ = place.run("port", "2.6.21", "--min-confidence", "0", "--json")
    assert status == 0
    assert json.loads(out)["files"] == free["files"]


def test_abort_deletes_the_folder_alone(place: Place) -> None:
    folder, before = place.open(), place.tree()
    status, out, _ = place.run("resolve", "2.6.21-rc1", "--abort")
    assert status == 0 and str(folder) in out
    assert not folder.exists() and place.tree() == before
    status, _, err = place.run("resolve", "2.6.21-rc1", "--abort")
    assert status == 2 and "no conflict of third on 2.6.21-rc1 is laid out" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["2.6.20"], "nothing to resolve: applies"),
        (["2.6.21-rc1", "--done"], "is laid out"),
        (["2.6.21-rc1", "--abort", "--done"], "name one of them"),
        (["2.6.21-rc1", "--as-anchor"], "add --done"),
        (["2.6.99"], "2.6.99"),
    ],
)
def test_mistakes_are_a_line_and_a_hint(place: Place, words: list[str], says: str) -> None:
    before = place.tree()
    status, out, err = place.run("resolve", *words)
    assert (status, out) == (2, "")
    assert says in err and len(err.splitlines()) == 2
    assert place.tree() == before


def test_nobody_is_not_recorded(place: Place) -> None:
    place.solve()
    (Path(place.env["HOME"]) / ".gitconfig").write_text("")
    git(place.folder, "init", "-q")  # no identity in the project's own repository either
    status, _, err = place.run("resolve", "2.6.21-rc1", "--done")
    assert status == 2 and "git does not know who you are" in err


def test_a_folder_of_another_anchor_or_kernel_is_out_of_date(place: Place) -> None:
    merged = place.solve()
    anchor = place.set / "v2.6.20.patch"
    text = anchor.read_text()
    anchor.write_text("Subject: more\n\n" + text)
    status, _, err = place.run("resolve", "2.6.21-rc1", "--done")
    assert status == 2 and "another one since the folder was made" in err
    anchor.write_text(text)
    git(place.past.repo, "tag", "-f", "v2.6.21-rc1", "v2.6.22^{}")
    status, _, err = place.run("resolve", "2.6.21-rc1", "--done")
    assert status == 2 and "other files than when the folder was made" in err
    assert merged.exists()


def test_a_file_that_is_gone_cannot_be_merged(place: Place) -> None:
    git(place.past.repo, "rm", "-q", PATH)
    git(place.past.repo, "commit", "-q", "-m", "gone")
    place.past.tag("2.6.23")
    status, _, err = place.run("resolve", "2.6.23")
    assert status == 2 and "no merge of lines can settle this" in err
    assert not place.work("2.6.23").exists()


def test_a_conflict_under_a_declared_adoption_is_the_declarations(place: Place) -> None:
    with (place.set / "patch.toml").open("a") as table:
        table.write(
            '[[adopted]]\nsince = "2.6.22"\ncommits = ["0123456789ab"]\nwhy = "so they say"\n'
        )
    status, _, err = place.run("resolve", "2.6.22")
    assert status == 2 and "correct [[adopted]]" in err


def killed(place: Place, calls: list[tuple[ModuleType, str]], nth: int, words: list[str]) -> int:
    """The exit status of the command in a process that kills itself right before the `nth` of
    some calls."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = [nth]

    def killing(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **named)

        return wrapper

    try:
        for module, name in calls:
            setattr(module, name, killing(getattr(module, name)))
        os._exit(place.run(*words)[0])
    finally:
        os._exit(99)


@pytest.mark.parametrize("words", [[], ["--as-anchor"]])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_kill_at_any_moment_loses_nothing(place: Place, nth: int, words: list[str]) -> None:
    """Before each thing that is written or deleted; then the same command finishes the work."""
    merged = place.solve()
    edited = merged.read_text()
    before = place.tree()
    status = killed(
        place,
        [
            (solution, "write_whole"),
            (anchor_files, "write_whole"),
            (shutil, "rmtree"),
        ],
        nth,
        ["resolve", "2.6.21-rc1", "--done", *words],
    )
    steps = 3 if words else 2  # the files, then the folder
    assert status == (-signal.SIGKILL if nth <= steps else 0)
    if nth == 1:
        assert place.tree() == before
    if nth <= steps:
        assert merged.read_text() == edited
        load_patchset(place.set)
        status, out, err = place.run("resolve", "2.6.21-rc1", "--done", *words)
        assert status == 0, err
        assert ("recorded before" in out) == (nth == steps)
    assert not place.work().exists()
    assert place.state("2.6.21") in ("ported", "applies")
    assert len(load_patchset(place.set).anchors) == 1 + bool(words)


def test_a_kill_while_laying_out_leaves_no_half_folder(place: Place) -> None:
    assert (
        killed(place, [(resolve, "write_whole")], 3, ["resolve", "2.6.21-rc1"]) == -signal.SIGKILL
    )
    assert not place.work().exists()
    place.open()
    left = [p.name for p in place.work().parent.iterdir() if not p.name.endswith(".lock")]
    assert left == ["third-2.6.21-rc1"]


# --- The real kernel -----------------------------------------------------------------------------

SOLVED_2_6_14 = """\
do_anonymous_page(struct mm_struct *mm, struct vm_area_struct *vma,
		pte_t *page_table, pmd_t *pmd, int write_access,
		unsigned long addr)
{
	pte_t entry;
	struct page *page;

	/* Allocate our own private page. */
	pte_unmap(page_table);
	spin_unlock(&mm->page_table_lock);

	if (unlikely(anon_vma_prepare(vma)))
		goto no_mem;
	page = alloc_zeroed_user_highpage(vma, addr);
	if (!page)
		goto no_mem;

	spin_lock(&mm->page_table_lock);
	page_table = pte_offset_map(pmd, addr);

	if (unlikely(!pte_none(*page_table))) {
		pte_unmap(page_table);
		page_cache_release(page);
		spin_unlock(&mm->page_table_lock);
		goto out;
	}
	inc_mm_counter(mm, rss);
	entry = maybe_mkwrite(pte_mkdirty(mk_pte(page, vma->vm_page_prot)), vma);
	lru_cache_add_active(page);
	SetPageReferenced(page);
	page_add_anon_rmap(page, vma, addr);

	set_pte_at(mm, addr, page_table, entry);
"""


def real(place: Place, kernel_git: Path, patches: dict[str, str]) -> list[str]:
    """A project of its own on the mirror; the words that name its source."""
    for name, text in patches.items():
        (place.set / name).write_text(text)
    return ["--source", f"git:{kernel_git}"]


@pytest.mark.mirror
def test_the_patch_of_2007_on_2_6_14_and_older_kernels_follow(
    place: Place, kernel_git: Path
) -> None:
    posted = (ROOT / "patches/no-anon-zero-page/v2.6.20.4.patch").read_text()
    source = real(place, kernel_git, {"v2.6.20.patch": posted})
    for version in ("2.6.12", "2.6.13", "2.6.14"):
        assert place.run("port", version, *source)[0] == 1
    assert place.run("resolve", "2.6.14", *source)[0] == 1
    merged = place.work("2.6.14") / "merged/mm/memory.c"
    text = merged.read_text("latin-1")
    # The other hunk is placed: copy-on-write no longer knows the zero page.
    cow = text[text.index("static int do_wp_page") :]
    assert "ZERO_PAGE" not in cow[: cow.index("\n}\n")]
    start = text.index("do_anonymous_page(struct mm_struct")
    stop = text.index("\tpte_unmap(page_table);\n\n\t/* No need", start)
    merged.write_text(text[:start] + SOLVED_2_6_14 + text[stop:], "latin-1")
    status, out, err = place.run("resolve", "2.6.14", *source, "--done", "--why", "one lock")
    assert status == 0, err
    assert "follows by itself: v2.6.12-rc2 .. v2.6.14-rc5 (19): ported" in out
    for version in ("2.6.12", "2.6.13", "2.6.14-rc1"):
        status, out, _ = place.run("port", version, *source, "--json")
        row = json.loads(out)
        assert (status, row["state"]) == (0, "ported")
        told = {h["scope"]: h for h in row["files"][0]["hunks"]}
        assert told["do_anonymous_page"]["placed"] == "resolution"
        assert "2.6.14" in told["do_anonymous_page"]["why"]
        assert "one lock" in row["patch"]
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", kernel_git, "show", f"v{version}:mm/memory.c"],
            capture_output=True, check=True,
        )  # fmt: skip
        tree = place.folder / f"linux-{version}/mm"
        tree.mkdir(parents=True)
        (tree / "memory.c").write_bytes(done.stdout)
        subprocess.run(
            ["patch", "-p1", "-F0", "-s"], cwd=tree.parent, check=True,
            input=row["patch"].encode("utf-8", "surrogateescape"),
        )  # fmt: skip
        after = (tree / "memory.c").read_text("latin-1")
        assert SOLVED_2_6_14 in after


@pytest.mark.mirror
def test_a_third_party_default_that_upstream_changed_too(place: Place, kernel_git: Path) -> None:
    """Two values for one: nothing that a program may decide."""
    source = real(
        place,
        kernel_git,
        {
            "v2.6.20.patch": "--- a/mm/page-writeback.c\n+++ b/mm/page-writeback.c\n"
            "@@ -72,7 +72,7 @@\n /*\n"
            "  * The generator of dirty data starts writeback at this percentage\n  */\n"
            "-int vm_dirty_ratio = 40;\n+int vm_dirty_ratio = 60;\n \n /*\n"
            "  * The interval between `kupdate'-style writebacks, in jiffies\n",
            "patch.toml": TOML.replace('"2.6.20"', '"2.6.21"'),
        },
    )
    status, out, _ = place.run("resolve", "2.6.22", *source)
    assert status == 1
    assert "07db59bd6b0f (v2.6.22-rc1, Linus Torvalds)" in out and "no proposal" in out
    merged = place.work("2.6.22") / "merged/mm/page-writeback.c"
    text = re.sub(r"<{7}.*?>{7}[^\n]*\n", "int vm_dirty_ratio = 60;\n", merged.read_text(),
                  flags=re.DOTALL)  # fmt: skip
    merged.write_text(text)
    status, out, err = place.run("resolve", "2.6.22", *source, "--done")
    assert status == 0, err
    assert "follows by itself: v2.6.22-rc1 .. v2.6.28 (66): ported" in out
    # 2.6.29 has new code around it, 2.6.30 another value: that is another conflict.
    for version, status in (("2.6.21", 0), ("2.6.28", 0), ("2.6.30", 1)):
        assert place.run("port", version, *source, "--json")[0] == status
