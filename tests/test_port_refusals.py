# SPDX-License-Identifier: GPL-2.0-only
"""What the engine must never call a port: lost intent, dead names, broken code, half a patch."""

from __future__ import annotations

import pytest
from port_fixtures import PATH, V, anchor, carry, diff, outcome, patchset, placed
from test_port_strategies import FAULT, HEAD, PATCHED

from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.patchset.values import Adoption
from zpmaint.port.engine import candidates, port
from zpmaint.port.values import State

ADOPTED = (Adoption(Era(V("2.6.24-rc1"), V("2.6.32-rc1")), ("557ed1fa2620",), "taken"),)

CHECKED = FAULT.replace(
    "		add_anon(", "		if (!none(vma))\n			goto oom;\n		add_anon("
)
CHECKED_PATCHED = PATCHED.replace(
    "	add_anon(", "	if (unlikely(!none(vma)))\n		goto oom;\n	add_anon("
)
UPSTREAMS = CHECKED_PATCHED.replace("unlikely(!none(vma))", "!none(vma)")
"""What upstream made of it: the change without the unlikely()."""
REINSTATED = UPSTREAMS.replace(
    "	/* A page of our own. */\n",
    "	if (!write) {\n		entry = special(zero_pfn(vma));\n		lock(vma);\n"
    "		get_page(page);\n		goto setpte;\n	}\n\n"
    "	/* A page of our own. */\n",
).replace("	set_pte(", "setpte:\n	set_pte(")


def adopted_port(target: str, version: str, adoptions: tuple[Adoption, ...] = ADOPTED):
    return carry(
        HEAD + CHECKED,
        HEAD + CHECKED_PATCHED,
        HEAD + target,
        adoptions=adoptions,
        version=version,
    )


def test_upstream_by_evidence_and_declaration() -> None:
    ported = adopted_port(UPSTREAMS, "2.6.24")
    assert ported.state is State.UPSTREAM
    assert placed(ported) == ["upstream"]
    assert ported.patch == ""


def test_a_declaration_without_evidence_is_a_conflict() -> None:
    ported = adopted_port(CHECKED, "2.6.24")
    assert ported.state is State.CONFLICT
    assert "adopted" in ported.why
    assert ported.patch == ""


def test_evidence_without_a_declaration_is_a_conflict() -> None:
    ported = adopted_port(UPSTREAMS, "2.6.22")
    assert ported.state is State.CONFLICT
    assert "declares no adoption" in ported.why


def test_the_whole_post_image_in_the_target_is_evidence_enough() -> None:
    ported = adopted_port(CHECKED_PATCHED, "2.6.22", adoptions=())
    assert ported.state is State.UPSTREAM


@pytest.mark.parametrize("target", [UPSTREAMS, REINSTATED])
def test_what_is_left_of_an_adopted_change_is_never_a_port(target: str) -> None:
    """The trap: after the adoption only an unlikely() is left, and it would merge cleanly onto
    every later kernel, the reinstated zero page included."""
    residue = target.replace("	if (!none(vma))", "	if (unlikely(!none(vma)))")
    for adoptions in ((), ADOPTED):
        ported = adopted_port(target, "2.6.33", adoptions)
        assert ported.state is State.CONFLICT
        assert outcome(ported) != HEAD + residue and ported.patch == ""


def test_a_rewritten_function_is_no_adoption() -> None:
    """Nothing of what the patch removes is left in it, and nothing of what it leaves either."""
    rewritten = (
        "static int fault(struct vma *vma, int write)\n{\n	struct folio *folio = grab(vma);\n\n"
        "	if (is_special(folio, write))\n		return map_special(folio);\n"
        "	return finish(folio, vma);\n}\n"
    )
    assert adopted_port(rewritten, "2.6.24").state is State.CONFLICT


def test_the_reinstated_code_is_no_adoption() -> None:
    assert adopted_port(REINSTATED, "2.6.24").state is State.CONFLICT


