# SPDX-License-Identifier: GPL-2.0-only
"""Word of news: to whom, once, signed, kept while a receiver is down."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import json
import math
import multiprocessing
import os
import signal
import time
import tomllib
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests  # noqa: F401 (before processes are forked, so that each has it)
from build_fixtures import Kept
from hostile_server import Authority
from hypothesis import given
from hypothesis import strategies as st
from service_fixtures import NOON, Hook, hook, post, row, status

from zpmaint.core.errors import UserError
from zpmaint.core.service_table import MailTable, ReceiverTable, ServiceTable, WebhookTable
from zpmaint.service.notices import webhook
from zpmaint.service.notices.mail import message_of
from zpmaint.service.notices.news import Baseline, Notice, due, first_baseline, notices_of
from zpmaint.service.notices.outbox import opened
from zpmaint.service.notices.round import Means, Said, receivers_of, tell, would_tell
from zpmaint.service.notices.secret import secret_of
from zpmaint.service.notices.waits import (
    NONE,
    Answer,
    Told,
    Wait,
    is_over,
    longer,
    of_smtp,
    of_status,
)

HOUR = 3600.0


def hooked(url: str = "http://localhost/", **more: Any) -> WebhookTable:
    return WebhookTable.model_validate({"name": "ops", "url": url, "since": "all"} | more)


def mailed(place: str = "localhost:25", **more: Any) -> MailTable:
    given = {"name": "list", "to": ["a@example.org"], "sender": "zp@example.net", "smtp": place}
    return MailTable.model_validate(given | {"since": "all"} | more)


def news(*rows: dict[str, Any]) -> list[Notice]:
    return notices_of(status(*rows))


# --- which news -------------------------------------------------------------------------------


def test_news_are_read_oldest_first() -> None:
    found = news(row(2, when=NOON + 5), row(1, "service silent", version=None))
    assert [one.when for one in found] == [NOON, NOON + 5]
    assert (found[0].version, found[0].before) == ("", "")
    assert found[1].title == "turned red: set on 6.12.2 (6.12-x86_64)"


@pytest.mark.parametrize(
    "bad",
    [
        {"transitions": [{"id": "x"}]},
        {"transitions": [row(1, id="urn:uuid:../../etc")]},
        {"transitions": [row(1, id=5)]},
        {"transitions": [row(1, when="yesterday")]},
        {"transitions": 7},
        {},
    ],
)
def test_what_is_no_list_of_news_is_told(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"transitions|no name of|isoformat"):
        notices_of(bad)


def ids(found: list[Notice]) -> list[int]:
    return [int(one.uuid[-12:], 16) for one in found]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, [3, 1]),
        ({"kinds": ["flake"]}, [2]),
        ({"patches": ["other"]}, []),
        ({"untested_after": "1h"}, [4, 3, 1]),
    ],
)
def test_a_receiver_chooses(given: dict[str, Any], wanted: list[int]) -> None:
    found = news(
        row(1),
        row(2, "flake", NOON - 1),
        row(3, "turned green", NOON - 2),
        row(4, "new kernel untested", NOON - 2 * HOUR),
    )
    assert ids(due(hooked(**given), found, (), Baseline(), NOON)) == wanted


def test_where_news_begin() -> None:
    day = hooked(since="2027-01-15")
    assert first_baseline(day, []).since == 1_799_971_200.0
    found = news(row(2, when=1_799_971_200.0), row(1, when=1_799_971_199.0))
    assert ids(due(day, found, (), first_baseline(day, found), NOON)) == [2]
    # What becomes news after it counts, though it began before.
    late = news(row(3, "new kernel untested", 1_799_971_200.0 - HOUR))
    assert ids(due(day, late, (), first_baseline(day, late), NOON + 24 * HOUR)) == [3]
    # Of a list that is cut, what stood beyond its end is none.
    now = hooked(since="now")
    many = news(*(row(n, when=NOON - n) for n in range(200)))
    base = first_baseline(now, many)
    older = news(row(300, when=NOON - 500), row(301, when=NOON - 10))
    assert ids(due(now, older, (), base, NOON)) == [301]
    assert first_baseline(now, many[:9]).horizon == -math.inf


# --- waits ------------------------------------------------------------------------------------


def test_waits_grow_and_are_never_endless() -> None:
    wait, found = NONE, []
    for _ in range(12):
        wait = longer(wait, Told(Answer.LATER, "down"), NOON, chance=0.0)
        found.append(wait.not_before - NOON)
    assert found[:4] == [60, 120, 240, 480] and found[-1] == 6 * HOUR
    asked = longer(NONE, Told(Answer.LATER, "busy", wait=1800), NOON, chance=0.0)
    assert asked.not_before == NOON + 1800
    for_ever = longer(NONE, Told(Answer.LATER, "busy", wait=1e12), NOON, chance=1.0)
    assert for_ever.not_before == pytest.approx(NOON + 6.6 * HOUR)
    assert not is_over(wait, NOON) and is_over(wait, wait.not_before)
    assert is_over(wait, NOON - 400 * 86_400), "the clock was set back"


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (200, Answer.TAKEN), (204, Answer.TAKEN), (301, Answer.LATER), (400, Answer.REFUSED),
        (401, Answer.LATER), (404, Answer.LATER), (410, Answer.LATER), (413, Answer.REFUSED),
        (422, Answer.REFUSED), (429, Answer.LATER), (500, Answer.LATER), (503, Answer.LATER),
    ],
)  # fmt: skip
def test_what_a_status_means(code: int, answer: Answer) -> None:
    assert of_status(code, "").answer is answer
    assert of_status(429, "90").wait == 90 and of_status(429, "Fri, 31 Dec").wait == 0


def test_what_a_reply_of_smtp_means() -> None:
    assert of_smtp(554, "spam", of_message=True).answer is Answer.REFUSED
    assert of_smtp(451, "later", of_message=True).answer is Answer.LATER
    assert of_smtp(550, "no such user", of_message=False).answer is Answer.LATER


# --- rounds -----------------------------------------------------------------------------------


class Home:
    """Rounds against the same receivers, on a clock that tests turn."""

    def __init__(self, folder: Path, *tables: WebhookTable | MailTable) -> None:
        self.folder = folder
        self.tables = tables
        self.now = NOON
        self.kept = Kept()

    @property
    def means(self) -> Means:
        return Means(self.folder, "demo", "https://kernels.example/", self.now, within=60.0,
                     chance=lambda: 0.0, reporter=self.kept)  # fmt: skip

    def round(self, *rows: dict[str, Any], **more: Any) -> list[Said]:
        means = Means(**(vars(self.means) | more))
        return tell(receivers_of(self.tables), news(*rows), means)

    def one(self, *rows: dict[str, Any]) -> Said:
        [said] = self.round(*rows)
        return said


def test_each_piece_of_news_is_told_once_in_its_order(tmp_path: Path) -> None:
    with hook() as receiver:
        home = Home(tmp_path, hooked(receiver.url))
        said = home.one(row(2, when=NOON - 1), row(1, when=NOON - 2))
        assert ids(said.taken) == [1, 2] and not said.waiting and not said.failed
        assert home.one(row(2, when=NOON - 1), row(1, when=NOON - 2)).taken == []
        assert ids(home.one(row(3), row(2)).taken) == [3]
        assert [one[-1] for one in receiver.ids] == ["1", "2", "3"]


def test_a_new_receiver_is_told_what_comes_from_now_on(tmp_path: Path) -> None:
    with hook() as receiver:
        home = Home(tmp_path, hooked(receiver.url, since="now"))
        said = home.one(row(2), row(1))
        assert said.is_first and not said.taken
        # Later news with an earlier time, as those of another machine have it, are news.
        assert ids(home.one(row(3, when=NOON - 9999), row(2), row(1)).taken) == [3]
        # Another baseline counts as kernels.toml says it today.
        home.tables = (hooked(receiver.url, since="all"),)
        assert ids(home.one(row(3), row(2), row(1)).taken) == [1, 2]


def test_the_webhook_is_signed_as_the_standard_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = bytes(range(24))
    monkeypatch.setenv("HOOK", "whsec_" + base64.b64encode(key).decode())
    with hook() as receiver:
        home = Home(tmp_path, hooked(receiver.url, secret_env="HOOK"))
        home.one(row(1, words="fail: \x1b[31m\u202e", before="6.12.0"))
        [(headers, body)] = receiver.came
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    want = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{want}"
    assert b"\x1b" not in body and "\u202e".encode() not in body
    found = json.loads(body)
    assert found["type"] == "zpmaint.turned_red" and found["timestamp"] == "2027-01-15T08:00:00Z"
    assert found["data"]["page"] == "https://kernels.example/set/lines/6.12-x86_64.html"
    assert (found["data"]["project"], found["data"]["before"]) == ("demo", "6.12.0")


def test_the_signature_of_the_standards_own_example() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, libraries/python/tests
    one = news(row(1))[0]
    headers = webhook.headers_of(one, b'{"test": 2432232314}', b"", 1614265330.0)
    assert "webhook-signature" not in headers
    key = webhook.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "x")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    assert digest == b"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    with pytest.raises(UserError, match="no base64"):
        webhook.key_of("whsec_???", "x")


def _hangs_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.close()


def _garbage(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"\0\1\2 no http\r\n\r\n")


def _endless(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (500, "answered 500"), (503, "answered 503"), (404, "answered 404"), (302, "answered 302"),
        ("429 7200", "answered 429"), (_hangs_up, "cannot be reached"),
        (_garbage, "cannot be reached"),
    ],
)  # fmt: skip
def test_what_a_receiver_that_is_down_was_to_be_told_is_kept(
    tmp_path: Path, answer: Any, why: str
) -> None:
    with hook() as receiver:
        receiver.answers = [answer]
        home = Home(tmp_path, hooked(receiver.url))
        said = home.one(row(2), row(1))
        assert ids(said.waiting) == [1, 2] and why in said.failed
        assert len(receiver.came) == 1, "it is not asked for each of them"
        # Not before its wait is over; it has grown by then.
        home.now += 59
        assert not home.one().failed and len(receiver.came) == 1
        home.now += 7200
        assert len(home.one().waiting) == 2 and len(receiver.came) == 2
        # News go on to be kept, though the site does not list the first ones any more.
        receiver.answers = [200]
        assert ids(home.one(row(3)).waiting) == [1, 2, 3]
        home.now += 7200 * 1.2
        said = home.one(row(3))
        assert ids(said.taken) == [1, 2, 3] and not said.waiting
        assert home.one(row(3), row(2), row(1)).taken == []


def test_an_answer_without_end_is_not_read(tmp_path: Path) -> None:
    with hook() as receiver:
        receiver.answers = [_endless]
        assert ids(Home(tmp_path, hooked(receiver.url)).one(row(1)).taken) == [1]


def test_a_receiver_that_is_not_there(tmp_path: Path) -> None:
    with hook() as receiver:
        pass
    said = Home(tmp_path, hooked(receiver.url)).one(row(1))
    assert said.failed == "cannot be reached: Connection refused" and len(said.waiting) == 1


def test_one_that_it_would_not_have_holds_up_no_other(tmp_path: Path) -> None:
    with hook() as receiver:
        home = Home(tmp_path, hooked(receiver.url))
        receiver.answers = [422, 200, 422]
        said = home.one(row(2), row(1))
        assert (ids(said.taken), ids(said.waiting), said.failed) == ([2], [1], "answered 422")
        for number in range(4):
            home.now += 7 * HOUR
            said = home.one()
            assert len(receiver.came) == 3 + number
        assert ids(said.aside) == [1] and not said.waiting
        home.now += 7 * HOUR
        assert not home.one(row(1)).taken and len(receiver.came) == 6
        assert [path.name[-1] for path in tmp_path.glob("ops/refused/*")] == ["1"]


def test_a_receiver_that_never_ends_holds_up_no_other(tmp_path: Path) -> None:
    def stalls(_: BaseHTTPRequestHandler) -> None:
        over.wait(60)

    over = multiprocessing.Event()
    with hook() as slow, hook() as quick:
        slow.answers = [stalls]
        home = Home(tmp_path, hooked(slow.url), hooked(quick.url, name="quick"))
        first, second = home.round(row(1), within=0.3)
        assert "given up" in first.failed and ids(second.taken) == [1]
        over.set()


def test_a_dry_run_tells_and_keeps_nothing(tmp_path: Path) -> None:
    with hook() as receiver:
        home = Home(tmp_path / "out", hooked(receiver.url), hooked(name="now", since="now"))
        means = home.means
        first, second = would_tell(receivers_of(home.tables), news(row(2), row(1)), means)
        assert ids(first.waiting) == [1, 2] and not second.waiting and second.is_first
        assert not receiver.came and not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["half", "garbage", "queue", "wait"])
def test_what_is_damaged_costs_itself_alone(tmp_path: Path, damage: str) -> None:
    with hook() as receiver:
        receiver.answers = [200, 503]
        home = Home(tmp_path, hooked(receiver.url))
        home.one(row(2, when=NOON + 1), row(1))
        journal = tmp_path / "ops/journal"
        if damage == "half":
            journal.write_bytes(journal.read_bytes() + b'{"taken": "urn:uu')
        elif damage == "garbage":
            journal.write_bytes(b"\0\xff\n" + journal.read_bytes())
        elif damage == "queue":
            [waiting] = tmp_path.glob("ops/queue/*")
            waiting.write_text("{")
        else:
            (tmp_path / "ops/wait").write_text('{"failures": "x"}')
        receiver.answers = [200]
        home.now += HOUR
        said = home.one(row(2, when=NOON + 1), row(1))
        assert ids(said.taken) == [2]
        assert ids(home.one(row(3)).taken) == [3]
        assert home.kept.notes or damage == "wait"


def test_a_disk_that_keeps_nothing_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with hook() as receiver:
        said = Home(tmp_path / "file", hooked(receiver.url)).one(row(1))
        assert "file/ops" in said.failed and not receiver.came


def _tell_for_ever(folder: Path, url: str, rows: list[dict[str, Any]]) -> None:
    home = Home(folder, hooked(url))
    while True:
        home.now += HOUR
        home.round(*rows)


def test_kills_lose_nothing_and_what_comes_again_has_its_name(tmp_path: Path) -> None:
    """What is killed between sending and keeping is told again under the same id, at most once for
    each kill; nothing is lost."""
    rows = [row(number, when=NOON + number) for number in range(40)][::-1]
    kills = 0
    with hook() as receiver:
        context = multiprocessing.get_context("fork")
        while len(set(receiver.ids)) < len(rows):
            before = len(receiver.came)
            process = context.Process(target=_tell_for_ever, args=(tmp_path, receiver.url, rows))
            process.start()
            until = time.monotonic() + 60
            while len(receiver.came) < before + 7 and len(set(receiver.ids)) < len(rows):
                assert time.monotonic() < until
                time.sleep(0.005)
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
            kills += 1
        home = Home(tmp_path, hooked(receiver.url))
        home.now += 100 * HOUR
        home.one(*rows)
        home.one(*rows)
        assert sorted(set(receiver.ids)) == sorted(one["id"] for one in rows)
        assert len(receiver.came) <= len(rows) + kills


@given(st.lists(st.sampled_from([200, 503, 422, "429 5000"]), max_size=30))
def test_whatever_a_receiver_answers_it_takes_each_at_most_once(answers: list[Any]) -> None:
    """The same in the small, without a disk: waits end, and every notice is taken or set aside."""
    wait, now, open_ones, taken = NONE, NOON, {1: 0, 2: 0, 3: 0}, []
    given = [*answers, *([200] * 40)]
    while open_ones:
        now = max(now, wait.not_before)
        assert is_over(wait, now)
        for number in list(open_ones):
            told = of_status(int(str(given[0]).split()[0]), str(given.pop(0)).partition(" ")[2])
            if told.answer is Answer.TAKEN:
                taken.append(number)
                del open_ones[number]
            else:
                wait = longer(wait, told, now, chance=0.0)
                break
        else:
            wait = NONE
    assert len(set(taken)) == len(taken)


# --- mail -------------------------------------------------------------------------------------


def test_mails_are_of_a_list_and_of_a_thread(tmp_path: Path) -> None:
    with post() as server:
        home = Home(tmp_path, mailed(server.place, to=["a@example.org", "b@example.org"]))
        said = home.round(
            row(2, "turned green", NOON + 1, words="pass"),
            row(1, words="fail: Ä \x1b[0m\r\nBcc: x@y"),
        )
        assert [ids(one.taken) for one in said] == [[1, 2], [1, 2]]
        found = [email.message_from_bytes(raw, policy=email.policy.default) for raw in server.mails]
    mine = [one for one in found if one["To"] == "a@example.org"]
    assert [one["Subject"] for one in mine] == [
        "[zpmaint demo] turned red: set on 6.12.1 (6.12-x86_64)",
        "[zpmaint demo] turned green: set on 6.12.2 (6.12-x86_64)",
    ]
    red, green = mine
    assert red["List-Id"] == "zpmaint demo <demo.zpmaint.example.net>"
    assert red["References"] == green["References"] and red["Message-ID"] != green["Message-ID"]
    assert red["Auto-Submitted"] == "auto-generated" and not red["Bcc"]
    text = red.get_content()
    assert "Ä \\x1b[0m" in text and "https://kernels.example/set/lines/6.12-x86_64.html" in text
    other = message_of(news(row(3, line="6.1-x86_64"))[0], mailed(), "a@example.org",
                       project="demo", base_url="", now=NOON)  # fmt: skip
    assert other["References"] != red["References"]


@pytest.mark.parametrize(
    "texts",
    [
        {"version": "6.12\r\nBcc: x@y.z", "line": "\r\n\r\nbody"},
        {"words": "\udc80" * 5000, "patchset": "\0" * 300, "line": "ü" * 500},
        {"kind": "turned red\n", "version": "=?utf-8?q?x?="},
    ],
)
def test_no_text_of_others_makes_a_header(texts: dict[str, str]) -> None:
    made = message_of(news(row(1, **texts))[0], mailed(), "a@example.org", project="p\r\nX: y",
                      base_url="", now=NOON)  # fmt: skip
    raw = made.as_bytes()
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert set(read.keys()) == set(made.keys()) and not read["Bcc"] and not read["X"]
    assert max(map(len, raw.split(b"\r\n"))) < 999


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ({"": ""}, "cannot be reached"),
        ({"": "554 go away"}, "answered 554"),
        ({"MAIL": "451 busy"}, "answered 451 busy"),
        ({"RCPT": "550 no such user"}, "answered 550 no such user"),
        ({"RCPT": "450 greylisted"}, "answered 450 greylisted"),
        ({"DATA": "451 disk full"}, "answered 451"),
        ({".": "452 disk full"}, "answered 452"),
        ({"EHLO": "", "HELO": ""}, "cannot be reached"),
    ],
)
def test_what_an_smtp_server_does_not_take_is_kept(
    tmp_path: Path, replies: dict[str, str], why: str
) -> None:
    with post() as server:
        server.replies = replies
        home = Home(tmp_path, mailed(server.place))
        said = home.one(row(2), row(1))
        assert len(said.waiting) == 2 and said.failed.startswith(why) and not server.mails
        server.replies = {}
        home.now += HOUR
        assert ids(home.one().taken) == [1, 2] and len(server.mails) == 2


def test_a_mail_that_is_refused_is_set_aside_in_the_end(tmp_path: Path) -> None:
    with post() as server:
        server.replies = {".": "554 5.7.1 spam"}
        home = Home(tmp_path, mailed(server.place))
        for _ in range(5):
            said = home.one(row(1))
            home.now += 7 * HOUR
        assert ids(said.aside) == [1] and said.failed == "answered 554 5.7.1 spam"
        server.replies = {}
        assert not home.one(row(1)).taken


def test_a_server_that_goes_without_a_good_bye_has_taken_it(tmp_path: Path) -> None:
    with post() as server:
        server.replies = {"QUIT": ""}
        home = Home(tmp_path, mailed(server.place))
        assert ids(home.one(row(1)).taken) == [1]


def test_a_server_without_tls_is_not_handed_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASS", "hunter2")
    with post() as server:
        table = mailed(server.place, security="starttls", user="me", secret_env="PASS")
        said = Home(tmp_path, table).one(row(1))
        assert "STARTTLS" in said.failed and not server.mails


def test_a_password_goes_over_tls_to_whom_the_certificate_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ca")
    monkeypatch.setenv("PASS", "hunter2")
    with post(authority.context()) as server:
        table = mailed(server.place, security="tls", user="me", secret_env="PASS")
        home = Home(tmp_path / "out", table)
        said = home.one(row(1))
        assert "certificate" in said.failed and not server.asked
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        home.now += HOUR
        assert ids(home.one(row(1)).taken) == [1]
        login = base64.b64encode(b"\0me\0hunter2").decode()
        assert f"AUTH PLAIN {login}" in server.asked and len(server.mails) == 1


# --- secrets and kernels.toml -----------------------------------------------------------------


def test_where_secrets_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hook").write_text("s3cret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("SET", " word ")
    assert secret_of(hooked(secret_file="hook")) == "s3cret"
    assert secret_of(hooked(secret_file=str(tmp_path / "hook"))) == "s3cret"
    assert secret_of(hooked(secret_env="SET")) == "word"
    assert secret_of(hooked()) == ""
    for table in (hooked(secret_env="UNSET"), hooked(secret_file="absent")):
        with pytest.raises(UserError, match="receiver ops: secret_"):
            secret_of(table)


def test_a_secret_that_is_not_there_sends_nothing_unsigned(tmp_path: Path) -> None:
    with hook() as receiver:
        said = Home(tmp_path, hooked(receiver.url, secret_env="UNSET")).one(row(1))
        assert "UNSET is not set" in said.failed and not receiver.came
        assert isinstance(receiver, Hook) and len(said.waiting) == 1


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"listen": "8080"}, "HOST:PORT"),
        ({"listen": "a:99999"}, "HOST:PORT"),
        ({"track": "5"}, "write it as"),
        ({"jitter": 2}, "less than or equal to 1"),
        ({"webhook": [{"name": "a b", "url": "http://x"}]}, "name"),
        ({"webhook": [{"name": "a", "url": "ftp://x"}]}, "http or https"),
        ({"webhook": [{"name": "a", "url": "http://u:p@x"}]}, "without a user"),
        ({"webhook": [{"name": "a", "url": "http://x", "since": "soon"}]}, "now"),
        ({"webhook": [{"name": "a", "url": "http://x", "kinds": ["all"]}]}, "turned red"),
        ({"webhook": [{"name": "a", "url": "http://x"}] * 2}, "two receivers"),
        ({"mail": [{"name": "a", "to": ["x"], "sender": "a@b"}]}, "no address"),
        ({"mail": [{"name": "a", "to": [], "sender": "a@b"}]}, "at least 1"),
        ({"mail": [{"name": "a", "to": ["a@b\nX: y"], "sender": "a@b"}]}, "no address"),
        ({"mail": [{"name": "a", "to": ["a@b"], "sender": "a@b", "user": "u"}]}, "password"),
        ({"mail": [{"name": "a", "to": ["a@b"], "sender": "a@b", "user": "u",
                    "secret_env": "X"}]}, "starttls"),
    ],
)  # fmt: skip
def test_faults_of_the_table_are_named(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ServiceTable.model_validate(table)


def test_the_annotated_tables_of_kernels_toml_have_every_key_with_its_default() -> None:
    text = (Path(__file__).parent.parent / "kernels.toml").read_text()
    block = text.partition("# [service]\n")[2]
    lines = [line.removeprefix("# ").removeprefix("#") for line in block.splitlines()]
    table = tomllib.loads("[service]\n" + "\n".join(lines))["service"]
    receivers = {"webhook": table.pop("webhook"), "mail": table.pop("mail")}
    assert ServiceTable.model_validate(table) == ServiceTable()
    assert set(table) | set(receivers) == set(ServiceTable.model_fields)
    common = set(ReceiverTable.model_fields) - {"secret_file"}
    for name, model in (("webhook", WebhookTable), ("mail", MailTable)):
        [row] = receivers[name]
        made = model.model_validate(row)
        own = set(model.model_fields) - set(ReceiverTable.model_fields)
        assert set(row) == own | (common if name == "webhook" else {"name"})
        for key in set(row) - {"name", "url", "to", "sender", "secret_env"}:
            assert getattr(made, key) == model.model_fields[key].default


def test_an_outbox_is_one_process_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path / "x") as outbox:
        outbox.wait = Wait(1, 5.0, "why")
        assert outbox.wait == Wait(1, 5.0, "why")
        outbox.wait = NONE
        assert outbox.wait == NONE
