# SPDX-License-Identifier: GPL-2.0-only
"""What a conditional of the preprocessor asks of the configuration, as an expression. Pure."""

from __future__ import annotations

import re

from zpmaint.build.clines import Source
from zpmaint.build.kconfig_expr import Expr, both, parse

_TOKEN = re.compile(
    r"""\b(?:defined|IS_ENABLED|IS_BUILTIN|IS_MODULE|IS_REACHABLE)\s*
        (?: \(\s*(?P<called>\w+)\s*\) | \s(?P<named>\w+) )
    | (?P<macro>\b[A-Za-z_]\w*\s*\((?:[^()]|\([^()]*\))*\))
    | (?P<number>\b\d\w*) | (?P<word>\b[A-Za-z_]\w*)""",
    re.VERBOSE,
)
_ENABLED = re.compile(r"(!\s*)?\bIS_(?:ENABLED|BUILTIN|REACHABLE)\s*\(\s*CONFIG_(\w+)\s*\)")
_OTHER = " $(other) "
"""What the configuration says nothing of, as `parse` takes for unknown."""


def arm_expr(source: Source, arm: int) -> Expr:
    """What has to hold of the configuration for an arm to be taken, the ones that it lies in left
    out. What else it asks for is UNKNOWN."""
    earlier = [_directive(source.arms[one].opener) for one in source.earlier(arm)]
    return both(
        *(Expr("not", (one,)) for one in earlier[::-1]), _directive(source.arms[arm].opener)
    )


def line_expr(source: Source, number: int) -> Expr:
    """What has to hold for a line of a source to be compiled, counted from 1."""
    return both(*(arm_expr(source, arm) for arm in source.chain(source.line(number).arm)))


def enabled_in(line: str) -> tuple[str, ...]:
    """The symbols that a line of C asks for by IS_ENABLED() and its like, those that are to be off
    left out."""
    return tuple(found[2] for found in _ENABLED.finditer(line) if not found[1])


def _directive(opener: str) -> Expr:
    word, _, rest = opener.partition(" ")
    match word:
        case "#ifdef" | "#elifdef":
            return parse(_said(f"defined({rest.strip()})"))
        case "#ifndef" | "#elifndef":
            return Expr("not", (parse(_said(f"defined({rest.strip()})")),))
        case "#if" | "#elif":
            return parse(_said(rest))
    return Expr("and")  # #else: what came before it says all


def _said(text: str) -> str:
    return _TOKEN.sub(_token, text)


def _token(found: re.Match[str]) -> str:
    name = found["called"] or found["named"] or found["word"] or ""
    if name.startswith("CONFIG_"):
        return f" {name.removeprefix('CONFIG_').removesuffix('_MODULE')} "
    if found["number"]:
        return " y " if found["number"].strip("0uUlLxX") else " n "
    return _OTHER
