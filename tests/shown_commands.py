# SPDX-License-Identifier: GPL-2.0-only
"""The commands of zpmaint that documents show, read as a shell reads them, and the tests' own."""

from __future__ import annotations

import ast
import io
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import click
from markdown_it import MarkdownIt  # noqa: TID253

from zpmaint.cli.main import cli

ROOT = Path(__file__).parent.parent
_COMMAND = re.compile(r"(?:[A-Z_]+=(?:\"[^\"]*\"|\S*) )*(?:ci/)?zpmaint(?= |$)")
_ENDS = {"|", "||", "&&", ";", "&", "(", ")"}
_KINDS = ("", "console", "sh", "bash", "shell")


@dataclass(frozen=True)
class Shown:
    """One command as a document shows it."""

    file: str
    line: int
    words: tuple[str, ...]
    """Without `zpmaint` itself."""

    @property
    def text(self) -> str:
        return f"zpmaint {shlex.join(self.words)}"


@dataclass(frozen=True)
class Block:
    """A listing: what is typed, and what comes of it."""

    line: int
    kind: str
    text: str


def documents() -> list[Path]:
    """Every text for people that the project has."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/**/*.md")]
    return sorted(path for path in found if path.name not in ("CHANGELOG.md", "KERNELS.md"))


def blocks(text: str) -> Iterator[Block]:
    """The listings of a document, those within its lists, too."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type in ("fence", "code_block"):
            yield Block((token.map or [0])[0] + 1, token.info.strip(), token.content)


def typed(block: Block) -> Iterator[tuple[int, str]]:
    """The lines of a listing that are typed, each whole, with its number."""
    lines = block.text.splitlines()
    prompted = any(line.startswith("$ ") for line in lines)
    if block.kind not in _KINDS and not prompted:
        return
    number = 0
    while number < len(lines):
        first, line = number, lines[number]
        number += 1
        if prompted and not line.startswith("$ "):
            continue
        while line.endswith("\\") and number < len(lines):
            line = line[:-1] + " " + lines[number].strip().removeprefix("> ")
            number += 1
        line = line.removeprefix("$ ")
        if prompted or _COMMAND.match(line):
            yield block.line + first, line


def commands_of(line: str) -> Iterator[tuple[str, ...]]:
    """The commands of zpmaint in a line of a shell."""
    line = re.sub(r"\$\(uname -r\)", "6.12.107", line)
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words: list[str] = []
    skip = False
    for word in [*lexer, ";"]:
        if word in _ENDS:
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words and words[0] in ("zpmaint", "ci/zpmaint"):
                yield tuple(words[1:])
            words, skip = [], False
        elif word in (">", ">>", "<", "2>", "&>"):
            skip = True
        elif skip:
            skip = False
        else:
            words.append(word)


def shown() -> list[Shown]:
    """All of them, of all documents."""
    found: list[Shown] = []
    for path in documents():
        for block in blocks(path.read_text(encoding="utf-8")):
            for number, line in typed(block):
                name = str(path.relative_to(ROOT))
                try:
                    found += [Shown(name, number, words) for words in commands_of(line)]
                except ValueError as error:
                    raise ValueError(f"{name}:{number}: {line}: {error}") from None
    return found


def mentioned() -> list[Shown]:
    """Those that stand within sentences: `zpmaint port VERSION --out DIR`."""
    found: list[Shown] = []
    for path in documents():
        parser = MarkdownIt("commonmark").enable("table")
        for token in parser.parse(path.read_text(encoding="utf-8")):
            for child in token.children or []:
                if child.type == "code_inline" and _COMMAND.match(child.content):
                    place = (str(path.relative_to(ROOT)), (token.map or [0])[0] + 1)
                    found += [Shown(*place, words) for words in _plain(child.content)]
    return found


def _plain(text: str) -> list[tuple[str, ...]]:
    """A form of usage without the signs that such forms have: [X] may be left out, A|B is either,
    ... stands for more."""
    line = re.sub(r"\.\.\.|[\[\]{}]", "", text)
    return list(commands_of(re.sub(r"(?<=\w)\|[\w|]+", "", line)))


def path_of(words: Iterable[str]) -> tuple[tuple[str, ...], click.Command, list[str]]:
    """The command that `words` call, by its names, and the words behind it. Raises UsageError."""
    ctx, command, rest = click.Context(cli, info_name="zpmaint"), cli, list(words)
    names: list[str] = []
    found: click.Command = command
    while isinstance(found, click.Group) and rest:
        if rest[0].startswith("-"):
            rest = rest[2 if rest[0] == "--project" else 1 :]
            continue
        name, inner, rest = found.resolve_command(ctx, rest)
        if inner is None or name is None:
            break
        names.append(name)
        ctx = click.Context(inner, parent=ctx, info_name=name)
        found = inner
    return tuple(names), found, rest


def parse(words: Iterable[str]) -> None:
    """Read them as the command line does. Raises UsageError; that a file is not there is none."""
    names, command, rest = path_of(words)
    if isinstance(command, click.Group):
        if rest:
            raise click.UsageError(f"{' '.join(names)} has no {rest[0]}")
        return
    try:
        with redirect_stdout(io.StringIO()):  # --help is said, and ends it
            command.make_context(names[-1], list(rest))
    except click.exceptions.Exit:
        pass
    except click.BadParameter as error:
        if "does not exist" not in error.message:
            raise


def options_of(words: Iterable[str]) -> tuple[tuple[str, ...], set[str]]:
    """The command, by its names, and the options that it is given, each by its longest name."""
    names, command, rest = path_of(words)
    long = {
        name: max((*option.opts, *option.secondary_opts), key=len) if name in option.opts else name
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
    }
    return names, {long[word] for part in rest if (word := part.partition("=")[0]) in long}


def run_by_tests() -> dict[tuple[str, ...], dict[str, str]]:
    """By command, as the tests call it, the options that it is given in one call with it, each
    with the name of a file; "" stands for the command itself."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        for words in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            try:
                names, options = options_of(words)
            except click.UsageError:
                continue
            if names:
                known = found.setdefault(names, {})
                known.setdefault("", path.name)
                for option in options:
                    known.setdefault(option, path.name)
    return found


def _calls(tree: ast.AST) -> Iterator[list[str]]:
    """The texts of each call and each list, from the first one on that is a command's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            parts = node.args
        elif isinstance(node, ast.List | ast.Tuple):
            parts = node.elts
        else:
            continue
        words = list(_texts(parts))
        start = next((n for n, word in enumerate(words) if word in _NAMES), None)
        if start is not None:
            yield words[start:]


def _texts(parts: Iterable[ast.expr]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, ast.List | ast.Tuple):
            yield from _texts(part.elts)
        else:
            yield "VALUE"


_NAMES = frozenset(cli.list_commands(click.Context(cli)))
