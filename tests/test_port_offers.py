# SPDX-License-Identifier: GPL-2.0-only
"""Ports into another file: what git and the trees tell of where code went, and what is doubted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from port_fixtures import V, diff
from sources_fixtures import add_kernel, git, kernel_repo, makefile
from test_port_queue import offers

from zpmaint.app.explain import explain
from zpmaint.app.port import port_onto
from zpmaint.app.session import Session
from zpmaint.app.sweep import sweep
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT
from zpmaint.patchset.load import load_patchset
from zpmaint.patchset.values import PatchSet
from zpmaint.port.engine import port
from zpmaint.port.terms import Terms
from zpmaint.port.values import Port, State
from zpmaint.sources.chain import Chain
from zpmaint.sources.git import GitSource

OLD, NEW = "2.6.23", "2.6.24"
HEAD = "#include <linux/mm.h>\n\n"
WORK = """static int work_here(int a)
{
	int b = first(a);

	second(a, b);
	third(a, b);
	if (b)
		fourth(a);
	return b;
}

"""
REST = """int other_here(int a)
{
	fifth(a);
	sixth(a);
	return work_here(a);
}
"""
FILE = HEAD + WORK + REST
SECOND = "	second(a, b);\n"
MINE = "	second(a, b);\n	mine(a);\n"
DRIFTED = FILE.replace("fourth(a)", "fourth(a, b)").replace("linux/mm.h", "linux/fs.h")

Tree = dict[str, str]


class Place:
    """A project with one patch against OLD, and the two kernels as a source."""

    def __init__(self, folder: Path, patch: str, toml: str = "") -> None:
        self.folder = folder
        patches = folder / "project/patches/toy"
        patches.mkdir(parents=True)
        (folder / "project/kernels.toml").write_text('patch = "toy"\n[sources]\n')
        (patches / "v2.6.23.patch").write_text(patch)
        (patches / "patch.toml").write_text(
            f'{toml}title = "T"\nauthor = "A"\norigin = "O"\nintent = "I"\nleaves = []\n'
            f'[[anchor]]\nfile = "v2.6.23.patch"\nversion = "{OLD}"\nbase = "{OLD}"\nwhy = "W"\n'
        )
        self.set: PatchSet = load_patchset(patches)
        places = Places(folder / "project", folder / "cache", folder / "state")
        self.session = Session.open(places, SILENT)
        self.sources: list[str] = []

    def git(self, old: Tree, new: Tree) -> Place:
        repo = kernel_repo(self.folder / "repo")
        for version, tree in ((OLD, old), (NEW, new)):
            if version == NEW and (went := sorted(old.keys() - new.keys())):
                git(repo, "rm", "-q", *went)
            add_kernel(repo, version, **tree)
        self.sources = [f"git:{repo}"]
        return self

    def trees(self, old: Tree, new: Tree) -> Place:
        for version, tree in ((OLD, old), (NEW, new)):
            folder = self.folder / f"linux-{version}"
            for path, text in {**tree, "Makefile": makefile(version)}.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text)
            self.sources.append(f"tree:{folder}")
        return self

    def port(self, version: str = NEW) -> Port:
        return port_onto(self.session, self.set, V(version), self.session.chain(self.sources))


def mine(path: str = "mm/toy.c", old: str = FILE) -> str:
    return diff(old, old.replace(SECOND, MINE), path)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    yield Place(tmp_path, mine())


def hunk_of(done: Port) -> tuple[str, str, float, str]:
    [file] = done.files
    [hunk] = file.hunks
    return file.path, hunk.placed, hunk.confidence, hunk.why


def test_a_file_that_upstream_renamed(place: Place, tmp_path: Path) -> None:
    new = {"mm/sub/toy_1.c": DRIFTED}
    done = place.git({"mm/toy.c": FILE}, new).port()
    assert done.state is State.PORTED
    path, placed, sure, why = hunk_of(done)
    assert (path, placed) == ("mm/sub/toy_1.c", "moved") and sure <= 0.8
    assert (
        "moved from mm/toy.c to mm/sub/toy_1.c (three-way): upstream renamed the file, 81% alike"
        in why
    )
    assert done.files[0].moved_from == "mm/toy.c"
    assert done.files[0].result == DRIFTED.replace(SECOND, MINE).encode()
    tree = tmp_path / "tree/mm/sub"
    tree.mkdir(parents=True)
    (tree / "toy_1.c").write_text(DRIFTED)
    words = ["patch", "-p1", "-F0", "-s", "-d", str(tmp_path / "tree")]
    subprocess.run(words, input=done.patch.encode("utf-8", "surrogateescape"), check=True)
    assert (tree / "toy_1.c").read_text() == DRIFTED.replace(SECOND, MINE)


@pytest.mark.parametrize("kind", ["git", "trees"])
def test_a_function_that_upstream_moved(place: Place, kind: str) -> None:
    """That the same name is used elsewhere, and declared, is no rival."""
    users = {"mm/user.c": "int x(void)\n{\n	return work_here(1);\n}\n",
             "include/w.h": "int work_here(int a);\n"}  # fmt: skip
    old = {"mm/toy.c": FILE, "mm/there.c": "int y;\n", **users}
    new = {"mm/toy.c": HEAD + REST, "mm/there.c": "int y;\n\n" + WORK.replace("static ", "")}
    done = getattr(place, kind)(old, {**new, **users}).port()
    assert done.state is State.PORTED
    path, placed, sure, why = hunk_of(done)
    assert (path, placed) == ("mm/there.c", "moved") and sure <= 0.8
    assert "it alone came to define work_here since 2.6.23" in why


def test_hunks_go_where_their_functions_are(tmp_path: Path) -> None:
    patched = FILE.replace(SECOND, MINE).replace("	sixth(a);\n", "	sixth(a, 1);\n")
    place = Place(tmp_path, diff(FILE, patched, "mm/toy.c"))
    new = {"mm/toy.c": HEAD + REST, "mm/there.c": WORK}
    done = place.git({"mm/toy.c": FILE}, new).port()
    assert {file.path: file.origin for file in done.files} == {
        "mm/toy.c": "mm/toy.c", "mm/there.c": "mm/toy.c",
    }  # fmt: skip
    assert "sixth(a, 1)" in str(done.files[1].result) + str(done.files[0].result)


def test_a_twin_that_was_there_before_is_not_where_it_went(place: Place) -> None:
    """Two architectures had the same file; upstream dropped the one that the patch is for."""
    old = {"mm/toy.c": FILE, "mm/twin.c": FILE}
    done = place.git(old, {"mm/twin.c": FILE}).port()
    assert done.state is State.CONFLICT and "does not have this file" in done.why


def test_a_twin_that_was_renamed_is_not_where_it_went(place: Place) -> None:
    """git alone would find the dropped file in the other one's new place."""
    old = {"mm/toy.c": DRIFTED, "mm/twin.c": FILE}
    place = Place(place.folder / "own", mine(old=DRIFTED))
    done = place.git(old, {"mm/new_twin.c": FILE}).port()
    assert done.state is State.CONFLICT


