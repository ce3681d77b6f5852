# SPDX-License-Identifier: GPL-2.0-only
"""A patch as a mail: real `git am` and `patch` take what is written, whatever its words hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zpmaint.core.text import to_bytes
from zpmaint.diffs.ident import UNNAMED, Ident, ident, placeholder
from zpmaint.diffs.mail_form import guarded, mail
from zpmaint.diffs.message import Message, parted, read_message, rfc_date

OLD = "one\ntwo\nthree\nfour\n"
NEW = "one\ntwo\nthree and more\nfour\n"
NAMES = "--- a/mm/toy.c\n+++ b/mm/toy.c\n@@ -1,4 +1,4 @@\n"
DIFF = f"{NAMES} one\n two\n-three\n+three and more\n four\n"
TRAILERS = [("Anchor", "v1 (cut against 2.6.20)"), ("Target", "6.12.107"), ("Confidence", "0.97")]

MISLEADING = {
    "a separator": "words\n---\nmore words",
    "a separator with blanks": "words\n---  \nmore",
    "a diff": f"words\n{DIFF}\nmore",
    "an indented diff": "words\n" + "".join(f"  {line}\n" for line in DIFF.splitlines()) + "more",
    "a diff below X": "words\n" + "".join(f"X{line}\n" for line in DIFF.splitlines()) + "more",
    "a diff in dashes (RFC 934)": "words\n- --- a/o\n- +++ b/o\n- @@ -1 +1 @@\n- -a\n- +b\n",
    "a context diff": "*** a/x\n--- b/x\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n",
    "git's header": "diff --git a/x b/x\nnew file mode 100644",
    "svn's header": "Index: mm/other.c\n=====\nmore",
    "a prerequisite": "Prereq: 4.7.11\nmore",
    "an ed script": "1,2d\n.\nw\nq",
    "a normal diff": "2c2\n< two\n---\n> zwei\n",
    "the next mail": "From a@b Mon Sep 17 00:00:00 2001\nFrom: M <m@b.org>\nSubject: other\n\nx",
    "another author": "From: Mallory <m@example.org>\n\nwords",
    "another subject": "\nSubject: other\nwords",
    "another date": "Date: Mon, 1 Jan 2001 00:00:00 +0000\n\nwords",
    "a bracket": "[PATCH] other\nwords",
    "a comment": "# words\n\n# more",
    "a binary patch": "GIT binary patch\nliteral 3",
    "escapes": "\x1b[31mred\x1b[0m \u202eback\r\nnext",
    "no words": "",
}


def git(folder: Path, *words: str, stdin: bytes = b"") -> str:
    env = {"HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin", "LC_ALL": "C",
           "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org"}  # fmt: skip
    done = subprocess.run(
        ["git", *words], cwd=folder, env=env, input=stdin, capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stderr + done.stdout).decode()
    return done.stdout.decode()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree/mm").mkdir(parents=True)
    folder = tmp_path / "tree"
    (folder / "mm/toy.c").write_text(OLD)
    git(folder, "init", "-q", ".")
    git(folder, "add", "mm")
    git(folder, "-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "-qm", "base")
    return folder


def applied(tree: Path, written: str) -> dict[str, str]:
    """What git made of it; `patch` is held to take it as well."""
    file = tree.parent / "x.patch"
    file.write_bytes(to_bytes(written))
    patched = tree.parent / "patched/mm"
    patched.mkdir(parents=True)
    (patched / "toy.c").write_text(OLD)
    done = subprocess.run(
        ["patch", "-p1", "-F0", "--batch", "-d", str(patched.parent), "-i", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert (patched / "toy.c").read_text() == NEW
    assert sorted(p.name for p in patched.parent.rglob("*")) == ["mm", "toy.c"], done.stdout
    git(tree, "am", "-q", str(file))
    assert (tree / "mm/toy.c").read_text() == NEW
    shown = git(tree, "log", "-1", "--format=%an%x00%ae%x00%aI%x00%s%x00%B")
    names = ("name", "address", "date", "subject", "whole")
    assert git(tree, "rev-list", "--count", "HEAD").strip() == "2"
    return dict(zip(names, shown.rstrip("\n").split("\0"), strict=True))


@pytest.mark.parametrize("text", MISLEADING.values(), ids=MISLEADING)
def test_words_that_look_like_something_else_stay_words(tree: Path, text: str) -> None:
    said = Message("[PATCH 6.12.107] toy: more", "A <a@example.org>", rfc_date("2007-04-16"), text)
    found = applied(tree, mail(said, DIFF, owner="toy", trailers=TRAILERS))
    assert (found["name"], found["address"]) == ("A", "a@example.org")
    assert found["date"] == "2007-04-16T00:00:00+00:00"
    assert found["subject"] == "toy: more"
    ends = "\n".join(f"{key}: {value}" for key, value in TRAILERS)
    body = f"{guarded(text)}\n\n{ends}" if guarded(text) else ends
    assert found["whole"].strip("\n") == f"toy: more\n\n{body}"
    for word in text.replace("\x1b", " ").replace("\u202e", " ").split():
        assert word in found["whole"], "the message is whole"
    trailers = git(tree, "interpret-trailers", "--parse", stdin=found["whole"].encode())
    assert trailers.splitlines() == ends.splitlines()


AUTHORS = {
    "J\u00f6rg M\u00fcller <joerg@example.org>": ("J\u00f6rg M\u00fcller", "joerg@example.org"),
    '"Miller, O." <o@example.org>': ("Miller, O", "o@example.org"),
    "a@example.org (A. Name)": ("A. Name", "a@example.org"),
    "<a@example.org>": ("a@example.org", "a@example.org"),
    "the author of the post, who gives no name": (
        "the author of the post, who gives no name", "unknown@a-set.invalid",
    ),
    "w " * 100: ("w " * 29 + "w", "unknown@a-set.invalid"),
    "me@home, at times": ("me at home, at times", "unknown@a-set.invalid"),
    "x <not an address> y": ("x not an address y", "unknown@a-set.invalid"),
    "...": (UNNAMED, "unknown@a-set.invalid"),
    "": (UNNAMED, "unknown@a-set.invalid"),
    "A\nSubject: other <a@example.org>": ("A Subject: other", "a@example.org"),
    "\u4e2d\u6587" * 30 + " <c@example.org>": ("\u4e2d\u6587" * 10, "c@example.org"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "wanted"), AUTHORS.items(), ids=range(len(AUTHORS)))
def test_every_author_is_an_ident_to_git(tree: Path, said: str, wanted: tuple[str, str]) -> None:
    subject = "toy: \u00fcber " + "a long subject, " * 8
    message = Message(f"[PATCH] {subject}", said, "", "words")
    found = applied(tree, mail(message, DIFF, owner="A set", trailers=TRAILERS))
    assert (found["name"], found["address"]) == wanted
    assert found["subject"] == subject.strip()


@given(st.text(max_size=90))
def test_no_author_is_made_up(said: str) -> None:
    found = ident(said, "set")
    assert found.name or "@" in said
    assert len(found.name.encode()) <= 60
    assert not set("<>@\n\0") & set(found.name)
    assert found.field.isascii() and "\n\n" not in found.field
    if found.address not in said:
        assert found.address == placeholder("set")


@given(st.text(alphabet=st.sampled_from("-+@* \tX0ad,.\nFrom:Indexdf/g1"), max_size=80))
def test_no_line_of_a_message_is_a_diff(text: str) -> None:
    lines = guarded(text).split("\n")
    whole = mail(Message("s", "A <a@b.c>", "", text), DIFF, owner="x", trailers=TRAILERS)
    assert parted(whole, "x")[1] == DIFF and "---" not in lines


def test_the_diff_is_the_same_bytes_and_odd_ones_are_kept(tree: Path) -> None:
    odd = NAMES.encode() + b" one\n two\n-three\n+caf\xe9 \xff\n four\n"
    text = odd.decode("utf-8", "surrogateescape")
    written = to_bytes(mail(Message("s", "A <a@example.org>"), text, owner="x", trailers=TRAILERS))
    assert written.endswith(b"\n---\n" + odd)
    (tree.parent / "x.patch").write_bytes(written)
    git(tree, "am", "-q", str(tree.parent / "x.patch"))
    assert (tree / "mm/toy.c").read_bytes() == b"one\ntwo\ncaf\xe9 \xff\nfour\n"


def test_line_ends_that_git_would_take_away_are_told(tree: Path) -> None:
    diff = DIFF.replace("\n", "\r\n").replace("toy.c\r", "toy.c").replace("@@\r", "@@")
    (tree / "mm/toy.c").write_bytes(OLD.replace("\n", "\r\n").encode())
    git(tree, "-c", "user.name=B", "-c", "user.email=b@b.b", "commit", "-qam", "line ends")
    written = mail(Message("s", "A <a@example.org>"), diff, owner="x", trailers=[])
    assert "\nLine-ends: lines of the diff end in CR LF: git am --keep-cr\n---\n" in written
    (tree.parent / "x.patch").write_bytes(written.encode())
    git(tree, "am", "-q", "--keep-cr", str(tree.parent / "x.patch"))
    assert (tree / "mm/toy.c").read_bytes() == NEW.replace("\n", "\r\n").encode()


HEADS = {
    "a mail": (
        "From 0123 Mon Sep 17 00:00:00 2001\nFrom: =?utf-8?q?J=C3=B6rg?= <j@example.org>\n"
        "Date: Wed, 28 Mar 2007 12:00:00 +0200\nSubject: [PATCH 1/2] a\n change\nTo: list\n\n"
        "words\n\nSigned-off-by: J <j@example.org>\n---\n x | 2 +-\n\n",
        Message("[PATCH 1/2] a change", "J\u00f6rg <j@example.org>",
                "Wed, 28 Mar 2007 12:00:00 +0200", "words\n\nSigned-off-by: J <j@example.org>"),
    ),
    "a mail that was sent on": (
        "From: S <s@example.org>\nSubject: [PATCH] a\n\nFrom: Author <a@example.org>\n\nwords\n",
        Message("[PATCH] a", "Author <a@example.org>", "", "words"),
    ),
    "latin-1": (
        b"From: A <a@example.org>\nSubject: a\nContent-Type: text/plain; charset=iso-8859-15\n\n"
        b"5 \xa4\n".decode("utf-8", "surrogateescape"),
        Message("a", "A <a@example.org>", "", "5 \u20ac"),
    ),
    "Debian's": (
        "Description: a change\n that is good\nAuthor: A <a@example.org>\nLast-Update: 2007-04-16\n"
        "Subject: a\n\n---\n",
        Message("a", "A <a@example.org>", "Mon, 16 Apr 2007 00:00:00 +0000",
                "Description: a change that is good"),
    ),
    "an author further down": (
        "Subject: a\n\nIntent: words\n\nFrom: somebody\nOrigin: a list\n\n",
        Message("a", "somebody", "", "Intent: words\n\nOrigin: a list"),
    ),
    "words": ("just words\nand more\n", Message("", "", "", "just words\nand more")),
    "nothing": ("", Message()),
}  # fmt: skip


@pytest.mark.parametrize(("head", "wanted"), HEADS.values(), ids=HEADS)
def test_every_form_of_words_is_read(head: str, wanted: Message) -> None:
    assert read_message(head) == wanted


def test_what_was_written_is_read_again() -> None:
    said = Message("[PATCH] \u00fc", "J\u00f6rg <j@example.org>", rfc_date("2007-04-16"), "words")
    head, diff = parted(mail(said, DIFF, owner="x", trailers=[]), "x")
    assert (read_message(head), diff) == (said, DIFF)
    assert Ident("", "a@b").field == "<a@b>"


@pytest.mark.parametrize("said", ["", "soon", "16.4.", "1969-12-31", "99999-01-01", "0000-00-00"])
def test_what_is_no_date_is_none(said: str) -> None:
    assert rfc_date(said) == ""
