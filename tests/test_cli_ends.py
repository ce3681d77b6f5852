# SPDX-License-Identifier: GPL-2.0-only
"""Whatever a command is given, it ends as 0, 1, 2 or 3, in a line or two, and at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zpmaint.cli.main import status_of
from zpmaint.core.errors import UserError
from zpmaint.core.places import kept_in

ROOT = Path(__file__).parent.parent
PATCH = "--- a/f.c\n+++ b/f.c\n@@ -1 +1 @@\n-int a;\n+int b;\n"


def zpmaint(
    *words: str | bytes | Path, cwd: Path, stdout: int = subprocess.PIPE, **env: str
) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "zpmaint", *words],
        stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, cwd=cwd, timeout=200,
        check=False, env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )  # fmt: skip
    said = done.stderr.decode("utf-8", "surrogateescape")
    assert "Traceback" not in said
    return done.returncode, (done.stdout or b"").decode("utf-8", "surrogateescape"), said


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A folder of inputs that are none."""
    top = tmp_path / "bad"
    (top / "tree").mkdir(parents=True)
    (top / "tree/Makefile").write_text("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n")
    (top / "tree/f.c").write_text("int a;\n")
    (top / "empty").write_bytes(b"")
    (top / "nul").write_bytes(bytes(2000))
    (top / "noise").write_bytes(bytes(range(256)) * 9)
    (top / "charset.patch").write_text(
        f"From: a@b\nSubject: =?unknown-8bit?q?=FF?= =?utf-8?b?x?=\n\n---\n{PATCH}"
    )
    (top / "mbox").write_text(f"From me\n\nhello\n{PATCH}")
    (top / "folder").mkdir()
    (top / "circle").symlink_to("circle")
    (top / "two\nlines").write_text(PATCH)
    (top / os.fsdecode(b"\xff\xfe.patch")).write_text(PATCH)
    (top / ("n" * 250)).write_text(PATCH)
    os.mkfifo(top / "fifo")
    return top