def test_two_that_came_are_not_chosen_from(place: Place) -> None:
    new = {"mm/toy.c": HEAD + REST, "mm/a.c": WORK, "mm/b.c": WORK}
    assert place.git({"mm/toy.c": FILE}, new).port().state is State.CONFLICT


def test_two_files_that_became_one(tmp_path: Path) -> None:
    """Each would be written without the other's change."""
    one, two = FILE, FILE.replace("_here", "_too").replace("a)", "n)").replace("int a", "int n")
    patch = mine("mm/one.c") + diff(
        two, two.replace("	fifth(n);\n", "	mine(n);\n"), "mm/two.c"
    )
    old = {"mm/one.c": one, "mm/two.c": two}
    done = Place(tmp_path, patch).git(old, {"mm/both.c": one + two}).port()
    assert done.state is State.CONFLICT and done.patch == ""


def test_a_function_that_went_to_another_file_of_the_patch(tmp_path: Path) -> None:
    there = "int y(int a)\n{\n	seventh(a);\n	return a;\n}\n\n"
    patch = mine() + diff(there, there.replace("seventh(a)", "seventh(a, 1)"), "mm/there.c")
    old = {"mm/toy.c": FILE, "mm/there.c": there}
    new = {"mm/toy.c": HEAD + REST, "mm/there.c": there + WORK}
    done = Place(tmp_path, patch).git(old, new).port()
    assert done.state is State.CONFLICT
    assert "two files of the patch go to mm/there.c now" in done.why


def test_what_upstream_took_away_is_not_called_there(tmp_path: Path) -> None:
    place = Place(tmp_path, mine())
    old = {"mm/toy.c": FILE, "lib/mine.c": "int mine(int a);\n"}
    done = place.git(old, {"mm/new.c": DRIFTED, "lib/mine.c": "int yours(int a);\n"}).port()
    assert done.state is State.CONFLICT
    assert "the target no longer has mine, which the hunk brings a use of" in done.why