def test_half_a_patch_is_no_patch() -> None:
    """One hunk fits, the other cannot: nothing comes out, whole files of the patch included."""
    base = HEAD + FAULT
    patched = HEAD.replace("	prepare(a);\n", "	prepare(a, 1);\n") + PATCHED
    target = HEAD + FAULT.replace("		get_page(page);\n	", "	").replace(
        "	if (write) {", "	switch (write) {\n	case 1:"
    )
    other = "int x;\n"
    patch = diff(base, patched) + diff(other, "int y;\n", "mm/other.c")
    ported = port(
        patchset(anchor(patch)),
        V("2.6.21"),
        {"a": {PATH: base.encode(), "mm/other.c": other.encode()}},
        {PATH: target.encode(), "mm/other.c": other.encode()},
    )
    assert ported.state is State.CONFLICT
    assert ported.patch == ""
    assert [file.result for file in ported.files] == [None, None]
    assert placed(ported).count("conflict") == 1


def test_a_hunk_in_the_target_beside_one_that_is_not() -> None:
    base = HEAD + FAULT
    new = HEAD.replace("	prepare(a);\n", "	prepare(a);\n	extra(a);\n")
    ported = carry(base, new + PATCHED, new + FAULT)
    assert ported.state is State.CONFLICT


def test_a_dead_name_in_an_added_line() -> None:
    base = "int f(int a)\n{\n	one(a);\n	two(a);\n}\n\nint g(int a)\n{\n	helper(a);\n}\n"
    patched = base.replace("	two(a);\n", "	two(a);\n	helper(a);\n")
    target = base.replace("	helper(a);\n", "	assist(a);\n")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "helper" in ported.why
    assert "adopted" not in ported.why


def test_a_name_that_the_patch_brings_itself_is_no_dead_name() -> None:
    base = "int f(int a)\n{\n	one(a);\n	two(a);\n}\n"
    patched = base.replace("	two(a);\n", "	two(a);\n	brand_new(a);\n")
    assert carry(base, patched, "int x;\n" + base).state is State.APPLIES


def test_a_variable_that_the_target_does_not_declare() -> None:
    base = (
        "int f(int address)\n{\n	one(address);\n	pad();\n	pad2();\n	pad3();\n	two();\n"
        "	three();\n}\n\nint address_of(int address)\n{\n	return address;\n}\n"
    )
    patched = base.replace("	two();\n", "	two();\n	use(address);\n")
    target = (
        base.replace("int f(int address)", "int f(int addr)")
        .replace("	one(address);", "	one(addr, 1, 2);")
        .replace("	three();", "	three(1);")
    )
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "address" in ported.why


def test_a_declaration_still_in_use_does_not_go() -> None:
    base = (
        "int f(void)\n{\n	int tmp;\n	int ret;\n\n	tmp = one();\n	ret = two();\n"
        "	return ret;\n}\n"
    )
    patched = base.replace("	int tmp;\n", "").replace("	tmp = one();\n", "")
    target = base.replace("	ret = two();\n", "	ret = two();\n	more(tmp);\n")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "tmp" in ported.why


def test_a_label_still_in_use_does_not_go() -> None:
    base = (
        "int f(int a)\n{\n	if (a)\n		goto out;\n	one(a);\n	two(a);\n	three(a);\n"
        "	four(a);\nout:\n	five(a);\n	return 0;\n}\n"
    )
    patched = base.replace("	if (a)\n		goto out;\n", "").replace("out:\n", "")
    target = base.replace("	three(a);\n", "	if (three(a))\n		goto out;\n")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "out" in ported.why


def test_a_missing_function() -> None:
    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD)
    assert ported.state is State.CONFLICT
    assert ported.files[0].hunks[0].scope == "fault"


def test_a_renamed_function_is_said_to_be_one() -> None:
    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + FAULT.replace("int fault(", "int flt("))
    assert ported.state.leads_on
    assert all(hunk.scope == "flt" for hunk in ported.files[0].hunks)
    assert all("flt, which fault became" in hunk.why for hunk in ported.files[0].hunks)
    assert ported.confidence < 0.9


def test_the_conflict_shown_is_small() -> None:
    target = (
        FAULT.replace("get_page(page);\n		lock(vma);", "pin(page);")
        .replace(
            "	if (write) {", "	if (write && special(vma) != other) {\n		prepare(vma);"
        )
        .replace("		unmap(vma);\n", "		completely(different);\n		thing(s);\n")
    )
    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + target)
    assert ported.state is State.CONFLICT
    conflict = ported.files[0].conflict
    assert conflict.count("<<<<<<<") >= 1
    assert "(fault)" in conflict
    assert "return ret;" not in conflict and "prepare(a)" not in conflict


