# SPDX-License-Identifier: GPL-2.0-only
"""The matrix on the toy kernel, its steps in worker processes: what is done again and what is not,
and what is left when somebody is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_app_verify import Shop, pytestmark  # noqa: F401 (its condition is ours)

from zpmaint.ledger.store import Ledger


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch)


def run(shop: Shop, *more: str) -> tuple[int, list[str]]:
    """Its exit status, and the guests and builds that it started."""
    status, _, err = shop.run("matrix", "run", *more)
    lines = [line.removesuffix(" ...") for line in err.splitlines() if line.endswith(" ...")]
    return status, sorted(line for line in lines if line.startswith(("boot ", "build ")))


BOOTS = [f"boot 6.12.107 x86_64 {flavour}" for flavour in ("patched", "stock")]
BUILDS = [f"build 6.12.107 {flavour} (x86_64)" for flavour in ("patched", "stock")]


def expects(shop: Shop, counters: str) -> None:
    """Change what is expected, and nothing else."""
    file = shop.project / "patches/toy/patch.toml"
    head, _, tail = file.read_text().partition("counters = ")
    file.write_text(f"{head}counters = {counters}\n{tail.partition(chr(10))[2]}")


def test_only_what_changed_is_done_again(shop: Shop) -> None:
    assert run(shop) == (0, BOOTS + BUILDS)
    assert run(shop) == (0, []), "all is known"
    expects(shop, '["VmRSS"]')
    assert run(shop) == (0, []), "an expectation is judged on what was booted before"
    assert len(shop.results()) == 1
    with Ledger(shop.home / "state/ledger.sqlite") as ledger:
        first, second = ledger.history()
    assert (first.key != second.key, first.outcome == second.outcome) == (True, True)
    assert first.runs and second.runs and first.runs.patched and second.runs.patched
    assert first.runs.patched.kept == second.runs.patched.kept, "with its console"
    # What is damaged is made anew, and it alone.
    damaged = next(p for p in sorted((shop.home / "cache/boots").glob("*/*.json")) if p.is_file())
    damaged.write_bytes(damaged.read_bytes()[:100])
    expects(shop, '["MinorFaults"]')
    status, done = run(shop)
    assert (status, len(done)) == (0, 1) and done[0] in BOOTS
    assert run(shop, "--again") == (0, BOOTS)
