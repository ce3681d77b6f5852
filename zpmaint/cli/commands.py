# SPDX-License-Identifier: GPL-2.0-only
"""The commands by name, each with the module that has it and the line that `--help` shows.

The modules are imported when a command is run or asked for its own help: listing the commands, on
a help page or for a shell's completion, loads none of the libraries that one of them may need.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class Entry:
    """A command: `module` of zpmaint.cli has it as `command`; `line` is one short sentence."""

    module: str
    line: str


COMMANDS = {
    "port": Entry("port", "Port the patch onto a kernel; say how each hunk was placed."),
    "init": Entry("init", "Make a project that works at once."),
    "new": Entry("new", "Make a patch set of a branch, a patch, a mailbox or a queue."),
    "import": Entry("import_", "Take over a patch; mend what a page or a mailer damaged."),
    "export": Entry("export", "Write the patches as distributions take them."),
    "fate": Entry("fate", "Tell what becomes of each patch of a queue at a kernel."),
    "sweep": Entry("sweep", "Port the patch onto every kernel of a source."),
    "history": Entry("history", "Tell which kernels take the patch in which way, and why."),
    "explain": Entry("explain", "Tell how the port to a kernel came about."),
    "resolve": Entry("resolve", "Lay out a conflict for a person; record the solution."),
    "evaluate": Entry("evaluate", "Measure ports against maintainers', beside other tools."),
    "build": Entry("build", "Build a kernel, stock and patched."),
    "boot": Entry("boot", "Boot a kernel with a suite as init; say how it ended."),
    "test": Entry("test", "Run chosen cases of the suites on a kernel."),
    "verify": Entry("verify", "Port, build the pair, boot both, test, judge, record."),
    "bench": Entry("bench", "Measure a kernel's memory, stock and patched."),
    "mutate": Entry("mutate", "Plant bugs in the patched kernel; see which cases notice."),
    "results": Entry("results", "List the newest result of every kernel."),
    "regressions": Entry("regressions", "List what was good and no longer is."),
    "bisect": Entry("bisect", "Find the release, or commit, that turned the patch."),
    "show": Entry("show", "Show the newest result of one kernel, whole."),
    "works": Entry("works", "Say whether the patch works on this machine's kernel."),
    "matrix": Entry("matrix", "Verify the kernels that kernels.toml tracks."),
    "track": Entry("track", "List the kernels that the sources have to offer."),
    "publish": Entry("publish", "Write the status page, the feed and the patch files."),
    "serve": Entry("serve", "Track, verify and publish on a schedule; serve the pages."),
    "notify": Entry("notify", "Tell the receivers of kernels.toml what became otherwise."),
    "cache": Entry("cache", "List what the cache keeps, and why; make room by worth."),
    "check": Entry("check", "Say whether a downloaded file is what was published."),
    "doctor": Entry("doctor", "Say which programs are missing, and what installs them."),
    "completion": Entry("completion", "Print the completion script for a shell."),
}  # fmt: skip


class SlipGroup(click.Group):
    """A group that says, of a command it does not have, which one may have been meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        have = self.list_commands(ctx)
        if args and args[0] not in have and (meant := _alike(args[0], have)):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {' or '.join(meant)}?")
        return super().resolve_command(ctx, args)


class CommandGroup(SlipGroup):
    """A group whose commands are listed from the table and imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """What listings need of a command; `resolve_command` gives the one that runs."""
        if (entry := COMMANDS.get(cmd_name)) is None:
            return None
        return click.Command(cmd_name, help=entry.line, short_help=entry.line)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        if name is None or listed is None:
            return name, listed, rest
        return name, load(name), rest


def _alike(word: str, names: list[str]) -> list[str]:
    """The commands that `word` may be a slip of; nothing for an option."""
    if word.startswith("-"):
        return []
    import difflib  # noqa: PLC0415 (what a slip alone needs)

    return difflib.get_close_matches(word, names, n=2)


def load(name: str) -> click.Command:
    """The command called `name`, imported."""
    module = importlib.import_module(f"zpmaint.cli.{COMMANDS[name].module}")
    command: click.Command = module.command
    return command