def test_why_it_does_not_go_in_there_is_told(place: Place) -> None:
    clash = WORK.replace(SECOND, SECOND + "	theirs(a);\n")
    done = place.git({"mm/toy.c": FILE}, {"mm/toy.c": HEAD + REST, "mm/there.c": clash}).port()
    assert done.state is State.CONFLICT
    assert "mm/there.c may hold it now (it alone came to define work_here" in done.why


def test_a_set_that_asks_for_more_is_not_sure_of_another_file(tmp_path: Path) -> None:
    place = Place(tmp_path, mine(), "min_confidence = 0.9\n")
    done = place.git({"mm/toy.c": FILE}, {"mm/new.c": DRIFTED}).port()
    assert done.state is State.CONFLICT
    assert "0.80 sure (moved), 0.90 is asked for" in done.why


def test_a_sweep_and_explain_follow_as_the_port_does(place: Place) -> None:
    place.git({"mm/toy.c": FILE}, {"mm/new.c": DRIFTED})
    done = place.port()
    chain = place.session.chain(place.sources)
    assert sweep(place.session, place.set, chain)[-1] == done
    [story] = explain(place.session, place.set, V(NEW), chain).hunks
    assert (story.path, story.placed, story.confidence) == ("mm/toy.c", "moved", 0.8)


def test_a_clone_without_contents_is_not_filled_for_it(place: Place) -> None:
    place.git({"mm/toy.c": FILE}, {"mm/new.c": DRIFTED})
    [spec] = place.sources
    source = GitSource("https://example.invalid/linux.git", place.folder / "cache")
    source._url = f"file://{spec.removeprefix('git:')}"
    chain = Chain([source])
    done = port_onto(place.session, place.set, V(NEW), chain)
    assert done.state is State.CONFLICT and "does not have this file" in done.why
    source.close()


GOTO = """int f(int a)
{
	if (a)
		goto out;
	one(a);
	two(a);
	three(a);
	four(a);
	five(a);
	six(a);
	seven(a);
out:
	eight(a);
	return 0;
}
"""


def test_the_whole_function_is_checked_there(tmp_path: Path) -> None:
    """Hunk by hunk nothing is wrong: the label goes, and upstream has a new goto to it."""
    patched = GOTO.replace("	if (a)\n		goto out;\n", "").replace("out:\n", "")
    target = GOTO.replace("	three(a);\n", "	if (three(a))\n		goto out;\n")
    target = target.replace("	one(a);\n", "	one(a, 1);\n").replace("eight(a)", "eight(a, 1)")
    place = Place(tmp_path, diff(GOTO, patched, "mm/toy.c"))
    bases = {"v2.6.23": {"mm/toy.c": GOTO.encode()}}

    def done(text: str) -> Port:
        terms = Terms(offers=offers(("mm/new.c", text)))
        return port(place.set, V(NEW), bases, {"mm/toy.c": None}, terms=terms)

    fine = done(GOTO.replace("	one(a);\n", "	one(a, 1);\n"))
    assert fine.state is State.PORTED
    refused = done(target)
    assert refused.state is State.CONFLICT
    assert "mm/new.c" in refused.why and "goto without its label: out" in refused.why


@pytest.mark.mirror
def test_the_merge_of_two_architectures(tmp_path: Path) -> None:
    """2.6.24 made arch/x86 of arch/i386 and arch/x86_64, 874 files renamed."""
    repo = os.environ.get("ZPMAINT_KERNEL_GIT")
    if not repo:
        pytest.skip("NOT RUN: set ZPMAINT_KERNEL_GIT to a git repository with the kernel's tags")
    git_source = GitSource(repo, tmp_path / "cache")

    def ported(path: str) -> Port:
        base = git_source.blobs(V(OLD), [path])[path]
        assert base is not None
        text = base.decode("latin-1")
        assert text.count(CALM) == 1
        place = Place(tmp_path / path, diff(text, text.replace(CALM, f"{CALM}	mine();\n"), path))
        place.sources = [f"git:{repo}"]
        return place.port()

    for arch, bits in (("i386", 32), ("x86_64", 64)):
        done = ported(f"arch/{arch}/mm/fault.c")
        assert done.state is State.PORTED, done.why
        path, placed, sure, why = hunk_of(done)
        assert (path, placed) == (f"arch/x86/mm/fault_{bits}.c", "moved") and sure <= 0.8
        assert "upstream renamed the file, 91% alike" in why
    git_source.close()


CALM = "si_code = SEGV_MAPERR;\n"
