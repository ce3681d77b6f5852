# SPDX-License-Identifier: GPL-2.0-only
"""Where in a source a line stands: in which function, struct, table or macro, under which #if.

tree-sitter finds the scopes of C; those of all else are read by its outline. Old kernel C has
macros that tree-sitter cannot read; a function it missed is found by the kernel's own habit of
opening and closing bodies in column one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from zpmaint.core.text import to_bytes, to_text
from zpmaint.merge.lines import ending, join, lines_of, split_lines
from zpmaint.merge.tokens import code, identifiers
from zpmaint.port.loops import readable
from zpmaint.port.outlines import OUTLINES, conditionals
from zpmaint.port.outlines.columns import Body, bodies
from zpmaint.port.outlines.found import Found

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree

_CONDITIONAL = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b\s*(.*)")


_DEFINING = (
    re.compile(r"\s*#\s*define\s+(\w+)"),
    re.compile(r"(?:[A-Za-z_][\w\s*]*[\s*])?([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)*(?:=|;)"),
    re.compile(r"[A-Za-z_][\w\s*]*[\s*]([A-Za-z_]\w*)\s*\([^;]*$"),
    re.compile(r"\t(?:[A-Za-z_][\w\s*]*[\s*])([A-Za-z_]\w*)\s*(?:\[[^\]]*\]|:\s*\d+)?\s*;"),
    re.compile(r"\t([A-Z][A-Z0-9_]+)\s*(?:=[^;]*)?,\s*(?:/\*.*)?$"),
    re.compile(r"\}\s*([A-Za-z_]\w*)\s*;"),
    re.compile(r"(?:static\s+)?DEFINE_\w+\(\s*(\w+)"),
)
"""Lines that define what they name: macros, file level variables and functions, members,
enumerators, typedefs."""


def _match(line: str) -> Callable[[re.Pattern[str]], re.Match[str] | None]:
    return lambda kind: kind.match(line)


@dataclass(frozen=True)
class Scope:
    """A named piece of a source: lines [start, end), counted from 0."""

    kind: str
    """function, struct, table or macro; config, rule, section ... of other languages."""
    name: str
    start: int
    end: int
    conditions: tuple[str, ...]
    """The #if lines around its start, outermost first: #ifdef twins differ in them."""


@dataclass(frozen=True)
class Source:
    """A source with what was found in it, each part when first asked for."""

    data: bytes
    language: str = "c"
    """How it is written: "c", or a name in OUTLINES."""

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, with their ends."""
        return lines_of(self.data)

    @cached_property
    def conditions(self) -> list[tuple[str, ...]]:
        """For each line the conditions it stands under: #if lines, a Makefile's ifeq, ..."""
        if self.language == "c":
            return conditionals.preprocessor(self.lines)
        return OUTLINES[self.language].conditions(self.lines)

    @cached_property
    def openers(self) -> list[tuple[int, ...]]:
        """For each line the lines that opened the conditions it stands under."""
        return conditionals.openers(self.conditions)

    @cached_property
    def line_ends(self) -> set[str]:
        """The ends that its lines have."""
        return set(map(ending, self.lines))

    @cached_property
    def names(self) -> set[str]:
        """All names used in its code."""
        return set().union(*map(_names_in, map("".join, self._chunks)))

    @cached_property
    def defines(self) -> set[str]:
        """The names that this file itself brings into being: functions, tables, macros, types,
        variables, members, enumerators, as far as lines show it."""
        found = {scope.name for scope in self.scopes}
        for line in self.lines:
            found.update(filter(None, (kind[1] for kind in map(_match(line), _DEFINING) if kind)))
        return found

    @cached_property
    def scopes(self) -> list[Scope]:
        """Its scopes in order; none overlaps another."""
        return [scope for k in range(len(self._chunks)) for scope in self._scopes_of(k)]

    @cached_property
    def _chunks(self) -> list[list[str]]:
        """The pieces that can be read by themselves; no scope spans two."""
        return list(_chunks(self.lines)) if self.language == "c" else [self.lines]

    @cached_property
    def _starts(self) -> list[int]:
        """The line at which each chunk starts."""
        return [0, *accumulate(map(len, self._chunks))][:-1]

    @cached_property
    def _read(self) -> dict[int, list[Scope]]:
        return {}

    def _scopes_of(self, k: int) -> list[Scope]:
        """The scopes of a chunk. Who asks for one line has one chunk read."""
        if k not in self._read:
            at, lines = self._starts[k], self._chunks[k]
            outline = None if self.language == "c" else OUTLINES[self.language]
            self._read[k] = [
                Scope(kind, name, at + start, at + end, self.conditions[at + start])
                for kind, name, start, end in (
                    outline.scopes(lines) if outline else _in_chunk("".join(lines))
                )
            ]
        return self._read[k]

    def scope_at(self, line: int) -> Scope | None:
        """The scope that holds a line; None at file level."""
        k = bisect_right(self._starts, line) - 1
        here = self._scopes_of(k) if k >= 0 else ()
        return next((scope for scope in here if scope.start <= line < scope.end), None)

    def scope_between(self, line: int) -> Scope | None:
        """The scope that text inserted before a line would stand in."""
        after = self.scope_at(line)
        return after if after is not None and after.start < line else None

    def inner(self, line: int) -> tuple[str, ...]:
        """The #if lines around a line, those around its whole scope left out."""
        scope = self.scope_at(line)
        here = self.conditions[line] if line < len(self.conditions) else ()
        return here[len(scope.conditions) :] if scope else here

    def around(self, gap: int) -> tuple[str, ...]:
        """The #if lines in force between a line and the one before it, those around its whole
        scope left out."""
        scope = self.scope_between(gap)
        here = self.conditions[gap - 1] if 0 < gap <= len(self.conditions) else ()
        return here[len(scope.conditions) :] if scope else here

    def head_of(self, scope: Scope) -> set[str]:
        """The words of a scope before its body opens: `static`, its name, its parameters."""
        words = code("".join(self.lines[scope.start : scope.end]))
        return set(words[: words.index("{")]) if "{" in words else set()

    def same_scope(self, scope: Scope) -> list[Scope]:
        """The scopes here that are that scope of another version of the file."""
        alike = [s for s in self.scopes if (s.kind, s.name) == (scope.kind, scope.name)]
        if len(alike) > 1:
            alike = [s for s in alike if s.conditions == scope.conditions]
        return alike


