# SPDX-License-Identifier: GPL-2.0-only
"""Sites of invented ledgers: one with every state that a line can be in, one that is big."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger_fixtures import NOON, SET, modern_deltas, passing, port, record
from publish_fixtures import patchset
from timeline_fixtures import DAY, HOUR

from zpmaint.core.config import Config
from zpmaint.core.releases import Outlook, Release
from zpmaint.core.result import Result
from zpmaint.ledger.values import Record
from zpmaint.patchset.load import load_patchset
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.site import Material, site_files

NAME = "</a><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;{{ 7*7 }}\x1b[31m\u202e"
"""What no kernel is called."""
NOW = NOON + DAY
TRACKED: tuple[dict[str, Any], ...] = (
    {"version": "2.6.21", "note": "the first release after the patch was posted"},
    {"version": "2.6.24"},
    {"version": "4.19.*"},
    {"version": "5.4.*"},
    {"version": "5.10.*"},
    {"version": "5.15.*"},
    {"version": "6.1.*"},
    {"version": "6.6.*"},
    {"version": "6.12.*", "arch": ["x86_64", "i386"]},
    {"version": "6.17.*"},
    {"version": "6.18.*"},
    {"version": "7.*"},
)


def every_config() -> Config:
    tables = [{"sources": ["debian"], **row} for row in TRACKED]
    return Config.model_validate(
        {"patch": SET, "sources": {"debian": {"kind": "debian"}}, "kernel": tables}
    )


def _passes(version: str, days: float, **more: Any) -> Record:
    good = modern_deltas(853.1, 2_258.4, 2_022.9, 2_110.2)
    return passing(version, good, started=NOW - days * DAY, **more)


def every_state() -> list[Record]:
    """Works and is fresh; behind; long ago; broken over six releases; flaky; no result over a
    failure; never a result; effect untested; series ended; a kernel that was withdrawn; another
    architecture; one that costs 40 % more; names that are none."""
    found = [_passes(f"7.2.{n}", 30 - 3 * n) for n in range(1, 8)]
    dear = modern_deltas(853.1, 2_258.4, 2_022.9, 1.4 * 2_110.2)  # a read costs 40 % more
    found.append(passing("7.2.8", dear, started=NOW - 6 * DAY))
    found += [_passes(f"6.12.{n}", 120 - n) for n in range(80, 108)]
    found += [_passes("6.12.107", 3, arch="i386")]
    found += [_passes(f"6.6.{n}", 60 - n) for n in range(5, 12)]
    found += [
        record(
            f"6.6.{n}",
            Result.FAIL,
            why="patched: read.distinct: zero-page, expected private",
            port=port(f"6.6.{n}"),
            started=NOW - (40 - n) * DAY,
        )
        for n in range(12, 18)
    ]
    # A try that failed for the host's sake takes nothing from what is known.
    found.append(record("6.6.17", Result.INFRA, why="no space left", started=NOW - DAY, key="i"))
    for n, result in enumerate([Result.PASS, Result.FAIL, Result.PASS]):
        found.append(
            record("6.1.187", result, why="swap.read", key="same", started=NOW - (5 - n) * DAY)
        )
    found.append(_passes("5.15.200", 200))
    found.append(record("5.10.262", Result.NO_REGRESSION, why="as on stock", started=NOW - DAY))
    found.append(_passes("5.4.301", 90))
    found.append(record("4.19.325", Result.INDETERMINATE, why="differs by boot", started=NOW - DAY))
    found.append(_passes("6.17.13", 40))
    found.append(_passes("6.17.14", 39))  # withdrawn later
    found.append(_passes("2.6.21", 2))
    found.append(record("3.18.140", Result.CONFLICT, why="do_anonymous_page: no such branch"))
    found.append(record(NAME, Result.BUILD, why=NAME, arch="x86_64" + NAME, started=NOW - DAY))
    return found


def every_outlook() -> Outlook:
    seen = NOW - HOUR

    def out(version: str, **more: Any) -> Release:
        series = version.rpartition(".")[0]
        return Release(version, series, seen=seen, first_seen=seen - DAY, **more)

    return Outlook(
        (
            out("7.2.8"),
            out("6.12.109"),
            out("6.6.17"),
            out("6.1.187"),
            out("5.10.262"),
            out("5.4.301", eol=True),
            out("6.17.13"),
            Release("6.17.14", "6.17", seen=seen - 9 * DAY, first_seen=seen, withdrawn=True),
            Release("5.15.200", "5.15", seen=seen - 190 * DAY, first_seen=seen - 190 * DAY),
            out("4.19.325"),
        ),
        looked=seen,
    )


def every_set() -> PatchSet:
    """A set with charts and a page of its own, the shipped one's over these records' counter."""
    shipped = load_patchset(Path(__file__).parent.parent / "patches" / SET)
    panels = [
        replace(
            one, counters=("instructions",) if "instructions/page" in one.counters else one.counters
        )
        for one in shipped.panels
    ]
    return replace(patchset(), panels=tuple(panels), pages=shipped.pages)


def every_site(base_url: str = "") -> dict[str, bytes]:
    return site_files(
        every_state(),
        Material(
            every_config(), [every_set()], generated=NOW, base_url=base_url, outlook=every_outlook()
        ),
    )


def big(series: int, kernels: int, tracked: int) -> tuple[Config, Iterator[Record]]:
    """`series` of `kernels` each, of which the first `tracked` are tracked; every seventh kernel
    is broken, so that histories are long."""
    names = [f"{4 + n // 20}.{n % 20}" for n in range(series)]
    config = Config.model_validate(
        {
            "patch": SET,
            "sources": {"debian": {"kind": "debian"}},
            "kernel": [{"version": f"{name}.*", "sources": ["debian"]} for name in names[:tracked]],
        }
    )

    def records() -> Iterator[Record]:
        for place, name in enumerate(names):
            for n in range(1, kernels + 1):
                bad = n % 7 == place % 7
                yield record(
                    f"{name}.{n}",
                    Result.FAIL if bad else Result.PASS,
                    why="a case that was not as it has to be, told in a line of some length",
                    started=NOON - (series * kernels - place * kernels - n) * HOUR,
                )

    return config, records()
