# SPDX-License-Identifier: GPL-2.0-only
"""Anything at all is read, or refused in words: no other error, and in time."""

from __future__ import annotations

import pytest
from growth import assert_grows_like_its_input
from hypothesis import given, settings
from hypothesis import strategies as st
from test_forms import FILES, TREE, diff

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.diffs.opened import mails_in, member
from zpmaint.diffs.thread import chosen
from zpmaint.mend.mend import mend, paths_in

LINES = sorted(
    {line for text in FILES.values() if isinstance(text, str) for line in text.split("\n")}
)
text = st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=12)), max_size=40).map("\n".join)


def read(data: bytes) -> None:
    """All that is done with a file before it meets a tree, and mending."""
    found = [
        member(f"{n}.patch", letter.data, None, letter.said, letter.fault)
        for n, letter in enumerate(one for mail in mails_in(data, "x") for one in mail)
    ]
    for one in chosen(found).members:
        if one.unreadable or one.notes is None:
            continue
        text = one.patch.text()
        if not one.patch.notes:
            assert text == to_text(one.data)
    whole = to_text(data)
    try:
        mend(whole, {path: TREE.get(path, b"") for path in paths_in(whole)})
    except UserError as error:
        assert "\n" not in str(error)


@settings(max_examples=200, deadline=None)
@given(st.one_of(text.map(lambda t: t.encode("utf-8", "surrogatepass")), st.binary(max_size=300)))
def test_anything_is_read_or_refused(data: bytes) -> None:
    read(data)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(FILES)), st.integers(0, 2000), st.integers(0, 40), st.binary(max_size=8)
)
def test_a_form_with_a_piece_replaced(form: str, at: int, size: int, piece: bytes) -> None:
    made = FILES[form]
    data = made.encode() if isinstance(made, str) else made
    read(data[:at] + piece + data[at + size :])


SIZE = 1 << 18
LARGE = {
    "blanks": b" " * SIZE,
    "newlines": b"\n" * SIZE,
    "one line": b"+" * SIZE,
    "brackets": b"<" * SIZE,
    "spans": b"<html><pre>" + b"<span>" * (SIZE // 6),
    "hunk headers": b"--- a/lib/rye.h\n+++ b/lib/rye.h\n" + b"@@ -1 +1 @@\n" * (SIZE // 12),
    "headers of files": b"--- a/lib/rye.h\n+++ b/lib/rye.h\n" * (SIZE // 33),
    "From lines": b"From a@b Mon Sep 17 00:00:00 2001\nSubject: x\n\n" * (SIZE // 46),
    "an endless field": b"Subject: x\n" + b" y\n" * (SIZE // 3),
    "boundaries": b"From: x\nContent-Type: multipart/mixed; boundary=x\n\n"
    + b"--x\n\n" * (SIZE // 5),
    "a large hunk": diff(f"@@ -1,1 +1,{SIZE // 8} @@\n int rye;\n", "lib/rye.h").encode()
    + b"+int n;\n" * (SIZE // 8),
    "words": b"a word and a mail at example.org, " * (SIZE // 34),
    "base64": b"QUJD" * 19 * (SIZE // 77),
    "base64 in lines": (b"QUJD" * 19 + b"\n") * (SIZE // 77),
    "markers": b"-----BEGIN PGP SIGNED MESSAGE-----\n\n" * (SIZE // 36),
    "quotes": b"> " * (SIZE // 2),
}  # fmt: skip


@pytest.mark.parametrize("kind", LARGE)
def test_much_of_anything_takes_no_more_than_its_share(kind: str) -> None:
    data = LARGE[kind]
    assert_grows_like_its_input(lambda: read(data[: len(data) // 4]), lambda: read(data))
