# SPDX-License-Identifier: GPL-2.0-only
"""Patches of a queue: what upstream has, deleted, renamed or moved is dropped or followed."""

from __future__ import annotations

from tests.port_fixtures import PATH, V, anchor, carry, diff, outcome, patchset, placed
from zpmaint.port.engine import port
from zpmaint.port.terms import STRICT, YIELDING, Offer, Terms
from zpmaint.port.values import Port, State

FILE = """#include <linux/one.h>

int helper(int a)
{
	return a + 1;
}

int work(int a)
{
	first(a);
	second(a);
	third(a);
	return helper(a);
}

int other(int a)
{
	fourth(a);
	fifth(a);
	sixth(a);
	return a;
}
"""
PATCHED = FILE.replace("	second(a);\n", "	second(a);\n	mine(a, 1);\n").replace(
    "	sixth(a);\n", "	sixth(a);\n	mine(a, 2);\n"
)


def carried(
    target: str | None,
    *,
    base: str = FILE,
    patched: str = PATCHED,
    terms: Terms = YIELDING,
) -> Port:
    chosen = patchset(anchor(diff(base, patched)))
    there = None if target is None else target.encode()
    return port(chosen, V("2.6.21"), {"a": {PATH: base.encode()}}, {PATH: there}, terms=terms)


def offers(*files: tuple[str, str]) -> tuple[Offer, ...]:
    return tuple(Offer(path, text.encode(), "it looks so") for path, text in files)


def test_a_hunk_that_upstream_has_is_dropped() -> None:
    target = FILE.replace("	second(a);\n", "	second(a);\n	mine(a, 1);\n")
    ported = carried(target)
    assert ported.state is State.PORTED
    assert outcome(ported) == PATCHED
    assert placed(ported)[0] == "upstream"
    assert "1 upstream has" in ported.why
    assert "+	mine(a, 1);" not in ported.patch
    assert carried(target, terms=STRICT).state is State.CONFLICT


def test_a_patch_that_upstream_has_is_upstream() -> None:
    ported = carried(PATCHED.replace("linux/one", "linux/two"))
    assert ported.state is State.UPSTREAM
    assert ported.patch == ""


def test_alike_is_not_had() -> None:
    """Upstream calls it with other arguments: no evidence, however alike."""
    target = FILE.replace("	second(a);\n", "	second(a);\n	mine(a, 3);\n")
    assert "upstream" not in placed(carried(target))


def test_had_in_another_function_is_not_had() -> None:
    target = FILE.replace("	fourth(a);\n", "	fourth(a);\n	mine(a, 1);\n")
    assert "upstream" not in placed(carried(target))


def test_had_in_another_order_is_not_had() -> None:
    patched = FILE.replace("	second(a);\n", "	second(a);\n	one();\n	two();\n")
    target = FILE.replace("	second(a);\n", "	second(a);\n	two();\n	one();\n")
    assert "upstream" not in placed(carried(target, patched=patched))


def test_a_reworded_line_is_not_gone() -> None:
    """The patch deletes a line that upstream only rewrote."""
    patched = FILE.replace("	second(a);\n", "")
    target = FILE.replace("	second(a);\n", "	err = second(a);\n")
    assert carried(target, patched=patched).state is State.CONFLICT
    ported = carried(FILE.replace("	second(a);\n", "").replace("/one", "/two"), patched=patched)
    assert ported.state is State.UPSTREAM


def test_a_file_that_upstream_deleted() -> None:
    ported = carried(None)
    assert ported.state is State.UPSTREAM
    assert set(placed(ported)) == {"gone"}
    assert ported.confidence < 0.7
    assert carried(None, terms=STRICT).state is State.CONFLICT


def test_an_edit_of_a_line_that_is_gone() -> None:
    base = FILE.replace("one.h>\n", 'one.h>\nNAME(mode, "x-y");\n')
    patched = base.replace('"x-y"', '"x-z"')
    gone = carried(FILE, base=base, patched=patched)
    assert gone.state is State.UPSTREAM
    assert placed(gone) == ["gone"]
    reworded = base.replace('NAME(mode, "x-y");', 'NAMES(mode, NULL, "x-y", 0);')
    assert outcome(carried(reworded, base=base, patched=patched)) == reworded.replace("x-y", "x-z")


