# SPDX-License-Identifier: GPL-2.0-only
"""The door: options that all commands share, and one handler for every kind of error."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from zpmaint import __version__
from zpmaint.cli.commands import CommandGroup
from zpmaint.cli.context import CommandContext
from zpmaint.cli.output import to_output
from zpmaint.core import errors
from zpmaint.core.shown import visible


@click.command(
    cls=CommandGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 all well; 1 the kernel or the patch failed; 2 a mistake in what was "
    "asked; 3 the infrastructure failed; 130 interrupted.",
)
@click.version_option(__version__, prog_name="zpmaint")
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that holds kernels.toml and patches/ (default: found from here upwards).",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress; results and errors alone.")
@click.pass_context
def cli(ctx: click.Context, project: Path | None, quiet: bool) -> None:
    """Keep out-of-tree Linux kernel patches alive.

    zpmaint ports a patch onto a kernel, builds the kernel stock and patched, boots both in QEMU,
    runs suites of tests in each, and records and publishes what came out. Without a command it says
    what to do next in this folder.

    \b
    Examples:
      zpmaint verify 6.12.y                 port, build, boot, test and measure the newest 6.12
      zpmaint port v2.6.21 --source git:/srv/linux --out ported/
      zpmaint matrix run && zpmaint publish --out site/
    """
    ctx.obj = CommandContext(project, quiet=quiet)
    if ctx.invoked_subcommand is None:
        from zpmaint.cli.next_step import show  # noqa: PLC0415 (what --help does without)

        show(ctx.obj)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the status of errors.py."""
    sys.exit(status_of(arguments))


def status_of(arguments: Sequence[str] | None) -> int:
    """Run the command line; its exit status, also where nobody can be told."""
    try:
        return _status(arguments)
    except OSError:  # standard error is closed, too
        return errors.EXIT_INFRA
    finally:
        _let_go_of_output()


def _status(arguments: Sequence[str] | None) -> int:
    try:
        status = cli.main(args=arguments, prog_name="zpmaint", standalone_mode=False)
        with to_output():
            sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return errors.EXIT_USER
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted; what was recorded stays, the same command goes on from there")
        return errors.EXIT_INTERRUPTED
    except errors.ZpmaintError as error:
        _say(f"{error.kind} error: {error.what}")
        if error.hint:
            _say(f"  next: {error.hint}")
        return error.exit_status
    except (BrokenPipeError, SystemExit) as end:  # click makes the one the other, with status 1
        if isinstance(end, SystemExit) and not end.code:
            return errors.EXIT_OK  # the shell's completion
        # The reader of our output went away (`zpmaint results | head`): not an error of ours.
        if _reader_is_gone():
            return errors.EXIT_OK
        _say("infrastructure error: a program that was written to has ended")
        return errors.EXIT_INFRA
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _say(f"infrastructure error: {where}{error.strerror or error}")
        return errors.EXIT_INFRA
    except Exception as error:
        return _internal(error)
    return status if isinstance(status, int) else errors.EXIT_OK


def _reader_is_gone() -> bool:
    """Whether it is standard output that nobody reads any more, and no other pipe."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)  # errors are told unasked
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return False


def _let_go_of_output() -> None:
    """Drop what cannot be printed: Python would try it once more as it ends, and say so."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(line: str) -> None:
    line = visible(line)
    click.echo(f"zpmaint: {line}" if not line.startswith(" ") else line, err=True)


def _internal(error: Exception) -> int:
    from zpmaint.core import crash  # noqa: PLC0415 (what a bug alone needs)

    name = crash.keep(error)
    _say(f"internal error: {type(error).__name__}: {error}".splitlines()[0])
    _say(f"  next: this is a bug in zpmaint; report it with {name}")
    return errors.EXIT_INTERNAL
