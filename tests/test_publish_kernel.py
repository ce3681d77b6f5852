# SPDX-License-Identifier: GPL-2.0-only
"""The page of one kernel: the verdict in a sentence, failures first, how to do it again."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ledger_fixtures import NOON, SET, modern_deltas, passing, port, record, samples
from publish_fixtures import config, patchset
from site_checks import broken_links, checked

from zpmaint.core.eras import Era
from zpmaint.core.provenance import Proof, Provenance
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.logs import LogStore
from zpmaint.ledger.stages import BuildRecord, CaseRecord, CaseResultRecord, KernelRecord
from zpmaint.ledger.told import CircumstancesRecord, FailedBuildRecord, LineRecord
from zpmaint.ledger.values import Record
from zpmaint.patchset.values import Adoption, Anchor, single
from zpmaint.publish.again import again
from zpmaint.publish.folded import folds
from zpmaint.publish.sentence import sentence
from zpmaint.publish.site import Material, site_files
from zpmaint.publish.texts import KeptTexts, NoTexts, Texts


def text(html: str) -> str:
    """What a reader sees."""
    words: list[str] = []
    parser = HTMLParser()
    parser.handle_data = words.append  # type: ignore[method-assign]
    parser.feed(html)
    return " ".join(" ".join(words).split())


NO_TEXTS = NoTexts()


def page(made: Record, texts: Texts = NO_TEXTS, **more: Any) -> str:
    info = replace(patchset(), **more)
    files = site_files([made], Material(config(), [info], generated=NOON, texts=texts))
    assert broken_links(checked(files), files) == []
    profile = f"-{made.profile}" if made.profile else ""
    return files[f"{SET}/{made.version}-x86_64{profile}.html"].decode()


def sample(version: str, result: Result | None = None) -> Record:
    return next(r for r in samples() if r.version == version and r.result in (result, r.result))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            replace(sample("6.12.107"), why=""),
            "The patch holds on 6.12.107 (x86_64): 13 cases came out as expected (3 could not be "
            "run here), and 2 cases showed what it is for.",
        ),
        (
            sample("2.6.24"),
            "2.6.24 (x86_64) does by itself what the patch is for: 12 cases came out as expected",
        ),
        (
            sample("7.3-rc7"),
            "The patch fails on 7.3-rc7 (x86_64): 16 of 16 cases came out otherwise than expected; "
            "first of all: patched: hang after 120 s in case anon-read-zero.",
        ),
        (
            sample("5.10.262"),
            "There is no patch for 5.10.262 (x86_64): it could not be carried there: mm/memory.c: "
            "do_anonymous_page: the removed branch is not there.",
        ),
        (
            sample("2.6.23"),
            "A kernel of the pair does not build on 2.6.23 (x86_64): patched: mm/memory.c:2104: "
            "error: 'entry' undeclared.",
        ),
        (sample("6.18.15"), "Nothing is known of 6.18.15 (x86_64): the surroundings failed"),
        (
            record("6.1", Result.INDETERMINATE, why="odd"),
            "Nothing is known of 6.1 (x86_64): something failed, and nothing shows that it was",
        ),
        (record("6.1", Result.NO_REGRESSION), "The patch does no harm on 6.1 (x86_64), and no"),
        (record("6.1", Result.NOT_COMPILED), "Nothing is shown on 6.1 (x86_64): a part of"),
        (record("6.1", Result.NOT_EXECUTED), "Too little is shown on 6.1 (x86_64): less of"),
    ],
)
def test_the_verdict_in_a_sentence(made: Record, said: str) -> None:
    assert sentence(made).startswith(said)
    assert said[:40] in text(page(made))


def test_a_flake_is_never_said_to_hold() -> None:
    assert sentence(sample("6.12.107"), flaky=True).startswith("Not to be relied on")


FAILED = FailedBuildRecord(
    "6.12.107", "x86_64", "patched", "modern + set.config", "gcc: gcc 12.2.0", ("pound",),
    "f00d" * 8, "patched 6.12.107 does not build",
    (
        LineRecord(3, "mm/memory.c: In function 'f':"),
        LineRecord(4, "mm/memory.c:3:9: error: 'gone' undeclared", True, "mm/memory.c", 3),
        LineRecord(5, "    3 |  return gone;"),
        LineRecord(9, "make[1]: *** [mm/memory.o] Error 1"),
    ),
    "/log",
)  # fmt: skip
LOG = (
    b"one\ntwo\nmm/memory.c: In function 'f':\n"
    b"mm/memory.c:3:9: error: 'gone' undeclared\n5\n6\n7\n8\n9\n"
)


def test_a_failed_build_is_understood_from_the_page_alone(tmp_path: Path) -> None:
    store = LogStore(tmp_path)
    failed = replace(FAILED, kept=store.keep(LOG), first=store.keep(b"first\n"))
    stock = KernelRecord("6.12.107", "x86_64", "stock", profile="modern", toolchain="gcc: gcc 12")
    made = record(
        "6.12.107", Result.BUILD, why="it failed", port=port("6.12.107"),
        build=BuildRecord(stock=stock, failed=failed),
    )  # fmt: skip
    files = site_files(
        [made], Material(config(), [patchset()], generated=NOON, texts=KeptTexts(store))
    )
    assert broken_links(checked(files), files) == []
    shown = files[f"{SET}/6.12.107-x86_64.html"].decode()
    seen = text(shown)
    assert "patched kernel of 6.12.107 (x86_64) does not build: mm/memory.c:3:9: error" in seen
    for part in ("gcc: gcc 12.2.0", "modern + set.config", "pound", "return gone;", "f00d"):
        assert part in seen, part
    assert '<span class="tells"><a href="6.12.107-x86_64/build.html#L4">4</a>' in shown
    log = files[f"{SET}/6.12.107-x86_64/build.html"].decode()
    assert '<span id="L4" class="tells">' in log
    assert f"{SET}/6.12.107-x86_64/build-first.html" in files
    # Failures come before everything else that the record knows.
    assert shown.index("What speaks against it") < shown.index('<dl class="facts">')
    assert shown.index("What speaks against it") < shown.index("The port</h2>")


def test_a_failed_build_of_an_older_record_says_what_is_not_known() -> None:
    seen = text(page(sample("2.6.23")))
    assert "from before a failed build's toolchain, fix-ups and log were kept" in seen
    assert "mm/memory.c:2104: error: 'entry' undeclared" in seen


def _case(name: str, mark: str, *, flips: bool = False) -> CaseRecord:
    result = CaseResultRecord(mark, "seen", "wanted", console=("<b>BUG</b>",))
    return CaseRecord(name, result, result, flips)


def test_cases_are_folded_to_what_matters() -> None:
    cases = [_case(f"ok-{n}", "pass") for n in range(140)]
    cases += [_case("lost", "lost"), _case("fail", "fail", flips=True), _case("skip", "skip")]
    cases += [_case("flip", "pass", flips=True)]
    found = folds(cases)
    assert [(fold.title[:6], len(fold.cases), fold.is_open) for fold in found] == [
        ("Not as", 2, True), ("The pa", 1, True), ("Could ", 1, False), ("As exp", 140, False),
    ]  # fmt: skip
    assert sorted(case.name for fold in found for case in fold.cases) == sorted(
        case.name for case in cases
    )
    made = sample("7.3-rc7")
    assert made.verdict
    shown = page(replace(made, verdict=replace(made.verdict, cases=tuple(cases))))
    assert shown.index(">lost<") < shown.index(">ok-0<")
    assert "&lt;b&gt;BUG" in shown  # what the console said of it, beside it


ZERO = """\
--- a/mm/memory.c
+++ b/mm/memory.c
@@ -48,3 +48,2 @@ static int f(void)
 \tone();
