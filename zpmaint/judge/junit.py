# SPDX-License-Identifier: GPL-2.0-only
"""A verdict as JUnit XML, as CI servers read it: a suite for each kernel, a test for each case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from zpmaint.core.result import Result
from zpmaint.judge.values import CaseResult, Mark, Verdict
from zpmaint.judge.verdict import FAULT_PATH

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped; a console may."""

RUN = "the-run-itself"
"""The test that fails for what is no single case's: a guest that died before the first case, a
complaint while the kernel started."""


def junit(verdict: Verdict, name: str, seconds: dict[str, float]) -> bytes:
    """The document. `name` says what was tested ("6.12.107 x86_64 full"), `seconds` how long each
    flavour's boots took together; the flavours are those that were run.

    A kernel of whose verdict anything is wrong has at least one test that failed."""
    root = ET.Element("testsuites", name=f"zpmaint {name}")
    root.set("result", str(verdict.result))  # a word that no server shows, and a script can read
    for flavour, took in seconds.items():
        results = [
            (case.name if case.suite == FAULT_PATH else f"{case.suite}: {case.name}", result)
            for case in verdict.cases
            if (result := case.stock if flavour == "stock" else case.patched)
        ]
        against = [
            text
            for failure in verdict.failures
            if (text := failure.removeprefix(f"{flavour}: ")) != failure
        ]
        _suite(root, f"{name} {flavour}", took, results, _of_no_case(against, results))
    everywhere = [
        failure
        for failure in verdict.failures
        if not failure.startswith(tuple(f"{flavour}: " for flavour in seconds))
    ]
    if verdict.result in (Result.NOT_COMPILED, Result.NOT_EXECUTED, Result.INDETERMINATE):
        everywhere.append(f"{verdict.result}: {verdict.why}")
    if everywhere:
        _suite(root, name, 0.0, [], everywhere)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _of_no_case(against: Sequence[str], results: Sequence[tuple[str, CaseResult]]) -> list[str]:
    """The failures that no failed case tells of."""
    failed = {name.rpartition(": ")[2] for name, result in results if not result.ok}
    return [
        line
        for line in against
        if line.partition(": ")[0] not in failed
        and not (failed and line.startswith("no result of "))
    ]


def _suite(
    root: ET.Element,
    name: str,
    seconds: float,
    results: Sequence[tuple[str, CaseResult]],
    against: Sequence[str],
) -> None:
    marks = [result.mark for _, result in results]
    suite = ET.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(marks) + 1),
        failures=str(marks.count(Mark.FAIL) + bool(against)),
        errors=str(marks.count(Mark.LOST)),
        skipped=str(marks.count(Mark.SKIP)),
        time=f"{seconds:.3f}",
    )
    itself = _test(suite, name, RUN)
    if against:
        _told(itself, "failure", against[0], "\n".join(against))
    for case, result in results:
        _case(_test(suite, name, case), result)


def _test(suite: ET.Element, of: str, name: str) -> ET.Element:
    # Servers split class names at dots into a tree of packages; a version is one name in it.
    return ET.SubElement(
        suite, "testcase", classname="zpmaint." + of.replace(".", "_").replace(" ", "."), name=name
    )


def _case(test: ET.Element, result: CaseResult) -> None:
    text = f"{result.observed or 'no result'}, expected {result.expected}"
    detail = f"{text}\n{result.detail}" if result.detail else text
    if result.mark is Mark.SKIP:
        ET.SubElement(test, "skipped", message=_clean(result.observed))
    elif result.mark is Mark.FAIL:
        _told(test, "failure", text, detail)
    elif result.mark is Mark.LOST:
        _told(test, "error", f"no result: {result.detail}", detail)
    if result.console:
        ET.SubElement(test, "system-err").text = _clean("\n".join(result.console))


def _told(test: ET.Element, kind: str, message: str, text: str) -> None:
    ET.SubElement(test, kind, message=_clean(message)).text = _clean(text)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