def test_strict_is_the_default() -> None:
    """What is left of an adopted change merges cleanly and means nothing: no port."""
    target = FILE.replace("	second(a);\n", "	second(a);\n	mine(a, 1);\n")
    assert carry(FILE, PATCHED, target).state is State.CONFLICT


def test_a_file_that_moved_is_followed_and_says_so() -> None:
    target = FILE.replace("linux/one", "linux/two")
    terms = Terms(yields=True, offers=offers(("mm/new.c", target), ("mm/no.c", "int x;\n")))
    ported = carried(None, terms=terms)
    assert ported.state is State.PORTED
    assert [file.path for file in ported.files] == ["mm/new.c"]
    assert all("moved from mm/toy.c to mm/new.c" in h.why for h in ported.files[0].hunks)
    assert ported.confidence <= 0.8
    assert "+++ b/mm/new.c" in ported.patch
    assert outcome(ported) == PATCHED.replace("linux/one", "linux/two")


def test_a_file_that_was_split_is_followed_hunk_by_hunk() -> None:
    at = FILE.index("int other")
    terms = Terms(offers=offers(("mm/a.c", FILE[:at]), ("mm/b.c", FILE[at:])))
    ported = carried(None, terms=terms)
    assert sorted(file.path for file in ported.files) == ["mm/a.c", "mm/b.c"]


def test_a_function_that_moved_is_followed() -> None:
    at = FILE.index("int other")
    terms = Terms(offers=offers(("mm/b.c", FILE[at:])))
    ported = carried(FILE[:at], terms=terms)
    assert [file.path for file in ported.files] == ["mm/toy.c", "mm/b.c"]


def test_a_file_that_was_copied_is_not_guessed() -> None:
    terms = Terms(offers=offers(("mm/a.c", FILE), ("mm/b.c", FILE)))
    assert carried(None, terms=terms).state is State.CONFLICT


def test_a_name_that_the_tree_is_known_to_have() -> None:
    """The file no longer uses a name that the patch does: only the tree can tell."""
    base = FILE.replace("	third(a);\n", "	third(a);\n	pr_note(a);\n")
    patched = base.replace("	fifth(a);\n", "	fifth(a);\n	pr_note(2);\n")
    target = base.replace("	pr_note(a);\n", "")
    asked: list[str] = []

    def exists(name: str) -> bool:
        asked.append(name)
        return True

    blind = carried(target, base=base, patched=patched, terms=STRICT)
    assert blind.confidence <= 0.8
    assert "was not checked" in blind.files[0].hunks[0].why
    seen = carried(target, base=base, patched=patched, terms=Terms(exists=exists))
    assert seen.confidence > 0.9
    assert set(asked) == {"pr_note"}
    gone = carried(target, base=base, patched=patched, terms=Terms(exists=lambda name: False))
    assert gone.state is State.CONFLICT
    assert "pr_note" in gone.why


def test_a_name_whose_definition_is_gone() -> None:
    patched = FILE.replace("	fifth(a);\n", "	fifth(a);\n	helper(a);\n")
    at, end = FILE.index("int helper"), FILE.index("int work")
    target = (FILE[:at] + FILE[end:]).replace("helper(a)", "a")
    ported = carried(target, patched=patched)
    assert ported.state is State.CONFLICT
    assert "helper" in ported.why


def test_paths_are_what_p1_makes_of_them() -> None:
    patch = diff(FILE, PATCHED).replace("--- a/", "--- linux.orig/").replace("+++ b/", "+++ linux/")
    chosen = patchset(anchor(patch))
    ported = port(chosen, V("2.6.21"), {"a": {PATH: FILE.encode()}}, {PATH: FILE.encode()})
    assert ported.state is State.APPLIES
    assert ported.files[0].path == PATH
