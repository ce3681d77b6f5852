# SPDX-License-Identifier: GPL-2.0-only
"""docs/reference-commands.md: every command and option. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zpmaint.cli.manual.pages import Option, Page
from zpmaint.cli.manual.table import MADE, escaped, table


def commands_page(pages: Sequence[Page]) -> str:
    """The whole text."""
    return "\n".join(_lines(pages)) + "\n"


def _lines(pages: Sequence[Page]) -> Iterator[str]:
    yield from ("# Commands and options", "", MADE, "")
    yield "What `--help` says, on one page; `man zpmaint-port` has the same. Each command ends with"
    yield "one of the [exit statuses](reference-states.md)."
    for page in pages:
        yield from ("", f"## {page.name}", "", "```text", page.usage, "```", "")
        for block in page.text:
            if block.verbatim:
                head, _, rest = block.text.partition("\n")
                yield from (head, "", *(f"    {line.strip()}" for line in rest.splitlines()), "")
            else:
                yield from (escaped(block.text), "")
        if page.below:
            yield from (
                *table(("command", ""), [(f"`{n}`", escaped(w)) for n, w in page.below]),
                "",
            )
        if page.options:
            yield from table(("option", ""), [_row(option) for option in page.options])


def _row(option: Option) -> tuple[str, str]:
    names = ", ".join(f"`{name}`" for name in option.names)
    value = f" `{option.value}`" if option.value else ""
    return names + value + (" ..." if option.repeats else ""), escaped(option.about)
