# SPDX-License-Identifier: GPL-2.0-only
"""A port with what a compiler said of it. Pure.

What stock compiles and the port does not is a conflict at the hunk that the compiler's line is
blamed on, with the line and the source around it. What was not compiled is at most UNPROVEN sure,
but for a hunk that applies as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zpmaint.core.text import to_text
from zpmaint.port import header
from zpmaint.port.outcome import undone
from zpmaint.port.placed import Placed
from zpmaint.port.proof import (
    UNPROVEN,
    CompileProof,
    CompilerLine,
    FileProof,
    Proof,
)
from zpmaint.port.threshold import held_back
from zpmaint.port.values import Fate, FilePort, HunkPort, MemberPort, Port, State

_AROUND = 3  # lines of source above and below the compiler's
_SETTLED = (Proof.PROVEN, Proof.NO_CODE)


def proven(port: Port, proof: CompileProof, min_confidence: float = 0.0) -> Port:
    """The port with `proof`: a conflict where a file is refused, or where a hunk is then less sure
    than `min_confidence`."""
    blamed = blame(port.files, proof)
    files = judged(port.files, proof, blamed)
    members = tuple(_member(member, proof, blamed) for member in port.members)
    port = replace(port, files=files, members=members, compiled=proof)
    if proof.refused:
        why = f"it does not compile, and stock does: {proof.refused[0].why}"
        return replace(port, state=State.CONFLICT, files=undone(files), patch="", why=why)
    if unsure := held_back(files, min_confidence):
        why = f"held back: less than {min_confidence:.2f} sure; {proof.words}"
        return replace(port, state=State.CONFLICT, files=undone(unsure), patch="", why=why)
    if port.members:
        return port
    return replace(port, patch=header.with_entry(port.patch, "Compiled", _told(proof)))


def _told(proof: CompileProof) -> str:
    return f"{proof.words.removeprefix('compiled: ')} ({proof.by})"


def with_proof(member: MemberPort, proof: CompileProof) -> MemberPort:
    """A patch of a series with what is known of its files; nothing in it is refused."""
    return replace(member, files=judged(member.files, proof, {}))


def refused_members(
    members: Sequence[MemberPort], proof: CompileProof, min_confidence: float = 0.0
) -> dict[str, MemberPort]:
    """By name the patches of a series that are conflicts by `proof`, as such: those that a line
    of the compiler is blamed on, else those with a hunk less sure than `min_confidence`."""
    going = [member for member in members if member.goes_in]
    blamed = blame([file for member in going for file in member.files], proof)
    judged_ = [_member(member, proof, blamed) for member in going]
    bad = {member.name: member for member in judged_ if not member.goes_in}
    return bad or {m.name: h for m in judged_ if (h := _held(m, proof, min_confidence))}


def _held(member: MemberPort, proof: CompileProof, least: float) -> MemberPort | None:
    unsure = held_back(member.files, least)
    if unsure is None:
        return None
    why = f"held back: less than {least:.2f} sure; {proof.words}"
    return replace(member, files=undone(unsure), fate=Fate.CONFLICT, data=b"", why=why)


Blamed = Mapping[tuple[str, str, int], list[CompilerLine]]
"""By patch, path and hunk of the port the compiler's lines."""


def blame(files: Sequence[FilePort], proof: CompileProof) -> Blamed:
    """The hunks that a compiler's refusal is blamed on."""
    found: dict[tuple[str, str, int], list[CompilerLine]] = {}
    for refused in proof.refused:
        for line in refused.errors:
            if (at := _hunk_of(files, refused, line)) is not None:
                lines = found.setdefault(at, [])
                if line not in lines:
                    lines.append(line)
    return found


def _hunk_of(
    files: Sequence[FilePort], refused: FileProof, line: CompilerLine
) -> tuple[str, str, int] | None:
    place = line.place
    if place is not None:
        for file in files:
            if (file.patch, file.path) == (place.patch, place.path):
                return (file.patch, file.path, _index(file, place.number, place.count))
    for file in [*(f for f in files if f.path == refused.path), *files]:
        if file.hunks:
            return (file.patch, file.path, _index(file, 0, -1))
    return None


def _index(file: FilePort, number: int, count: int) -> int:
    """Which of a file's hunks is the one so numbered in the ported patch: it lacks those that
    went nowhere, and some may have run together there."""
    there = [n for n, hunk in enumerate(file.hunks) if not hunk.placed.is_dropped]
    if not there:
        return 0
    if len(there) == count:
        return there[number]
    carried = [n for n in there if not file.hunks[n].placed.is_literal]
    return carried[0] if carried else there[min(number, len(there) - 1)]


def judged(files: Sequence[FilePort], proof: CompileProof, blamed: Blamed) -> tuple[FilePort, ...]:
    """The files with what is known of each, and the blamed hunks in conflict."""
    return tuple(_judged(file, proof.of(file.path), blamed) for file in files)


def _judged(file: FilePort, said: FileProof | None, blamed: Blamed) -> FilePort:
    lines = {n: rows for (patch, path, n), rows in blamed.items()
             if (patch, path) == (file.patch, file.path)}  # fmt: skip
    is_open = said is not None and said.proof not in _SETTLED
    hunks = tuple(_hunk(h, lines.get(n, ()), is_open) for n, h in enumerate(file.hunks))
    conflict = file.conflict
    if lines:
        conflict = "".join(_shown(file, line) for rows in lines.values() for line in rows)
    return replace(file, hunks=hunks, conflict=conflict, compiled=said)


def _hunk(hunk: HunkPort, lines: Sequence[CompilerLine], is_open: bool) -> HunkPort:
    if lines:
        why = f"does not compile: {lines[0]} (placed as {hunk.placed}: {hunk.why})"
        return replace(hunk, placed=Placed.CONFLICT, why=why, most=0.0)
    if is_open and not (hunk.placed.is_literal or hunk.placed.is_dropped):
        return replace(hunk, most=UNPROVEN)
    return hunk


def _shown(file: FilePort, said: CompilerLine) -> str:
    """The compiler's line, and below it the port's lines around."""
    text = f"{said}\n"
    if said.path != file.path or file.result is None or not said.line:
        return text
    rows = to_text(file.result).split("\n")
    for number in range(max(1, said.line - _AROUND), min(len(rows), said.line + _AROUND) + 1):
        mark = ">" if number == said.line else " "
        text += f"{mark}{number:6} | {rows[number - 1]}\n"
    return text


def _member(member: MemberPort, proof: CompileProof, blamed: Blamed) -> MemberPort:
    files = judged(member.files, proof, blamed)
    mine = [line for (patch, _, _), lines in blamed.items() if patch == member.name
            for line in lines]  # fmt: skip
    if not mine or not member.goes_in:
        return replace(member, files=files)
    why = refusal(mine)
    return replace(member, files=undone(files), fate=Fate.CONFLICT, data=b"", why=why)


def refusal(lines: Sequence[CompilerLine]) -> str:
    """Why a patch that does not compile is a conflict, in one line."""
    return f"it does not compile, and stock does: {lines[0]}"
