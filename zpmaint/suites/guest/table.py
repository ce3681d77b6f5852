# SPDX-License-Identifier: GPL-2.0-only
"""The guest's C table, made from cases.toml: the two cannot drift apart."""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
from zpmaint.suites.values import FULL, Case, Lack


def table_header(cases: Sequence[Case]) -> str:
    """cases.gen.h: the prototypes of the cases' functions. Where no kernel of an architecture has
    what a case looks at, the table does not name its function, and it need not be there."""
    return "".join(f"void {case.function}(void);\n" for case in cases)


def table_source(cases: Sequence[Case], arch: str) -> str:
    """cases.gen.c: the table itself, of one architecture. A case that it has not is there, too: the
    guest says why it is skipped."""
    rows = "".join(
        f'\t{{"{case.name}", {case.function if case.is_for(arch) else 0}, '
        f"{_release(case.era.since)}, {_release(case.era.until)}, "
        f'"{_range(case.era)}", {int(case.profile == FULL)}}},\n'
        for case in cases
    )
    lacks = "".join(_lack(case, one) for case in cases for one in case.lacks if one.arch == arch)
    return (
        '#include "cases.gen.h"\n#include "suite.h"\n\n'
        f"const struct test_case cases[] = {{\n{rows}}};\n"
        "const int case_count = sizeof cases / sizeof *cases;\n"
        f"const struct lack lacks[] = {{\n{lacks}\t{{0, 0, 0, 0}},\n}};\n"
    )


def _lack(case: Case, lack: Lack) -> str:
    return (
        f'\t{{"{case.name}", {_release(lack.era.since)}, {_release(lack.era.until)}, '
        f'"{lack.why}"}},\n'
    )


def _release(version: KernelVersion | None) -> str:
    return "RELEASE({}, {}, {})".format(*version.numbers[:3]) if version else "0"


def _range(era: Era) -> str:
    words = [f"{era.since} and later"] if era.since else []
    if era.until:
        words.append(f"before {era.until}")
    return ", ".join(words)
