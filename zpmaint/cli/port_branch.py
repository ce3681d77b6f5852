# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint port --branch`: the ported series as commits, for one kernel or all that are tracked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from zpmaint.app.branch_out import VERSION, Out, Written, write_branch
from zpmaint.app.branch_push import Pushed, push
from zpmaint.app.job import Job
from zpmaint.app.matrix import plan_matrix
from zpmaint.app.session import Session
from zpmaint.cli import tables
from zpmaint.cli.context import CommandContext
from zpmaint.core import errors
from zpmaint.core.errors import InfraError, KernelError, UserError
from zpmaint.core.shown import visible
from zpmaint.port.values import Port

TRACKED = "tracked"
"""In the place of a kernel: all that kernels.toml asks for."""


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    branch: str
    """REPOSITORY, or REPOSITORY:NAME."""
    patch: str | None
    sources: tuple[str, ...]
    remote: str | None
    """To be pushed to."""
    as_json: bool


def out_of(asked: Asked, patchset: str, count: int) -> Out:
    """Where the branches go. A colon in the name of a folder that is there is none of ours. Raises
    UserError for several kernels and one name."""
    place, colon, name = asked.branch.rpartition(":")
    if not colon or Path(asked.branch).exists():
        place, name = asked.branch, f"{patchset}/{VERSION}"
    if count > 1 and VERSION not in name:
        raise UserError(
            f"{name!r}: one branch for {count} kernels",
            f"write {VERSION} where the kernel is to be",
        )
    return Out(Path(place).expanduser().absolute(), name)


def kernels(session: Session, asked: Asked) -> list[str]:
    """The tracked kernels of the patch set, newest first."""
    patchset = session.patchset(asked.patch).name
    versions = {
        due.version.upstream for due in plan_matrix(session).dues if due.patchset == patchset
    }
    if not versions:
        raise UserError(f"kernels.toml tracks no kernel for {patchset}", "name one: zpmaint port V")
    return [str(version) for version in sorted(versions, reverse=True)]


def run(
    context: CommandContext, asked: Asked, versions: Sequence[str], port: Callable[[Job], Port]
) -> int:
    """Port, write, push, and say what came of each kernel; `port` carries one out. Exit status 1
    where one is a conflict, 2 or 3 where one could not be written and none is a conflict."""
    session = context.session
    name = session.patchset(asked.patch).name
    out = out_of(asked, name, len(versions))
    rows: list[tuple[str, Port | None, Written | None, Pushed | None]] = []
    failed: dict[str, errors.ZpmaintError] = {}
    for version in versions:
        result = written = pushed = None
        try:
            job = _job(session, version, asked, out)
            result = port(job)
            written = write_branch(job, result, out)
            if asked.remote:
                pushed = push(session, out.place, written, asked.remote)
        except (UserError, InfraError, KernelError) as error:
            if len(versions) == 1:
                raise
            failed[version] = error
        rows.append((version, result, written, pushed))
    _show(context, asked, rows, failed)
    return max((_rank(error) for error in failed.values()), default=(0, errors.EXIT_OK))[1]


def _rank(error: errors.ZpmaintError) -> tuple[int, int]:
    """A kernel's failure counts more than one that says nothing of any kernel."""
    return (int(isinstance(error, KernelError)), error.exit_status)


def _job(session: Session, version: str, asked: Asked, out: Out) -> Job:
    """The kernel is the repository's own where nothing else was asked for."""
    if asked.sources:
        return Job.take(session, version, asked.patch, asked.sources)
    return Job.take(session, version, asked.patch, (f"git:{out.place}",))


def _show(
    context: CommandContext,
    asked: Asked,
    rows: Iterable[tuple[str, Port | None, Written | None, Pushed | None]],
    failed: dict[str, errors.ZpmaintError],
) -> None:
    if asked.as_json:
        context.json([_as_json(row, failed.get(row[0])) for row in rows])
        return
    table = Table(box=tables.BOX)
    for title in ("kernel", "state", "sure", "branch", "commits", ""):
        table.add_column(title)
    for version, port, written, pushed in rows:
        state, sure = (str(port.state), f"{port.sure:.2f}") if port else ("", "")
        if written is None:
            table.add_row(version, state, sure, "", "", failed[version].what)
            continue
        more = [str(written.moved)]
        more += [f"dropped, upstream has them: {', '.join(written.dropped)}"] * bool(
            written.dropped
        )
        more += [str(pushed)] if pushed else []
        table.add_row(version, state, sure, written.branch, str(written.commits), "; ".join(more))
    context.out.print(table)
    for _, _, written, _ in rows:
        if written and (text := written.range_diff or written.note):
            context.out.print(f"{written.branch}:", markup=False)
            click.echo(visible(text.rstrip("\n")))


def _as_json(
    row: tuple[str, Port | None, Written | None, Pushed | None],
    error: errors.ZpmaintError | None,
) -> dict[str, Any]:
    version, port, written, pushed = row
    return {
        "version": str(port.version) if port else version,
        "state": str(port.state) if port else None,
        "branch": written.as_json() if written else None,
        "pushed": pushed.as_json() if pushed else None,
        "error": error.what if error else None,
    }
