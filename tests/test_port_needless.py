# SPDX-License-Identifier: GPL-2.0-only
"""What of a patch the target has nothing of: left out where that is evident and not all of it."""

from __future__ import annotations

import pytest
from port_fixtures import diff

from zpmaint.port.one_file import port_file
from zpmaint.port.parsed import files_of
from zpmaint.port.placed import Placed
from zpmaint.port.values import FilePort


def ported(base: str, patched: str, target: str) -> FilePort:
    return port_file(files_of(diff(base, patched))[0], base.encode(), target.encode())


def placed(port: FilePort) -> list[Placed]:
    return [hunk.placed for hunk in port.hunks]


TABLE = (
    "static struct row names[] = {{\n{}}};\n\nint main(int a)\n{{\n\treturn look(names, a);\n}}\n"
)


def rows(*names: str) -> str:
    return TABLE.format("".join(f'\t{{ KIND_{n}, "{n} one", 0 }},\n' for n in names))


def short(text: str, *names: str) -> str:
    for name in names:
        text = text.replace(f"{name} one", name.lower())
    return text


def test_a_row_that_the_target_does_not_have_is_left_out_of_the_hunk() -> None:
    base, target = rows("PLAIN", "DOTS", "TV", "SUB", "EDP"), rows("PLAIN", "DOTS", "TV", "SUB")
    done = ported(base, short(base, "PLAIN", "DOTS", "TV", "EDP"), target)
    assert done.result == short(target, "PLAIN", "DOTS", "TV").encode()
    assert placed(done) == [Placed.PIECES] and "KIND_EDP" in done.hunks[0].why


def test_where_it_is_all_that_the_patch_does_a_person_has_to_say() -> None:
    base = rows("PLAIN", "DOTS", "TV", "EDP")
    done = ported(base, short(base, "EDP"), rows("PLAIN", "DOTS", "TV"))
    assert done.result is None and placed(done) == [Placed.CONFLICT]


def test_a_row_that_may_have_become_another_is_not_left_out() -> None:
    base, target = rows("PLAIN", "DOTS", "TV", "SUB", "EDP"), rows("PLAIN", "DOTS", "TV", "SUB")
    target = target.replace("};", '\tROW_OF(KIND_OTHER, one, "edp"),\n};', 1)
    assert ported(base, short(base, "PLAIN", "DOTS", "TV", "EDP"), target).result is None


PLAIN = "int f(int a)\n{\n\tone(a);\n\ttwo(a);\n\treturn 0;\n}\n"
SPACED = "int g(int a)\n{\n\tif (a)\n\t\treturn 1;\n\tput (a, b, c);\n\treturn a;\n}\n"
CUT = SPACED.replace("\tput (a, b, c);\n", "")
BETWEEN = "".join(f"#define V_{n} {n}\n" for n in range(9))


def test_white_space_of_a_line_that_is_gone() -> None:
    base = PLAIN + BETWEEN + SPACED
    patched = base.replace("two(a)", "two(a, 1)").replace("put (", "put(")
    done = ported(base, patched, PLAIN + BETWEEN + CUT)
    assert done.result == (PLAIN + BETWEEN + CUT).replace("two(a)", "two(a, 1)").encode()
    assert placed(done)[1] is Placed.GONE and done.hunks[1].confidence <= 0.6


ERASED = "int g(int a)\n{\n\tif (a == OLD_MOST)\n\t\tstop(a);\n\tfor_all(a);\n\treturn a;\n}\n"


@pytest.mark.parametrize(
    ("more", "clean"),
    [("", True), ("\nint h(int a)\n{\n\treturn a == OLD_MOST;\n}\n", False)],
)
def test_a_name_that_the_patch_does_away_with(more: str, clean: bool) -> None:
    """What is left out may not be what the target would need."""
    first = PLAIN.replace("two(a)", "two(a, OLD_MOST)")
    base = first + BETWEEN + ERASED
    patched = base.replace("OLD_MOST", "NEW_MOST - 1")
    target = first + BETWEEN + ERASED.replace("\tif (a == OLD_MOST)\n\t\tstop(a);\n", "") + more
    done = ported(base, patched, target)
    wanted = target.replace("OLD_MOST", "NEW_MOST - 1").encode()
    assert done.result == (wanted if clean else None)


def test_a_function_that_is_not_in_the_file_may_be_in_another() -> None:
    base = PLAIN + BETWEEN + ERASED
    patched = base.replace("two(a)", "two(a, 1)").replace("OLD_MOST", "NEW_MOST - 1")
    assert ported(base, patched, PLAIN + BETWEEN).result is None
