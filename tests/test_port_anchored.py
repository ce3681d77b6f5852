# SPDX-License-Identifier: GPL-2.0-only
"""A patch set whose anchor is a series: one port, each part of it named by its patch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from port_fixtures import V, anchor, patchset
from series_fixtures import Tree, call, lay, quilt_folder, tree_of
from test_port_series import BASE, CLASH, DRIFTED, ONE, TARGET, THREE, TWO, C, chain, diff

from zpmaint.core.eras import Era
from zpmaint.diffs.series import Series, load_series
from zpmaint.patchset.values import Adoption, Anchor, PatchSet
from zpmaint.port import engine
from zpmaint.port.hunk_outcomes import CONFLICT, hunk_outcomes
from zpmaint.port.stand import stand
from zpmaint.port.values import Port, State

A = "mm/a.c"
TAKEN = Adoption(Era(V("2.6.21-rc1"), None), ("557ed1fa2620",), "they took it")


def series(tmp_path: Path, table: str = "", **patches: str) -> Series:
    named = {f"{name}.patch": text for name, text in patches.items()}
    return load_series(quilt_folder(tmp_path / "in", named or chain(C, ONE, TWO, THREE), table))


def of(queue: Series, *adoptions: Adoption) -> PatchSet:
    start = Anchor("q", V("2.6.20"), V("2.6.20"), Era(), queue, "the first")
    return patchset(start, adoptions=adoptions)


def ported(chosen: PatchSet, target: Tree, base: Tree = BASE, version: str = "2.6.21") -> Port:
    [start] = chosen.anchors
    known = {path: base.get(path) for path in start.series.paths}
    now = {path: target.get(path) for path in start.series.paths}
    return engine.port(chosen, V(version), {"q": known}, now)


def test_it_applies_whole_and_each_part_says_whose_it_is(tmp_path: Path) -> None:
    port = ported(of(series(tmp_path)), TARGET)
    assert (port.state, port.why) == (State.APPLIES, "3 of 3 patches apply as they are")
    assert [file.patch for file in port.files] == ["1.patch", "2.patch", "3.patch"]
    assert [step.name for step in port.steps] == ["1.patch", "2.patch", "3.patch"]
    # What a build puts in place is the file after all of them, or after some.
    first, *_, last = (step.result[A] for step in port.steps)
    assert first is not None and b"more(a);" in first and port.contents(1) == {A: first}
    assert port.contents() == {A: last} and b"more(a, 2)" in (last or b"")
    # The text is what `patch` takes from a pipe, at offset 0.
    lay(tmp_path / "tree", TARGET)
    (tmp_path / "all").write_text(port.patch)
    said = call("patch", "-p1", "-F0", "-i", tmp_path / "all", cwd=tmp_path / "tree")
    assert tree_of(tmp_path / "tree") == {**TARGET, A: last}
    assert "offset" not in said and "fuzz" not in said
    row = port.as_json()
    assert [(m["patch"], m["state"]) for m in row["members"]] == [
        ("1.patch", "applies"), ("2.patch", "applies"), ("3.patch", "applies"),
    ]  # fmt: skip
    assert [file["patch"] for file in row["files"]] == ["1.patch", "2.patch", "3.patch"]


def test_what_upstream_has_is_dropped_and_named(tmp_path: Path) -> None:
    target = {**TARGET, A: TARGET[A].replace(b"\tstep_3(a);\n", b"\tstep_3(a, 1);\n\tmore(a);\n")}
    port = ported(of(series(tmp_path)), target)
    assert port.state is State.PORTED and port.dropped == ("1.patch",)
    assert "1 dropped, upstream has them (1.patch)" in port.why
    assert [step.name for step in port.steps] == ["2.patch", "3.patch"]
    assert "Subject: 1\n" not in port.patch and "Subject: 2\n" in port.patch


def test_all_upstream_is_upstream(tmp_path: Path) -> None:
    port = ported(of(series(tmp_path, x=diff(C, ONE))), {**TARGET, A: ONE})
    assert (port.state, port.patch, port.contents(), port.steps) == (State.UPSTREAM, "", {}, ())
    told = ported(of(series(tmp_path, x=diff(C, ONE)), TAKEN), {**TARGET, A: ONE})
    assert told.state is State.UPSTREAM and "557ed1fa2620" in told.why


def test_patches_that_later_ones_hide_are_upstream(tmp_path: Path) -> None:
    """Upstream took both, and the second changes the first one's lines: 1.patch alone is not to
    be found."""
    chosen = of(series(tmp_path))
    both = b"\tstep_3(a, 1);\n\tmore(a, 2);\n"
    all_three = {**TARGET, A: DRIFTED.replace(b"\tstep_3(a);\n", both)}
    two = ported(chosen, all_three)
    assert two.dropped == ("1.patch", "2.patch") and two.state is State.PORTED
    assert [step.name for step in two.steps] == ["3.patch"]
    all_three[A] = all_three[A].replace(b"\tstep_9(a);\n", b"")
    assert ported(chosen, all_three).state is State.UPSTREAM
    # What merely stands there in part is not taken for it.
    other = {**TARGET, A: DRIFTED.replace(b"\tstep_3(a);\n", b"\tstep_3(a, 1);\n\tmore(a, 3);\n")}
    assert ported(chosen, other).state is State.CONFLICT


def test_a_declared_adoption_that_is_not_there_is_a_conflict(tmp_path: Path) -> None:
    port = ported(of(series(tmp_path), TAKEN), TARGET)
    assert port.state is State.CONFLICT
    assert "3 of 3 patches are not there: 1.patch, 2.patch, 3.patch" in port.why


def test_a_conflict_names_its_patch_and_nothing_goes_in(tmp_path: Path) -> None:
    port = ported(of(series(tmp_path)), CLASH)
    assert (port.state, port.stuck) == (State.CONFLICT, "1.patch")
    assert port.why.startswith("1.patch: ")
    assert (port.patch, port.contents(), port.steps) == ("", {}, ())
    assert [member.fate for member in port.members] == ["conflict", "untried", "untried"]


def test_a_hunk_that_is_not_sure_enough_holds_it_back(tmp_path: Path) -> None:
    chosen = replace(of(series(tmp_path)), min_confidence=1.0)
    port = ported(chosen, TARGET)
    assert port.state is State.CONFLICT and "held back" in port.why


def test_each_hunk_is_followed_behind_a_conflict_too(tmp_path: Path) -> None:
    """The same hunks for any contents: a history is searched by their numbers."""
    chosen = of(series(tmp_path))
    [start] = chosen.anchors
    known = {A: BASE[A]}
    rows = {name: hunk_outcomes(chosen, start, known, {A: data[A]}) for name, data in
            {"well": TARGET, "clash": CLASH}.items()}  # fmt: skip
    assert [f.patch for f in rows["well"]] == [f.patch for f in rows["clash"]]
    assert [f.word for f in rows["well"]] == ["as it is"] * 3
    assert rows["clash"][0].word == CONFLICT


def test_renames_deletions_and_new_files_are_built(tmp_path: Path) -> None:
    git = "diff --git a/mm/a.c b/mm/c.c\nrename from mm/a.c\nrename to mm/c.c\n"
    queue = series(
        tmp_path, a=git, b=diff(C, ONE, "mm/c.c"), c=diff(None, b"new\n", "mm/n.c"),
        d=diff(BASE["mm/b.c"], None, "mm/b.c"),
    )  # fmt: skip
    port = ported(of(queue), BASE)
    assert port.contents() == {A: None, "mm/c.c": ONE, "mm/n.c": b"new\n", "mm/b.c": None}
    assert port.contents(1) == {A: None, "mm/c.c": C}


def test_a_patch_with_other_paths_is_told_with_p1_paths(tmp_path: Path) -> None:
    text = diff(C, ONE).replace("a/mm", "mm").replace("b/mm", "mm")
    port = ported(of(series(tmp_path, "x.patch -p0\n", x=text)), TARGET)
    assert port.state is State.APPLIES
    [step] = port.steps
    assert "--- a/mm/a.c\n+++ b/mm/a.c\n" in step.text and step.text == port.patch


def test_a_patch_in_conflict_stands_on_those_before_it(tmp_path: Path) -> None:
    """The second patch clashes: base and target are the files with the first one done."""
    clash = {**TARGET, A: C.replace(b"\twalk_5(a);\n", b"\twalk_5(a, 7);\n")}
    two = ONE.replace(b"\twalk_5(a);\n", b"\twalk_5(a, 9);\n\twalk_x();\n")
    chosen = of(series(tmp_path, one=diff(C, ONE), two=diff(ONE, two)))
    port = ported(chosen, clash)
    assert port.stuck == "two.patch"
    here = stand(chosen.anchors[0], port.stuck, {A: C}, {A: clash[A]})
    assert (here.patch, here.base) == ("two.patch", {A: ONE})
    assert here.target[A] == clash[A].replace(b"\tstep_3(a);\n", b"\tstep_3(a, 1);\n\tmore(a);\n")
    assert list(engine.opened(here.text, here.base, here.target)) == [A]
    assert engine.patched(here.text, A, ONE) == two


@pytest.mark.parametrize("version", ["2.6.19", "2.6.22"])
def test_the_nearest_anchor_of_any_kind_is_the_start(tmp_path: Path, version: str) -> None:
    queue = Anchor("q", V("2.6.22"), V("2.6.22"), Era(V("2.6.21"), None), series(tmp_path), "new")
    one = anchor(diff(C, ONE), "one", "2.6.19", Era(None, V("2.6.21")))
    bases = {"q": {A: C}, "one": {A: C}}
    port = engine.port(patchset(one, queue), V(version), bases, {A: C})
    assert port.anchor == ("one" if version == "2.6.19" else "q")
    assert len(port.steps) == (1 if version == "2.6.19" else 3)
