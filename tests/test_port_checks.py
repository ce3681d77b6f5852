# SPDX-License-Identifier: GPL-2.0-only
"""The checks alone, on placements that a careless strategy might make."""

from __future__ import annotations

import pytest
from port_fixtures import diff
from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.merge.lines import join, lines_of
from zpmaint.port import checks
from zpmaint.port.hunks import Change
from zpmaint.port.one_file import applied
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.scopes import Source, source
from zpmaint.port.strategies import threeway

BASE = """int f(int a)
{
	int b;

	if (a)
		goto out;
	one(a);
	two(a);
	b = three(a);
	four(b);
out:
	return 0;
}
"""
PATCHED = BASE.replace("	two(a);\n", "	deux(a);\n")


def found(start: int, end: int, lines: str, patched: str = PATCHED) -> str:
    """What the checks say of putting `lines` in the stead of the base's lines [start, end)."""
    change = Change.of(UnifiedDiff.from_string(diff(BASE, patched))[0][0])
    base = source(BASE.encode())
    job = Job(change, base, base)
    new = tuple(lines_of(lines.encode()))
    placement = Placement(start, end, new, Placed.SCOPE, 0.9, "by hand")
    result = source(join([*base.lines[:start], *new, *base.lines[end:]]))
    reasons = checks.of_hunk(job, placement)
    return "; ".join(reasons + checks.of_scope(job, placement, result))


def test_the_right_placement_passes() -> None:
    assert found(7, 8, "	deux(a);\n") == ""


@pytest.mark.parametrize(
    ("start", "end", "lines", "why"),
    [
        (7, 8, "	deux(a));\n", "brackets ()"),
        (7, 8, "	if (a) {\n	deux(a);\n", "brackets {}"),
        (7, 8, "#ifdef X\n	deux(a);\n", "#if and #endif"),
        (7, 8, "	deux(a) +;\n", "no longer parse"),
        (7, 8, "	deux(a);\n	goto nowhere;\n", "goto without its label: nowhere"),
        (4, 8, "	deux(a);\n", "label without a goto: out"),
        (2, 8, "	if (a)\n		goto out;\n	deux(a);\n", "b undeclared"),
        (7, 8, "	deux(a);\r\n", "end their lines"),
        (7, 7, "", "only 0%"),
        (7, 7, "	deux(a);\n", "only 0%"),
    ],
)
def test_a_wrong_one_is_named(start: int, end: int, lines: str, why: str) -> None:
    assert why in found(start, end, lines)


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [((2, 4), (4, 5), True), ((2, 4), (3, 5), False), ((4, 5), (2, 3), False)],
)
def test_hunks_keep_their_order_and_do_not_overlap(
    one: tuple[int, int], other: tuple[int, int], fits: bool
) -> None:
    placements = [Placement(a, b, ("x\n",), Placed.SCOPE, 0.9, "") for a, b in (one, other)]
    assert isinstance(applied(source(BASE.encode()), placements), Source) is fits


def test_context_that_is_all_braces_is_no_base() -> None:
    """Without a base file, a hunk of which hardly a line stands in the target is not merged."""
    change = Change.of(UnifiedDiff.from_string(diff(BASE, BASE.replace("	two(a);\n", "")))[0][0])
    lines = [(("-" if x == "	two(a);\n" else " "), x) for x in BASE.splitlines(True)]
    wide = Change(change.header, 0, tuple(lines), "")
    target = (
        "int f(int a)\n{\n	struct thing *t;\n\n	use(t);\n	two(a);\n	b = more(t);\n}\n"
    )
    attempt = threeway.place(Job(wide, source(target.encode()), None))
    assert isinstance(attempt, Miss)
    assert "without a base" in attempt.why
