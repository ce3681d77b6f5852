# SPDX-License-Identifier: GPL-2.0-only
"""Mending: damage a patch, mend it, apply it, compare with the undamaged one byte for byte."""

from __future__ import annotations

import difflib
import os
import random
import subprocess
from pathlib import Path

import mend_damage as damage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.mend.mend import Mended, mend, paths_in
from zpmaint.mend.rebuild import How

PATCHES = Path(__file__).parent.parent / "patches"

TOY = """\
#include <linux/mm.h>

#define toy_loop(x) do {		\\
	toy_step(x);			\\
} while (0)

/*
 * Isn't a comment with a "quote in it
 */
static int toy_fault(struct toy *toy, unsigned long address,
\t\t     int write_access)
{
	struct page *page;
	int ret = 0;

	if (write_access) {
		/* Allocate our own private page. */
		toy_unmap(toy);

		page = toy_alloc(toy, address);
		if (!page)
			goto oom;
		toy->pages += 1;
	} else {
		/* Map the shared page. */
		page = toy_shared(address);
		toy_get(page);
	}

	switch (toy->kind) {
	case TOY_SMALL:
		ret = 1;
		break;
	case TOY_BIG:
	default:
		ret = -1;
	}

	for (; address < toy->end; address++)
		toy_touch(toy, address, page, ret, TOY_TOUCH_ALWAYS | TOY_TOUCH_NOW);

	--toy->users;
	return ret;
oom:
	toy_drop(toy);
	return -ENOMEM;
}

int toy_users(struct toy *toy)
{
	if (toy && toy->users < 5 && toy->users > 1)
		return toy->users;
	return 0;
}
"""

# Each a list of (old, new) pieces; the pieces are unique in TOY.
EDITS: dict[str, list[tuple[str, str]]] = {
    "a block unwrapped": [
        ("	if (write_access) {\n		/* Alloc", "	/* Alloc"),
        ("		toy_unmap(toy);\n\n		page =", "	toy_unmap(toy);\n\n	page ="),
        (
            "		if (!page)\n			goto oom;\n		toy->pages",
            "	if (unlikely(!page))\n		goto oom;\n	toy->pages",
        ),
        (
            "	} else {\n		/* Map the shared page. */\n		page = toy_shared(address);\n"
            "		toy_get(page);\n	}\n",
            "",
        ),
    ],
    "a block wrapped": [
        (
            "	--toy->users;\n	return ret;",
            "	if (toy->users > 0) {\n		--toy->users;\n		return ret;\n	}\n	return 0;",
        ),
    ],
    "a token renamed": [
        ("		ret = 1;", "		ret = TOY_ONE;"),
        (
            "		toy_touch(toy, address, page, ret, TOY_TOUCH_ALWAYS | TOY_TOUCH_NOW);",
            "		toy_touch(toy, address, page, ret, TOY_TOUCH_NEVER | TOY_TOUCH_LATER);",
        ),
    ],
    "a case and a label": [
        (
            "	case TOY_BIG:\n",
            "	case TOY_HUGE:\n		if (ret)\n			ret = 2;\n"
            "		else\n			goto oom;\n		break;\n	case TOY_BIG:\n",
        ),
        ("oom:\n	toy_drop", "unlock:\n	toy_unlock(toy);\noom:\n	toy_drop"),
    ],
    "a function added": [
        (
            "int toy_users(",
            "static void toy_reset(struct toy *toy)\n{\n	int i;\n\n	for (i = 0; i < 4; i++) {\n"
            "		while (toy->busy)\n			cpu_relax();\n		toy->slot[i] = 0;\n	}\n}\n\n"
            "int toy_users(",
        ),
    ],
    "an expression with all of C's marks": [
        (
            "	if (toy && toy->users < 5 && toy->users > 1)\n",
            "	if (toy && toy->users <= 6 && *toy->name != '\"' && toy->users >= 1)\n",
        ),
    ],
}


def edited(*names: str) -> str:
    new = TOY
    for name in names:
        for old_piece, new_piece in EDITS[name]:
            assert new.count(old_piece) == 1, old_piece
            new = new.replace(old_piece, new_piece)
    return new


def diff(old: str, new: str, path: str = "mm/toy.c") -> str:
    return "".join(
        difflib.unified_diff(
            old.splitlines(keepends=True),
            new.splitlines(keepends=True),
            f"a/{path}",
            f"b/{path}",
        )
    )


def mended(posting: str, old: str = TOY) -> Mended:
    return mend(posting, {"mm/toy.c": old.encode()}, name="post.txt", base="2.6.20")


def result(posting: str, old: str = TOY) -> str:
    return damage.applied(old, mended(posting, old).patch)


