# SPDX-License-Identifier: GPL-2.0-only
"""What each command's page tells, read from the command line's own parser. Pure but for imports."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import click

from zpmaint.cli.commands import COMMANDS, load
from zpmaint.cli.main import cli

NAME = "zpmaint"


@dataclass(frozen=True)
class Block:
    """A paragraph; or lines that stay as they are, as examples do."""

    text: str
    verbatim: bool


@dataclass(frozen=True)
class Option:
    """One option: `-j, --jobs`, what stands behind it ('' nothing), what it does."""

    names: tuple[str, ...]
    value: str
    about: str
    repeats: bool


@dataclass(frozen=True)
class Page:
    """A command, or a group of commands."""

    path: tuple[str, ...]
    """("zpmaint", "matrix", "run")."""
    line: str
    """What it does, in a short sentence."""
    arguments: str
    """What stands behind the options: "VERSION..."."""
    text: tuple[Block, ...]
    options: tuple[Option, ...]
    below: tuple[tuple[str, str], ...]
    """Of a group: its commands, each with its line."""

    @property
    def name(self) -> str:
        return " ".join(self.path)

    @property
    def usage(self) -> str:
        parts = [*(["[OPTIONS]"] if self.options else []), self.arguments]
        return " ".join([self.name, *(["COMMAND ..."] if self.below else parts)]).rstrip()


def pages() -> tuple[Page, ...]:
    """zpmaint's own page, and one of every command, those of a group right behind it."""
    return tuple(_walk())


def _walk() -> Iterator[Page]:
    listed = tuple((name, entry.line) for name, entry in COMMANDS.items())
    yield _page((NAME,), cli, "Keep out-of-tree Linux kernel patches alive.", listed)
    for name, entry in COMMANDS.items():
        command = load(name)
        below = command.commands if isinstance(command, click.Group) else {}
        inner = tuple((one, _first_line(part)) for one, part in sorted(below.items()))
        yield _page((NAME, name), command, entry.line, inner)
        for one, line in inner:
            yield _page((NAME, name, one), below[one], line, ())


def _page(
    path: tuple[str, ...], command: click.Command, line: str, below: tuple[tuple[str, str], ...]
) -> Page:
    arguments = [_argument(p) for p in command.params if isinstance(p, click.Argument)]
    options = tuple(_option(p) for p in command.params if isinstance(p, click.Option))
    text = (*_blocks(command.help or ""), *_blocks(command.epilog or ""))
    return Page(path, line, " ".join(arguments), text, options, below)


def _first_line(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "").split("\n\n")[0].replace("\n", " ")


def _blocks(text: str) -> Iterator[Block]:
    """The paragraphs of a help text; click keeps the lines of those that begin with \\b."""
    for part in inspect.cleandoc(text).split("\n\n"):
        if not part.strip():
            continue
        verbatim = part.startswith("\b\n")
        yield Block(part.removeprefix("\b\n") if verbatim else " ".join(part.split()), verbatim)


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or (
        "|".join(argument.type.choices)
        if isinstance(argument.type, click.Choice)
        else (argument.name or "").upper()
    )
    many = "..." if argument.nargs == -1 and not name.endswith("...") else ""
    return f"{name}{many}" if argument.required or name.startswith("[") else f"[{name}]{many}"


def _option(option: click.Option) -> Option:
    names = (*sorted(option.opts, key=len), *option.secondary_opts)
    about = " ".join((option.help or "").split())
    if option.show_default and not option.is_flag and isinstance(option.default, str | int | float):
        about = f"{about} Default: {option.default}.".strip()
    value = "" if option.is_flag or option.count else _value(option)
    return Option(names, value, about, option.multiple)


def _value(option: click.Option) -> str:
    if option.metavar:
        return option.metavar
    kind = option.type
    if isinstance(kind, click.Choice):
        return "|".join(map(str, kind.choices))
    if isinstance(kind, click.Path):
        return "DIR" if not kind.file_okay else "FILE" if not kind.dir_okay else "PATH"
    words = {"integer": "N", "float": "N", "integer range": "N", "float range": "N"}
    return words.get(kind.name, "TEXT")