INPUTS = (
    "empty", "nul", "noise", "charset.patch", "mbox", "folder", "circle", "two\nlines",
    os.fsdecode(b"\xff\xfe.patch"), "n" * 250, "n" * 300, "fifo", "/dev/zero", "missing",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", INPUTS)
def test_a_file_of_any_kind(name: str, bad: Path) -> None:
    tree = f"tree:{bad / 'tree'}"
    for words in (
        ("import", name, "--base", "6.12.1", "--source", tree),
        ("port", "6.12.1", "--series", name, "--base", "6.12.1", "--source", tree),
    ):
        status, _, said = zpmaint(*words, cwd=bad, ZPMAINT_PROJECT=str(ROOT))
        assert status in (0, 1, 2, 3), said
        assert status == 0 or 0 < len(said.splitlines()) <= 12


TABLES = {
    "empty": b"",
    "no text": bytes(range(256)),
    "deep": b"a = " + b"[" * 5000,
    "a number": b"patch = " + b"9" * 6000,
    "a version": b'patch = "p"\n[sources.k]\nkind = "kernel.org"\n[[kernel]]\nversion = "6.'
    + b"9" * 6000 + b'"\nsources = ["k"]\n',
    "no patch set": b'patch = "../../x"\n[sources.k]\nkind = "kernel.org"\n',
    "other types": b"patch = 1\nsources = []\nkernel = {}\n",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", [*TABLES, "a folder", "a fifo", "/dev/zero"])
def test_a_project_of_any_kind(name: str, tmp_path: Path) -> None:
    place = tmp_path / "kernels.toml"
    if name == "a folder":
        place.mkdir()
    elif name == "a fifo":
        os.mkfifo(place)
    elif name == "/dev/zero":
        place.symlink_to(name)
    else:
        place.write_bytes(TABLES[name])
    status, _, said = zpmaint("--project", str(tmp_path), "results", cwd=tmp_path)
    assert status == 2, said
    assert "kernels.toml" in said


WORDS: tuple[str | bytes, ...] = (
    "", " ", "-", "--", "banana", "6.", "6." + "9" * 5000, "9" * 5000, b"\xff\xfe", "\x1b[31m6.12",
    "6.12\n", "../../etc/passwd", "next-99999999", "6.12.1-rc1", "x" * 5000, "\u202e6.12",
)  # fmt: skip
"""What somebody may write for a version."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["port", "verify", "build", "boot", "test", "bench", "show", "explain", "mutate"]
)
def test_a_version_of_any_kind(
    command: str, bad: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(bad)
    monkeypatch.setenv("ZPMAINT_PROJECT", str(ROOT))
    source = () if command == "show" else ("--source", "tree:tree")
    for word in WORDS if command in ("port", "show") else WORDS[::3]:
        given = [command, os.fsdecode(word), *source]
        assert status_of(given) in (1, 2, 3), word
        said = capsys.readouterr().err
        assert "Traceback" not in said
        assert said.count("\n") < 20
        assert "\u202e" not in said


@pytest.mark.parametrize(
    ("home", "says"),
    [("/tmp/a b", "a blank"), ("/tmp/a:b", "a colon"), ("/tmp/a\nb", "a line end"),
     (os.fsdecode(b"/tmp/\xff"), "\\udcff"), ("/dev/null", "not a folder"),
     ("/dev/null/x", "not a folder"), ("/tmp/" + "n" * 300, "too long"), ("/tmp/$(id)", "'$'")],
)  # fmt: skip
def test_a_home_that_nothing_can_be_built_in(
    home: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZPMAINT_HOME", home)
    with pytest.raises(UserError, match="ZPMAINT_HOME is") as told:
        kept_in()
    assert says in told.value.what
    assert "name another folder" in told.value.hint


def test_a_home_in_a_circle_of_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "circle").symlink_to("circle")
    monkeypatch.setenv("ZPMAINT_HOME", str(tmp_path / "circle"))
    with pytest.raises(UserError, match="ZPMAINT_HOME"):
        kept_in()


def test_a_home_is_found_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZPMAINT_HOME", "home")
    assert kept_in() == (tmp_path / "home/cache", tmp_path / "home/state")


def test_a_full_disk_under_the_output(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        status, _, said = zpmaint("--help", cwd=tmp_path, stdout=full.fileno())
    assert (status, said.count("\n")) == (3, 1), said
    assert "No space left on device" in said


@pytest.mark.parametrize("words", [["doctor"], ["doctor", "--json"]])
def test_what_cannot_be_printed_names_the_output(words: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        status, _, said = zpmaint(*words, cwd=tmp_path, stdout=full.fileno())
    assert (status, said.splitlines()[-1]) == (
        3, "zpmaint: infrastructure error: standard output: No space left on device",
    ), said  # fmt: skip


def test_a_closed_output(tmp_path: Path) -> None:
    command = f"exec {sys.executable} -m zpmaint --help >&-"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["--help", "doctor", "doctor --json"])
def test_a_reader_that_goes_away_is_no_error(command: str, tmp_path: Path) -> None:
    """Whoever prints: click, rich or we ourselves."""
    command = f"{sys.executable} -m zpmaint {command}; echo $? >&2"
    done = subprocess.run(
        ["sh", "-c", f"({command}) | true"], capture_output=True, text=True, cwd=tmp_path,
        check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr == "0\n"


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.3, 0.6, 1.0, 1.5, 2.5])
def test_an_interruption_at_any_moment(after: float, tmp_path: Path) -> None:
    """While Python imports, too: those moments are the first ones, however busy the machine is."""
    waits = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = (
        f"{waits}\nimport sys, runpy, time, builtins\nsys.argv = ['zpmaint', 'doctor']\n"
        # As slow as a cold disk: so that the signal meets an import.
        "real = builtins.__import__\n"
        "def slow(*a, **k):\n    time.sleep(0.002)\n    return real(*a, **k)\n"
        "print('begun', flush=True)\nbuiltins.__import__ = slow\n"
        "from zpmaint.__main__ import main\nmain()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=100)
    if process.returncode == 0:
        pytest.skip("NOT RUN: it had ended before the signal came")
    assert process.returncode == 130, said
    # An empty line is the end of one that showed progress.
    assert [line for line in said.splitlines() if line] == [
        "zpmaint: interrupted; what was recorded stays, the same command goes on from there"
    ]
