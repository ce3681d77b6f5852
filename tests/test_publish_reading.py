# SPDX-License-Identifier: GPL-2.0-only
"""What publishing reads of a ledger: a line of each attempt, documents of what changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_fixtures import SET, record, samples
from publish_fixtures import config, patchset

from zpmaint.core.errors import InfraError
from zpmaint.core.result import Result
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import Facts
from zpmaint.publish.kernel import Kernel, Name, kernels_of
from zpmaint.publish.plan import pages_of
from zpmaint.publish.reading import Kept, read_kernels
from zpmaint.publish.site import Material, site_of


class Counting(Ledger):
    """Notes which records were read whole."""

    whole: list[str]

    def at(self, key: str, turn: float) -> Record | None:
        found = super().at(key, turn)
        self.whole.append(found.version if found else "")
        return found


@pytest.fixture
def ledger(tmp_path: Path) -> Counting:
    made = Counting(tmp_path / "ledger.sqlite")
    made.whole = []
    for one in sorted(samples(), key=lambda r: r.finished):
        made.record(one)
    return made


def kept(kernels: list[Kernel]) -> Kept:
    return {k.name: (k.state, Facts.kept(k.facts.as_json())) for k in kernels}


def pages(kernels: list[Kernel]) -> dict[str, bytes]:
    site = site_of(kernels, Material(config(), [patchset()], generated=1.0))
    return {page.address: page.make() for page in pages_of(site)}


def test_a_ledger_gives_the_pages_that_its_records_give(ledger: Counting) -> None:
    assert pages(read_kernels(ledger, {})) == pages(kernels_of(ledger.history()))


def test_only_kernels_with_another_state_are_read(ledger: Counting) -> None:
    first = read_kernels(ledger, {})
    assert len(ledger.whole) == len(first)
    ledger.whole.clear()
    again = read_kernels(ledger, kept(first))
    assert ledger.whole == []
    assert pages(again) == pages(first)
    ledger.record(record("6.1.176", Result.INFRA, key="later", started=9e9))
    ledger.record(record("6.1.200", key="new", started=9e9))
    ledger.whole.clear()
    after = read_kernels(ledger, kept(again))
    assert sorted(ledger.whole) == ["6.1.176", "6.1.200"]
    assert pages(after) == pages(kernels_of(ledger.history()))


def test_a_record_that_was_moved_meanwhile_is_no_other_one(ledger: Counting) -> None:
    (kernel, *_) = read_kernels(ledger, {})
    with pytest.raises(InfraError, match="publish again"):
        kernel.read(replace(kernel.standing, turn=1.5))


def test_facts_are_kept_as_json_and_read_as_they_were() -> None:
    for kernel in kernels_of(samples()):
        text = json.dumps(kernel.facts.as_json())
        found = Facts.kept(json.loads(text))
        assert json.dumps(found.as_json()) == text
        for name in ("memory", "rss", "cost", "suite"):
            assert getattr(found, name) == getattr(kernel.facts, name)


def test_a_profile_makes_another_kernel_with_a_page_of_its_own() -> None:
    names: set[Name] = {("6.12.1", "x86_64", SET, ""), ("6.12.1", "x86_64", SET, "x86_64-debug")}
    one = kernels_of([record("6.12.1")])[0]
    tried = replace(one.attempts[0], profile="x86_64-debug")
    other = replace(one, attempts=(tried,), read=lambda _: one.record)
    assert {one.name, other.name} == names
    found = pages([one, other])
    assert {f"{SET}/6.12.1-x86_64.html", f"{SET}/6.12.1-x86_64-x86_64-debug.html"} <= found.keys()
