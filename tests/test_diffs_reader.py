# SPDX-License-Identifier: GPL-2.0-only
"""A patch file in pieces: every byte kept, every extended header understood, damage named."""

from __future__ import annotations

import pytest

from zpmaint.core.errors import UserError
from zpmaint.diffs.reader import read_patch

PLAIN = "--- a/mm/x.c\n+++ b/mm/x.c\n@@ -1,3 +1,3 @@ int f(void)\n a\n-b\n+B\n c\n"


def test_prose_and_diffs_give_the_file_back() -> None:
    text = (
        "From: A <a@example.org>\nSubject: x\n\n@@ not a hunk\n--- not a diff\n---\n"
        + " mm/x.c | 2 +-\n\n"
        + "Index: linux/mm/x.c\n"
        + "=" * 67
        + "\n"
        + PLAIN
        + "between\n"
        + PLAIN.replace("x.c", "y.c")
        + "-- \n2.39\n\n"
    )
    read = read_patch(text, "x")
    assert read.text() == text
    assert [d.paths for d in read.diffs] == [("mm/x.c",), ("mm/y.c",)]
    assert read.diffs[0].head[0] == "Index: linux/mm/x.c\n"
    assert read.pieces[-1] == "-- \n2.39\n\n"
    assert read.diffs[0].parsed[0].section_header == "int f(void)"


@pytest.mark.parametrize(
    ("head", "old", "new"),
    [
        ("diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n", "x", "y"),
        ("diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n", "x", "y"),
        ("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", "x", "x"),
        ("diff --git a/x b/x\nnew file mode 100644\nindex 000000..e69de29\n", None, "x"),
        ("diff --git a/x b/x\ndeleted file mode 100644\nindex e69de29..0000000\n", "x", None),
        ("diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n", "x", "x"),
        (
            "diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 1\nIcmV\n\n"
            "literal 1\nIcmV\n\n",
            "x",
            "x",
        ),
        ("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n", None, "x"),
        ("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", "x", None),
        ("--- linux.orig/x\t2007-01-01\n+++ linux/x\t2007-01-02\n@@ -1 +1 @@\n-a\n+b\n", "x", "x"),
        ("--- a/x.orig\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "x", "x"),
    ],
)
def test_what_a_head_says(head: str, old: str | None, new: str | None) -> None:
    text = f"words\n\n{head}-- \n2.39\n"
    read = read_patch(text, "x")
    assert read.text() == text
    [diff] = read.diffs
    assert (diff.old, diff.new) == (old, new)


def test_strip_levels() -> None:
    text = PLAIN.replace("a/mm", "mm").replace("b/mm", "mm")
    assert read_patch(text, "x", 0).diffs[0].new == "mm/x.c"
    deep = PLAIN.replace("a/mm", "linux/old/mm").replace("b/mm", "linux/new/mm")
    assert read_patch(deep, "x", 2).diffs[0].new == "mm/x.c"


def test_ends_of_lines_and_files() -> None:
    text = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+\xff\n"
    read = read_patch(text, "x")
    assert read.text() == text
    assert next(line.value for line in read.diffs[0].parsed[0]) == "a\r\n"
    # An editor ate the blank of an empty context line; patch and git take that.
    eaten = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n"
    assert [h.value for h in read_patch(eaten, "x").diffs[0].parsed[0]] == [
        "a\n",
        "\n",
        "b\n",
        "c\n",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (PLAIN.replace("+B\n c\n", ""), "ends early"),
        (PLAIN.replace("mm/x.c", "../x.c"), "leads out"),
        (PLAIN.replace("a/mm", "/mm"), "no path that -p1"),
        (PLAIN.replace("mm/x.c", ".git/hooks/x"), "git repository"),
        (PLAIN.replace("@@ -1,3", "@@ -1,x"), "not a hunk header"),
        ("*** a/x\n--- b/x\n***************\n", "context diff"),
        ('--- "a/\\303"\n+++ "b/\\303"\n@@ -1 +1 @@\n-a\n+b\n', "quoted"),
    ],
)
def test_damage_is_named(text: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        read_patch(text, "p.patch")
    assert "p.patch: line" in caught.value.what