# The anchor.


def set_of_two():
    patch = diff(HEAD + FAULT, HEAD + PATCHED)
    return patchset(
        anchor(patch, "old", "2.6.20", Era(None, V("2.6.24-rc1"))),
        anchor(patch, "new", "2.6.32", Era(V("2.6.32-rc1"))),
        adoptions=ADOPTED,
    )


@pytest.mark.parametrize(
    ("version", "first"),
    [
        ("2.6.12", "old"),
        ("2.6.23", "old"),
        ("2.6.24-rc1", "old"),
        ("2.6.31", "old"),
        ("2.6.32-rc1", "new"),
        ("6.12", "new"),
        ("next-20261120", "new"),
    ],
)
def test_candidates(version: str, first: str) -> None:
    found = candidates(set_of_two(), V(version))
    assert [a.name for a in found] == [first, "new" if first == "old" else "old"]


def test_superseded() -> None:
    blobs = {PATH: (HEAD + FAULT).encode()}
    ported = port(set_of_two(), V("2.6.33"), {"old": blobs}, blobs, anchor="old")
    assert ported.state is State.SUPERSEDED
    assert "new" in ported.why and ported.patch == ""
    # before its era nothing supersedes an anchor: it is tried
    assert port(set_of_two(), V("2.6.22"), {}, blobs, anchor="new").state is State.APPLIES


def test_an_unknown_anchor() -> None:
    with pytest.raises(UserError, match="no anchor 'x'"):
        port(set_of_two(), V("2.6.33"), {}, {}, anchor="x")


def test_a_patch_that_is_none() -> None:
    with pytest.raises(UserError, match="no diff"):
        port(patchset(anchor("nothing here\n")), V("2.6.21"), {}, {})
    with pytest.raises(UserError, match="unified diff"):
        port(patchset(anchor("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n")), V("2.6.21"), {}, {})


INSIDE = """int f(int a)
{{
	start(a);
#ifdef CONFIG_A
{}#endif
	middle(a);
	more(a);
	again(a);
#ifdef CONFIG_B
{}#endif
	return a;
}}
"""


def test_a_foreign_if_is_no_place() -> None:
    """The hunk's lines have gone from their #ifdef and stand, letter by letter, in another."""
    lines = "	one(a);\n	two(a);\n	three(a);\n	four(a);\n	five(a);\n	six(a);\n	seven(a);\n"
    base = INSIDE.format(lines, "	b(a);\n")
    patched = INSIDE.format(lines.replace("	four(a);\n", ""), "	b(a);\n")
    target = INSIDE.format("	a(a);\n", lines)
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    # where they stand in both, the right one is taken
    both = INSIDE.format(lines, lines)
    assert outcome(carry(base, patched, both)) == INSIDE.format(
        lines.replace("	four(a);\n", ""), lines
    )


def test_a_new_if_around_the_lines_lowers_the_confidence() -> None:
    target = HEAD + FAULT.replace("	if (write) {", "#ifdef CONFIG_X\n	if (write) {").replace(
        "	}\n\n	set_pte", "	}\n#endif\n\n	set_pte"
    )
    ported = carry(HEAD + FAULT, HEAD + PATCHED, target)
    if ported.state is State.PORTED:
        assert ported.confidence <= 0.6
        assert "#if" in ported.files[0].hunks[0].why
    else:
        assert ported.state is State.CONFLICT


def test_a_mailed_patch_is_an_anchor() -> None:
    mail = (
        "From 1234 Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: [PATCH] x\n\n"
        "---\n mm/toy.c | 9 ---------\n 1 file changed\n\n"
        + diff(HEAD + FAULT, HEAD + PATCHED)
        + "-- \n2.39.5\n\n"
    )
    blob = {PATH: (HEAD + FAULT).encode()}
    assert port(patchset(anchor(mail)), V("2.6.20"), {}, blob).state is State.APPLIES
