# SPDX-License-Identifier: GPL-2.0-only
"""Each rung of the ladder on toy C: what it carries, and what it refuses."""

from __future__ import annotations

import pytest
from port_fixtures import PATH, V, anchor, carry, diff, outcome, patchset, placed

from zpmaint.port.engine import port
from zpmaint.port.values import State

HEAD = """#include <linux/mm.h>

static int first(int a)
{
	if (a)
		return 1;
	prepare(a);
	return 0;
}

"""

FAULT = """static int fault(struct vma *vma, int write)
{
	struct page *page;
	int ret = 0;

	if (write) {
		/* A page of our own. */
		unmap(vma);

		page = alloc_zeroed(vma);
		if (!page)
			goto oom;

		inc_counter(vma, anon);
		add_anon(page, vma);
	} else {
		/* Map the zero page. */
		page = zero_page(vma);
		get_page(page);
		lock(vma);
		inc_counter(vma, file);
		add_file(page);
	}

	set_pte(vma, page);
	return ret;
oom:
	return -ENOMEM;
}
"""

PATCHED = """static int fault(struct vma *vma, int write)
{
	struct page *page;
	int ret = 0;

	/* A page of our own. */
	unmap(vma);

	page = alloc_zeroed(vma);
	if (!page)
		goto oom;

	inc_counter(vma, anon);
	add_anon(page, vma);

	set_pte(vma, page);
	return ret;
oom:
	return -ENOMEM;
}
"""


def test_exact() -> None:
    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + FAULT)
    assert ported.state is State.APPLIES
    assert placed(ported) == ["exact"]
    assert ported.files[0].hunks[0].scope == "fault"
    assert outcome(ported) == HEAD + PATCHED


def test_offset() -> None:
    ported = carry(HEAD + FAULT, HEAD + PATCHED, "/* new */\n" * 40 + HEAD + FAULT)
    assert ported.state is State.APPLIES
    assert placed(ported) == ["offset"]
    assert ported.files[0].hunks[0].offset == 40
    assert outcome(ported) == "/* new */\n" * 40 + HEAD + PATCHED
    assert "@@ -5" in ported.patch  # refreshed to the target's numbers: 43 + 15 lines down


BODY = """	take(a);
	work(a);
	check(a);
	give(a);
"""


def twice(one: str, two: str) -> str:
    return f"int one(int a)\n{{\n{one}	return 1;\n}}\n\nint two(int a)\n{{\n{two}	return 2;\n}}\n"


def test_a_match_in_another_function_is_not_taken() -> None:
    """Upstream rewrote the function; the hunk's lines stand letter by letter in another one."""
    base = twice(BODY, "	other(a);\n")
    patched = twice(BODY.replace("	check(a);\n", ""), "	other(a);\n")
    target = twice("	all(a);\n	new(a);\n", BODY)
    # the hunk's context must not reach the function's head, or literal matching were safe anyway
    wide = "	x(a);\n" * 4
    base, patched, target = (
        text.replace("	take(a);\n", wide + "	take(a);\n").replace(
            "	give(a);\n", "	give(a);\n" + wide
        )
        for text in (base, patched, target)
    )
    ported = carry(base, patched, target)
    assert target.count("	work(a);\n	check(a);\n") == 1
    assert ported.state is State.CONFLICT
    assert outcome(ported) == "" and ported.patch == ""


def test_a_duplicate_elsewhere_does_not_disturb() -> None:
    base = twice(BODY, BODY)
    patched = twice(BODY, BODY.replace("	check(a);\n", ""))
    # A third copy shifts the numbers so that the hunk's own number points into another function.
    third = "int zero(int a)\n{\n" + BODY + "	return 0;\n}\n\n"
    ported = carry(base, patched, third + base)
    assert ported.state is State.APPLIES
    assert ported.files[0].hunks[0].scope == "two"
    assert outcome(ported) == third + patched


