# SPDX-License-Identifier: GPL-2.0-only
"""The pages over HTTP: what is asked, what is answered, and clients that mean ill."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zpmaint.core.errors import InfraError
from zpmaint.service.http.answer import Answer, Facts, made, of_file
from zpmaint.service.http.files import Files, kind_of
from zpmaint.service.http.request import RefusedError, Request, parse
from zpmaint.service.http.server import Limits, Server


def head(target: str = "/", *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {target} HTTP/{version}", "Host: localhost", *headers]
    return "\r\n".join(lines).encode("latin-1")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/"),
        ("/a%20b.html?x=/../y#z", "/a b.html"),
        ("/%c3%a4", "/ä"),
        ("http://elsewhere/x/y", "/x/y"),
        ("http://elsewhere", "/"),
        ("/%2e%2e/etc/passwd", "/../etc/passwd"),
    ],
)
def test_a_path_is_read(target: str, path: str) -> None:
    assert parse(head(target)).path == path


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (b"GET / HTTP/1.1", 400),  # no Host
        (b"GET  / HTTP/1.1\r\nHost: a", 400),
        (b"GET / HTTP/2.0\r\nHost: a", 505),
        (b"GET / HTTP\r\nHost: a", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (head("/%zz"), 400),
        (head("/%ff"), 400),
        (head("/a%00b"), 400),
        (head("/a%0d%0ab"), 400),
        (head("/a%5c..%5cb"), 400),
        (head("x"), 400),
        (head("/", "Host: other"), 400),
        (head("/", "A : b"), 400),
        (head("/", " folded"), 400),
        (head("/", "A: b\rC: d"), 400),
        (head("/", "A: b\0"), 400),
        (head("/", "Content-Length: 5"), 413),
        (head("/", "Content-Length: 0", "Content-Length: 5"), 400),
        (head("/", "Transfer-Encoding: chunked"), 413),
    ],
)
def test_a_doubtful_head_is_refused(given: bytes, status: int) -> None:
    with pytest.raises(RefusedError) as error:
        parse(given)
    assert error.value.status == status


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_are_refused(data: bytes) -> None:
    with suppress(RefusedError):
        assert parse(data).path.startswith("/")


@pytest.mark.parametrize(
    ("version", "header", "keeps"),
    [
        ("1.1", "A: b", True),
        ("1.1", "Connection: close", False),
        ("1.0", "A: b", False),
        ("1.0", "Connection: Keep-Alive", True),
    ],
)
def test_who_wants_to_ask_more(version: str, header: str, keeps: bool) -> None:
    assert parse(head("/", header, version=version)).keeps is keeps


FACTS = Facts(size=100, digest="d1", changed=1_700_000_000.5, kind="text/plain")


def asked(method: str = "GET", **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return of_file(Request(method, "/x", given, keeps=True), FACTS)


@pytest.mark.parametrize(
    ("headers", "status", "start", "length"),
    [
        ({}, 200, 0, 100),
        ({"if_none_match": '"d1"'}, 304, 0, 0),
        ({"if_none_match": '"d0", W/"d1"'}, 304, 0, 0),
        ({"if_none_match": "*"}, 304, 0, 0),
        ({"if_none_match": '"d0"'}, 200, 0, 100),
        ({"if_modified_since": "Tue, 14 Nov 2023 22:13:20 GMT"}, 304, 0, 0),
        ({"if_modified_since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 200, 0, 100),
        ({"if_modified_since": "whenever"}, 200, 0, 100),
        # The digest says more than the time.
        ({"if_none_match": '"d0"', "if_modified_since": "Tue, 14 Nov 2023 22:13:20 GMT"},
         200, 0, 100),
        ({"range": "bytes=10-19"}, 206, 10, 10),
        ({"range": "bytes=90-"}, 206, 90, 10),
        ({"range": "bytes=-5"}, 206, 95, 5),
        ({"range": "bytes=-500"}, 206, 0, 100),
        ({"range": "bytes=90-500"}, 206, 90, 10),
        ({"range": "bytes=100-"}, 416, 0, 0),
        ({"range": "bytes=-0"}, 416, 0, 0),
        ({"range": "bytes=20-10"}, 200, 0, 100),
        ({"range": "bytes=0-1,5-6"}, 200, 0, 100),
        ({"range": "lines=0-1"}, 200, 0, 100),
        ({"range": f"bytes={'9' * 5000}-"}, 200, 0, 100),
        ({"range": "bytes=0-9", "if_range": '"d1"'}, 206, 0, 10),
        ({"range": "bytes=0-9", "if_range": '"d0"'}, 200, 0, 100),
    ],
)  # fmt: skip
def test_what_is_answered(headers: dict[str, str], status: int, start: int, length: int) -> None:
    answer = asked(**headers)
    assert (answer.status, answer.start, answer.size) == (status, start, length)
    assert ("Content-Range" in answer.headers) == (status in (206, 416))


def test_a_head_asks_for_all() -> None:
    assert asked("HEAD", range="bytes=0-9").status == 200


def test_names_have_their_types() -> None:
    for name, kind in [
        ("index.html", "text/html; charset=utf-8"),
        ("feed.xml", "application/atom+xml; charset=utf-8"),
        ("sitemap.xml", "application/xml"),
        ("6.12.107-x86_64.patch", "text/plain; charset=utf-8"),
        ("SHA256SUMS", "text/plain; charset=utf-8"),
        ("SHA256SUMS.asc", "text/plain; charset=utf-8"),
        ("x.tar.xz", "application/x-xz"),
        ("x.exe", "application/octet-stream"),
    ]:
        assert kind_of(name) == kind


@contextmanager
def serving(
    site: Path, limits: Limits | None = None, **made: Callable[[], Answer]
) -> Iterator[Server]:
    paths = {f"/{name}": one for name, one in made.items()}
    server = Server(("127.0.0.1", 0), Files(site), paths, limits or Limits())
    server.start()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    top = tmp_path / "site"
    (top / "set/lines").mkdir(parents=True)
    (top / "index.html").write_text("front")
    (top / "set/index.html").write_text("the set")
    (top / "set/x.patch").write_bytes(bytes(range(256)) * 1000)
    (top / ".zpmaint").write_text("ours alone")
    (top / "set/.hidden").write_text("ours alone")
    (tmp_path / "secret").write_text("secret")
    (top / "link").symlink_to(tmp_path / "secret")
    (top / "linked").symlink_to(tmp_path)
    os.mkfifo(top / "fifo")
    return top


def ask(server: Server, target: str, method: str = "GET", **headers: str) -> tuple[
    int, http.client.HTTPMessage, bytes
]:  # fmt: skip
    connection = http.client.HTTPConnection(*server.place, timeout=30)
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    found = connection.getresponse()
    body = found.read()
    connection.close()
    return found.status, found.headers, body


def test_files_and_what_is_known_of_them(site: Path) -> None:
    with serving(site) as server:
        status, headers, body = ask(server, "/")
        assert (status, body) == (200, b"front")
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["ETag"] == f'"{hashlib.sha256(b"front").hexdigest()[:32]}"'
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        status, again, body = ask(server, "/", If_None_Match=headers["ETag"])
        assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
        status, headers, body = ask(server, "/set/x.patch", "HEAD")
        assert (status, headers["Content-Length"], body) == (200, "256000", b"")
        status, headers, body = ask(server, "/set/x.patch", Range="bytes=255-257")
        assert (status, body) == (206, b"\xff\0\1")
        assert headers["Content-Range"] == "bytes 255-257/256000"
        status, headers, _ = ask(server, "/set")
        assert (status, headers["Location"]) == (301, "/set/")
        assert ask(server, "/set/")[2] == b"the set"
        # A page that became another one is told at once, at the same place.
        (site / "fresh").write_text("other")
        (site / "fresh").rename(site / "index.html")
        assert ask(server, "/", If_None_Match='"x"')[2] == b"other"
        assert server.answered[200] == 4


def test_the_whole_site_takes_another_ones_place(site: Path, tmp_path: Path) -> None:
    with serving(site) as server:
        site.rename(tmp_path / "former")
        assert ask(server, "/")[0] == 503
        (tmp_path / "former").rename(site)
        assert ask(server, "/")[0] == 200


@pytest.mark.parametrize(
    "target",
    [
        *("/../secret", "/%2e%2e/secret", "/set/../../secret", "//etc/passwd", "/link"),
        *("/linked/secret", "/.zpmaint", "/set/.hidden", "/set//x.patch", "/fifo", "/absent"),
        *("/set/lines/", "/index.html/", "/index.html/x", "/" + "a" * 300, "/" + "a/" * 500),
        *("/.git/config", "/set/lines/%2e/"),
    ],
)
def test_what_is_not_of_the_site_is_not_there(site: Path, target: str) -> None:
    with serving(site) as server:
        status, _, body = ask(server, target)
    assert status == 404 and b"secret" not in body and b"ours" not in body


def test_no_redirect_leads_elsewhere(site: Path) -> None:
    (site / "evil.example").mkdir()
    with serving(site) as server:
        status, headers, _ = ask(server, "/evil.example")
        assert (status, headers["Location"]) == (301, "/evil.example/")
        assert ask(server, "//evil.example")[0] == 404


def test_what_is_made_is_kept_by_nobody(site: Path) -> None:
    with serving(site, health=lambda: made(b"{}", "application/json", status=503)) as server:
        status, headers, body = ask(server, "/health?x=1")
        assert (status, body, headers["Cache-Control"]) == (503, b"{}", "no-store")


def test_others_than_get_and_head_are_refused(site: Path) -> None:
    with serving(site) as server:
        status, headers, _ = ask(server, "/", "POST")
        assert (status, headers["Allow"]) == (405, "GET, HEAD")
        assert ask(server, "/", "PUT", Content_Length="3")[0] == 413


def raw(server: Server, data: bytes) -> bytes:
    with socket.create_connection(server.place, timeout=30) as client:
        client.sendall(data)
        found = b""
        with suppress(ConnectionResetError):
            while part := client.recv(1 << 16):
                found += part
    return found


def test_one_connection_asks_often(site: Path) -> None:
    with serving(site) as server:
        one = head("/") + b"\r\n\r\n"
        found = raw(server, one + one + head("/absent", "Connection: close") + b"\r\n\r\n")
    assert found.count(b"HTTP/1.1 200") == 2 and found.count(b"HTTP/1.1 404") == 1


def test_a_head_without_end_is_refused(site: Path) -> None:
    with serving(site) as server:
        found = raw(server, head("/") + b"\r\nX: " + b"a" * 20_000)
        assert found.startswith(b"HTTP/1.1 431 ")
        assert raw(server, b"\0" * 20_000).startswith(b"HTTP/1.1 431 ")
        assert raw(server, b"\0\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        assert ask(server, "/")[0] == 200


def test_a_slow_head_is_not_waited_for(site: Path) -> None:
    """A byte now and then is no request."""
    with serving(site, Limits(head=0.2, idle=0.2)) as server:
        with socket.create_connection(server.place, timeout=30) as client:
            with suppress(OSError):
                while True:
                    client.sendall(b"G")
                    if not _silent(client):
                        break
            assert client.recv(100).startswith(b"HTTP/1.1 408 ")
        with socket.create_connection(server.place, timeout=30) as client:
            assert client.recv(100) == b""  # who says nothing is told nothing
        assert ask(server, "/")[0] == 200


def _silent(client: socket.socket) -> bool:
    client.settimeout(0.03)
    try:
        client.recv(1, socket.MSG_PEEK)
        return False
    except TimeoutError:
        return True
    finally:
        client.settimeout(30)


def test_a_client_that_does_not_read_is_let_go(site: Path) -> None:
    with (site / "large").open("wb") as large:
        large.truncate(64 << 20)
    with serving(site, Limits(stall=0.1)) as server:
        with socket.create_connection(server.place, timeout=30) as client:
            client.sendall(head("/large") + b"\r\n\r\n")
            until = time.monotonic() + 60
            while server.answered[200] == 0 or server.connections:
                assert time.monotonic() < until
                time.sleep(0.02)
        assert ask(server, "/")[0] == 200


def test_more_clients_than_may_be_are_told_so_at_once(site: Path) -> None:
    with serving(site, Limits(connections=4, head=20)) as server:
        idle = [socket.create_connection(server.place, timeout=30) for _ in range(4)]
        until = time.monotonic() + 30
        while server.connections < 4:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert raw(server, b"").startswith(b"HTTP/1.1 503 ")
        for one in idle:
            one.close()
        while server.connections:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert ask(server, "/")[0] == 200


def test_a_place_that_is_taken_is_told(site: Path) -> None:
    with serving(site) as server, pytest.raises(InfraError, match="cannot listen there: Address"):
        Server(server.place, Files(site), {})
