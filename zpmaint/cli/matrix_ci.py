# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint matrix ci`: the matrix as the pipeline of a CI service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from zpmaint.cli import writable
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.files import write_whole
from zpmaint.matrix.pipeline import gitlab
from zpmaint.matrix.pipeline.plan import ZPMAINT
from zpmaint.matrix.pipeline.project import SERVICES


@click.command("ci")
@click.argument("service", type=click.Choice(sorted(SERVICES)))
@click.option(
    "--out",
    type=writable.FILE,
    help="Write it there instead of printing it.",
)
@click.option(
    "--dues",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="gitlab: what `matrix job plan` wrote; gives the child pipeline that verifies it.",
)
@pass_context
def command(context: CommandContext, *, service: str, out: Path | None, dues: Path | None) -> int:
    """Write the pipeline that verifies what is due, each kernel in a job of its own, and publishes.

    Both services have the same jobs, which call the programs of `zpmaint matrix job`; only what is
    a service's own differs: schedule, caches, rights, what goes from job to job. Where the pipeline
    belongs: .github/workflows/matrix.yml for GitHub; .gitlab-ci.yml for GitLab, or any file that
    its settings name. It calls ci/zpmaint, which `zpmaint init --ci` writes with it.

    \b
    Examples:
      zpmaint matrix ci github --out .github/workflows/matrix.yml
      zpmaint matrix ci gitlab --out .gitlab-ci.yml
    """
    if dues is not None and service != "gitlab":
        raise UserError("--dues: GitHub plans within its workflow", "leave it out")
    if dues is not None:
        text = gitlab.child(_rows(dues))
    else:
        text = SERVICES[service].pipeline()
        _warn(context, service)
    if out is None:
        click.echo(text, nl=False)
        return errors.EXIT_OK
    write_whole(out, text)
    context.err.print(f"written: {out}", markup=False, soft_wrap=True)
    return errors.EXIT_OK


def _warn(context: CommandContext, service: str) -> None:
    """Say what a pipeline of this project would fail for, or do each night anew."""
    if context.session.config.project is None:
        context.err.print(
            "kernels.toml has no `project`: the folder is the project then, each job's checkout "
            "another one, and every kernel due every night; give it a name there",
            markup=False,
            soft_wrap=True,
        )
    project = context.session.places.project
    if not (project / ZPMAINT).is_file():
        context.err.print(
            f"the pipeline calls {ZPMAINT}, which {project} has not: zpmaint init --ci {service} "
            "writes it",
            markup=False,
            soft_wrap=True,
        )


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of `matrix job plan`. Raises UserError for what is none."""
    try:
        found: Any = json.loads(path.read_bytes())
        rows = found["include"]
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and all(isinstance(part, str) for part in row.values())
            for row in rows
        ):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UserError(
            f"{path}: not what zpmaint matrix job plan writes", "give it the line that this prints"
        ) from None
    return rows
