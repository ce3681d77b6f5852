# SPDX-License-Identifier: GPL-2.0-only
"""Bytes land whole or not at all, one writer at a time."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zpmaint.core.disk import DiskError
from zpmaint.core.errors import InfraError
from zpmaint.core.files import clear_unfinished, landing, landing_file, locked, write_whole


def test_write_replaces_whole(tmp_path: Path) -> None:
    target = tmp_path / "a/b.txt"
    write_whole(target, "one")
    write_whole(target, b"two")
    assert target.read_bytes() == b"two"
    assert [p.name for p in target.parent.iterdir()] == ["b.txt"]


def test_failed_write_leaves_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "b.txt"
    write_whole(target, "one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(target, "two")
    assert target.read_text() == "one"
    assert list(tmp_path.iterdir()) == [target]


REFUSED = """
import resource, sys
from pathlib import Path
from zpmaint.app.init import init
from zpmaint.core.disk import DiskError
from zpmaint.core.files import landing, write_whole
top = Path(sys.argv[1])

def whole():
    write_whole(top / "whole", b"x" * 9)  # in the buffer until the file is closed

def folder():
    with landing(top / "folder") as fresh:
        (fresh / "one").write_bytes(b"x" * 9)

resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))
for write in (whole, folder, lambda: init(top / "p")):
    try:
        write()
    except DiskError as error:
        print(error.what, "|", error.hint)
"""


def test_what_a_disk_refuses_names_the_place_and_not_a_temporary_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REFUSED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    example = tmp_path / "p/patches/no-anon-zero-page"
    assert done.stdout.splitlines() == [
        f"{place}: File too large | raise the limit of file sizes (ulimit -f)"
        for place in (tmp_path / "whole", tmp_path / "folder", example)
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p"], "nothing half is left"


def test_landing_is_all_or_nothing(tmp_path: Path) -> None:
    target = tmp_path / "tree"
    with pytest.raises(RuntimeError), landing(target) as fresh:
        (fresh / "half").touch()
        raise RuntimeError
    assert not target.exists()
    with landing(target) as fresh:
        (fresh / "whole").touch()
    assert [p.name for p in target.iterdir()] == ["whole"]
    assert list(tmp_path.iterdir()) == [target]


KILLED = """
import sys, time
from pathlib import Path
from zpmaint.core.files import landing
with landing(Path(sys.argv[1])) as fresh:
    (fresh / "half").touch()
    print("in", flush=True)
    time.sleep(60)
"""


def test_killed_landing_is_cleared_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "tree"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "in\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not target.exists()
    assert any(tmp_path.iterdir()), "the kill left its landing folder"
    with landing(target) as fresh:
        (fresh / "whole").touch()
    assert list(tmp_path.iterdir()) == [target]


HOLDS = """
import sys, time
from pathlib import Path
from zpmaint.core.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(0.5)
    Path(sys.argv[1]).touch()
"""


def test_lock_waits(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    assert not target.exists()
    with locked(target):
        assert target.exists(), "the other had it until then"
    assert child.wait(timeout=60) == 0


WRITES = """
import os, sys
from pathlib import Path
from zpmaint.core.files import landing_file
with landing_file(Path(sys.argv[1])) as out:
    out.write(b"half")
    out.flush()
    print("in", flush=True)
    sys.stdin.readline()
"""


def test_what_a_killed_writer_left_is_cleared_and_what_is_being_written_is_not(
    tmp_path: Path,
) -> None:
    target = tmp_path / "thing.json"
    with subprocess.Popen(
        [sys.executable, "-c", WRITES, str(target)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "in\n"
        write_whole(target, "one")
        assert len(list(tmp_path.iterdir())) == 2, "the other is still writing"
        assert clear_unfinished(tmp_path) == []
        child.kill()
    write_whole(target, "two")
    assert [p.name for p in tmp_path.iterdir()] == ["thing.json"]


def test_a_home_is_cleared_of_what_killed_runs_left(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "src").mkdir()
    gone = tmp_path / "a/.x.json.abc.tmp"
    for path in (gone, tmp_path / "src/.x.tmp", tmp_path / "a/x.tmp", tmp_path / "a/.x.lock"):
        path.touch()
    held = tmp_path / "a/.held.landing.1"
    free = tmp_path / "a/.free.landing.1"
    held.mkdir()
    free.mkdir()
    with locked(tmp_path / "a/held"):
        assert sorted(clear_unfinished(tmp_path, frozenset({"src"}))) == sorted([gone, free])
    assert held.is_dir() and (tmp_path / "src/.x.tmp").exists() and (tmp_path / "a/x.tmp").exists()


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "dmesg"),
        (errno.EROFS, "read-only"),
    ],
)
def test_a_disk_that_takes_nothing_is_the_surroundings_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, hint: str
) -> None:
    target = tmp_path / "b.txt"
    write_whole(target, "one")

    def fails(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(InfraError) as caught:
        write_whole(target, "two")
    assert str(target) in caught.value.what and os.strerror(code) in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.exit_status == 3
    assert target.read_text() == "one"
    with pytest.raises(DiskError), landing(tmp_path / "tree") as fresh:
        (fresh / "file").touch()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.txt"]


def test_another_files_error_is_not_taken_for_the_landings(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), landing_file(tmp_path / "a") as out:
        out.write((tmp_path / "missing").read_bytes())


def test_a_landing_puts_itself_in_the_place_of_a_full_folder(tmp_path: Path) -> None:
    target = tmp_path / "tree"
    for text in ("one", "two"):
        with landing(target) as fresh:
            (fresh / text).touch()
    assert [p.name for p in target.iterdir()] == ["two"]
    assert list(tmp_path.iterdir()) == [target]
