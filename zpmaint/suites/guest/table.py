# SPDX-License-Identifier: GPL-2.0-only
"""The guest's C table, made from cases.toml: the two cannot drift apart."""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
from zpmaint.suites.values import FULL, Case, Lack


def table_header(cases: Sequence[Case]) -> str:
    """cases.gen.h: the prototypes of the cases' functions."""
    return "".join(f"void {case.function}(void);\n" for case in cases)


def table_source(cases: Sequence[Case]) -> str:
    """cases.gen.c: the table itself."""
    rows = "".join(
        f'\t{{"{case.name}", {case.function}, {_release(case.era.since)}, '
        f'{_release(case.era.until)}, "{_range(case.era)}", {int(case.profile == FULL)}}},\n'
        for case in cases
    )
    lacks = "".join(_lack(case, lack) for case in cases for lack in case.lacks)
    return (
        '#include "cases.gen.h"\n#include "suite.h"\n\n'
        f"const struct test_case cases[] = {{\n{rows}}};\n"
        "const int case_count = sizeof cases / sizeof *cases;\n"
        f"const struct lack lacks[] = {{\n{lacks}\t{{0, 0, 0, 0}},\n}};\n"
    )


def _lack(case: Case, lack: Lack) -> str:
    return (
        f"#ifdef __{lack.arch}__\n"
        f'\t{{"{case.name}", {_release(lack.era.since)}, {_release(lack.era.until)}, '
        f'"{lack.why}"}},\n#endif\n'
    )


def _release(version: KernelVersion | None) -> str:
    return "RELEASE({}, {}, {})".format(*version.numbers[:3]) if version else "0"


def _range(era: Era) -> str:
    words = [f"{era.since} and later"] if era.since else []
    if era.until:
        words.append(f"before {era.until}")
    return ", ".join(words)
