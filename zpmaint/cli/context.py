"""What every command has on its context: the project, the reporter, and how results are shown."""

from __future__ import annotations

import json
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from zpmaint.app.session import Session
from zpmaint.cli.progress import reporter_for
from zpmaint.core.places import Places
from zpmaint.core.progress import Reporter


class CommandContext:
    """Opened lazily: `zpmaint doctor` must work where there is no project at all."""

    def __init__(self, project: Path | None, *, quiet: bool) -> None:
        self._project = project
        self._quiet = quiet

    @cached_property
    def out(self) -> Console:
        """Results go here: standard output, plain where it is not a terminal."""
        # Piped tables keep their columns whole instead of being folded at 80.
        return Console(width=None if sys.stdout.isatty() else 140, highlight=False)

    @cached_property
    def err(self) -> Console:
        """Notes go here: standard error."""
        return Console(stderr=True, width=None if sys.stderr.isatty() else 140, highlight=False)

    @cached_property
    def reporter(self) -> Reporter:
        """Progress goes to standard error, so that --json stays clean."""
        return reporter_for(sys.stderr, quiet=self._quiet)

    @cached_property
    def session(self) -> Session:
        return Session.open(Places.find(self._project), self.reporter)

    def json(self, value: Any) -> None:
        """Print one JSON document."""
        json.dump(value, sys.stdout, indent=2, ensure_ascii=False, default=str)
        sys.stdout.write("\n")


pass_context = click.make_pass_decorator(CommandContext)