def block(n: int, check: bool = True) -> str:
    return (
        "	lock();\n	a();\n	b();\n"
        + ("	check();\n" if check else "")
        + ("	c();\n	d();\n	unlock();\n")
    )


def test_duplicated_blocks_in_one_function_are_told_apart_by_the_base() -> None:
    frame = "int f(void)\n{{\n{}	mid();\n{}	return 0;\n}}\n"
    base = frame.format(block(1), block(2))
    patched = frame.format(block(1), block(2, check=False))
    target = "int g;\n" + base
    ported = carry(base, patched, target)
    assert outcome(ported) == "int g;\n" + patched


def test_duplicated_blocks_without_a_base_conflict() -> None:
    frame = (
        "int f(void)\n{{\n	pad();\n	pad();\n	pad();\n{}	mid();\n{}	return 0;\n}}\n"
    )
    base = frame.format(block(1), block(2))
    # cut so that both blocks fit the hunk's three lines of context
    patched = frame.format(block(1, check=False), block(2))
    ported = carry(None, patched, base, cut_from=base)
    assert ported.state is State.CONFLICT


TWINS = """#ifdef CONFIG_A
static int f(int a)
{{
	{}
	middle(a);
	return a;
}}
#else
static int f(int a)
{{
	{}
	middle(a);
	return a;
}}
#endif
"""


def test_ifdef_twins_are_not_mistaken_for_one_another() -> None:
    base = TWINS.format("go(a);", "go(a);")
    patched = TWINS.format("go(a);", "stop(a);")
    target = "int x;\n" + TWINS.format("go(a);", "go(a);")
    assert outcome(carry(base, patched, target)) == "int x;\n" + patched
    # gone from its own branch, there in the other: not to be placed there
    target = TWINS.format("go(a);", "completely(other, a);\n	thing(a);")
    assert carry(base, patched, target).state is State.CONFLICT


def test_three_way_where_upstream_edited_the_context() -> None:
    target = FAULT.replace("	int ret = 0;\n", "	int ret = 0, more = 1;\n").replace(
        "	set_pte(vma, page);\n", "	set_pte_at(vma, page);\n"
    )
    wanted = PATCHED.replace("	int ret = 0;\n", "	int ret = 0, more = 1;\n").replace(
        "	set_pte(vma, page);\n", "	set_pte_at(vma, page);\n"
    )
    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + target)
    assert ported.state is State.PORTED
    assert placed(ported) == ["three-way"]
    assert outcome(ported) == HEAD + wanted


def test_identifiers_follow_a_rename() -> None:
    def renamed(text: str) -> str:
        return text.replace("alloc_zeroed(", "alloc_zeroed_movable(").replace("anon)", "ANON)")

    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + renamed(FAULT))
    assert placed(ported) == ["identifiers"]
    assert outcome(ported) == HEAD + renamed(PATCHED)
    assert "alloc_zeroed -> alloc_zeroed_movable" in ported.files[0].hunks[0].why


CALLS = (
    "int f(int a)\n{{\n	one({0}, a);\n	pad(a);\n	pad(b);\n	three(a);\n	pad(c);\n	pad(d);\n"
    "	two({1}, a);\n	four({2}, a);\n}}\n"
)


def test_a_name_with_two_successors_is_no_rename() -> None:
    """An added line must not get the new name where upstream renamed only some of its uses."""
    base = CALLS.format("KEY", "KEY", "KEY")
    patched = base.replace("	three(a);\n", "	three(a, KEY);\n")
    target = CALLS.format("KEY_A", "KEY_B", "KEY_A")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "KEY" in ported.why


def test_a_name_that_lives_on_is_no_rename() -> None:
    base = CALLS.format("KEY", "KEY", "OTHER")
    patched = base.replace("	three(a);\n", "	three(a, KEY);\n")
    target = CALLS.format("KEY_NEW", "KEY", "OTHER")
    # the line beside the change keeps KEY: the change goes in as it is written
    assert outcome(carry(base, patched, target)) == target.replace(
        "	three(a);\n", "	three(a, KEY);\n"
    )


