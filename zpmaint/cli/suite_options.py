# SPDX-License-Identifier: GPL-2.0-only
"""--suite and --case, and what a shell completes them to: the suites and cases of the patch set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from zpmaint.app.session import Session
from zpmaint.core.errors import ZpmaintError
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT
from zpmaint.suites.cases import tags
from zpmaint.suites.fault_path.suite import FaultPath
from zpmaint.suites.protocol import Suite
from zpmaint.suites.registry import SUITES, suites_of


def _suites(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [
        CompletionItem(name, help=about.strip())
        for name, (_, about) in SUITES.items()
        if name.startswith(incomplete)
    ]


def _cases(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    items: list[CompletionItem] = []
    for suite in _of_the_set(ctx):
        items += (CompletionItem(tag, help="tag") for tag in tags(suite.cases))
        items += (CompletionItem(case.name, help=case.reason) for case in suite.cases)
    return [item for item in items if item.value.startswith(incomplete)]


def _of_the_set(ctx: click.Context) -> Iterator[Suite]:
    """The suites of the patch set that the line names; where there is none yet, nothing."""
    root = ctx.find_root().params.get("project")
    try:
        session = Session.open(Places.find(Path(root) if root else None), SILENT)
        yield from suites_of(session.patchset(ctx.params.get("patch")))
    except ZpmaintError:
        yield FaultPath()  # half a line, or no project: a shell has nobody to tell


suites = click.option(
    "--suite",
    "suites",
    multiple=True,
    metavar="NAME",
    shell_complete=_suites,
    help=f"Only this suite ({', '.join(SUITES)}). May be given several times. Default: those of "
    "the patch set.",
)
cases = click.option(
    "--case",
    "words",
    multiple=True,
    metavar="GLOB|TAG",
    shell_complete=_cases,
    help="Cases by name ('cow.*') or by tag (flip); touching: those that run a changed line. May "
    "be given several times. Default: all.",
)