def _chunks(lines: list[str]) -> Iterator[list[str]]:
    """A file in pieces that end where a body does, with a brace in column one."""
    start = 0
    for n, line in enumerate(lines):
        if line[0] == "}" and not _goes_on(lines, n):
            yield lines[start : n + 1]
            start = n + 1
    if start < len(lines):
        yield lines[start:]


def _goes_on(lines: list[str], n: int) -> bool:
    """Whether a brace in column one ends nothing: a macro's, or `} name = {`."""
    text = lines[n].rstrip()
    return text.endswith(("{", "\\")) or (n > 0 and lines[n - 1].rstrip().endswith("\\"))


@lru_cache(maxsize=16384)
def _names_in(chunk: str) -> frozenset[str]:
    """The names in a chunk's code; of a comment that goes beyond it, the rest counts as code."""
    return frozenset(identifiers(chunk))


@lru_cache(maxsize=16384)
def _in_chunk(text: str) -> tuple[Found, ...]:
    """The scopes in a chunk. Versions of a file share most of theirs, so each is parsed once."""
    # A chunk may hold one half of an #if, and both branches of one make C of sorts: the scopes
    # are found without the directives, whose nesting is known from elsewhere.
    lines = [
        "\n" if "#" in line and _CONDITIONAL.match(line) else line for line in split_lines(text)
    ]
    found = sorted(_parsed(to_bytes("".join(lines))), key=lambda scope: scope[2:])
    return tuple(_settled(found, bodies(lines)))


def _parsed(data: bytes) -> Iterator[Found]:
    stack: list[Node] = [parse(data).root_node]
    while stack:
        node = stack.pop()
        for child in node.children:
            if scope := _scope_of(child):
                yield scope
            elif child.type.startswith("preproc_") or child.type in _HOLDERS:
                stack.append(child)


def _scope_of(node: Node) -> Found | None:
    start, end = node.start_point[0], node.end_point[0] + 1
    if node.end_point[1] == 0:
        end -= 1
    if end - start < 2:
        return None  # a one-line scope holds no hunk that file level would not
    kind = name = ""
    if node.type == "function_definition":
        kind, name = "function", _declared_name(node)
    elif node.type in ("preproc_function_def", "preproc_def"):
        kind, name = "macro", _text(node.child_by_field_name("name"))
    elif node.type in ("struct_specifier", "union_specifier", "enum_specifier"):
        kind, name = "struct", _text(node.child_by_field_name("name"))
    elif node.type == "type_definition":
        kind, name = "struct", _text(node.child_by_field_name("declarator"))
    elif node.type == "declaration":
        declarator = node.child_by_field_name("declarator")
        if declarator is not None and declarator.type == "init_declarator":
            kind, name = "table", _declared_name(declarator)
    return (kind, name, start, end) if kind and name else None


_HOLDERS = frozenset({"ERROR", "linkage_specification", "declaration_list"})


