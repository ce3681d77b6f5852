# SPDX-License-Identifier: GPL-2.0-only
"""A series follows what upstream moved: which files are offered, and what is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from port_fixtures import V, diff
from series_fixtures import call, lay, program
from test_port_offers import NEW, OLD, Place

from zpmaint.app.series import port_series_onto
from zpmaint.diffs.series import load_series
from zpmaint.port.move_offers import offers
from zpmaint.port.series import port_series
from zpmaint.port.terms import Moves, Offer
from zpmaint.port.values import Fate, MemberPort

HEAD = "#include <linux/mm.h>\n\n"
WORK = """int work_here(int a)
{
	int b = first(a);

	second(a, b);
	third(a, b);
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
SECOND, MINE = "	second(a, b);\n", "	second(a, b);\n	mine(a);\n"
SIXTH, YOURS = "	sixth(a);\n", "	sixth(a);\n	yours(a);\n"

Tree = dict[str, str]


class Kernel:
    """A tree as the engine asks for it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def blobs(self, paths: Iterable[str]) -> Mapping[str, bytes | None]:
        return {p: self.tree[p].encode() if p in self.tree else None for p in paths}

    def speaking_of(self, name: str) -> Sequence[str] | None:
        if name == "everybodys":
            return None
        return [p for p, text in self.tree.items() if re.search(rf"\b{name}\b", text)]

    def files_called(self, name: str) -> Sequence[str]:
        return [p for p in self.tree if f"/{p}".endswith(f"/{name}")]


def between(old: Tree, new: Tree) -> Moves:
    return lambda path, names: list(offers(path, names, Kernel(old), Kernel(new)))


def carried(folder: Path, old: Tree, new: Tree, *patches: str) -> list[MemberPort]:
    """The patches of a series, carried from one toy kernel to the other."""
    folder.mkdir()
    for n, patch in enumerate(patches, 1):
        (folder / f"000{n}-x.patch").write_text(f"Subject: [PATCH] x\n\n---\n{patch}-- \n2.39\n")
    series = load_series(folder)
    base, target = (
        {p: tree[p].encode() if p in tree else None for p in series.paths} for tree in (old, new)
    )
    return list(port_series(series, base, target, keep_going=True, moves=between(old, new)))


def mine(path: str = "mm/toy.c", old: str = FILE) -> str:
    return diff(old, old.replace(SECOND, MINE), path)


MOVES = {
    "the whole file, to another folder": (
        {"mm/toy.c": FILE},
        {"lib/toy.c": FILE.replace("mm.h", "fs.h")},
        "lib/toy.c",
    ),
    "the whole file, under another name": (
        {"mm/toy.c": FILE},
        {"mm/toy-core.c": FILE.replace("mm.h", "fs.h")},
        "mm/toy-core.c",
    ),
    "one function": (
        {"mm/toy.c": FILE, "mm/there.c": "int y;\n"},
        {"mm/toy.c": HEAD + REST, "mm/there.c": "int y;\n\n" + WORK},
        "mm/there.c",
    ),
}


@pytest.mark.parametrize("case", MOVES)
def test_a_patch_goes_where_upstream_moved_its_lines(tmp_path: Path, case: str) -> None:
    """What is written is what patch(1) applies to the new tree."""
    old, new, to = MOVES[case]
    [port] = carried(tmp_path / "s", old, new, mine())
    assert port.fate is Fate.PORTED, port.why
    [file] = port.files
    assert (file.path, file.moved_from) == (to, "mm/toy.c")
    assert [h.placed for h in file.hunks] == ["moved"] and file.hunks[0].confidence <= 0.8
    assert b"mm/toy.c" not in port.data
    lay(tmp_path / "tree", {p: text.encode() for p, text in new.items()})
    (tmp_path / "x.patch").write_bytes(port.data)
    program("patch")
    call("patch", "-p1", "-F0", "-s", "-i", tmp_path / "x.patch", cwd=tmp_path / "tree")
    assert (tmp_path / "tree" / to).read_text() == new[to].replace(SECOND, MINE)


def test_a_section_may_go_to_two_files(tmp_path: Path) -> None:
    old = {"mm/toy.c": FILE, "mm/there.c": "int y;\n"}
    new = {"mm/toy.c": HEAD + REST, "mm/there.c": "int y;\n\n" + WORK}
    patch = diff(FILE, FILE.replace(SECOND, MINE).replace(SIXTH, YOURS), "mm/toy.c")
    [port] = carried(tmp_path / "s", old, new, patch)
    assert port.fate is Fate.PORTED, port.why
    assert sorted(file.path for file in port.files) == ["mm/there.c", "mm/toy.c"]
    lay(tmp_path / "tree", {p: text.encode() for p, text in new.items()})
    (tmp_path / "x.patch").write_bytes(port.data)
    program("patch")
    call("patch", "-p1", "-F0", "-s", "-i", tmp_path / "x.patch", cwd=tmp_path / "tree")
    assert MINE in (tmp_path / "tree/mm/there.c").read_text()
    assert YOURS in (tmp_path / "tree/mm/toy.c").read_text()


def test_the_next_patch_finds_what_the_first_one_left(tmp_path: Path) -> None:
    once = FILE.replace(SECOND, MINE)
    then = diff(once, once.replace("	mine(a);\n", "	mine(a);\n	more(a);\n"), "mm/toy.c")
    ports = carried(tmp_path / "s", {"mm/toy.c": FILE}, {"lib/toy.c": FILE}, mine(), then)
    assert [port.fate for port in ports] == [Fate.PORTED, Fate.PORTED], ports[1].why
    assert b"+	more(a);\n" in ports[1].data and b" 	mine(a);\n" in ports[1].data


def test_a_patch_that_conflicts_leaves_nothing_in_the_other_file(tmp_path: Path) -> None:
    """One of its hunks would go to the file that took its function in; the other goes nowhere."""
    stuck = diff("a\nb\nc\n", "a\nB\nc\n", "mm/other.c")
    once = FILE.replace(SECOND, MINE)
    new = {"lib/toy.c": FILE, "mm/other.c": "x\ny\nz\n"}
    [first, second] = carried(
        tmp_path / "s",
        {"mm/toy.c": FILE, "mm/other.c": "a\nb\nc\n"},
        new,
        mine() + stuck,
        diff(once, once.replace(SIXTH, YOURS), "mm/toy.c"),
    )
    assert (first.fate, second.fate) == (Fate.CONFLICT, Fate.PORTED), second.why
    lay(tmp_path / "tree", {p: text.encode() for p, text in new.items()})
    (tmp_path / "x.patch").write_bytes(second.data)
    program("patch")
    said = call("patch", "-p1", "-F0", "-i", tmp_path / "x.patch", cwd=tmp_path / "tree")
    assert "offset" not in said, "its lines are counted as if the first had gone in"


OFFERED = {
    "most of the file, in another folder": (
        {"a/x.c": FILE}, {"b/x.c": FILE}, "a/x.c", ("work_here",), ["b/x.c"],
    ),
    "another file of this name": (
        {"a/x.c": FILE}, {"b/x.c": "int z;\n"}, "a/x.c", ("work_here",), [],
    ),
    "a file that was there before": (
        {"a/x.c": FILE, "b/x.c": FILE}, {"b/x.c": FILE}, "a/x.c", ("work_here",), [],
    ),
    "two that came": (
        {"a/x.c": FILE}, {"b/x.c": FILE, "c/x.c": FILE}, "a/x.c", ("work_here",), [],
    ),
    "one that came to define it": (
        {"a/x.c": FILE}, {"a/x.c": REST, "b/y.c": WORK}, "a/x.c", ("work_here",), ["b/y.c"],
    ),
    "two that came to define it": (
        {"a/x.c": FILE}, {"a/x.c": REST, "b/y.c": WORK, "b/z.c": WORK}, "a/x.c", ("work_here",), [],
    ),
    "another one stopped to define it, too": (
        {"a/x.c": FILE, "a/z.c": WORK}, {"a/x.c": REST, "b/y.c": WORK}, "a/x.c", ("work_here",), [],
    ),
    "a user is no definition": (
        {"a/x.c": FILE}, {"a/x.c": REST, "b/y.c": REST}, "a/x.c", ("work_here",), [],
    ),
    "everybody's name": (
        {"a/x.c": FILE}, {"a/x.c": REST, "b/y.c": WORK}, "a/x.c", ("everybodys",), [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OFFERED)
def test_what_is_worth_an_offer(case: str) -> None:
    old, new, path, names, wanted = OFFERED[case]
    found: list[Offer] = list(offers(path, names, Kernel(old), Kernel(new)))
    assert [offer.path for offer in found] == wanted
    assert all(offer.data == new[offer.path].encode() for offer in found)


def test_without_the_question_it_stays_a_conflict(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s/0001-x.patch").write_text(mine())
    series = load_series(tmp_path / "s")
    [port] = port_series(series, {"mm/toy.c": FILE.encode()}, {"mm/toy.c": None})
    assert port.fate is Fate.CONFLICT and "does not have mm/toy.c" in port.why


@pytest.mark.parametrize("kind", ["git", "trees"])
def test_the_sources_tell_a_series_where_its_files_went(tmp_path: Path, kind: str) -> None:
    """git finds the rename; of two folders the one file of the name is found that came."""
    place = Place(tmp_path, mine())
    getattr(place, kind)({"mm/toy.c": FILE}, {"lib/toy.c": FILE.replace("mm.h", "fs.h")})
    (tmp_path / "s").mkdir()
    (tmp_path / "s/0001-x.patch").write_text(mine())
    done = port_series_onto(
        place.session,
        load_series(tmp_path / "s"),
        V(NEW),
        place.session.chain(place.sources),
        base=V(OLD),
    )
    [port] = done.ports
    assert port.fate is Fate.PORTED, port.why
    [file] = port.files
    assert (file.path, file.moved_from) == ("lib/toy.c", "mm/toy.c")
    why = "upstream renamed the file" if kind == "git" else "it has the file's name and 90%"
    assert why in file.hunks[0].why