def test_an_addition_whose_surroundings_are_others_is_a_conflict() -> None:
    base = "int f(int a)\n{\n	one(a);\n	two(a);\n	three(a);\n	four(a);\n}\n"
    patched = base.replace("	three(a);\n", "	fresh(a, 1);\n	three(a);\n")
    target = base.replace(
        "	two(a);\n	three(a);\n", "	int b = 7;\n	b += 9 * b;\n	b--;\n"
    )
    assert carry(base, patched, target).state is State.CONFLICT


def test_lines_that_upstream_rewrote_are_no_twins() -> None:
    """What stands where the patch re-indents is other code now: it is not re-indented blindly."""
    target = FAULT.replace(
        "		page = alloc_zeroed(vma);\n		if (!page)\n			goto oom;\n",
        "		folio_batch_init(&fbatch);\n		while (more--)\n			fill(&fbatch);\n",
    )
    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + target)
    assert ported.state is State.CONFLICT
    assert "rewrote" in ported.why


def test_re_indented_lines_follow_upstreams_edit() -> None:
    """diff3 conflicts here: the patch re-indents the very line upstream edits."""

    def edited(text: str) -> str:
        return text.replace("add_anon(page, vma);", "add_anon(page, vma, true);")

    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + edited(FAULT))
    assert placed(ported) == ["scope"]
    assert outcome(ported) == HEAD + edited(PATCHED)


def test_lines_upstream_added_to_an_unwrapped_block_move_along() -> None:
    target = FAULT.replace(
        "		add_anon(", "		if (cgroup)\n			charge(page);\n		add_anon("
    )
    wanted = PATCHED.replace(
        "	add_anon(", "	if (cgroup)\n		charge(page);\n	add_anon("
    )
    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + target)
    assert outcome(ported) == HEAD + wanted
    assert ported.confidence < 0.8


def test_a_deleted_block_that_upstream_edited_inside_goes_and_is_flagged() -> None:
    target = FAULT.replace(
        "		get_page(page);\n", "		get_page_ref(page);\n		count_zero(vma);\n"
    )
    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + target)
    assert outcome(ported) == HEAD + PATCHED
    assert ported.confidence <= 0.6
    assert "deleted block" in ported.files[0].hunks[0].why


def test_a_comment_above_a_deleted_block_goes_with_it() -> None:
    base = (
        "int f(int a)\n{\n	start(a);\n	if (a) {\n		one(a);\n		two(a);\n	}\n"
        "	end(a);\n}\n"
    )
    patched = base.replace("	if (a) {\n		one(a);\n		two(a);\n	}\n", "")
    target = base.replace("	if (a) {", "	/* The special case. */\n	if (a) {").replace(
        "one(a)", "un(a)"
    )
    ported = carry(base, patched, target)
    assert outcome(ported) == patched
    assert "comment" in ported.files[0].hunks[0].why


def test_a_single_deleted_statement_that_upstream_edited_is_a_conflict() -> None:
    base = "int f(int a)\n{\n	one(a);\n	two(a, 1, 2);\n	three(a);\n	return 0;\n}\n"
    patched = base.replace("	two(a, 1, 2);\n", "")
    target = base.replace("two(a, 1, 2)", "two(a, 1, 3)")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "two(a, 1, 3)" in ported.files[0].conflict


def test_words_of_one_line_merge_where_they_do_not_touch() -> None:
    base = "int f(int a)\n{\n	start(a);\n	call(alpha, beta, gamma);\n	end(a);\n}\n"
    patched = base.replace("alpha", "first")
    target = base.replace("gamma", "third")
    assert outcome(carry(base, patched, target)) == target.replace("alpha", "first")
    assert carry(base, patched, base.replace("alpha", "other")).state is State.CONFLICT


