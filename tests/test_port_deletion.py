# SPDX-License-Identifier: GPL-2.0-only
"""A patch deletes a file that upstream changed: it goes where it is the same file still."""

from __future__ import annotations

from pathlib import Path

import pytest
from port_fixtures import changed
from series_fixtures import ported

from zpmaint.port.placed import Placed
from zpmaint.port.values import Fate, MemberPort

GOES, STAYS = "drivers/old.c", "drivers/Makefile"
LINES = [f"static int step_{n}(int a)\n{{\n\treturn a + {n};\n}}\n\n" for n in range(12)]
MAKEFILE = b"obj-y += old.o\nobj-y += other.o\n"
BASE = {GOES: "".join(LINES).encode(), STAYS: MAKEFILE}
PATCH = changed(BASE[GOES], None, GOES) + changed(MAKEFILE, b"obj-y += other.o\n", STAYS)


def carried(tmp_path: Path, now: str, base: dict[str, bytes] = BASE) -> MemberPort:
    place = tmp_path / "0001-goes.patch"
    place.write_text(f"Subject: [PATCH] goes\n\n---\n{PATCH}")
    (done,) = ported(place, base, {GOES: now.encode(), STAYS: MAKEFILE})
    return done


CHANGED = {
    "a line is another": "".join(LINES).replace("a + 7", "a - 7"),
    "it has a function more": "".join([*LINES, "int brought(void)\n{\n\treturn 1;\n}\n"]),
    "it has one less": "".join(LINES[:-1]),
    "its last line has no end": "".join(LINES).rstrip("\n"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_it_goes_whatever_little_upstream_changed(tmp_path: Path, case: str) -> None:
    done = carried(tmp_path, CHANGED[case])
    assert done.fate is Fate.PORTED, done.why
    gone = next(file for file in done.files if file.path == GOES)
    assert [hunk.placed for hunk in gone.hunks] == [Placed.SCOPE]
    assert all(hunk.confidence < 0.9 for hunk in gone.hunks)
    assert ("brought" in gone.hunks[0].why) == ("brought" in CHANGED[case])
    # What is written takes away what the target has, not what the base had.
    (tmp_path / "out").mkdir()
    again = tmp_path / "out" / "0001-goes.patch"
    again.write_bytes(done.data)
    (twice,) = ported(again, {}, {GOES: CHANGED[case].encode(), STAYS: MAKEFILE})
    assert twice.fate is Fate.APPLIES, twice.why


def test_another_file_under_its_name_stays(tmp_path: Path) -> None:
    other = "".join(LINES[:5]) + "".join(f"int new_{n};\nint newer_{n};\n" for n in range(20))
    done = carried(tmp_path, other)
    assert done.fate is Fate.CONFLICT
    assert "upstream changed the file that the patch deletes: no more than" in done.why


def test_without_the_base_nothing_tells_that_it_is_the_same(tmp_path: Path) -> None:
    done = carried(tmp_path, CHANGED["a line is another"], base={})
    assert done.fate is Fate.CONFLICT
    assert "upstream changed the file that the patch deletes" in done.why
