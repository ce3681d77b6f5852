# SPDX-License-Identifier: GPL-2.0-only
"""What a patch may be: each fault in one line, with file, line and what to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.diffs.check import checked_patch

GOOD = """\
From: someone

Prose, and a list:
- one
---
 mm/a.c | 2 +-

diff --git a/mm/a.c b/mm/a.c
index 0123456..789abcd 100644
--- a/mm/a.c
+++ b/mm/a.c
@@ -1,3 +1,3 @@ int f(struct averylongname *one, struct averylongname *two, int three)
 a
-b
+c

@@ -9 +9,2 @@
 x
+y
--- /dev/null
+++ b/mm/new.c
@@ -0,0 +1 @@
+n
\\ No newline at end of file
--\x20
2.30
"""


def test_a_good_patch_is_parsed() -> None:
    files = checked_patch(GOOD, "x.patch")
    assert [f.path for f in files] == ["mm/a.c", "mm/new.c"]
    assert [(len(f), f.added, f.removed) for f in files] == [(2, 2, 1), (1, 1, 0)]


def test_lines_end_at_newlines_only() -> None:
    text = "--- a/x/f.c\n+++ b/x/f.c\n@@ -1,2 +1,2 @@\n a\fb\x0b\u2028c\n-\x1c\n+\x85\n"
    (file,) = checked_patch(text, "x.patch")
    assert [line.value for line in file[0]] == ["a\fb\x0b\u2028c\n", "\x1c\n", "\x85\n"]


def test_bytes_that_are_no_utf8_are_taken() -> None:
    text = to_text(b"--- a/x/f.c\n+++ b/x/f.c\n@@ -1 +1 @@\n-G\xfcnter\n+b\n")
    assert checked_patch(text, "x.patch")[0][0][0].value == to_text(b"G\xfcnter\n")


_HEAD = "--- a/mm/a.c\n+++ b/mm/a.c\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.patch: empty"),
        ("\n \n", "x.patch: empty"),
        ("prose\n", "x.patch: holds no unified diff"),
        ("<html><body>--- a\n", "holds no unified diff"),
        (_HEAD, "line 3: no hunk follows for mm/a.c"),
        (_HEAD + "@@ -1 +1 @\n-a\n+b\n", "line 3: not a hunk header"),
        (_HEAD + "@@ -1,2 +1 @@\n-a\n+b\n", "line 3: the hunk ends early: 1 old and 0 new"),
        (_HEAD + "@@ -1 +1 @@\n-a\n+b\n+c\n", "line 6: more lines than the hunk header at line 3"),
        (_HEAD + "@@ -1,2 +1,2 @@\n-a\n-b\n-c\n", "line 6: more lines than"),
        (_HEAD + "@@ -1,2 +1,2 @@\na\n-b\n+c\n", "line 4: 'a' is no line of a hunk"),
        (_HEAD + "@@ -1,2 +1,2 @@\n\ta\n-b\n+c\n", "line 4: a context line has lost"),
        (_HEAD + "@@ -1 +1 @@\n a\n", "line 3: the hunk changes nothing"),
        (_HEAD + "@@ -9 +9 @@\n-a\n+b\n@@ -3 +3 @@\n-a\n+b\n", "line 6: the hunk overlaps"),
        ("@@ -1 +1 @@\n-a\n+b\n", "line 1: a hunk without"),
        (_HEAD + "@@ -1 +1 @@\n-a\n+b\n" + _HEAD, "line 6: mm/a.c is there twice"),
        ("--- /etc/a\n+++ /etc/a\n@@ -1 +1 @@\n-a\n+b\n", "line 1: /etc/a is an absolute path"),
        ("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "line 1: a/../x leads out"),
        ("--- /dev/null\n+++ b/m/../../x\n@@ -0,0 +1 @@\n+b\n", "leads out"),
        ("--- a/.git/x\n+++ b/.git/x\n@@ -1 +1 @@\n-a\n+b\n", "leads into a git repository"),
        ("--- a/x/.GIT/x\n+++ b/x/.GIT/x\n@@ -1 +1 @@\n-a\n+b\n", "leads into a git repository"),
        ("--- mm/a.c\n+++ mm/a.c\n@@ -1 +1 @@\n-a\n+b\n", "mm/a.c lacks the prefix"),
        ("--- a.c\n+++ a.c\n@@ -1 +1 @@\n-a\n+b\n", "does not say where"),
        ("--- a/m/a.c 2007-04-06\n+++ b/m/a.c 2007\n@@ -1 +1 @@\n-a\n+b\n", "has blanks in it"),
        ('--- "a/m/a.c"\n+++ "b/m/a.c"\n@@ -1 +1 @@\n-a\n+b\n', "quoted file name"),
        ("--- a/m/a.c\n+++ b/m/b.c\n@@ -1 +1 @@\n-a\n+b\n", "m/a.c becomes m/b.c"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "both sides are /dev/null"),
        ("Binary files a/x and b/x differ\n", "line 1: a binary change"),
        ("diff --git a/x b/x\nGIT binary patch\nliteral 1\n", "line 2: a binary change"),
        ("diff --git a/m/x b/m/y\nrename from m/x\nrename to m/y\n", "line 2: renames a file"),
        ("diff --git a/m/x b/m/x\nold mode 100644\nnew mode 100755\n", "changes a file's mode"),
        ("diff --git a/m/x b/m/x\nnew file mode 120000\n", "creates a link"),
        ("*** a/m/x\n--- b/m/x\n***************\n", "a context diff"),
    ],
)
def test_each_fault_is_one_line_with_file_and_next_step(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        checked_patch(text, "x.patch")
    assert said in caught.value.what
    assert caught.value.what.startswith("x.patch: ")
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(GOOD.split("\n")), st.text(max_size=20)), max_size=30).map(
        "\n".join
    )
)
def test_no_text_ends_in_anything_but_a_patch_or_a_user_error(text: str) -> None:
    try:
        assert len(checked_patch(text, "x.patch")) > 0
    except UserError as error:
        assert "\n" not in str(error)
