# SPDX-License-Identifier: GPL-2.0-only
"""What every command has on its context: the project, the reporter, and how results are shown.

Made before it is known which command runs; so each part is imported where it is first asked for.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zpmaint.cli.output import to_output

if TYPE_CHECKING:
    from rich.console import Console

    from zpmaint.app.session import Session
    from zpmaint.core.progress import Reporter


class CommandContext:
    """Opened lazily: `zpmaint doctor` must work where there is no project at all."""

    def __init__(self, project: Path | None, *, quiet: bool) -> None:
        self.project = project
        """The folder that --project names; None: it is found."""
        self._quiet = quiet

    @cached_property
    def out(self) -> Console:
        """Results go here: standard output, plain where it is not a terminal."""
        from zpmaint.cli.console import SafeConsole

        # Piped tables keep their columns whole instead of being folded at 80.
        return SafeConsole(width=None if sys.stdout.isatty() else 140, highlight=False)

    @cached_property
    def err(self) -> Console:
        """Notes go here: standard error."""
        from zpmaint.cli.console import SafeConsole

        return SafeConsole(stderr=True, width=None if sys.stderr.isatty() else 140, highlight=False)

    @cached_property
    def reporter(self) -> Reporter:
        """Progress goes to standard error, so that --json stays clean."""
        from zpmaint.cli.progress import reporter_for

        return reporter_for(sys.stderr, quiet=self._quiet)

    @cached_property
    def session(self) -> Session:
        from zpmaint.app.session import Session
        from zpmaint.core.ends import begin
        from zpmaint.core.places import Places

        session = Session.open(Places.find(self.project), self.reporter)
        begin(session.places.cache, session.places.state, reporter=self.reporter)
        return session

    @cached_property
    def new_session(self) -> Session:
        """A session in a project whose patch sets may still have to be made."""
        from zpmaint.app.session import Session
        from zpmaint.core.ends import begin
        from zpmaint.core.places import Places

        session = Session.open(Places.find(self.project), self.reporter, is_new=True)
        begin(session.places.cache, session.places.state, reporter=self.reporter)
        return session

    def json(self, value: Any) -> None:
        """Print one JSON document."""
        import json

        from zpmaint.core.shown import json_visible

        text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
        with to_output():
            sys.stdout.write(json_visible(text) + "\n")


pass_context = click.make_pass_decorator(CommandContext)
