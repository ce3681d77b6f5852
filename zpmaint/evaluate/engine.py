# SPDX-License-Identifier: GPL-2.0-only
"""zpmaint's own engine on a case, on the terms of `zpmaint port --series`.

A case is a foreign patch: it is carried as a series of one patch, as people carry it. YIELDS is
another mode, for comparison alone; whoever asks for it says so beside the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from zpmaint.core.cpu_time import cpu
from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.opened import whole
from zpmaint.diffs.series import Series
from zpmaint.evaluate.values import Case, FileCase, Outcome
from zpmaint.patchset.values import Anchor, PatchSet, single
from zpmaint.port.engine import port
from zpmaint.port.series import port_series
from zpmaint.port.terms import YIELDING
from zpmaint.port.values import Fate, FilePort, MemberPort, State, contents_of

NAME = "zpmaint"
_OLD, _NEW = KernelVersion.parse("2.6.20"), KernelVersion.parse("2.6.21")
"""What a case's two trees are called: of a port of one patch only the contents count, and other
packages' versions are no kernel's."""
CLEAN = (Fate.APPLIES, Fate.PORTED, Fate.UPSTREAM)
"""What a port without a conflict may end as."""


class Mode(StrEnum):
    """On which terms the engine carries a case."""

    PORT = "port"
    """As `zpmaint port --series` does."""
    YIELDS = "yields"
    """As a patch set whose hunks may be dropped where upstream has them or deleted what they
    change: what earlier figures were measured with. No command carries patches so."""


def attempt(case: Case, mode: Mode = Mode.PORT) -> dict[str, Outcome]:
    """What the engine makes of each file of a case, by path.

    The whole patch is ported first. A port is all or nothing, the other tools go file by file;
    so where the whole is a conflict each file is ported alone, as they have it.
    """
    ported = _PORTS[mode]
    started = cpu()
    whole = ported(case, case.patch, case.files)
    spent = (cpu() - started) / max(len(case.files), 1)
    if len(case.files) == 1 or all(outcome.clean for outcome in whole.values()):
        return {path: replace(outcome, seconds=spent) for path, outcome in whole.items()}
    found: dict[str, Outcome] = {}
    for file in case.files:
        started = cpu()
        alone = ported(case, file.diff, (file,))[file.path]
        found[file.path] = replace(alone, seconds=cpu() - started)
    return found


def carried(
    patch: bytes,
    name: str,
    base: Mapping[str, bytes | None],
    target: Mapping[str, bytes | None],
    **known: Any,
) -> MemberPort | str:
    """A patch as `zpmaint port --series` carries it, a series of its own; why not where it is
    refused. `known` is what port_series takes: `exists`, `gone`."""
    member = whole(patch, name)
    if member.unreadable:
        return f"refused: {member.unreadable}"
    others = dict.fromkeys(member.paths)  # a name that the patch gives a file, and no other has
    series = Series(name, (member,), ((name, name),))
    (done,) = port_series(series, others | dict(base), others | dict(target), **known)
    return done


def _as_series(case: Case, patch: bytes, files: Sequence[FileCase]) -> dict[str, Outcome]:
    done = carried(
        patch,
        PurePosixPath(case.name).name,
        {file.path: file.base for file in files},
        {file.path: file.target for file in files},
        exists=case.exists,
        gone=case.gone,
    )
    if isinstance(done, str):
        return {file.path: Outcome(False, None, 0.0, done) for file in files}
    results = contents_of(done.files)
    return {
        file.path: _outcome(
            done.fate in CLEAN,
            [f for f in done.files if file.path in (f.path, f.origin, f.renames)],
            results.get(file.path, file.target),
            done.why,
        )
        for file in files
    }


def _as_set(case: Case, patch: bytes, files: Sequence[FileCase]) -> dict[str, Outcome]:
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
    by_path: dict[str, list[FilePort]] = {}
    for one in done.files:
        by_path.setdefault(one.path, []).append(one)
    clean = done.state is not State.CONFLICT
    found = {}
    for file in files:
        parts = by_path.get(file.path, [])
        result = parts[-1].result if parts else None
        # Each section of a file is carried from the target alone: of two none is the whole.
        found[file.path] = _outcome(clean and len(parts) < 2, parts, result, done.why)
    return found


_PORTS: dict[Mode, Callable[[Case, bytes, Sequence[FileCase]], dict[str, Outcome]]] = {
    Mode.PORT: _as_series,
    Mode.YIELDS: _as_set,
}


def _outcome(clean: bool, parts: Iterable[FilePort], result: bytes | None, why: str) -> Outcome:
    """A file's outcome, from all sections of the patch that are about it."""
    hunks = [hunk for part in parts for hunk in part.hunks]
    if not hunks:
        return Outcome(False, None, 0.0, why or "the engine does not see this file in the patch")
    how = "; ".join(dict.fromkeys(f"{hunk.placed}: {hunk.why}" for hunk in hunks))
    placed = tuple(hunk.placed for hunk in hunks)
    if not clean:
        # A whole that is refused for more than its hunks says so.
        told = how if any(hunk.placed.is_conflict for hunk in hunks) else f"{why}; {how}"
        return Outcome(False, None, 0.0, told, placed)
    return Outcome(True, result, min(hunk.confidence for hunk in hunks), how, placed)