@pytest.mark.parametrize("edit", EDITS)
def test_an_undamaged_patch_comes_out_the_same_in_effect(edit: str) -> None:
    out = mended(diff(TOY, edited(edit)))
    assert damage.applied(TOY, out.patch) == edited(edit)
    assert out.damage == {}
    assert out.guesses == ()


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("kind", [*damage.BLANKS, *damage.WHOLE, "wrapped", "nbsp"])
def test_one_damage_is_undone(kind: str, edit: str) -> None:
    posting = getattr(damage, kind)(diff(TOY, edited(edit)))
    out = mended(posting)
    assert damage.applied(TOY, out.patch) == edited(edit)
    if kind not in ("surrounded", "wrapped", "trailing_lost", "escaped", "printable"):
        assert out.damage, "what was mended is said"


@settings(max_examples=150, deadline=None)
@given(
    edits=st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=4, unique=True),
    wrap=st.one_of(st.none(), st.integers(56, 80)),
    blanks=st.one_of(st.none(), st.sampled_from(sorted(damage.BLANKS))),
    whole=st.lists(st.sampled_from(sorted(damage.WHOLE)), max_size=2, unique=True),
)
def test_combined_damage_is_undone(
    edits: list[str], wrap: int | None, blanks: str | None, whole: list[str]
) -> None:
    if "printable" in whole:  # the encoding is the outermost layer of a mail
        whole = [*(w for w in whole if w != "printable"), "printable"]
    if "crlf" in whole:
        whole = [*(w for w in whole if w != "crlf"), "crlf"]
    if {"quoted", "quoted_bare", "printable"} & set(whole) and "surrounded" in whole:
        whole.remove("surrounded")
    if {"printable", "crlf"} <= set(whole):
        whole.remove("crlf")
    new = edited(*edits)
    posting = diff(TOY, new)
    if wrap is not None:
        posting = damage.wrapped(posting, wrap)
    if blanks is not None:
        posting = damage.BLANKS[blanks](posting)
    for name in whole:
        posting = damage.WHOLE[name](posting)
    assert result(posting) == new


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("kind", ["blank_context_lost", "double_spaced"])
def test_lost_and_extra_blank_lines_are_right_or_an_error(kind: str, edit: str) -> None:
    posting = getattr(damage, kind)(diff(TOY, edited(edit)))
    try:
        assert result(posting) == edited(edit)
    except UserError as error:
        assert "two ways" in error.what
        assert "\n" not in str(error)


def test_a_lost_blank_context_line_away_from_the_change_is_put_back() -> None:
    new = TOY.replace("		ret = 1;", "		ret = 2;")
    out = mended(damage.blank_context_lost(diff(TOY, new)))
    assert damage.applied(TOY, out.patch) == new
    assert out.damage["blank context line lost"] == 1


def test_a_lost_blank_line_beside_an_added_one_is_never_guessed() -> None:
    posting = "--- a/mm/toy.c\n+++ b/mm/toy.c\n@@ -1,3 +1,4 @@\n a;\n+x;\n b;\n"
    with pytest.raises(UserError, match="two ways") as caught:
        mended(posting, "a;\n\nb;\n")
    assert "line " in caught.value.what


def test_a_line_that_is_not_in_the_base_is_named() -> None:
    posting = diff(TOY, edited("a token renamed")).replace(" 	case TOY_SMALL:", " 	case TUX:")
    with pytest.raises(UserError) as caught:
        mended(posting)
    line = next(i for i, t in enumerate(posting.split("\n"), 1) if "case TUX" in t)
    assert f"post.txt: line {line}:" in caught.value.what
    there = TOY.split("\n").index("	case TOY_SMALL:") + 1
    assert f"mm/toy.c near line {there} of 2.6.20" in caught.value.what


def test_a_hunk_at_an_offset_is_placed_and_said() -> None:
    old = "int before;\n" * 7 + TOY
    out = mended(diff(TOY, edited("a function added")), old)
    assert damage.applied(old, out.patch) == "int before;\n" * 7 + edited("a function added")
    assert any("+7 lines off" in note for note in out.notes)


def test_a_hunk_that_fits_twice_is_an_error() -> None:
    block = "int a;\nint b;\nint c;\n"
    posting = diff(block, block.replace("int b;", "int d;")).replace("-1,3 +1,3", "-90,3 +90,3")
    with pytest.raises(UserError, match="at lines 1, 4"):
        mended(posting, block * 2)


def test_a_place_that_also_reads_a_line_off_with_a_blank_one_lost_is_one_place() -> None:
    """Blank lines around a hunk let it be read a line further down, too; where it reads without any
    damage is where it is."""
    block = "one;\n\ntwo;\n===\n\n\n"
    for old in ("int before;\n" * 7 + block, "int before;\n" * 7 + "\n" + block + "\nint a;\n"):
        new = old.replace("two;\n", "two;\n\nthree;\n")
        posting = diff(block, block.replace("two;\n", "two;\n\nthree;\n"))
        assert result(posting, old) == new


