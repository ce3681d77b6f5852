# SPDX-License-Identifier: GPL-2.0-only
"""What a conflict leaves open, how a solution is learnt from it, and when it is used again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from port_fixtures import PATH, V, anchor, diff, outcome, patchset, placed
from test_port_strategies import HEAD

from zpmaint.merge.conflict import Region, marks
from zpmaint.merge.lines import lines_of
from zpmaint.patchset.values import Resolution
from zpmaint.port import engine, resolution
from zpmaint.port.hunks import Change
from zpmaint.port.placement import Job
from zpmaint.port.proposal import Proposal, proposal
from zpmaint.port.scopes import source
from zpmaint.port.sites import Opened, Site
from zpmaint.port.values import Port, State

OLD = """static int limit(int a)
{
	int max = 40;

	if (a > max)
		return -1;
	log_it(a);
	return max;
}

static int other(int a)
{
	step(a);
	return a;
}
"""
NEW = OLD.replace("max = 40;", "max = 60;").replace("step(a);", "step(a + 1);")
THEIRS = OLD.replace("max = 40;", "max = 10;")
MINE = THEIRS.replace("max = 10;", "max = 60;").replace("step(a);", "step(a + 1);")
PATCH = diff(HEAD + OLD, HEAD + NEW)
SET = patchset(anchor(PATCH))
BASE = {PATH: (HEAD + OLD).encode()}


def open_in(target: str, base: dict[str, bytes] | None = None) -> Opened:
    bases = BASE if base is None else base
    return engine.opened(PATCH, bases, {PATH: target.encode()})[PATH]


def text(lines: list[str]) -> str:
    return "".join(lines)


def memory(what: Opened, result: str, version: str = "2.6.21") -> tuple[Resolution, ...]:
    learnt = resolution.learnt(what, lines_of(result.encode()))
    return tuple(
        Resolution(resolution.key(site), PATH, site.scope, "a", V(version),
                   "A Person <p@example.org>", "2026-01-02", "because", edits)
        for site, edits in zip(what.sites, learnt, strict=True)
    )  # fmt: skip


def carried(target: str, known: tuple[Resolution, ...], version: str = "2.6.22") -> Port:
    chosen = replace(SET, resolutions=known)
    return engine.port(chosen, V(version), {"a": BASE}, {PATH: target.encode()})


def test_only_what_clashes_is_open_and_all_else_is_placed() -> None:
    what = open_in("/* one more */\n" + HEAD + THEIRS)
    [site] = what.sites
    assert (site.scope, [job.change.header for job in site.jobs]) == (
        "limit",
        ["@@ -10,7 +10,7 @@"],
    )
    [region] = site.regions
    assert (region.ours, region.base, region.theirs) == (
        ("\tint max = 60;\n",), ("\tint max = 40;\n",), ("\tint max = 10;\n",),
    )  # fmt: skip
    whole = text(what.lines())
    assert "step(a + 1);" in whole and "\tstep(a);" not in whole
    inside = text(site.lines())
    assert whole == ("/* one more */\n" + HEAD + NEW).replace(
        NEW[: NEW.index("static int other")].rstrip("\n") + "\n", inside
    )
    assert inside.count("<<<<<<<") == inside.count(">>>>>>>") == 1


def test_without_a_base_the_hunks_own_lines_show_the_conflict() -> None:
    what = open_in(HEAD + THEIRS, {PATH: None})  # type: ignore[dict-item]
    regions = [region for site in what.sites for region in site.regions]
    assert any("\tint max = 60;\n" in r.ours and "\tint max = 10;\n" in r.theirs for r in regions)


def test_a_solution_gives_the_persons_file_and_says_whose_it_is() -> None:
    target = HEAD + THEIRS
    known = memory(open_in(target), HEAD + MINE)
    again = carried(target, known)
    assert (again.state, outcome(again)) == (State.PORTED, HEAD + MINE)
    assert "resolution" in placed(again)
    [hunk] = [h for h in again.files[0].hunks if h.placed == "resolution"]
    assert hunk.scope == "limit" and 0.5 < hunk.confidence < 1
    assert "2.6.21" in hunk.why and "A Person" in hunk.why and "because" in hunk.why
    assert known[0].key in hunk.why
    assert "resolution" in again.patch  # its header tells, too


def test_the_same_conflict_in_another_kernel_follows() -> None:
    known = memory(open_in(HEAD + THEIRS), HEAD + MINE)
    drifted = "/* new */\n" * 9 + HEAD + THEIRS.replace("log_it(a);", "log_it(a, 1);")
    followed = carried(drifted, known)
    assert followed.state is State.PORTED
    assert outcome(followed) == drifted.replace("max = 10;", "max = 60;").replace(
        "step(a);", "step(a + 1);"
    )


@pytest.mark.parametrize(
    "target",
    [
        HEAD + OLD.replace("max = 40;", "max = 20;"),  # another value
        HEAD + THEIRS.replace("int limit(", "int bound("),  # another function
        HEAD + THEIRS.replace("\tint max = 10;", "\tlong max = 10;"),
    ],
)
def test_another_conflict_stays_one(target: str) -> None:
    known = memory(open_in(HEAD + THEIRS), HEAD + MINE)
    assert carried(target, known).state is State.CONFLICT


def test_without_the_memory_it_is_a_conflict() -> None:
    assert carried(HEAD + THEIRS, ()).state is State.CONFLICT


def test_what_a_person_changed_beside_the_conflict_is_done_again() -> None:
    result = HEAD + MINE.replace("log_it(a);", "log_it(a, max);")
    known = memory(open_in(HEAD + THEIRS), result)
    assert len(known[0].edits) == 2
    assert outcome(carried(HEAD + THEIRS, known)) == result
    # Where those lines are others now, the whole is not used: half a solution is none.
    gone = HEAD + THEIRS.replace("log_it(a);", "trace(a);")
    assert carried(gone, known).state is State.CONFLICT


def test_an_edit_outside_of_the_open_scopes_cannot_be_learnt() -> None:
    result = HEAD.replace("prepare(a);", "prepare(a, 1);") + MINE
    with pytest.raises(ValueError, match="outside of the open scopes"):
        memory(open_in(HEAD + THEIRS), result)


def test_a_remembered_solution_that_breaks_a_check_is_refused() -> None:
    """Whoever edits the file by hand gets no further than a strategy would."""
    known = memory(open_in(HEAD + THEIRS), HEAD + MINE)
    [edit] = known[0].edits
    for after in (("\tint max = 10;\n",), ("\tif (a) {\n", "\tint max = 60;\n")):
        bad = replace(known[0], edits=(replace(edit, after=after),))
        refused = carried(HEAD + THEIRS, (bad,))
        assert refused.state is State.CONFLICT
        assert f"resolution {bad.key}: " in refused.why


def test_a_solution_with_a_marker_in_it_is_none() -> None:
    known = memory(open_in(HEAD + THEIRS), HEAD + MINE)
    [edit] = known[0].edits
    left = replace(edit, after=("<<<<<<< the patch (limit)\n", *edit.after))
    assert carried(HEAD + THEIRS, (replace(known[0], edits=(left,)),)).state is State.CONFLICT


def test_both_conflicts_of_a_file_must_be_known() -> None:
    theirs = THEIRS.replace("step(a);", "step(a - 1);")
    what = open_in(HEAD + theirs)
    assert [site.scope for site in what.sites] == ["limit", "other"]
    mine = theirs.replace("max = 10;", "max = 60;").replace("step(a - 1);", "step(a + 1);")
    known = memory(what, HEAD + mine)
    assert outcome(carried(HEAD + theirs, known)) == HEAD + mine
    half = carried(HEAD + theirs, known[:1])
    assert half.state is State.CONFLICT and placed(half) == ["resolution", "conflict"]


def test_the_key_is_of_the_conflict_alone() -> None:
    [one] = open_in(HEAD + THEIRS).sites
    [moved] = open_in("/* new */\n" + HEAD + THEIRS.replace("log_it(a);", "log(a);")).sites
    [other] = open_in(HEAD + OLD.replace("max = 40;", "max = 20;")).sites
    assert resolution.key(one) == resolution.key(moved) != resolution.key(other)
    assert resolution.key(replace(one, path="mm/b.c")) != resolution.key(one)
    assert resolution.key(replace(one, scope="bound")) != resolution.key(one)


def test_an_edit_whose_lines_stand_twice_is_not_guessed() -> None:
    known = memory(open_in(HEAD + THEIRS), HEAD + MINE.replace("log_it(a);", "log_it(a, max);"))
    here = "\tif (a > max)\n\t\treturn -1;\n\tlog_it(a);\n\treturn max;\n"
    assert known[0].edits[1].before[-2:] == ("\treturn max;\n", "}\n")
    short = replace(known[0].edits[1], before=("\tlog_it(a);\n",), after=("\tlog_it(a, max);\n",))
    known = (replace(known[0], edits=(known[0].edits[0], short)),)
    assert carried(HEAD + THEIRS, known).state is State.PORTED
    twice = HEAD + THEIRS.replace(here, here.replace("\tlog_it(a);\n", "\tlog_it(a);\n" * 2))
    assert carried(twice, known).state is State.CONFLICT


def test_a_port_that_needs_no_help_does_not_take_it() -> None:
    known = memory(open_in(HEAD + THEIRS), HEAD + MINE)
    assert carried(HEAD + OLD, known).state is State.APPLIES


def test_markers_that_the_file_has_itself_are_none() -> None:
    lines = ["Title\n", "=======\n", "<<<<<<< x\n", "||||||| y\n", "=======\n", ">>>>>>> z\n"]
    assert marks(lines) == [1, 2, 3, 4, 5]
    assert marks(lines, {"=======\n"}) == [2, 3, 5]


# --- Proposals -----------------------------------------------------------------------------------


def ruled(*regions: Region) -> Proposal | None:
    return proposal(Site(PATH, "limit", (), (), 0, 9, (("top\n",), *regions, ("end\n",))))


def region(base: str, ours: str, theirs: str) -> Region:
    sides = [tuple(lines_of(side.encode())) for side in (ours, base, theirs)]
    return Region(*sides)


def test_two_values_for_one_give_no_proposal() -> None:
    [site] = open_in(HEAD + THEIRS).sites
    assert proposal(site) is None


@pytest.mark.parametrize(
    ("clash", "lines", "says"),
    [
        (region("", "m\n", "y\n"), ("y\n", "m\n"), "both sides added"),
        (region("a(1);\n", "", "a(2);\n"), (), "deletes"),
        (region("f(a, b);\n", "g(a, b);\n", "f(a, c);\n"), ("g(a, c);\n",), "different words"),
    ],
)
def test_a_region_is_offered_by_its_rule(clash: Region, lines: tuple[str, ...], says: str) -> None:
    offer = ruled(clash)
    assert offer is not None
    assert offer.lines == ("top\n", *lines, "end\n")
    assert says in offer.why and offer.confidence <= 0.5


def test_the_weakest_region_counts_and_one_without_a_rule_is_none_for_all() -> None:
    added, edited = region("", "m\n", "y\n"), region("f(a);\n", "g(a);\n", "f(b);\n")
    offer = ruled(added, edited)
    assert offer is not None and offer.confidence == 0.3
    assert ruled(added, region("1\n", "2\n", "3\n")) is None


def test_what_a_check_refused_is_offered_and_says_so() -> None:
    """As where the engine placed a hunk and the whole file then failed a check."""
    job = Job(
        Change("@@ -1 +1 @@", 11, ((" ", "{\n"), ("-", "\tint max = 40;\n"),
                                   ("+", "\tint max = 60;\n"), (" ", "\n")), ""),
        source((HEAD + OLD).encode()), source((HEAD + OLD).encode()),
    )  # fmt: skip
    end = len(job.target.lines)
    site = Site(PATH, "limit", (job,), ("the label would be idle",), 0, end, ())
    offer = proposal(site)
    assert offer is not None
    assert text(list(offer.lines)) == HEAD + OLD.replace("max = 40;", "max = 60;")
    assert offer.confidence <= 0.5 and "refused: the label would be idle" in offer.why
