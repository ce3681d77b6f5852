"""The checks alone, on placements that a careless strategy might make."""

from __future__ import annotations

import pytest
from unidiff.patch import PatchSet as UnifiedDiff

from tests.port_fixtures import PATH, diff
from zpmaint.port import checks
from zpmaint.port.hunks import Change
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import source
from zpmaint.port.text import join, lines_of

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
    placement = Placement(start, end, new, "scope", 0.9, "by hand")
    result = source(join([*base.lines[:start], *new, *base.lines[end:]]))
    reasons = checks.of_hunk(PATH, job, placement)
    return "; ".join(reasons + checks.of_scope(PATH, job, placement, result))


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
