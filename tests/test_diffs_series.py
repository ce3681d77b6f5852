# SPDX-License-Identifier: GPL-2.0-only
"""Series as the field has them: quilt folders, numbered mails, an mbox."""

from __future__ import annotations

import base64
import quopri
from pathlib import Path

import pytest
from series_fixtures import quilt_folder

from zpmaint.core.errors import UserError
from zpmaint.diffs.series import joined, load_series

DIFF = "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"
MAIL = (
    "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
    "From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\nDate: Wed, 28 Mar 2007 12:00:00 +0000\n"
    "Subject: [PATCH 1/2] mm: no more\n than this\n{more}\nWhy.\n\nSigned-off-by: J\n---\n"
)


def mail(more: str = "", body: str = DIFF) -> bytes:
    return (MAIL.format(more=more) + body + "-- \n2.39\n\n").encode()


def test_a_quilt_folder(tmp_path: Path) -> None:
    table = "# head\n\none.patch\n  all/two.patch -p0  # why\n#off.patch\nthree.diff -pab\n"
    folder = quilt_folder(
        tmp_path,
        {"one.patch": DIFF, "all/two.patch": DIFF.replace("a/", "").replace("b/", ""),
         "three.diff": DIFF, "unused.patch": "x"},
        table,
    )  # fmt: skip
    read = load_series(folder)
    assert [(m.name, m.strip) for m in read.members] == [
        ("one.patch", 1), ("all/two.patch", 0), ("three.diff", 1),
    ]  # fmt: skip
    assert read.paths == ("x.c",)
    assert "".join(f"{line}\n" for line, _ in read.table) == table
    assert load_series(folder / "series").members == read.members


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("+smp one.patch\n", "guard"),
        ("one.patch -R\n", "option -R"),
        ("missing.patch\n", "no file"),
        ("../one.patch\n", "leads out"),
        ("one.patch\none.patch\n", "twice"),
        ("# nothing\n", "holds no patch"),
        ("packed.patch\n", "compressed"),
    ],
)
def test_what_a_quilt_folder_may_not_say(table: str, says: str, tmp_path: Path) -> None:
    quilt_folder(tmp_path, {"one.patch": DIFF, "packed.patch": b"\x1f\x8b\x08"}, table)
    with pytest.raises(UserError, match=says):
        load_series(tmp_path)


def test_a_place_that_holds_nothing(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(UserError, match=r"holds no patch|not there"):
            load_series(place)


def test_a_folder_of_format_patch(tmp_path: Path) -> None:
    cover = mail(body="nothing\n").replace(b"mm: no more", b"cover")
    for name, data in (
        ("0000-cover.patch", cover),
        ("0002-b.patch", mail()),
        ("0001-a.patch", mail()),
    ):
        (tmp_path / name).write_bytes(data)
    read = load_series(tmp_path)
    assert [m.name for m in read.members] == ["0001-a.patch", "0002-b.patch"]
    assert read.members[0].data == mail()
    assert read.left_out == (("0000-cover.patch", "holds no diff"),)


def test_an_mbox(tmp_path: Path) -> None:
    box = tmp_path / "all.mbox"
    quoting = mail().replace(
        b"Why.", b"From here on it is\nFrom a@b Mon Sep 17 00:00:00 2001\n text"
    )
    box.write_bytes(mail() + quoting + mail("X-A: b\n"))
    read = load_series(box)
    assert [m.name for m in read.members] == [
        f"000{n}-mm-no-more-than-this.patch" for n in (1, 2, 3)
    ]
    assert read.members[1].data == quoting


@pytest.mark.parametrize("way", ["quoted-printable", "base64", "crlf"])
def test_what_the_transport_did_is_undone(way: str, tmp_path: Path) -> None:
    body = DIFF.replace("-a", "-\u00e4 = 1;").replace("+b", "+b" * 90)
    plain = mail("Content-Transfer-Encoding: 8bit\n", body)
    head, _, text = plain.partition(b"\n\n")
    coded = {
        "quoted-printable": lambda: head.replace(b"8bit", b"quoted-printable")
        + b"\n\n" + quopri.encodestring(text),
        "base64": lambda: head.replace(b"8bit", b"Base64") + b"\n\n" + base64.encodebytes(text),
        "crlf": lambda: plain.replace(b"\n", b"\r\n"),
    }[way]()  # fmt: skip
    (tmp_path / "0001-x.patch").write_bytes(coded)
    assert load_series(tmp_path).members[0].data == plain


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("Content-Type: multipart/mixed; boundary=x\n", "several parts"),
        ("Content-Transfer-Encoding: x-uuencode\n", "unknown encoding"),
    ],
)
def test_mails_that_cannot_be_read(more: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "0001-x.patch").write_bytes(mail(more))
    with pytest.raises(UserError, match=says):
        load_series(tmp_path)


def test_series_on_top_of_one_another(tmp_path: Path) -> None:
    one = quilt_folder(tmp_path / "patches", {"a.patch": DIFF}, "# first\na.patch\n")
    two = quilt_folder(tmp_path / "patches-rt", {"a.patch": DIFF}, "a.patch -p1\n")
    both = joined([load_series(one), load_series(two)])
    assert [m.name for m in both.members] == ["patches/a.patch", "patches-rt/a.patch"]
    assert [line for line, _ in both.table] == [
        "# first",
        "patches/a.patch",
        "patches-rt/a.patch -p1",
    ]
    with pytest.raises(UserError, match="one name"):
        joined([load_series(one), load_series(one)])