-\tif (!mm_forbids())
 \ttwo();
"""


def test_what_the_port_changed_of_its_anchor_is_shown() -> None:
    version = KernelVersion.parse("6.12")
    older = ZERO.replace("mm_forbids", "mm_forbade")
    made = sample("6.12.107")
    assert made.port
    made = replace(made, port=replace(made.port, patch=ZERO))
    anchor = Anchor("v6.12", version, version, Era(), single(older), "first")
    seen = text(page(made, anchors=(anchor,)))
    assert "What the port changed of the anchor v6.12: 2 lines of the change, 0 around it" in seen
    assert "--\tif (!mm_forbade())" in page(made, anchors=(anchor,))
    same = replace(anchor, series=single(ZERO.replace("-48,3", "-12,3")))
    assert "v6.12: nothing but line numbers" in text(page(made, anchors=(same,)))
    assert "is not at hand" in text(page(made))
    broken = replace(anchor, series=single("--- a/x\n+++ b/x\n@@ -1,9 +1 @@\n-one\n"))
    assert "is not at hand" in text(page(made, anchors=(broken,)))


def test_upstreams_own_commits_are_named_and_linked() -> None:
    adoption = Adoption(Era(), ("557ed1fa2620",), "it removed the zero page")
    shown = page(sample("2.6.24"), adoptions=(adoption,))
    assert 'href="https://git.kernel.org/linus/557ed1fa2620"' in shown
    shown = page(replace(sample("6.12.107"), port=sample("7.3-rc7").port))
    assert "git.kernel.org" not in shown  # 'identifiers' names none


def test_where_the_figures_were_taken_is_said() -> None:
    made = passing("6.12.107", modern_deltas(1, 2, 3, 4))
    assert "Taken on: tcg,icount, repeatable; the machine and QEMU's version were not kept." in (
        text(page(made))
    )
    told = CircumstancesRecord(
        tools={"qemu-system-x86_64": "QEMU emulator version 7.2"}, host="A processor; Linux 6.1"
    )
    assert "QEMU emulator version 7.2; A processor; Linux 6.1." in (
        text(page(replace(made, circumstances=told)))
    )


MADE = CircumstancesRecord("0.1.0", "c0ffee" * 6, False, "tcg,icount", ("debian",), {}, "")


def test_the_commands_are_complete_and_say_what_they_should_come_to() -> None:
    proof = Proof("sha256sums.asc", "B8" * 20, "the autosigner", NOON)
    made = sample("6.12.107")
    assert made.port
    source = Provenance("kernel.org", "sha256:ab", (proof,), checked=NOON)
    made = replace(
        made, profile="full", circumstances=MADE, port=replace(made.port, provenance=source)
    )
    found = again(made)
    assert found.lines[0] == f"git checkout {'c0ffee' * 6}"
    assert found.lines[1] == (
        f"zpmaint verify 6.12.107 --arch x86_64 --patch {SET} --profile full --source kernel.org "
        "--accel auto --json > again.json"
    )
    assert (found.outcome, found.unknown) == (made.outcome, ())
    shown = page(made)
    for part in (*found.lines, made.outcome, found.patch_sha256, "sha256:ab", "the autosigner"):
        assert part in text(shown), part


@pytest.mark.parametrize(
    ("made", "unknown"),
    [
        (sample("6.12.107"), "which zpmaint, tools and accelerator"),
        (replace(sample("6.12.107"), circumstances=replace(MADE, commit="")), "which commit of"),
        (replace(sample("6.12.107"), circumstances=replace(MADE, modified=True)), "were others"),
        (replace(sample("6.12.107"), circumstances=replace(MADE, modified=None)), "were others"),
        (replace(sample("6.12.107"), circumstances=MADE), "which source the kernel came from"),
    ],
)
def test_what_the_commands_cannot_pin_is_said(made: Record, unknown: str) -> None:
    assert unknown in " ".join(again(made).unknown)
    assert unknown in text(page(made))


def test_commands_of_hostile_names_are_one_word_each() -> None:
    evil = "x; rm -rf / $(id) `id` 'q"
    found = again(replace(sample("6.12.107"), version=evil, arch=evil, patchset=evil, profile=evil))
    words = shlex.split(found.lines[0].removesuffix(" > again.json"))
    assert words.count(evil) == 4
    assert not re.search(r"(?<!\\)\n", found.lines[0])
