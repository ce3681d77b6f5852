# SPDX-License-Identifier: GPL-2.0-only
"""A source tree out of its archive: once, whole or not at all, less what no x86 build of mm reads.

xz decodes the archive a single time and two tars read along: one takes everything outside the
folders of unpack.toml, the other what kconfig and kbuild need inside them.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO

from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, locked, write_whole
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.tools import need
from zpmaint.sources.added import added_later, later_file
from zpmaint.sources.download import disk_error
from zpmaint.sources.source import SourceFailedError

_CHUNK = 1 << 20
_COMMON = ["--no-same-owner", "--no-same-permissions", "--delay-directory-restore"]


@dataclass(frozen=True)
class Omissions:
    """What is left in the archive: whole folders, but for the names (globs) of `always`."""

    folders: dict[str, str]
    """Folder to the reason why it is not needed."""
    always: tuple[str, ...]
    alone: tuple[str, ...] = ()
    """Folders of which nothing is ever built: a file that is asked for there comes by itself."""

    def needed(self, path: str) -> str:
        """What has to be unpacked for `path` to be built: the whole folder that was left out, with
        the other sources of its drivers and their headers; or the file alone."""
        parents = [str(parent) for parent in PurePosixPath(path).parents]
        for folder in sorted(self.folders, key=len, reverse=True):
            if folder in parents:
                return path if folder in self.alone else folder
        return path

    def covers(self, path: str) -> bool:
        """Whether `path` is a folder that is left out, or lies in one."""
        whole = (PurePosixPath(path), *PurePosixPath(path).parents)
        return any(PurePosixPath(folder) in whole for folder in self.folders)


NOTHING = Omissions({}, (), ())


@functools.cache
def declared() -> Omissions:
    """The omissions of unpack.toml."""
    table = tomllib.loads((Path(__file__).parent / "unpack.toml").read_text())
    folders: dict[str, str] = table["left_out"]
    alone = tuple(f for f in folders if any(fnmatchcase(f, glob) for glob in table["alone"]))
    return Omissions(folders, tuple(table["always"]), alone)


def unpack(
    archive: Path,
    tree: Path,
    *,
    keep: Iterable[str] = (),
    omit: Omissions | None = None,
    reporter: Reporter = SILENT,
) -> Path:
    """Make `tree` from `archive` (.tar.xz) less what is omitted, and give it back; what `keep`
    names is there if the archive has it, with the folder that it is built in. A tree that is there
    already is only completed; `added_later` tells what it got so.

    Raises SourceFailedError for an archive that is cut or corrupt: then no tree appears.
    """
    need("tar", "xz")
    omit = declared() if omit is None else omit
    wanted = sorted({omit.needed(_inside(path)) for path in keep if omit.covers(_inside(path))})
    with locked(tree, reporter):
        try:
            if not tree.is_dir():
                _whole(archive, tree, wanted, omit, reporter)
            else:
                _complete(archive, tree, wanted, reporter)
        except OSError as error:
            raise disk_error(tree, error) from None
    return tree


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise UserError(f"{path!r} is not a path inside a kernel tree", "write it as mm/memory.c")
    return str(pure)


def _asked(tree: Path) -> Path:
    """The list of paths once asked for: what is not in the tree then is not in the archive."""
    return tree.with_name(tree.name + ".kept.json")


def _whole(
    archive: Path, tree: Path, wanted: Sequence[str], omit: Omissions, reporter: Reporter
) -> None:
    _asked(tree).unlink(missing_ok=True)
    later_file(tree).unlink(missing_ok=True)
    with landing(tree) as fresh, reporter.step(f"unpack {tree.name}", "B") as step:
        top = _top(archive)
        folders = [f"{top}/{folder}" for folder in omit.folders]
        rest = ["--anchored", "--no-wildcards", *(f"--exclude={folder}" for folder in folders)]
        readers = [[*rest, f"--directory={fresh}"]]
        globs = [f"{folder}/{name}" for folder in folders for name in _deep(omit.always)]
        names = [f"{top}/{path}" for path in wanted]
        # In a folder of their own: two tars that make the same folder at once trip over each other.
        apart = fresh / ".kept"
        apart.mkdir()
        if globs or names:
            readers.append(
                [
                    f"--directory={apart}",
                    *("--anchored", "--wildcards", "--wildcards-match-slash", *globs),
                    *("--no-wildcards", *names),
                ]
            )
        _decode(archive, readers, step)
        extra = [path for path in _files(apart, wanted) if not _is_always(path, omit)]
        _join(apart, fresh)
        if not (fresh / "Makefile").is_file():
            raise SourceFailedError(f"{archive}: holds no kernel tree (no {top}/Makefile)")
        write_whole(_asked(tree), json.dumps(list(wanted)))
        write_whole(later_file(tree), json.dumps(sorted(extra)))


def _complete(archive: Path, tree: Path, wanted: Sequence[str], reporter: Reporter) -> None:
    asked = set(json.loads(_asked(tree).read_text())) if _asked(tree).is_file() else set()
    missing = [p for p in wanted if p not in asked and not (tree / p).is_file()]
    if not missing:
        return
    beside = Path(tempfile.mkdtemp(dir=tree.parent, prefix=f".{tree.name}.more."))
    try:
        with reporter.step(f"unpack {len(missing)} more of {tree.name}", "B") as step:
            top = _top(archive)
            names = [f"{top}/{path}" for path in missing]
            _decode(archive, [[f"--directory={beside}", "--no-wildcards", *names]], step)
        fresh = [path for path in _files(beside, missing) if not (tree / path).exists()]
        # Before the files are there: whoever reads the tree meanwhile must not take them for old.
        write_whole(later_file(tree), json.dumps(sorted({*added_later(tree), *fresh})))
        for path in fresh:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (beside / path).replace(tree / path)
        write_whole(_asked(tree), json.dumps(sorted(asked | set(missing))))
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _files(top: Path, paths: Iterable[str]) -> list[str]:
    """The files that `paths`, files or folders, are or hold below `top`."""
    found: list[str] = []
    for path in paths:
        place = top / path
        for one in place.rglob("*") if place.is_dir() and not place.is_symlink() else [place]:
            if one.is_symlink() or one.is_file():
                found.append(str(one.relative_to(top)))
    return found


def _is_always(path: str, omit: Omissions) -> bool:
    name = path.rpartition("/")[2]
    return any(fnmatchcase(name, glob) for glob in omit.always)


def _join(apart: Path, tree: Path) -> None:
    """Move every file below `apart` to its place in `tree`."""
    for folder, folders, files in os.walk(apart):
        place = tree / Path(folder).relative_to(apart)
        place.mkdir(parents=True, exist_ok=True)
        linked = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in [*files, *linked]:
            (Path(folder) / name).replace(place / name)
    shutil.rmtree(apart)


def _deep(names: Iterable[str]) -> list[str]:
    """Each glob for the folder itself and for all below it."""
    return [form for name in names for form in (name, f"*/{name}")]


def _top(archive: Path) -> str:
    """The one folder that all of the archive lies in, linux-6.12.107 or so."""
    with subprocess.Popen(
        ["xz", "--decompress", "--stdout", "--", archive],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as xz:  # fmt: skip
        assert xz.stdout is not None
        with subprocess.Popen(
            ["tar", "--list", "--file=-"],
            stdin=xz.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as tar:  # fmt: skip
            assert tar.stdout is not None
            lines = (line.decode("utf-8", "surrogateescape").rstrip("\n") for line in tar.stdout)
            first = next((line for line in lines if "/" in line), "")
            tar.kill()
        xz.kill()
    top = first.removeprefix("./").split("/")[0]
    if not top:
        raise SourceFailedError(f"{archive}: not a .tar.xz archive, or cut at its start")
    return top


def _decode(archive: Path, readers: Sequence[Sequence[str]], step: Step) -> None:
    """Decode `archive` once into a tar per reader. Raises SourceFailedError unless all of it
    was decoded and every tar took its part."""
    size = archive.stat().st_size
    tars = [["tar", "--extract", "--file=-", "--strip-components=1", *_COMMON, *r] for r in readers]
    with contextlib.ExitStack() as stack:
        packed = stack.enter_context(archive.open("rb"))
        # One file for each: words that two processes write to one file run into each other.
        said = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(1 + len(tars))]
        processes: list[subprocess.Popen[bytes]] = []
        try:
            xz = subprocess.Popen(
                ["nice", "xz", "--decompress", "--stdout", "--threads=2"],
                stdin=packed, stdout=subprocess.PIPE, stderr=said[0],
            )  # fmt: skip
            processes.append(xz)
            for command, words in zip(tars, said[1:], strict=True):
                processes.append(
                    subprocess.Popen(
                        command, stdin=subprocess.PIPE, stdout=words, stderr=words,
                        env={**os.environ, "LC_ALL": "C"},
                    )
                )  # fmt: skip
            assert xz.stdout is not None
            sinks = [tar.stdin for tar in processes[1:] if tar.stdin is not None]
            while data := xz.stdout.read(_CHUNK):
                for sink in sinks:
                    _give(sink, data)
                # The offset is shared with xz: it tells how far the packed bytes are.
                step.advance(os.lseek(packed.fileno(), 0, os.SEEK_CUR), size)
            for sink in sinks:
                _close(sink)
            codes = [process.wait() for process in processes]
        finally:
            for process in processes:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                for stream in (process.stdin, process.stdout):
                    if stream is not None:
                        _close(stream)
        lines: list[str] = []
        for words in said:
            words.seek(0)
            lines += words.read().decode("utf-8", "replace").splitlines()
    # That a glob or a kept file is not in this kernel is no fault; tar calls it one.
    faults = [line for line in lines if not _is_absence(line)]
    if codes[0] or faults or any(code not in (0, 2) for code in codes[1:]):
        text = "; ".join(faults[:3]) or f"exit statuses {codes}"
        if "No space left" in text:
            raise OSError(28, "No space left on device")
        raise SourceFailedError(
            f"{archive}: cut or corrupt: {text}", f"remove {archive} to fetch it again"
        )


def _is_absence(line: str) -> bool:
    return line.endswith("Not found in archive") or (
        line == "tar: Exiting with failure status due to previous errors"
    )


def _give(sink: IO[bytes], data: bytes) -> None:
    # A tar that has ended breaks the pipe; its exit status and its words tell why.
    with contextlib.suppress(BrokenPipeError):
        sink.write(data)


def _close(stream: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):
        stream.close()
