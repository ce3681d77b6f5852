# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint matrix job`: what the jobs of a CI service's pipeline run."""

from __future__ import annotations

import os
import sys

import click

from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core.errors import InfraError
from zpmaint.matrix.pipeline.jobs import PYTHON, jobs


def _listed() -> str:
    width = max(map(len, jobs()))
    rows = (
        f"  {job.name:<{width}}  {job.takes}\n  {'':<{width}}  {job.line}"
        for job in jobs().values()
    )
    return "\n".join(rows)


@click.command(
    "job",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    help="Run PROGRAM, which the jobs of a pipeline are made of (`zpmaint matrix ci`); cron or any "
    "other service may as well.\n\n"
    f"\b\nPrograms:\n{_listed()}\n\n"
    "\b\nExamples:\n"
    "  zpmaint matrix job plan --most 256\n"
    "  ZPMAINT_HOME=here zpmaint matrix job one 6.12.107 x86_64 mine result/\n"
    "  ZPMAINT_HOME=here zpmaint matrix job publish site/ '' result/ledger.sqlite",
)  # fmt: skip
@click.argument("program", type=click.Choice(list(jobs())))
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@pass_context
def command(context: CommandContext, *, program: str, words: tuple[str, ...]) -> None:
    environment = {**os.environ, PYTHON: sys.executable}
    if context.project is not None:
        environment["ZPMAINT_PROJECT"] = str(context.project.absolute())
    try:
        # In our place: its signals and its exit status are the job's.
        os.execvpe("sh", ["sh", str(jobs()[program].program), *words], environment)
    except OSError as error:
        raise InfraError(f"sh: {error.strerror}", "it is part of every Debian") from None