def test_a_line_more_or_less_than_the_header_says_is_an_error() -> None:
    posting = diff(TOY, edited("a token renamed"))
    added = next(t for t in posting.split("\n") if t.startswith("+\t"))
    for changed in (posting.replace(added, f"{added}\n+\tmore();"), posting.replace(added, "", 1)):
        with pytest.raises(UserError) as caught:
            mended(changed)
        assert "\n" not in str(caught.value)


def test_lost_indentation_in_a_makefile_is_an_error_not_a_guess() -> None:
    old = "all:\n\tcc a.c\n\tcc b.c\n\tcc c.c\n"
    posting = damage.leading_eaten(diff(old, old.replace("b.c", "d.c"), "mm/Makefile"))
    with pytest.raises(UserError, match="line 7: the indentation of this added line is lost"):
        mend(posting, {"mm/Makefile": old.encode()})


def test_what_only_changed_blanks_and_lost_them_is_an_error() -> None:
    posting = damage.leading_eaten(diff(TOY, TOY.replace("\ttoy_drop", "        toy_drop")))
    with pytest.raises(UserError, match="changes nothing"):
        mended(posting)


def test_a_guessed_line_is_reported() -> None:
    new = TOY.replace(
        "		toy_get(page);\n", "		toy_get(page,\n			toy_flags(toy));\n"
    )
    out = mended(damage.leading_eaten(diff(TOY, new)))
    assert [g.text.strip() for g in out.guesses] == ["toy_flags(toy));"]
    assert out.sources[How.STYLE] == 1
    assert any("look at mm/toy.c" in note for note in out.notes)


def test_tabs_lost_inside_lines_are_said() -> None:
    old = "#define A\t\t1\n#define B\t\t2\n"
    out = mended(damage.leading_eaten(diff(old, old.replace("2", "3"))), old)
    assert any("tabs may have been lost" in note for note in out.notes)


def test_bytes_that_are_no_utf8_stay_what_they_are() -> None:
    old = TOY.encode().replace(b"the shared page", b"G\xfcnter's page")
    posting = diff(TOY, edited("a token renamed")).replace("the shared page", "Günter's page")
    out = mend(posting, {"mm/toy.c": old})
    assert damage.applied(to_text(old), out.patch) == to_text(
        edited("a token renamed").encode().replace(b"the shared page", b"G\xfcnter's page")
    )


def test_entities_of_a_source_that_holds_entities_stay() -> None:
    old = 'char *a = "&amp;";\nint b = 1 & 2;\nint c;\n'
    new = old.replace("int c;", 'char *c = "&lt;";')
    assert result(diff(old, new), old) == new


def test_no_newline_at_the_end() -> None:
    old = "int a;\nint b;"
    posting = (
        "--- a/mm/toy.c\n+++ b/mm/toy.c\n@@ -1,2 +1,2 @@\n int a;\n-int b;\n"
        "\\ No newline at end of file\n+int c;\n\\ No newline at end of file\n"
    )
    assert mended(posting, old).patch == posting


def test_created_and_deleted_files(tmp_path: Path) -> None:
    posting = (
        "--- /dev/null\n+++ b/mm/new.c\n@@ -0,0 +1,2 @@\n+int f(void);\n+int g(void);\n"
        "--- a/mm/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-int h;\n"
    )
    assert paths_in(posting) == ("mm/new.c", "mm/old.c")
    assert mend(posting, {"mm/new.c": None, "mm/old.c": b"int h;\n"}).patch == posting
    with pytest.raises(UserError, match=r"has no mm/old\.c"):
        mend(posting, {"mm/new.c": None, "mm/old.c": None})
    with pytest.raises(UserError, match="which the base has"):
        mend(posting, {"mm/new.c": b"x\n", "mm/old.c": b"int h;\n"})


def test_paths_lose_prefix_date_and_backup_ending() -> None:
    posting = "--- linux-2.6.20.4/mm/toy.c.orig 2007-04-06 00:23\n+++ linux-2.6.20.4/mm/toy.c 2007"
    assert paths_in(posting + "\n@@ -1 +1 @@\n-a\n+b\n") == ("mm/toy.c",)


_HEAD = "--- a/mm/toy.c\n+++ b/mm/toy.c\n"