def test_additions_at_the_same_spot_conflict() -> None:
    base = "int f(int a)\n{\n	start(a);\n	end(a);\n	return 0;\n}\n"
    patched = base.replace("	end(a);", "	mine(a);\n	end(a);")
    target = base.replace("	end(a);", "	yours(a);\n	end(a);")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "mine(a)" in ported.files[0].conflict and "yours(a)" in ported.files[0].conflict


def test_wide_context_stands_in_for_a_lost_base() -> None:
    """Whole-function context: the hunk itself shows its scope, and is the base."""
    old, new = (HEAD + FAULT).splitlines(True), (HEAD + PATCHED).splitlines(True)
    lead = len(HEAD.splitlines())
    body = "".join(
        [
            f"--- a/{PATH}\n+++ b/{PATH}\n",
            f"@@ -{lead + 1},{len(old) - lead} +{lead + 1},{len(new) - lead} @@\n",
            *(" " + line for line in old[lead : lead + 5]),
            *("-" + line for line in old[lead + 5 : -5]),
            *("+" + line for line in new[lead + 5 : -5]),
            *(" " + line for line in old[-5:]),
        ]
    )
    target = (HEAD * 2 + FAULT).replace("int ret = 0;", "int ret = 1;")
    ported = port(patchset(anchor(body)), V("2.6.21"), {}, {PATH: target.encode()})
    assert ported.state is State.PORTED, ported.why
    assert outcome(ported) == (HEAD * 2 + PATCHED).replace("int ret = 0;", "int ret = 1;")
    assert ported.confidence < 0.9


def test_without_base_and_scope_only_the_literal_place_is_taken() -> None:
    ported = carry(None, HEAD + PATCHED, "int x;\n" + HEAD + FAULT, cut_from=HEAD + FAULT)
    assert ported.state is State.APPLIES and placed(ported) == ["offset"]
    target = HEAD + FAULT.replace("int ret = 0;", "int ret = 1;")
    ported = carry(None, HEAD + PATCHED, target, cut_from=HEAD + FAULT)
    assert ported.state is State.CONFLICT
    assert "base" in ported.files[0].hunks[0].why


def test_a_whole_function_goes_though_upstream_edited_it() -> None:
    helper = "/* Set it. */\nstatic void helper(int a)\n{\n	set(a);\n	inc(a);\n}\n\n"
    base, patched = HEAD + helper + FAULT, HEAD + FAULT
    target = HEAD + helper.replace("	inc(a);\n", "	inc(a, 1);\n") + FAULT
    ported = carry(base, patched, target)
    assert outcome(ported) == patched
    assert ported.confidence <= 0.6


def test_a_function_still_in_use_does_not_go() -> None:
    helper = "/* Set it. */\nstatic void helper(int a)\n{\n	set(a);\n	inc(a);\n}\n\n"
    user = "\nstatic void user(int a)\n{\n	helper(a);\n	other(a);\n}\n"
    base, patched, target = HEAD + helper + FAULT, HEAD + FAULT, HEAD + helper + FAULT + user
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "helper" in ported.why


@pytest.mark.parametrize("rung", ["literal", "threeway", "identifiers", "blocks"])
def test_the_written_patch_names_its_hunks(rung: str) -> None:
    targets = {
        "literal": FAULT,
        "threeway": FAULT.replace("int ret = 0;", "int ret = 1;"),
        "identifiers": FAULT.replace("alloc_zeroed(", "alloc_movable("),
        "blocks": FAULT.replace("get_page(page)", "get_page(page, 1)"),
    }
    ported = carry(HEAD + FAULT, HEAD + PATCHED, HEAD + targets[rung])
    hunk = ported.files[0].hunks[0]
    assert f"in fault: {hunk.placed}" in ported.patch
    assert f"confidence {hunk.confidence:.2f}" in ported.patch


def test_diff_helper_makes_real_patches() -> None:
    assert diff("a\nb\n", "a\nc\n").splitlines()[2:] == ["@@ -1,2 +1,2 @@", " a", "-b", "+c"]


