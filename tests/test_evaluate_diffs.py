# SPDX-License-Identifier: GPL-2.0-only
"""Patches taken apart into files, byte for byte."""

from __future__ import annotations

from evaluate_fixtures import numbered, patch

from zpmaint.evaluate.diffs import split


def test_files_and_prose() -> None:
    text = patch(("a.c", "x\n", "y\n"), ("b/c.h", "x\n", "z\n")) + "-- \n2.39\n"
    one, two = split(text.encode())
    assert (one.old, one.new, two.old, two.new) == ("a.c", "a.c", "b/c.h", "b/c.h")
    assert one.text == b"--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-x\n+y\n"
    assert two.text.endswith(b"-x\n+z\n")


def test_any_first_component_is_stripped() -> None:
    (part,) = split(b"--- linux.orig/mm/m.c\t2020-01-01\n+++ linux/mm/m.c\n@@ -1 +1 @@\n-x\n+y\n")
    assert part.paths == ("mm/m.c",)


def test_new_and_deleted() -> None:
    new, gone = split(patch(("n.c", None, "x\n"), ("o.c", "x\n", None)).encode())
    assert (new.old, new.new, new.path) == (None, "n.c", "n.c")
    assert (gone.old, gone.new, gone.path) == ("o.c", None, "o.c")


def test_without_git_headers_dev_null_says_it() -> None:
    new, gone = split(
        b"--- /dev/null\n+++ b/n.c\n@@ -0,0 +1 @@\n+x\n"
        b"--- a/o.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    )
    assert (new.old, new.new, gone.old, gone.new) == (None, "n.c", "o.c", None)


def test_rename_mode_and_binary() -> None:
    renamed, mode, binary = split(
        b"diff --git a/old.h b/new.h\nsimilarity index 100%\nrename from old.h\nrename to new.h\n"
        b"diff --git a/s.sh b/s.sh\nold mode 100644\nnew mode 100755\n"
        b"diff --git a/i.bin b/i.bin\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKcmZQz\n\n"
    )
    assert renamed.renames and renamed.paths == ("old.h", "new.h")
    assert mode.mode and not mode.renames and mode.path == "s.sh"
    assert binary.binary and b"literal 3" in binary.text


def test_a_rename_with_lines_keeps_both_names() -> None:
    (part,) = split(
        b"diff --git a/old.h b/new.h\nrename from old.h\nrename to new.h\n"
        b"--- a/old.h\n+++ b/new.h\n@@ -1 +1 @@\n-x\n+y\n"
    )
    assert part.renames and (part.old, part.new) == ("old.h", "new.h")


def test_removed_lines_that_look_like_a_header() -> None:
    old, new = "-- a\nx\n", "++ b\nx\n"
    (part,) = split(
        patch(
            ("sql", old, new),
        ).encode()
    )
    assert part.path == "sql" and b"\n--- a\n+++ b\n" in part.text


def test_every_byte_of_every_hunk_is_kept() -> None:
    text = patch(("f", numbered(40), numbered(40, l3="x", l30="y"))).encode()
    text = text.replace(b"line 2\n", b"line \xe9\r\n")
    (part,) = split(text)
    assert text.endswith(part.text)
