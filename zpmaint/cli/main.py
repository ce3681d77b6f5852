"""The door: options that all commands share, and one handler for every kind of error."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from zpmaint import __version__
from zpmaint.cli.context import CommandContext
from zpmaint.core import errors

# Command -> module of zpmaint.cli; imported when used, so that `zpmaint --help` and completion
# do not wait for libraries that another command needs.
COMMANDS = {
    "port": "port",
    "import": "import_",
    "sweep": "sweep",
    "history": "history",
    "explain": "explain",
    "resolve": "resolve",
    "evaluate": "evaluate",
    "build": "build",
    "boot": "boot",
    "test": "test",
    "verify": "verify",
    "bench": "bench",
    "mutate": "mutate",
    "results": "results",
    "show": "show",
    "matrix": "matrix",
    "track": "track",
    "publish": "publish",
    "doctor": "doctor",
    "completion": "completion",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(f"zpmaint.cli.{module}").command
        return command


@click.command(
    cls=_Lazy,
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
    runs a fault-path suite and a memory benchmark, and records and publishes what came out.

    \b
    Examples:
      zpmaint verify 6.12.y                 port, build, boot, test and measure the newest 6.12
      zpmaint port v2.6.21 --source git:/srv/linux --out ported/
      zpmaint matrix run && zpmaint publish --out site/
    """
    ctx.obj = CommandContext(project, quiet=quiet)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the status of errors.py."""
    sys.exit(_status(arguments))


def _status(arguments: Sequence[str] | None) -> int:
    try:
        status = cli.main(args=arguments, prog_name="zpmaint", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.UsageError as error:
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
    except BrokenPipeError:
        # The reader of our output went away (`zpmaint results | head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.EXIT_OK
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _say(f"infrastructure error: {where}{error.strerror or error}")
        return errors.EXIT_INFRA
    except Exception:
        return _internal()
    return status if isinstance(status, int) else errors.EXIT_OK


def _say(line: str) -> None:
    click.echo(f"zpmaint: {line}" if not line.startswith(" ") else line, err=True)


def _internal() -> int:
    """A bug of ours: keep the traceback in a file that can be sent, show one line."""
    handle, name = tempfile.mkstemp(prefix="zpmaint-crash-", suffix=".txt")
    with os.fdopen(handle, "w") as out:
        out.write(
            f"zpmaint {__version__}, Python {platform.python_version()}, "
            f"{platform.platform()}\n{' '.join(sys.argv)}\n\n{traceback.format_exc()}"
        )
    kind, value, _ = sys.exc_info()
    _say(f"internal error: {kind.__name__ if kind else '?'}: {value}".splitlines()[0])
    _say(f"  next: this is a bug in zpmaint; report it with {name}")
    return errors.EXIT_INTERNAL
