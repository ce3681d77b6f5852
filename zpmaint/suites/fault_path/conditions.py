# SPDX-License-Identifier: GPL-2.0-only
"""The conditions that cases condition.* read under: a table of properties, and a covering set of it
for the guest. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zpmaint.core.errors import UserError
from zpmaint.core.toml import parse_toml
from zpmaint.core.versions import KernelVersion

_TRIES = 4
"""Rows that are tried for each that is taken: more make the set little smaller."""

Row = tuple[int, ...]
"""One condition: for each property the number of its value."""
Pair = tuple[tuple[int, int], tuple[int, int]]
"""Two (property, value), the lower property first."""


@dataclass(frozen=True)
class Value:
    name: str
    since: KernelVersion | None = None
    """The first kernel that knows it."""


@dataclass(frozen=True)
class Property:
    """One thing that may differ between two read faults."""

    name: str
    values: tuple[Value, ...]
    """The first is the plain one."""


@dataclass(frozen=True)
class Table:
    properties: tuple[Property, ...]
    without: frozenset[Pair]
    """What does not go together."""

    def possible(self, row: Mapping[int, int]) -> bool:
        """Whether the values of `row`, for some of the properties, go together."""
        return not any(
            pair in self.without for pair in itertools.combinations(sorted(row.items()), 2)
        )

    def pairs(self) -> set[Pair]:
        """Every two values that go together."""
        choices = [
            [(number, value) for value in range(len(prop.values))]
            for number, prop in enumerate(self.properties)
        ]
        return {
            (one, two)
            for first, second in itertools.combinations(choices, 2)
            for one in first
            for two in second
        } - self.without


def read_table(text: str, name: str) -> Table:
    """The table of a TOML text. Raises UserError: where, and what is wrong."""
    read = parse_toml(text, name)
    properties = tuple(_property(row, name) for row in read.get("property", ()))
    at = {
        f"{prop.name}={value.name}": (number, index)
        for number, prop in enumerate(properties)
        for index, value in enumerate(prop.values)
    }
    without = set()
    for row in read.get("without", ()):
        these = row.get("these", ())
        unknown = [one for one in these if one not in at]
        if unknown or len(these) != 2 or not row.get("why"):
            raise UserError(
                f"{name}: without {these!r}: {unknown[0] if unknown else 'two, and a why'}",
                "write property=value of the table, twice, and why they do not go together",
            )
        one, two = sorted(at[this] for this in these)
        if one[0] == two[0]:
            raise UserError(f"{name}: without {these!r}: two values of one property never meet")
        without.add((one, two))
    return Table(properties, frozenset(without))


def _property(row: Mapping[str, Any], name: str) -> Property:
    if not row.get("name") or not row.get("why") or len(row.get("values", ())) < 2:
        raise UserError(
            f"{name}: property {row.get('name')!r}: name, why and two values are needed"
        )
    return Property(
        row["name"],
        tuple(
            Value(one["name"], KernelVersion.parse(one["since"]) if "since" in one else None)
            for one in row["values"]
        ),
    )


def covering(table: Table) -> tuple[Row, ...]:
    """Conditions in which every two values that go together do so at least once; the plain one
    first. The same for the same table."""
    plain: Row = tuple(0 for _ in table.properties)
    rows = [plain]
    left = table.pairs() - set(_pairs(plain))
    order = sorted(left)
    while left:
        order = [pair for pair in order if pair in left]
        # Rows around different pairs that are still to come; the one that takes most is kept.
        step = max(1, len(order) // _TRIES)
        by_need = _by_need(table, left)
        tried = [row for pair in order[::step] if (row := _grown(table, pair, left, by_need))]
        if not tried:
            raise UserError(
                "some pair of conditions fits into no row", "take a line of [[without]] out"
            )
        best = max(tried, key=lambda row: (len(left & set(_pairs(row))), [-one for one in row]))
        rows.append(best)
        left -= set(_pairs(best))
    return tuple(rows)


def _grown(table: Table, pair: Pair, left: set[Pair], by_need: Sequence[int]) -> Row | None:
    """A whole row around `pair` that takes many of the pairs that are `left`, its properties filled
    in the order of `by_need`; None where the other properties have no values that go with it."""
    row = dict(pair)
    for number in by_need:
        if number in row:
            continue
        options = [
            (len(left & {_pair((number, value), one) for one in row.items()}), -value)
            for value in range(len(table.properties[number].values))
            if table.possible({**row, number: value})
        ]
        if not options:
            return None
        row[number] = -max(options)[1]
    return tuple(row[number] for number in range(len(table.properties)))


def _by_need(table: Table, left: set[Pair]) -> list[int]:
    """The properties, those with the most pairs left first."""
    need = dict.fromkeys(range(len(table.properties)), 0)
    for one, two in left:
        need[one[0]] += 1
        need[two[0]] += 1
    return sorted(need, key=lambda n: (-need[n], n))


def _pair(one: tuple[int, int], two: tuple[int, int]) -> Pair:
    return (one, two) if one < two else (two, one)


def _pairs(row: Row) -> Iterator[Pair]:
    return itertools.combinations(enumerate(row), 2)


def conditions_header(table: Table) -> str:
    """NAME.gen.h: the properties and their values as numbers."""
    names = ", ".join(_c(prop.name) for prop in table.properties)
    text = f"enum {{ {names} }};\n"
    for prop in table.properties:
        values = ", ".join(f"{_c(prop.name)}_{_c(value.name)}" for value in prop.values)
        text += f"enum {{ {values} }};\n"
    return text


def conditions_source(table: Table, rows: Sequence[Row], name: str) -> str:
    """NAME.gen.c: the conditions as a C table called `name`, and what their numbers are called."""
    text = '#include "rows.h"\n#include "suite.h"\n\n'
    for prop in table.properties:
        values = ", ".join(f'{{"{value.name}", {_release(value.since)}}}' for value in prop.values)
        text += f"static const struct value {prop.name}_values[] = {{{values}}};\n"
    names = ", ".join(f'{{"{prop.name}", {prop.name}_values}}' for prop in table.properties)
    text += f"static const struct property properties[] = {{{names}}};\n"
    lines = "".join(f"\t{{{{{', '.join(map(str, row))}}}}},\n" for row in rows)
    text += f"static const struct row rows[] = {{\n{lines}}};\n"
    sizes = f"{len(table.properties)}, {len(rows)}"
    return text + (
        f"extern const struct table {name};\n"
        f"const struct table {name} = {{{sizes}, properties, rows}};\n"
    )


def _release(version: KernelVersion | None) -> str:
    return "RELEASE({}, {}, {})".format(*version.numbers[:3]) if version else "0"


def _c(name: str) -> str:
    return name.upper().replace("-", "_")
