"""What every command has on its desk: the project, the reporter, and how results are shown."""

from __future__ import annotations

import json
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from zpmaint.cli.progress import reporter_for
from zpmaint.pipeline.workshop import Workshop
from zpmaint.places import Places
from zpmaint.progress import Reporter


class Desk:
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
    def workshop(self) -> Workshop:
        return Workshop.open(Places.find(self._project), self.reporter)

    def json(self, value: Any) -> None:
        """Print one JSON document."""
        json.dump(value, sys.stdout, indent=2, ensure_ascii=False, default=str)
        sys.stdout.write("\n")


pass_desk = click.make_pass_decorator(Desk)
