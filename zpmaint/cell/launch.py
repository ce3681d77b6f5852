# SPDX-License-Identifier: GPL-2.0-only
"""Starting a program in a cell: its isolation, its group, its limits, and nothing of ours in it.

    sh (into the cgroup, rlimits) -> bwrap | setpriv, unshare | setpriv -> the program

What is started dies with the thread that started it, and all that it started with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from zpmaint.cell import bubblewrap, cgroup, orphans, strays
from zpmaint.cell.means import knows_disable_userns, means, program, unshare
from zpmaint.cell.running import Running
from zpmaint.cell.values import Cell, Done, Isolation, Limits
from zpmaint.core.errors import InfraError
from zpmaint.core.tools import declared

_BLOCK = 512  # bytes, in which dash and POSIX count `ulimit -f`
Stream = int | IO[bytes] | None


def run(
    command: Sequence[str | Path],
    cell: Cell,
    *,
    log: Path | None = None,
    stdin: bytes | None = None,
    pass_fds: Sequence[int] = (),
) -> Done:
    """Run a program in a cell to its end.

    With `log`, stdout and stderr are appended there; without it both are captured. The exit status
    and the limits that were met are the caller's to judge. Raises what `start` does.
    """
    with ExitStack() as stack:
        out: IO[bytes]
        err: IO[bytes]
        if log:
            out = err = stack.enter_context(log.open("ab"))
        else:
            out = stack.enter_context(tempfile.TemporaryFile())
            err = stack.enter_context(tempfile.TemporaryFile())
        running = stack.enter_context(
            start(
                command,
                cell,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=out,
                stderr=err,
                pass_fds=pass_fds,
                outputs=() if log else (out.fileno(), err.fileno()),
            )
        )
        running.process.communicate(stdin)
        ended = running.wait()
        return Done(ended, *(b"" if log else _said(file, cell.limits) for file in (out, err)))


def _said(file: IO[bytes], limits: Limits) -> bytes:
    file.seek(0)
    return file.read(-1 if limits.output is None else limits.output)


def start(
    command: Sequence[str | Path],
    cell: Cell,
    *,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = None,
    stderr: Stream = None,
    pass_fds: Sequence[int] = (),
    outputs: Sequence[int] = (),
) -> Running:
    """Start a program in a cell; of our descriptors it has the given ones alone. `outputs` are
    files that the limit of output holds for.

    The thread that calls this has to live as long as the program. Raises InfraError where the
    program is not installed, the cell has no such folder, or cannot be made.
    """
    words = [str(word) for word in command]
    _check(words[0], cell)
    with ExitStack() as stack:
        group = _group(cell.limits)
        if group:
            stack.callback(group.remove)
        isolation = means().isolation
        environment = dict(cell.environment)
        told, cookie = None, strays.cookie(cell)
        if isolation is Isolation.BUBBLEWRAP:
            environment |= {"HOME": bubblewrap.HOME, "TMPDIR": "/tmp"}
            told, telling = os.pipe()
            stack.callback(os.close, told)
            before = [program("bwrap")]
            before += bubblewrap.arguments(cell, telling, without_userns=knows_disable_userns())
        else:
            private = stack.enter_context(tempfile.TemporaryDirectory(prefix="zpmaint-cell-"))
            environment |= {"HOME": private, "TMPDIR": private, strays.COOKIE: cookie}
            telling = -1
            before = [program("setpriv"), "--pdeathsig", "KILL", "--"]
            before += unshare(cell.network) if isolation is Isolation.UNSHARE else []
        orphans.ask_for_them()
        try:
            process = subprocess.Popen(
                [*_trampoline(group, cell.limits), *before, *words],
                env=environment,
                cwd=None if isolation is Isolation.BUBBLEWRAP else cell.cwd or "/",
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=[*pass_fds, *([] if telling < 0 else [telling])],
                # Its own process group: ^C reaches us alone.
                start_new_session=True,
            )
        except OSError as error:
            raise InfraError(f"{cell.name}: {error.strerror}: {error.filename}") from None
        finally:
            if telling >= 0:
                os.close(telling)
        keep = stack.pop_all()
        try:
            return Running(
                process, cell, group=group, told=told, keep=keep, cookie=cookie, outputs=outputs
            )
        except BaseException:
            process.kill()  # and its namespaces with it
            process.wait()
            keep.close()
            raise


def clear(folder: Path) -> None:
    """Kill what cells of a zpmaint that is gone left writing into `folder`, the first of what they
    could write; no live one may have it. Bubblewrap leaves nothing."""
    cgroup.parents()  # clears its own
    if means().isolation is not Isolation.BUBBLEWRAP:
        strays.kill(strays.cookie(Cell("", (folder,))))


def _check(program: str, cell: Cell) -> None:
    for path in (*cell.writable, *([cell.cwd] if cell.cwd else [])):
        if not path.exists():
            raise InfraError(f"{cell.name}: there is no {path}")
    if not shutil.which(program, path=cell.environment.get("PATH", os.defpath)):
        tool = declared().get(Path(program).name)
        raise InfraError(
            f"not installed: {program}", f"apt-get install {tool.package}" if tool else ""
        )


def _group(limits: Limits) -> cgroup.Group | None:
    place, _ = cgroup.parents()
    if place is None:
        return None
    try:
        return place.make(limits)
    except OSError as error:
        raise InfraError(f"{place.memory}: no group can be made: {error.strerror}") from None


def _trampoline(group: cgroup.Group | None, limits: Limits) -> list[str]:
    """A shell that enters the group, so that the program is in it from its first instruction."""
    lines = [f"{cgroup.entering(group)} || exit 125"] if group else []
    lines += ["ulimit -c 0"]
    if limits.file_size is not None:
        lines.append(f"ulimit -f {max(1, limits.file_size // _BLOCK)}")
    if limits.memory is not None and not group:
        lines.append(f"ulimit -d {max(1, limits.memory >> 10)}")
    return ["/bin/sh", "-c", "; ".join([*lines, 'exec "$@"']), "sh"]
