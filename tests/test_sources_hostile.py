# SPDX-License-Identifier: GPL-2.0-only
"""Servers that stall, drip, cut, send bombs, lie: each is given up in time, with a word, exit 3."""

from __future__ import annotations

import email.utils
import functools
import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_server import Answer, Authority, Client, Hostile, plain, serving
from sources_fixtures import Notes

from zpmaint.core.errors import EXIT_INFRA, EXIT_INTERRUPTED
from zpmaint.sources import bounds as bounds_module
from zpmaint.sources import git_run
from zpmaint.sources.bounds import Bounds, bounds_of
from zpmaint.sources.document import document, fetched
from zpmaint.sources.download import download
from zpmaint.sources.git import GitSource
from zpmaint.sources.http import session
from zpmaint.sources.kernelorg import KernelOrgSource
from zpmaint.sources.source import NotServedError, SourceFailedError

SMALL = Bounds(
    size=100_000, seconds=8.0, rate=2_000, window=1.0, connect=2.0, wait=0.4, redirects=3,
    attempts=2,
)  # fmt: skip
PATIENCE = 20.0
"""Seconds after which each of these has to be over, on a busy machine, too; a second on an idle
one."""

CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def server() -> Iterator[Hostile]:
    with serving() as made:
        yield made


def drip_headers(client: Client) -> None:
    client.send("HTTP/1.1 200 OK\r\nX-Long: ")
    client.forever(lambda: b"x", 0.05)


def drip_body(client: Client) -> None:
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n")
    client.forever(lambda: b"x", 0.05)


def drip_chunk_length(client: Client) -> None:
    client.send(CHUNKED, "5;")
    client.forever(lambda: b"x", 0.05)


def endless_trailer(client: Client) -> None:
    client.send(CHUNKED, "2\r\nhi\r\n0\r\n")
    client.forever(lambda: b"X-More: yes\r\n", 0.001)


def stall_at_once(client: Client) -> None:
    client.stall()


def stall_in_body(client: Client) -> None:
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b"x" * 100)
    client.stall()


def many_headers(client: Client) -> None:
    client.send("HTTP/1.1 200 OK\r\n")
    client.forever(lambda: b"X-A: " + b"b" * 1000 + b"\r\n")


def long_header(client: Client) -> None:
    client.send("HTTP/1.1 200 OK\r\nX-A: ")
    client.forever(lambda: b"b" * 60_000)


def endless(client: Client) -> None:
    client.send("HTTP/1.1 200 OK\r\n\r\n")
    client.forever(lambda: b"x" * 60_000)


def endless_chunks(client: Client) -> None:
    client.send(CHUNKED)
    client.forever(lambda: b"8000\r\n" + b"x" * 0x8000 + b"\r\n")


@functools.cache
def bomb() -> bytes:
    """4 GiB of nothing, compressed; 4 MB."""
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    mebibyte = bytes(1 << 20)
    one = [press.compress(mebibyte) for _ in range(64)]
    one.append(press.flush())
    return b"".join(one) * 64  # members of gzip in a row are one file


def gzip_bomb(client: Client) -> None:
    plain(bomb(), Content_Encoding="gzip")(client)


