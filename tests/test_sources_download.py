# SPDX-License-Identifier: GPL-2.0-only
"""Downloads: whole and verified, however often they are cut."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sources_fixtures import Notes, Site, site

from zpmaint.core.errors import InfraError
from zpmaint.core.remembered import recall
from zpmaint.sources import download as module
from zpmaint.sources import http_errors
from zpmaint.sources.document import document
from zpmaint.sources.download import download
from zpmaint.sources.http import session
from zpmaint.sources.source import NotServedError, SourceFailedError

__all__ = ["site"]

BIG = random.Random(1).randbytes(2_000_000)


def fetch(site: Site, dest: Path, sha256: str | None = "", notes: Notes | None = None) -> Path:
    wanted = site.sha256("/big") if sha256 == "" else sha256
    return download(
        session(backoff=0.01),
        f"{site.url}/big",
        dest,
        sha256=wanted,
        reporter=notes or Notes(),
        pause=0.01,
    )


@pytest.fixture(autouse=True)
def big(site: Site) -> None:
    site.files["/big"] = BIG


def test_a_download_is_whole_and_reports_bytes(site: Site, tmp_path: Path) -> None:
    notes = Notes()
    assert fetch(site, tmp_path / "f", notes=notes).read_bytes() == BIG
    assert notes.done[-1] == (len(BIG), len(BIG))
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".part"] == []
    fetch(site, tmp_path / "f")
    assert len(site.log) == 1
    assert all(a.startswith("zpmaint/") and "Mozilla" not in a for a in site.agents)


def test_cut_connections_are_gone_on_with(site: Site, tmp_path: Path) -> None:
    site.cut["/big"] = [491_520, 704_512]
    assert fetch(site, tmp_path / "f").read_bytes() == BIG
    assert site.ranges("/big") == ["", "bytes=491520-", "bytes=1196032-"]


def test_a_file_that_changed_in_between_is_fetched_anew(site: Site, tmp_path: Path) -> None:
    site.cut["/big"] = [491_520, 0, 0, 0, 0, 0, 0]
    with pytest.raises(SourceFailedError, match="cut"):
        fetch(site, tmp_path / "f")
    site.cut.clear()
    site.files["/big"] = BIG[::-1]
    notes = Notes()
    assert fetch(site, tmp_path / "f", notes=notes).read_bytes() == BIG[::-1]
    assert notes.notes == []  # found by the server's tag, not by the checksum of a mixture


def test_a_server_that_sends_another_range(site: Site, tmp_path: Path) -> None:
    site.cut["/big"] = [491_520]
    site.shift = 10
    with pytest.raises(SourceFailedError, match="another range"):
        fetch(site, tmp_path / "f", None)
    assert not (tmp_path / "f").exists() and not (tmp_path / ".f.part").exists()


def test_what_has_come_is_kept_for_the_next_run(site: Site, tmp_path: Path) -> None:
    site.cut["/big"] = [491_520] + [0] * 9
    with pytest.raises(SourceFailedError) as caught:
        fetch(site, tmp_path / "f")
    assert "491520 bytes are kept" in caught.value.hint
    assert not (tmp_path / "f").exists()
    site.cut.clear()
    site.log.clear()
    assert fetch(site, tmp_path / "f").read_bytes() == BIG
    assert site.ranges("/big") == ["bytes=491520-"]


def test_a_part_that_is_whole_already_is_not_fetched_again(site: Site, tmp_path: Path) -> None:
    site.cut["/big"] = [491_520] + [0] * 9
    with pytest.raises(SourceFailedError):
        fetch(site, tmp_path / "f")
    site.cut.clear()
    (tmp_path / ".f.part").write_bytes(BIG)  # killed between the last byte and the rename
    assert fetch(site, tmp_path / "f").read_bytes() == BIG


def test_a_wrong_checksum_is_tried_twice_and_names_both(site: Site, tmp_path: Path) -> None:
    with pytest.raises(SourceFailedError) as caught:
        fetch(site, tmp_path / "f", "0" * 64)
    assert "0" * 64 in caught.value.what and site.sha256("/big") in caught.value.what
    assert len(site.log) == 2
    assert not (tmp_path / "f").exists() and not (tmp_path / ".f.part").exists()


def test_bytes_spoilt_on_the_disk_are_found_and_fetched_again(site: Site, tmp_path: Path) -> None:
    site.cut["/big"] = [491_520] + [0] * 9
    with pytest.raises(SourceFailedError):
        fetch(site, tmp_path / "f")
    site.cut.clear()
    part = tmp_path / ".f.part"
    part.write_bytes(b"x" + part.read_bytes()[1:])
    notes = Notes()
    assert fetch(site, tmp_path / "f", notes=notes).read_bytes() == BIG
    assert "attempt 1" in notes.notes[0]


def test_a_busy_server_is_asked_again_a_missing_file_is_not(site: Site, tmp_path: Path) -> None:
    site.status["/big"] = [503, 503]
    assert fetch(site, tmp_path / "f").read_bytes() == BIG
    with pytest.raises(NotServedError, match="404"):
        download(session(backoff=0.01), f"{site.url}/none", tmp_path / "n", sha256=None)
    assert len(site.ranges("/none")) == 1


def test_a_server_that_stays_ill_is_the_infrastructures_fault(site: Site, tmp_path: Path) -> None:
    site.status["/big"] = [500] * 20
    with pytest.raises(SourceFailedError, match="HTTP 500"):
        fetch(site, tmp_path / "f")
    with pytest.raises(SourceFailedError, match="refused"):
        download(
            session(backoff=0.01), "http://127.0.0.1:1/x", tmp_path / "n", sha256=None, pause=0.01
        )


def test_a_full_disk_is_said_so(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_receive_once", full)
    with pytest.raises(InfraError, match="No space left") as caught:
        fetch(site, tmp_path / "f")
    assert not isinstance(caught.value, SourceFailedError)


def test_parallel_runs_share_one_download(site: Site, tmp_path: Path) -> None:
    site.pause = 0.001
    threads = [threading.Thread(target=fetch, args=(site, tmp_path / "f")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "f").read_bytes() == BIG
    assert len(site.log) == 1


def test_sigkill_in_the_middle_then_the_rest(site: Site, tmp_path: Path) -> None:
    site.pause = 0.02
    dest = tmp_path / "f"
    code = (
        "import sys; from pathlib import Path\n"
        "from zpmaint.sources.download import download; from zpmaint.sources.http import session\n"
        "download(session(), sys.argv[1], Path(sys.argv[2]), sha256=sys.argv[3])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, f"{site.url}/big", dest, site.sha256("/big")],
        env={**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])},
    )
    part = tmp_path / ".f.part"
    deadline = time.monotonic() + 120
    while not (part.exists() and part.stat().st_size > 300_000):
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    have = part.stat().st_size
    assert 0 < have < len(BIG) and not dest.exists()
    site.pause = 0
    assert fetch(site, dest).read_bytes() == BIG
    assert site.ranges("/big")[-1] == f"bytes={have}-"


def test_documents_are_asked_for_once_an_hour_and_only_if_changed(
    site: Site, tmp_path: Path
) -> None:
    site.files["/list"] = b"one"
    path, url = tmp_path / "list", f"{site.url}/list"
    assert document(session(backoff=0.01), url, path) == b"one"
    assert document(session(backoff=0.01), url, path) == b"one"
    assert len(site.log) == 1
    assert document(session(backoff=0.01), url, path, max_age=0) == b"one"
    assert len(site.log) == 2
    site.files["/list"] = b"two"
    assert document(session(backoff=0.01), url, path, max_age=0) == b"two"
    site.status["/list"] = [500] * 9
    notes = Notes()
    assert document(session(backoff=0.01), url, path, max_age=0, reporter=notes) == b"two"
    assert "fetched before" in notes.notes[0]
    assert recall(tmp_path / "list.http.json")["url"] == url
    del site.files["/list"]
    site.status.clear()
    with pytest.raises(NotServedError):
        document(session(backoff=0.01), url, path, max_age=0)


@pytest.mark.parametrize("shown", [
    "<urllib3.connection.HTTPSConnection object at 0x7f12>: Failed to resolve 'nowhere.invalid'",
    "_Secure(host='nowhere.invalid', port=443): Failed to resolve 'nowhere.invalid'",
])  # fmt: skip
def test_a_cause_names_no_object_of_the_library(shown: str) -> None:
    assert http_errors.cause(OSError(shown)) == "Failed to resolve 'nowhere.invalid'"
