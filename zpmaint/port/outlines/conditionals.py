# SPDX-License-Identifier: GPL-2.0-only
"""The conditions that lines stand under, for ways of writing that nest them by lines."""

from __future__ import annotations

import re
from hashlib import sha256

DEEPEST = 64
"""Conditions within one another that are told apart; kernels have no 12."""
_LONGEST = 1000
"""Characters of a condition and the branches before it; a longer one is known by its hash."""
_DIRECTIVE = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b\s*(.*)")


def none(lines: list[str]) -> list[tuple[str, ...]]:
    """No conditions at all."""
    return [()] * len(lines)


def preprocessor(lines: list[str]) -> list[tuple[str, ...]]:
    """For each line the #if lines it stands under, outermost first."""
    found: list[tuple[str, ...]] = []
    stack: list[str] = []
    known: tuple[str, ...] = ()
    for n, line in enumerate(lines):
        # Most lines are no directive; only those that are cost a match.
        directive = _DIRECTIVE.match(line) if "#" in line else None
        if directive is not None:
            word, rest = directive[1], " ".join(directive[2].split())
            nest(stack, word, rest)
            known = within(stack, n)
        found.append(known)
    return found


def within(stack: list[str], line: int) -> tuple[str, ...]:
    """The conditions of the line at which a stack changed. What is nested deeper than any source
    is stands at its own line alone."""
    return tuple(stack) if len(stack) <= DEEPEST else (*stack[:DEEPEST], f"line {line}")


def openers(conditions: list[tuple[str, ...]]) -> list[tuple[int, ...]]:
    """For each line the lines that opened its conditions (the branch of an #else its own)."""
    out: list[tuple[int, ...]] = []
    stack: list[tuple[int, str]] = []
    before: tuple[str, ...] = ()
    for n, names in enumerate(conditions):
        if names is before and out:
            out.append(out[-1])
            continue
        before = names
        same = 0
        while same < min(len(stack), len(names)) and stack[same][1] == names[same]:
            same += 1
        # A condition that closes and opens again on neighbouring lines has an empty one between.
        del stack[same:]
        stack += [(n, name) for name in names[same:]]
        out.append(tuple(line for line, _ in stack))
    return out


def nest(stack: list[str], word: str, rest: str) -> None:
    """Open, turn or close a condition."""
    if word in ("elif", "else", "endif"):
        if stack:
            opened = stack.pop()
            if word != "endif":
                if len(opened) > _LONGEST:
                    opened = f"... {sha256(opened.encode('utf-8', 'replace')).hexdigest()[:16]}"
                stack.append(f"{opened} / {word} {rest}".rstrip())
    else:
        stack.append(f"{word} {rest}")