def endless_redirect(client: Client) -> None:
    client.send("HTTP/1.1 302 Found\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.forever(lambda: b"8000\r\n" + b"x" * 0x8000 + b"\r\n")


def endless_busy(client: Client) -> None:
    client.send("HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.forever(lambda: b"8000\r\n" + b"x" * 0x8000 + b"\r\n")


def only_continue(client: Client) -> None:
    client.forever(lambda: b"HTTP/1.1 100 Continue\r\n\r\n" * 50)


def many_encodings(client: Client) -> None:
    plain(b"x" * 100, Content_Encoding=", ".join(["gzip"] * 200))(client)


def cut_in_head(client: Client) -> None:
    client.send("HTTP/1.1 200 OK\r\nContent-Le")


def no_http(client: Client) -> None:
    client.send("220 mail.example.org ESMTP\r\n")


def chunk_of_nonsense(client: Client) -> None:
    client.send(CHUNKED, "zebra\r\nhello\r\n")


def negative_chunk(client: Client) -> None:
    client.send(CHUNKED, "-5\r\nhello\r\n")


def two_lengths(client: Client) -> None:
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello")


def broken_gzip(client: Client) -> None:
    plain(b"\x1f\x8b\x08\x00garbage that is no deflate", Content_Encoding="gzip")(client)


CASES: dict[str, tuple[Answer, str]] = {
    "stall": (stall_at_once, "too slow|[Tt]imed? ?out"),
    "stall in the body": (stall_in_body, "too slow|[Tt]imed? ?out"),
    "headers by drops": (drip_headers, "too slow"),
    "body by drops": (drip_body, "too slow"),
    "length of a chunk by drops": (drip_chunk_length, "too slow"),
    "trailer without end": (endless_trailer, "too slow"),
    "headers without end": (many_headers, "more than 100 headers"),
    "a header without end": (long_header, "more than 65536 bytes"),
    "body without end": (endless, "larger than it can rightly be"),
    "chunks without end": (endless_chunks, "larger than it can rightly be"),
    "gzip bomb": (gzip_bomb, "larger than it can rightly be"),
    "a length beyond the bound": (plain(b"x", length=10**12), "larger than it can rightly be"),
    "a length of 400 digits": (plain(b"x", length=10**400), "cut|HTTP"),
    "a body shorter than its length": (plain(b"x" * 10, length=5_000), "cut"),
    "cut in the head": (cut_in_head, "the answer is empty"),
    "no HTTP": (no_http, "speaks no HTTP"),
    "a chunk of no length": (chunk_of_nonsense, "cut|chunk"),
    "a chunk of -5 bytes": (negative_chunk, "cut|chunk"),
    "two lengths": (two_lengths, "Content-Length"),
    "gzip that is none": (broken_gzip, "compression is damaged"),
    "redirects in a circle": (plain(status="302 Found", Location="/x"), "more than 3 redirects"),
    "a redirect to a file": (
        plain(status="302 Found", Location="file:///etc/passwd"), "to file is not followed",
    ),
    "a redirect to gopher": (
        plain(status="301 Moved", Location="gopher://x/"), "to gopher is not followed",
    ),
    "a redirect to no address": (plain(status="302 Found", Location="http://[::bad/"), "URL right"),
    "redirects with bodies without end": (endless_redirect, "more than 3 redirects"),
    "busy with a body without end": (endless_busy, "HTTP 503"),
    "100 Continue without end": (only_continue, "too slow"),
    "200 encodings": (many_encodings, "compression is damaged|larger"),
    "a redirect to no text": (plain(status="302 Found", Location="http://\xff\xfe/"), "URL right"),
    "a redirect to nowhere": (plain(status="302 Found"), "HTTP 302"),
    "304 to what was not asked": (plain(status="304 Not Modified"), "HTTP 304"),
    "206 to what was not asked": (
        plain(b"x", status="206 Partial Content", Content_Range="bytes 0-0/1"), "HTTP 206",
    ),
    "429": (plain(status="429 Too Many Requests"), "HTTP 429"),
    "503 for an hour": (
        plain(status="503 Busy", Retry_After="3600"), "come again after .*UTC, in 3600 s",
    ),
    "503 for ever": (plain(status="503 Busy", Retry_After="9" * 300), "come again after"),
    "503 and nonsense": (plain(status="503 Busy", Retry_After="soon"), "HTTP 503"),
    "500": (plain(status="500 Oops"), "HTTP 500"),
    "403": (plain(status="403 Forbidden"), "HTTP 403"),
    "a status line with escapes": (plain(status="418 \x1b[31mteapot"), "HTTP 418"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("way", ["document", "download"])
def test_given_up_in_time_and_with_a_word(
    name: str, way: str, server: Hostile, tmp_path: Path
) -> None:
    answer, words = CASES[name]
    server.answers["*"] = [answer]
    bomb()  # made before the clock runs
    began = time.monotonic()
    with pytest.raises(SourceFailedError) as caught:
        take(way, f"{server.url}/x", tmp_path / "x")
    took = time.monotonic() - began
    assert took < PATIENCE, took
    assert caught.value.exit_status == EXIT_INFRA
    told = str(caught.value)
    assert server.url in told and "\x1b" not in told
    assert re.search(words, told), told
    assert caught.value.hint, told
    assert not (tmp_path / "x").exists()


def take(way: str, url: str, path: Path, bounds: Bounds = SMALL) -> bytes:
    """The file at `url`, in the one way or the other."""
    http = session(backoff=0.01)
    if way == "document":
        return document(http, url, path, bounds=bounds)
    return download(http, url, path, sha256=None, bounds=bounds, pause=0.01).read_bytes()


def test_a_wait_that_the_server_asks_for_is_told_and_held(server: Hostile, tmp_path: Path) -> None:
    patient = replace(SMALL, wait=8.0)
    server.answers["*"] = [plain(status="503 Busy", Retry_After="6"), plain(b"here")]
    notes, began = Notes(), time.monotonic()
    got = document(session(0.01), f"{server.url}/x", tmp_path / "x", bounds=patient, reporter=notes)
    assert got == b"here" and 6 <= time.monotonic() - began < 30
    assert re.search(r"HTTP 503: waiting 6 s, until .* UTC, as the server asks", notes.notes[0])


def test_a_date_beyond_the_bound_is_told(server: Hostile) -> None:
    there = time.time() + 86_400
    date = email.utils.formatdate(there, usegmt=True)
    server.answers["*"] = [plain(status="429 Slow down", Retry_After=date)]
    with pytest.raises(SourceFailedError) as caught:
        fetched(session(0.01), f"{server.url}/x", bounds=SMALL)
    assert time.strftime("%Y-%m-%d", time.gmtime(there)) in caught.value.what
    assert "run again then" in caught.value.hint and len(server.asked) == 1


def test_what_is_gone_is_not_the_infrastructures_fault(server: Hostile) -> None:
    server.answers["*"] = [plain(status="410 Gone")]
    with pytest.raises(NotServedError, match="HTTP 410"):
        fetched(session(0.01), f"{server.url}/x", bounds=SMALL)


def test_the_whole_time_is_bounded_even_at_a_good_rate(server: Hostile) -> None:
    def steady(client: Client) -> None:
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n")
        client.forever(lambda: b"x" * 200, 0.05)

    server.answers["*"] = [steady]
    with pytest.raises(SourceFailedError, match=r"not done after 0\.8 s"):
        fetched(session(0.01), f"{server.url}/x", bounds=replace(SMALL, seconds=0.8))


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"url": 3}', b"\xff\xfe", b"[" * 100_000])
def test_kept_facts_that_are_damaged_are_fetched_anew(
    damage: bytes, server: Hostile, tmp_path: Path
) -> None:
    server.answers["*"] = [plain(b"new")]
    (tmp_path / "x").write_bytes(b"old")
    (tmp_path / "x.http.json").write_bytes(damage)
    assert take("document", f"{server.url}/x", tmp_path / "x") == b"new"
    (tmp_path / ".y.part").write_bytes(b"old")
    (tmp_path / ".y.part.json").write_bytes(damage)
    assert take("download", f"{server.url}/x", tmp_path / "y") == b"new"


def test_what_is_kept_serves_where_the_server_misbehaves(server: Hostile, tmp_path: Path) -> None:
    server.answers["*"] = [plain(b"good"), endless]
    http, url, notes = session(0.01), f"{server.url}/x", Notes()
    document(http, url, tmp_path / "x", bounds=SMALL)
    again = document(http, url, tmp_path / "x", bounds=SMALL, max_age=0, reporter=notes)
    assert again == b"good" and "larger than it can rightly be" in notes.notes[0]


@pytest.mark.parametrize(
    "span", ["bytes 0-9/10", "bytes */10", "", "parsecs 5-9/10", "bytes 5-9/" + "9" * 400]
)
def test_ranges_of_nonsense(span: str, server: Hostile, tmp_path: Path) -> None:
    """A part is never made of two files: what comes for the rest has to be the rest."""
    half = plain(b"01234", length=10, ETag='"one"')
    rest = plain(b"56789", status="206 Partial Content", Content_Range=span)
    server.answers["*"] = [half, rest]
    if span.startswith("bytes 5-"):
        assert take("download", f"{server.url}/x", tmp_path / "x") == b"0123456789"
        return
    with pytest.raises(SourceFailedError, match="another range"):
        take("download", f"{server.url}/x", tmp_path / "x")
    assert not (tmp_path / "x").exists() and not (tmp_path / ".x.part").exists()


def test_a_download_that_is_cut_for_ever_ends(server: Hostile, tmp_path: Path) -> None:
    """Each attempt brings a byte: not fruitless, and yet no way to get 90,000."""

    def one_more(client: Client) -> None:
        found = re.search(r"Range: bytes=(\d+)-", client.head)
        at = int(found[1]) if found else 0
        span = f"Content-Range: bytes {at}-89999/90000\r\n" if found else ""
        status = "206 Partial Content" if found else "200 OK"
        head = f'HTTP/1.1 {status}\r\nETag: "a"\r\n{span}Content-Length: {90000 - at}\r\n\r\n'
        client.send(head, b"x")

    server.answers["*"] = [one_more]
    with pytest.raises(SourceFailedError, match="too slow") as caught:
        take("download", f"{server.url}/x", tmp_path / "x")
    assert "bytes are kept" in caught.value.hint


needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


@needs_openssl
@pytest.mark.parametrize(
    ("kind", "words", "hint"),
    [
        ("expired", "certificate has expired", "clock"),
        ("other host", "for another (host|address)", "URL right"),
        ("alone", "signed by itself", "REQUESTS_CA_BUNDLE"),
        ("unknown", "issuer of the server's certificate is not known|nobody here knows", "CA"),
        ("plain", "TLS", "stand between"),
    ],
)
def test_what_is_wrong_with_tls_is_told(
    kind: str, words: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ca")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    if kind in ("expired", "other host"):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    context = {
        "expired": lambda: authority.context(days=-1),
        "other host": lambda: authority.context("DNS:elsewhere.example.org"),
        "alone": authority.alone,
        "unknown": authority.context,
        "plain": lambda: None,
    }[kind]()
    with serving(context) as server:
        server.answers["*"] = [plain(b"secret")]
        url = server.url.replace("http:", "https:")
        with pytest.raises(SourceFailedError) as caught:
            fetched(session(0.01), f"{url}/x", bounds=SMALL)
    assert re.search(words, caught.value.what), caught.value.what
    assert hint in caught.value.hint and "network up" not in caught.value.hint


@needs_openssl
def test_no_way_leads_from_tls_to_the_open(
    server: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ca")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    server.answers["*"] = [plain(b"in the open")]
    with serving(authority.context()) as safe:
        safe.answers["/up"] = [plain(b"safe")]
        safe.answers["/down"] = [plain(status="302 Found", Location=f"{server.url}/x")]
        with pytest.raises(SourceFailedError, match="from https to http is not followed"):
            fetched(session(0.01), f"{safe.url}/down", bounds=SMALL)
        assert server.asked == []
        server.answers["*"] = [plain(status="302 Found", Location=f"{safe.url}/up")]
        assert fetched(session(0.01), f"{server.url}/x", bounds=SMALL) == b"safe"
        server.answers["*"] = [drip_headers]
        safe.answers["/drip"] = [drip_headers]
        with pytest.raises(SourceFailedError, match="too slow"):
            fetched(session(0.01), f"{safe.url}/drip", bounds=SMALL)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://no-such-host.invalid/x", "no address for its host"),
        ("http://" + "a" * 70 + ".example/x", "example"),
        ("http://[::1/x", "URL right"),
        ("http://127.0.0.1:99999/x", "URL right"),
        ("http:///x", "URL right"),
    ],
)
def test_addresses_that_are_none(url: str, words: str) -> None:
    with pytest.raises(SourceFailedError) as caught:
        fetched(session(0.01), url, bounds=SMALL)
    assert words in str(caught.value)


def test_a_proxy_that_is_down_or_wants_a_name(
    server: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with pytest.raises(SourceFailedError, match="proxy") as caught:
        fetched(session(0.01), "https://kernel.example/x", bounds=SMALL)
    assert "HTTPS_PROXY" in caught.value.hint
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, server.url)
    server.answers["*"] = [plain(status="407 Proxy Authentication Required")]
    for scheme in ("http", "https"):
        with pytest.raises(SourceFailedError, match="407") as caught:
            fetched(session(0.01), f"{scheme}://kernel.example/x", bounds=SMALL)
        assert "HTTPS_PROXY" in caught.value.hint
    server.answers["*"] = [drip_headers]
    with pytest.raises(SourceFailedError, match="too slow"):
        fetched(session(0.01), "https://kernel.example/x", bounds=SMALL)


GARBAGE = [
    b"", b"<html>", b"[]", b"3", b"null", b'{"releases": 3}', b'{"releases": [3]}',
    b'{"releases": [{"version": 7}]}', b'{"releases": []}', b'{"releases": [[], {}, null, "7.1"]}',
    b"[" * 200_000, b'{"releases": ' + b"9" * 10_000 + b"}", b"\xff\xfe\x00",
    gzip.compress(b"{}", mtime=0),
]  # fmt: skip


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_where_a_list_of_releases_should_be(
    body: bytes, server: Hostile, tmp_path: Path
) -> None:
    server.answers["*"] = [plain(body)]
    served = KernelOrgSource(server.url, tmp_path, Notes())
    with pytest.raises(SourceFailedError) as caught:
        served.releases()
    assert server.url in caught.value.what and len(str(caught.value)) < 600


CLIENT = """
import re, resource, sys
from pathlib import Path
from zpmaint.sources.bounds import bounds_of
from zpmaint.sources.document import fetched
from zpmaint.sources.http import session
from zpmaint.sources.source import SourceFailedError
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
try:
    fetched(session(), sys.argv[1], bounds=bounds_of(sys.argv[2]))
except SourceFailedError as error:
    # Not ru_maxrss, which remembers the process that this one was forked from.
    peak = re.search(r"VmHWM:[^0-9]+([0-9]+)", Path("/proc/self/status").read_text())
    print(error, peak[1])
    sys.exit(error.exit_status)
"""


@pytest.mark.parametrize("answer", [gzip_bomb, endless, endless_chunks, endless_redirect])
def test_bombs_cost_no_memory_with_the_real_bounds(answer: Answer, server: Hostile) -> None:
    server.answers["*"] = [answer]
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, f"{server.url}/x", "checksums"],
        env={**os.environ, "PYTHONPATH": str(Path(bounds_module.__file__).parents[2])},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == EXIT_INFRA, done.stderr
    words = "redirects" if answer is endless_redirect else "larger than it can rightly be"
    assert words in done.stdout
    assert int(done.stdout.split()[-1]) < 150_000  # kB


def zpmaint(*words: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "zpmaint", *words],
        env={**os.environ, "ZPMAINT_HOME": str(home), "TERM": "dumb"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("answer", [stall_at_once, plain(status="503 Busy", Retry_After="80")])
def test_control_c_ends_any_wait(answer: Answer, server: Hostile, tmp_path: Path) -> None:
    server.answers["*"] = [answer]
    process = zpmaint("port", "6.12.y", "--source", f"kernel.org:{server.url}", home=tmp_path)
    deadline = time.monotonic() + 60
    while not server.asked:
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - began < 15
    assert process.returncode == EXIT_INTERRUPTED and "Traceback" not in said, said


def test_the_command_line_says_it_in_a_line_and_ends_with_3(
    server: Hostile, tmp_path: Path
) -> None:
    server.answers["*"] = [plain(status="503 Busy", Retry_After="3600")]
    process = zpmaint("port", "6.12.y", "--source", f"kernel.org:{server.url}", home=tmp_path)
    _, said = process.communicate(timeout=60)
    assert process.returncode == EXIT_INFRA and "Traceback" not in said
    assert "come again after" in said and server.url in said


@pytest.mark.parametrize("answer", [stall_at_once, stall_in_body])
def test_git_gives_up_a_server_that_stalls(
    answer: Answer, server: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = [(key, "1" if key == "http.lowSpeedTime" else value) for key, value in git_run._OURS]
    monkeypatch.setattr(git_run, "_OURS", tight)
    server.answers["*"] = [answer]
    began = time.monotonic()
    with pytest.raises(SourceFailedError) as caught:
        GitSource(f"{server.url}/linux.git", tmp_path, Notes()).newest("6.12")
    assert time.monotonic() - began < 60 and server.url in caught.value.what


@pytest.mark.parametrize("kind", ["any", "checksums", "releases", "signature", "archive"])
def test_a_body_of_the_largest_size_can_come_in_time(kind: str) -> None:
    row = bounds_of(kind)
    modem = 50_000  # bytes a second
    assert row.size / modem < row.seconds and row.rate < modem
    assert row.window < row.seconds and row.wait < row.seconds