def _settled(parsed: list[Found], shown: list[Body]) -> list[Found]:
    """Parsed scopes, each within the one before it left out, and what the columns show where the
    parser lost its way: it saw no more than pieces of a body, or took the lines before along."""
    kept: list[Found] = []
    for scope in parsed:
        if not kept or scope[2] >= kept[-1][3]:
            kept.append(scope)
    for body in shown:
        near = [scope for scope in kept if scope[2] < body.end and scope[3] > body.start]
        whole = [scope for scope in near if scope[2] <= body.opened and scope[3] >= body.end]
        if any(scope[0] == "macro" for scope in whole):
            continue
        if any(_agrees(scope, body) for scope in whole):
            continue
        kept = [scope for scope in kept if scope not in near] + [body.found]
    return sorted(kept, key=lambda scope: scope[2:])


def _agrees(scope: Found, body: Body) -> bool:
    """Whether a parsed scope is what the columns show, and not named by a macro before it:
    __printf(1, 2), BTF_ID(...)."""
    kind, name, start, _ = scope
    is_mark = name.startswith("__") or name.isupper()
    alike = body.kind in (kind, "function")
    return start >= body.start and alike and (not is_mark or name == body.name)


def _text(node: Node | None) -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text else ""


def _declared_name(node: Node) -> str:
    inner: Node | None = node.child_by_field_name("declarator")
    while inner is not None and inner.type not in ("identifier", "type_identifier"):
        inner = inner.child_by_field_name("declarator")
    return _text(inner)


@lru_cache(maxsize=128)
def source(data: bytes, language: str = "c") -> Source:
    """The source of a blob: the same object for the same bytes."""
    return Source(data, language)


def parse(data: bytes) -> Tree:
    """tree-sitter's tree of a C text, the kernel's loop macros read as loops."""
    from tree_sitter import Parser  # (whoever shows a port parses nothing)

    return Parser(_c()).parse(readable(_closed(data)) if len(data) <= _LARGEST else b"")


_LARGEST = 500_000
"""Bytes of a piece between two closing braces in column one up to which it is parsed; of a larger
one, a table of firmware at most, the columns tell. A megabyte that is no C takes 10 s to parse."""


def _closed(data: bytes) -> bytes:
    """The text without a comment that nothing closes: the parser would look for its end from each
    of its lines."""
    at = data.find(b"/*", data.rfind(b"*/") + 2 if b"*/" in data else 0)
    return data if at < 0 else data[:at] + b"\n" * data.count(b"\n", at)


@cache
def _c() -> Language:
    import tree_sitter_c
    from tree_sitter import Language

    return Language(tree_sitter_c.language())


@lru_cache(maxsize=256)
def errors(data: bytes) -> int:
    """How many places of a C text tree-sitter could not read."""
    stack: list[Node] = [parse(data).root_node]
    count = 0
    while stack:
        node = stack.pop()
        if not node.has_error:
            continue
        if node.type == "ERROR" or node.is_missing:
            count += 1
        stack.extend(node.children)
    return count


@lru_cache(maxsize=256)
def late_declarations(data: bytes) -> int:
    """How many declarations of a C text stand behind a statement of their own block."""
    stack: list[Node] = [parse(data).root_node]
    count = 0
    while stack:
        node = stack.pop()
        if node.type == "compound_statement":
            began = False
            for child in _unwrapped(node):
                if child.type == "declaration":
                    count += began
                elif child.type.endswith("_statement"):
                    began = True
        stack.extend(node.children)
    return count


def _unwrapped(block: Node) -> Iterator[Node]:
    """What stands in a block, under whatever #if."""
    for child in block.named_children:
        if child.type.startswith("preproc_"):
            yield from _unwrapped(child)
        else:
            yield child


_SYSCALL = re.compile(rb"^\s*(?:COMPAT_)?SYSCALL(?:32)?_DEFINE[1-6x]\(([^()]*)\)", re.MULTILINE)


@lru_cache(maxsize=256)
def locals_of(data: bytes) -> frozenset[str]:
    """The names that a function's text declares: parameters, variables, labels."""
    stack: list[Node] = [parse(data).root_node]
    names: set[str] = set()
    for call in _SYSCALL.finditer(data):
        # Types and names in turn, behind the call's own name.
        names.update(to_text(word.strip()) for word in call[1].split(b",")[2::2])
    while stack:
        node = stack.pop()
        if node.type in ("parameter_declaration", "declaration"):
            for child in node.children_by_field_name("declarator"):
                inner: Node | None = child
                while inner is not None and inner.type != "identifier":
                    inner = inner.child_by_field_name("declarator")
                if inner is not None:
                    names.add(_text(inner))
        elif node.type == "labeled_statement":
            names.add(_text(node.child_by_field_name("label")))
        stack.extend(node.children)
    return frozenset(names - {""})


def fragment(lines: list[str], language: str) -> Source:
    """A source made of some lines, such as a hunk's pre-image."""
    return source(join(lines), language)
