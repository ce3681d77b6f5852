# SPDX-License-Identifier: GPL-2.0-only
"""Where a command cannot write is told before its work begins, and nothing is left of the trial."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import click
import pytest

from zpmaint.cli import writable
from zpmaint.cli.commands import COMMANDS, load
from zpmaint.cli.main import status_of
from zpmaint.core.errors import InfraError, UserError

OUT = click.Option(["--out"])
READ = {"--status", "--pairs", "--queues", "--data", "--site", "--dues", "--tree", "--series"}
"""Options with a path that is read, or is a store that another run has made."""


def asked(kind: click.Path, place: Path) -> Path:
    return Path(kind.convert(str(place), OUT, None))


def test_a_place_is_taken_that_is_there_or_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "old.xml").write_text("x")
    for kind, name in (
        (writable.FOLDER, "."), (writable.FOLDER, "a/b/c"), (writable.FILE, "a/b.svg"),
        (writable.FILE, "old.xml"), (writable.EITHER, "a"),
    ):  # fmt: skip
        assert asked(kind, tmp_path / name) == tmp_path / name
    assert [path.name for path in tmp_path.iterdir()] == ["old.xml"], "the trial leaves nothing"


@pytest.mark.parametrize(
    ("place", "said"),
    [("/proc/x/y", "in /proc: "), ("{file}/below", "Not a directory"), ("/dev/null", "neither")],
)
def test_one_where_nothing_can_be_written_is_the_users(
    tmp_path: Path, place: str, said: str
) -> None:
    (tmp_path / "file").write_text("x")
    named = Path(place.format(file=tmp_path / "file"))
    with pytest.raises(UserError) as told:
        asked(writable.EITHER, named)
    assert told.value.what.startswith(f"--out {named}: ")
    assert said in told.value.what
    assert told.value.hint


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_full_disk_is_not_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(code, os.strerror(code), str(tmp_path / "tmp123"))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(InfraError if code == errno.ENOSPC else UserError) as told:
        asked(writable.FILE, tmp_path / "x.svg")
    assert "tmp123" not in told.value.what, "the place that was named, not the trial's file"


def test_every_option_that_writes_is_tried_first() -> None:
    """All paths that are no trials are among those that are read."""
    plain = set()
    for name in COMMANDS:
        command = load(name)
        below = command.commands.values() if isinstance(command, click.Group) else ()
        for one in (command, *below):
            plain |= {
                option.opts[0]
                for option in one.params
                if isinstance(option, click.Option)
                and isinstance(option.type, click.Path)
                and option.type not in (writable.FOLDER, writable.FILE, writable.EITHER)
            }
    assert plain <= READ | {"--against", "--key"}, plain


def test_the_device_that_was_named_is_still_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["bench", "--svg", "/dev/null"]) == 2
    assert "--svg /dev/null: neither a file nor a folder" in capsys.readouterr().err
    assert Path("/dev/null").is_char_device()
