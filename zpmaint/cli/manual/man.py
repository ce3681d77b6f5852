# SPDX-License-Identifier: GPL-2.0-only
"""A command's page in the language of man (man(7)). Pure.

No date and no version is in it: the same command gives the same bytes, whoever writes it and when.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from zpmaint.cli.manual.exits import EXITS
from zpmaint.cli.manual.pages import NAME, Option, Page

SECTION = "1"
_SEE_ALSO = ("patch", "git-rebase", "quilt", "qemu-system-x86_64")


def file_name(page: Page) -> str:
    """zpmaint-matrix-run.1"""
    return f"{'-'.join(page.path)}.{SECTION}"


def man_page(page: Page) -> str:
    """The whole file."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    name = "-".join(page.path)
    yield '.\\" SPDX-License-Identifier: GPL-2.0-only'
    yield ".\\\" Made by ci/reference of the command line's parser: change that, not this."
    yield f'.TH {_quoted(name.upper())} {SECTION} "" "zpmaint" "zpmaint"'
    yield ".SH NAME"
    yield f"{_text(name)} \\- {_text(_lower(page.line))}"
    yield ".SH SYNOPSIS"
    yield f".B {_text(page.name)}"
    yield _text(page.usage.removeprefix(page.name).strip()) or "\\&"
    yield ".SH DESCRIPTION"
    for number, block in enumerate(page.text):
        if number:
            yield ".PP"
        if block.verbatim:
            yield from (".nf", *map(_text, block.text.splitlines()), ".fi")
        else:
            yield _text(block.text)
    if page.below:
        yield ".SH COMMANDS"
        for one, line in page.below:
            yield from (".TP", f".BR {_text(f'{name}-{one}')} (1)", _text(line))
    if page.options:
        yield ".SH OPTIONS"
        for option in page.options:
            yield from (".TP", _option(option), _text(_about(option)) or "\\&")
    yield ".SH EXIT STATUS"
    for end in EXITS:
        yield from (".TP", f".B {end.status}", _text(end.means))
    yield ".SH SEE ALSO"
    above = [NAME, *(["-".join(page.path[:-1])] if len(page.path) > 2 else [])]
    others = [*(above if len(page.path) > 1 else []), *_SEE_ALSO]
    for one in others[:-1]:
        yield f".BR {_text(one)} (1),"
    yield f".BR {_text(others[-1])} (1)"


def _option(option: Option) -> str:
    names = ", ".join(f"\\fB{_text(name)}\\fR" for name in option.names)
    return f"{names} \\fI{_text(option.value)}\\fR" if option.value else names


def _about(option: Option) -> str:
    if not option.repeats or "given several times" in option.about:
        return option.about
    return f"{option.about} May be given several times.".strip()


def _text(words: str) -> str:
    """Words as troff shows them: no line is taken for a request, a hyphen is one that is typed."""
    shown = words.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    shown = shown.replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    return re.sub(r"(?m)^(?=[.'])", r"\\&", shown)


def _quoted(words: str) -> str:
    return f'"{_text(words)}"'


def _lower(line: str) -> str:
    line = line.rstrip(".")
    return line[:1].lower() + line[1:]