@pytest.mark.parametrize(
    ("posting", "said"),
    [
        ("", "empty"),
        ("  \n\n", "empty"),
        ("Hello,\nthis is prose.\n", "no unified diff"),
        ("<html><body><pre>x</pre><p>y</p></body></html>", "an HTML page"),
        ("@@ -1 +1 @@\n-a\n+b\n", "line 1: a hunk without"),
        ("*** a/x 2007\n--- b/x 2007\n***************\n", "a context diff"),
        ("diff --git a/x b/x\nBinary files a/x and b/x differ\n", "a binary change"),
        ("GIT binary patch\nliteral 3\n", "a binary change"),
        ("rename from mm/a.c\nrename to mm/b.c\n", "a rename"),
        ("--- a/../../etc/x\n+++ b/../../etc/x\n@@ -1 +1 @@\n-a\n+b\n", "leads out"),
        ("--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "absolute"),
        ("--- a/.git/config\n+++ b/.git/config\n@@ -1 +1 @@\n-a\n+b\n", "git repository"),
        ("--- mm/toy.c\n+++ mm/toy.c\n@@ -1 +1 @@\n-a\n+b\n", "-p1"),
        ("--- memory.c.orig\n+++ memory.c\n@@ -1 +1 @@\n-a\n+b\n", "does not say where"),
        ("--- a/mm/a.c\n+++ b/mm/b.c\n@@ -1 +1 @@\n-a\n+b\n", "becomes"),
        (_HEAD + "@@ -1 +1 @@\n-a\n+b\n" + _HEAD + "@@ -9 +9 @@\n-a\n+b\n", "there twice"),
        (_HEAD + "@@ -999,2 +999,2 @@\n-nowhere\n+b\n x\n", "'-nowhere' is not in mm/toy.c"),
        (_HEAD + "@@ -99999,4999 +1,1 @@\n-a\n+b\n", "speaks of 4999 lines"),
        (_HEAD + "@@ -3,0 +4 @@\n+b\n", "no context"),
        (_HEAD + "@@ -1,2 +1,2 @@\n", "the hunk ends before"),
    ],
)
def test_bad_input_is_one_line_that_helps(posting: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        mended(posting)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    edit=st.sampled_from(sorted(EDITS)),
    kind=st.sampled_from(["drop", "twice", "swap", "cut"]),
)
def test_a_mangled_posting_is_mended_right_or_refused(seed: int, edit: str, kind: str) -> None:
    """Lines lost, doubled, swapped or the end cut off: never a third result in silence."""
    chance = random.Random(seed)
    lines = diff(TOY, edited(edit)).split("\n")
    at = chance.randrange(2, len(lines) - 1)
    if kind == "drop":
        del lines[at]
    elif kind == "twice":
        lines.insert(at, lines[at])
    elif kind == "swap":
        lines[at], lines[at - 1] = lines[at - 1], lines[at]
    else:
        lines = lines[:at]
    try:
        got = result("\n".join(lines))
    except UserError:
        return
    if kind == "swap":  # two added lines in the other order are another, well-formed patch
        assert sorted(got) == sorted(edited(edit))
    elif kind == "cut":  # whole hunks may be missing: each of the others is as it was
        assert set(got.split("\n")) <= set(edited(edit).split("\n")) | set(TOY.split("\n"))
    else:
        assert got == edited(edit)


# --- The posted patch itself, on the kernel it was made for ---------------------------------------


def kernel_blob(version: str, path: str) -> bytes:
    repo = os.environ.get("ZPMAINT_KERNEL_GIT")
    if not repo:
        pytest.skip("ZPMAINT_KERNEL_GIT names no kernel repository")
    return subprocess.run(
        ["git", "--git-dir", repo, "show", f"v{version}:{path}"], capture_output=True, check=True
    ).stdout


def anchor() -> str:
    return (PATCHES / "no-anon-zero-page/v2.6.20.4.patch").read_text()


@pytest.mark.mirror
def test_patch_takes_the_anchor_without_fuzz_or_offset(tmp_path: Path) -> None:
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/memory.c").write_bytes(kernel_blob("2.6.20", "mm/memory.c"))
    out = subprocess.run(
        ["patch", "-p1", "-F0", "-d", tmp_path],
        input=anchor(),
        capture_output=True,
        check=True,
        text=True,
    )
    assert out.stdout == "patching file mm/memory.c\n"


@pytest.mark.mirror
@pytest.mark.parametrize("kind", [*damage.BLANKS, *damage.WHOLE, "wrapped", "nbsp"])
def test_the_posted_patch_is_mended_to_the_byte(kind: str) -> None:
    """`leading_eaten` is what the page that carries the patch did to it."""
    blob = kernel_blob("2.6.20", "mm/memory.c")
    clean = anchor()[anchor().index("--- a/mm/memory.c") :]
    posting = getattr(damage, kind)(clean)
    out = mend(posting, {"mm/memory.c": blob})
    assert out.patch == clean
    assert out.guesses == ()
