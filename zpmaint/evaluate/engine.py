# SPDX-License-Identifier: GPL-2.0-only
"""zpmaint's own engine on a case, as `zpmaint port` would run it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.evaluate.clock import cpu
from zpmaint.evaluate.values import Case, FileCase, Outcome
from zpmaint.patchset.values import Anchor, PatchSet, single
from zpmaint.port.engine import port
from zpmaint.port.terms import YIELDING
from zpmaint.port.values import FilePort, State

NAME = "zpmaint"
_OLD, _NEW = KernelVersion.parse("2.6.20"), KernelVersion.parse("2.6.21")
"""What a case's two trees are called: of a port of one patch only the contents count, and other
packages' versions are no kernel's."""


def attempt(case: Case) -> dict[str, Outcome]:
    """What the engine makes of each file of a case, by path.

    The whole patch is ported first. A port is all or nothing, the other tools go file by file;
    so where the whole is a conflict each file is ported alone, as they have it.
    """
    started = cpu()
    whole = _port(case, case.patch, case.files)
    spent = (cpu() - started) / max(len(case.files), 1)
    if len(case.files) == 1 or all(outcome.clean for outcome in whole.values()):
        return {path: _timed(outcome, spent) for path, outcome in whole.items()}
    found: dict[str, Outcome] = {}
    for file in case.files:
        started = cpu()
        alone = _port(case, file.diff, (file,))[file.path]
        found[file.path] = _timed(alone, cpu() - started)
    return found


def _timed(outcome: Outcome, seconds: float) -> Outcome:
    return replace(outcome, seconds=seconds)


def _port(case: Case, patch: bytes, files: tuple[FileCase, ...]) -> dict[str, Outcome]:
    anchor = Anchor("old", _OLD, _OLD, Era(), single(to_text(patch)), "the older queue's patch")
    patchset = PatchSet(
        name="case",
        title=case.name,
        author="",
        origin=case.pair,
        intent="",
        anchors=(anchor,),
        adoptions=(),
        flips=(),
        telling=(),
        leaves=(),
        folder=Path(),
    )
    try:
        done = port(
            patchset,
            _NEW,
            {"old": {file.path: file.base for file in files}},
            {file.path: file.target for file in files},
            terms=replace(YIELDING, exists=case.exists, gone=case.gone),
        )
    except UserError as error:
        return {file.path: Outcome(False, None, 0.0, f"refused: {error.what}") for file in files}
    ported = {file.path: file for file in done.files}
    clean = done.state is not State.CONFLICT
    return {file.path: _outcome(clean, ported.get(file.path)) for file in files}


def _outcome(clean: bool, file: FilePort | None) -> Outcome:
    if file is None:
        return Outcome(False, None, 0.0, "the engine does not see this file in the patch")
    how = "; ".join(dict.fromkeys(f"{hunk.placed}: {hunk.why}" for hunk in file.hunks))
    placed = tuple(hunk.placed for hunk in file.hunks)
    if not clean:
        return Outcome(False, None, 0.0, how, placed)
    confidence = min((hunk.confidence for hunk in file.hunks), default=1.0)
    return Outcome(True, file.result, confidence, how, placed)
