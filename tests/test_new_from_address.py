# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint new --from https://...`: what lies at an address becomes a set, as a file would."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from fake_web import FakeWeb, File, Kind
from git_fixtures import Desk, desk, git, repository

from zpmaint.app.from_address import fetched_file, is_address
from zpmaint.core.errors import UserError
from zpmaint.core.progress import SILENT
from zpmaint.patchset.load import load_patchset
from zpmaint.sources import http

PAGE = """<html><head><title>[PATCH] mm/toy: raise the limit</title></head><body>
<a href="../">list</a> <a href="raw">raw</a> <a href="{}">mbox.gz</a>
<pre>Text of the mail, its patch wrapped and cut.</pre></body></html>"""

__all__ = ["desk", "repository"]


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWeb]:
    files: dict[str, File] = {}
    made = FakeWeb(files.get, lambda told: None)
    made.files = files  # type: ignore[attr-defined]
    plain = http.session
    monkeypatch.setattr(http, "session", lambda: plain(0.01))
    yield made
    made.down()


def put(web: FakeWeb, path: str, body: bytes) -> str:
    web.files[path] = File(body, 1_700_000_000.0)  # type: ignore[attr-defined]
    return web.url + path


def mail(desk: Desk) -> bytes:
    text = git(desk.repo, "format-patch", "--stdout", "-1", "work~2", "--", "mm/toy.c")
    return text.encode()


def test_a_patch_at_an_address(desk: Desk, web: FakeWeb) -> None:
    where = put(web, "/a/fix.patch", mail(desk))
    made = desk.json("new", "mine", "--from", where, "--base", "6.12")
    assert (made["base"], len(made["patches"])) == ("6.12", 1)
    assert any("nothing vouches for it" in note for note in made["notes"]), "http, no https"
    text = (desk.set / "patch.toml").read_text()
    assert f"imported from {where} against 6.12" in text
    (anchor,) = load_patchset(desk.set).anchors
    assert "raise the limit" in (desk.set / "v6.12.patch").read_text()
    assert anchor.name == "v6.12"


def test_a_page_of_a_mail_archive_gives_its_thread(desk: Desk, web: FakeWeb) -> None:
    page = put(web, "/all/1@x.example/", PAGE.format("t.mbox.gz").encode())
    put(web, "/all/1@x.example/t.mbox.gz", gzip.compress(mail(desk)))
    made = desk.json("new", "mine", "--from", page, "--base", "6.12")
    assert len(made["patches"]) == 1
    assert any("its thread is taken" in note for note in made["notes"])
    assert "/all/1@x.example/t.mbox.gz against" in (desk.set / "patch.toml").read_text()


def test_a_page_does_not_lead_to_another_server(desk: Desk, web: FakeWeb) -> None:
    other = "http://127.0.0.2:9/t.mbox.gz"
    page = put(web, "/all/1/", PAGE.format(other).encode())
    status, _, err = desk.run("new", "mine", "--from", page, "--base", "6.12")
    assert status == 2, err
    assert not desk.set.exists()


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [(Kind.GONE, 2, "not there (HTTP 404)"), (Kind.TRUNCATED, 3, "connection"),
     (Kind.GARBAGE, 2, "no unified diff")],
)  # fmt: skip
def test_what_does_not_come_leaves_nothing(
    desk: Desk, web: FakeWeb, kind: Kind, status: int, says: str
) -> None:
    where = put(web, "/fix.patch", mail(desk))
    web.trouble(kind)
    done, _, err = desk.run("new", "mine", "--from", where, "--base", "6.12")
    assert done == status and says in err, err
    assert not desk.set.exists()


def test_a_name_that_is_taken_is_said_before_anything_is_fetched(desk: Desk, web: FakeWeb) -> None:
    desk.set.mkdir(parents=True)
    where = put(web, "/fix.patch", mail(desk))
    status, _, err = desk.run("new", "mine", "--from", where, "--base", "6.12")
    assert status == 2 and "is there already" in err
    assert not web.log


def test_the_kernel_has_to_be_named(desk: Desk) -> None:
    status, _, err = desk.run("new", "mine", "--from", "https://x.example/fix.patch")
    assert status == 2 and "--base" in err


def test_a_password_is_in_no_file(web: FakeWeb) -> None:
    where = put(web, "/patch/", b"x").replace("http://", "http://me:secret@") + "?id=1#there"
    with fetched_file(where, SILENT) as came:
        assert came.address == f"{web.url}/patch/?id=1"
        assert came.place.name == "patch" and came.place.read_bytes() == b"x"
        assert not any("secret" in note for note in came.notes)
    assert not came.place.exists()


def test_what_is_no_address_is_said() -> None:
    assert is_address("https://x.example/a") and not is_address("git:/srv/linux")
    assert not is_address("a.patch") and not is_address("file:///etc/passwd")
    with pytest.raises(UserError, match="no address"), fetched_file("https://[x/", SILENT):
        pass