def test_a_name_kept_beside_the_change_is_not_renamed_in_it() -> None:
    base = "int f(a)\n{\n	one(KEY, a);\n	three(a);\n	pad();\n	pad();\n	two(KEY, a);\n}\n"
    patched = base.replace("	three(a);\n", "	three(a, KEY);\n")
    target = base.replace("one(KEY, a)", "one(KEY_NEW, a)")
    ported = carry(base, patched, target)
    assert outcome(ported) == target.replace("	three(a);\n", "	three(a, KEY);\n")


def test_inside_a_block_that_goes_a_head_may_have_become_another() -> None:
    gone = (
        "\tif (!write) {\n\t\tif (!pte_none(*vmf->pte)) {\n\t\t\tupdate(vmf);\n"
        "\t\t\tgoto unlock;\n\t\t}\n\t\tmap(vmf);\n\t}\n"
    )
    base = "int f(int write)\n{\n\tstart(vmf);\n" + gone + "\tmore(vmf);\nunlock:\n\tend(vmf);\n}\n"
    base = base.replace("\tmore(vmf);", "\tif (none)\n\t\tgoto unlock;")
    target = base.replace(
        "if (!pte_none(*vmf->pte)) {",
        "if (!vmf->pte)\n\t\t\tgoto unlock;\n\t\tif (changed(vmf)) {",
    )
    ported = carry(base, base.replace(gone, ""), target)
    assert outcome(ported) == base.replace(gone, "")
    assert ported.confidence <= 0.6
    # The head of what goes is another matter: here it became a loop.
    loop = base.replace("\tif (!write) {", "\twhile (!write) {")
    assert carry(base, base.replace(gone, ""), loop).state is State.CONFLICT


HELPER = "/* Set it. */\nstatic bool helper(int a)\n{\n	set(a);\n	inc(a);\n}\n\n"


def test_a_function_goes_though_upstream_edited_its_head() -> None:
    target = HELPER.replace("static bool helper(int a)", "static void helper(int a, int b)")
    ported = carry(HEAD + HELPER + FAULT, HEAD + FAULT, HEAD + target + FAULT)
    assert outcome(ported) == HEAD + FAULT
    assert ported.confidence <= 0.6
    assert "head" in ported.files[0].hunks[0].why


def test_a_function_that_others_may_call_by_now_does_not_go() -> None:
    target = HELPER.replace("static bool helper(int a)", "bool helper(int a, int b)")
    ported = carry(HEAD + HELPER + FAULT, HEAD + FAULT, HEAD + target + FAULT)
    assert ported.state is State.CONFLICT
    assert "static" in ported.why


CALLER = "static void caller(int a)\n{\n	start(a);\n	helper(a);\n	end(a);\n}\n\n"
OTHER = "static void other(int a)\n{\n	helper(a);\n	more(a);\n}\n"


@pytest.mark.parametrize("base_known", [True, False])
def test_a_function_is_not_left_without_a_user(base_known: bool) -> None:
    base, target = HELPER + CALLER + OTHER, HEAD + HELPER + CALLER
    patched = base.replace("	start(a);\n	helper(a);\n", "	start(a);\n")
    ported = carry(base if base_known else None, patched, target, cut_from=base)
    assert ported.state is State.CONFLICT
    assert "helper would be left without a user" in ported.why
    # With another user in the target it may go, and so may an inline function.
    assert carry(base, patched, target + OTHER).state.leads_on
    inline = target.replace("static bool", "static inline bool")
    assert carry(base, patched, inline + "\n").state.leads_on


def test_what_the_anchor_itself_leaves_without_a_user_stays() -> None:
    """A series may take the call away in one patch and the function in the next."""
    base = HELPER + CALLER
    patched = base.replace("	start(a);\n	helper(a);\n", "	start(a);\n")
    ported = carry(base, patched, HEAD + base)
    assert outcome(ported) == HEAD + patched
