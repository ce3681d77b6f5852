# SPDX-License-Identifier: GPL-2.0-only
"""A suite's table of cases (cases.toml), and how cases are chosen."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from zpmaint.core import arches
from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.hints import did_you_mean
from zpmaint.core.toml import parse_toml
from zpmaint.core.versions import KernelVersion
from zpmaint.suites.values import MINIMAL, PROFILES, Case, Defect, Lack, StockWord

_NAME = re.compile(r"[a-z]+(?:[.-][a-z]+)+")
_KEYS = {
    *("name", "reason", "tags", "since", "until", "needs", "expect", "profile"),
    *("defect", "lacks", "stock", "also"),
}
_DEFECT_KEYS = {"since", "until", "word", "why"}
_DEFECT_MAY = {"mended"}
_STOCK_KEYS = {"word", "why"}
_STOCK_MAY = {"since", "until", "mended"}
_INSTEAD_KEYS = {"of", "word", "why"}
_LACK_KEYS = {"arch", "why"}
_LACK_MAY = {"since", "until"}


def read_cases(text: str, name: str = "cases.toml") -> tuple[Case, ...]:
    """The cases of a table, in its order. Raises UserError: file, case, key."""
    table = parse_toml(text, name)
    instead = [
        (row["of"], _stock(row, where, _INSTEAD_KEYS))
        for number, row in enumerate(table.get("instead", ()), 1)
        if (where := f"{name}: instead[{number}]")
    ]
    cases: list[Case] = []
    for number, row in enumerate(table.get("case", ()), 1):
        where = f"{name}: case[{number}]"
        if unknown := set(row) - _KEYS:
            raise UserError(f"{where}: unknown key {sorted(unknown)[0]!r}")
        for key in ("name", "reason", "tags"):
            if not row.get(key):
                raise UserError(f"{where}.{key}: missing, and needed")
        if not _NAME.fullmatch(row["name"]):
            raise UserError(f"{where}.name: {row['name']!r}", "write it as part.what, a-z and -")
        if (profile := row.get("profile", MINIMAL)) not in PROFILES:
            raise UserError(
                f"{where}.profile: {profile!r}", f"choose one of: {', '.join(PROFILES)}"
            )
        if profile != MINIMAL and profile not in row["tags"]:
            raise UserError(f"{where}.tags: lack {profile!r}, which is the case's profile")
        cases.append(
            Case(
                name=row["name"],
                reason=row["reason"],
                tags=tuple(row["tags"]),
                era=_era(row),
                needs=row.get("needs", ""),
                expect=row.get("expect", "ok"),
                profile=profile,
                stocks=_stocks(row.get("stock", ()), where, instead),
                also=tuple(
                    _stock(one, f"{where}.also[{index}]", _STOCK_KEYS)
                    for index, one in enumerate(row.get("also", ()), 1)
                ),
                defects=tuple(
                    _defect(defect, f"{where}.defect[{index}]")
                    for index, defect in enumerate(row.get("defect", []), 1)
                ),
                lacks=tuple(
                    one
                    for index, lack in enumerate(row.get("lacks", []), 1)
                    for one in _lacks(lack, f"{where}.lacks[{index}]", row)
                ),
            )
        )
    functions = [case.function for case in cases]
    for function in functions:
        if functions.count(function) > 1:
            raise UserError(f"{name}: two cases share the function {function}", "rename one")
    return tuple(cases)


def _era(row: Mapping[str, str]) -> Era:
    mended = tuple(map(KernelVersion.parse, row.get("mended", ())))
    return replace(Era.parse(row.get("since"), row.get("until")), mended=mended)


def _stocks(
    said: str | Sequence[Mapping[str, str]], where: str, instead: Sequence[tuple[str, StockWord]]
) -> tuple[StockWord, ...]:
    """What stock kernels report: a word for all but those of `instead`, or a word for each era."""
    if not isinstance(said, str):
        return tuple(
            _stock(row, f"{where}.stock[{index}]", _STOCK_KEYS) for index, row in enumerate(said, 1)
        )
    rows = tuple(row for of, row in instead if of == said)
    return (*rows, StockWord(Era(), said, "what a stock kernel does")) if said else rows


def _stock(row: Mapping[str, str], where: str, keys: set[str]) -> StockWord:
    _all_keys(row, where, keys, _STOCK_MAY)
    return StockWord(_era(row), row["word"], row["why"])


def _defect(row: Mapping[str, str], where: str) -> Defect:
    _all_keys(row, where, _DEFECT_KEYS, _DEFECT_MAY)
    return Defect(_era(row), row["word"], row["why"])


def _lacks(row: Mapping[str, Any], where: str, case: Mapping[str, object]) -> Iterator[Lack]:
    """One for each architecture that the row names."""
    # An end and a beginning, or all kernels.
    _all_keys(row, where, _LACK_KEYS | (_LACK_MAY if _LACK_MAY & set(row) else set()))
    named = [row["arch"]] if isinstance(row["arch"], str) else row["arch"]
    for arch in named:
        if arch not in arches.names():
            known = ", ".join(arches.names())
            raise UserError(f"{where}.arch: {arch!r}", f"choose one of: {known}")
    if _LACK_MAY & set(row) and not case.get("needs"):
        raise UserError(f"{where}: a case that may be skipped says in `needs` what it needs")
    if any(sign in row["why"] for sign in '"\\\n#'):
        raise UserError(f"{where}.why: a quote, a backslash, a newline or a #", "leave it out")
    yield from (Lack(arch, _era(row), row["why"]) for arch in named)


def _all_keys(
    row: Mapping[str, str], where: str, keys: set[str], may: Set[str] = frozenset()
) -> None:
    if unknown := set(row) - keys - may:
        raise UserError(f"{where}: unknown key {sorted(unknown)[0]!r}")
    for key in sorted(keys):
        if not row.get(key):
            raise UserError(f"{where}.{key}: missing, and needed")


def select(cases: Sequence[Case], *words: str) -> tuple[Case, ...]:
    """The cases that any of `words` chooses, in their order: a glob of names, or a tag. Raises
    UserError for a word that chooses none, with what comes near it."""
    chosen: set[str] = set()
    for word in words:
        found = {case.name for case in cases if matches(case, word)}
        if not found:
            raise no_such_case(word, cases)
        chosen |= found
    return tuple(case for case in cases if case.name in chosen)


def matches(case: Case, word: str) -> bool:
    """Whether `word` chooses the case: a glob of its name, or one of its tags."""
    return fnmatch.fnmatchcase(case.name, word) or word in case.tags


def no_such_case(word: str, cases: Sequence[Case]) -> UserError:
    """What to say of a word that chooses none of `cases`."""
    known = [*(case.name for case in cases), *tags(cases)]
    return UserError(
        f"no case and no tag is {word!r}", did_you_mean(word, known) or f"tags: {_listed(cases)}"
    )


def tags(cases: Sequence[Case]) -> tuple[str, ...]:
    """All tags of `cases`, in the order of their first use."""
    return tuple(dict.fromkeys(tag for case in cases for tag in case.tags))


def _listed(cases: Sequence[Case]) -> str:
    parts = dict.fromkeys(case.name.partition(".")[0] for case in cases)
    return f"{', '.join(tags(cases))}; cases: {', '.join(f'{part}.*' for part in parts)}"
