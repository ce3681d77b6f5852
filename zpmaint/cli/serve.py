# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint serve`: nobody has to look."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.config import Config
from zpmaint.core.errors import UserError
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT
from zpmaint.core.service_table import place_of
from zpmaint.core.shown import visible


@click.command()
@click.option(
    "--listen", metavar="HOST:PORT", default="",
    help="Where the pages are served; default: [service] of kernels.toml, 127.0.0.1:8470.",
)  # fmt: skip
@pass_context
def command(context: CommandContext, *, listen: str) -> int:
    """Look for new kernels, verify them, publish the pages and serve them, on a schedule.

    [service] of kernels.toml has the schedule, and who is told what became otherwise; without it
    kernels are looked for each hour. A changed kernels.toml is followed when it has no faults, else
    the former one is. /health answers 503 when something has not come about, /metrics is for
    Prometheus.

    SIGTERM lets what runs end, or leave what the next start takes up again; a second one kills it.
    SIGHUP reads kernels.toml again. One service for each home.

    \b
    Examples:
      zpmaint serve
      zpmaint serve --listen 0.0.0.0:8080 & curl http://localhost:8080/health
    """
    from zpmaint.service.serve import serve  # noqa: PLC0415 (what --help does not need)

    if listen:
        try:
            place_of(listen)
        except ValueError as error:
            raise UserError(f"--listen: {error}") from None
    places = Places.find(context.project)
    serve(places, lambda path: _read(places, path), _say, context.reporter, listen)
    return errors.EXIT_OK


def _read(places: Places, path: Path) -> Config:
    from zpmaint.app.session import Session  # noqa: PLC0415

    return Session.open(replace(places, file=path), SILENT).config


def _say(line: str) -> None:
    # systemd's journal has the time already.
    when = "" if "JOURNAL_STREAM" in os.environ else time.strftime("%Y-%m-%dT%H:%M:%S%z ")
    sys.stderr.write(f"{when}{visible(line)}\n")
    sys.stderr.flush()
