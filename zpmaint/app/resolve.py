# SPDX-License-Identifier: GPL-2.0-only
"""A conflict as a folder that a person can finish, and what is recorded of it then.

The folder is laid out whole or not at all, and never over one that is there. Nothing in the patch
set changes before the person's files pass every check; what is recorded lands file by file, the
one that makes it count last.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zpmaint.app import solution
from zpmaint.app.explain import Explanation, explain
from zpmaint.app.job import Job
from zpmaint.app.person import person
from zpmaint.app.port import base_blobs
from zpmaint.core.errors import KernelError, UserError
from zpmaint.core.files import landing, locked, write_whole
from zpmaint.merge.conflict import marks
from zpmaint.merge.lines import join, lines_of
from zpmaint.patchset.values import Anchor, PatchSet, Resolution
from zpmaint.port import engine, resolution
from zpmaint.port.placed import Placed
from zpmaint.port.proposal import Proposal, proposal
from zpmaint.port.sites import Opened
from zpmaint.port.stand import stand
from zpmaint.port.values import Port, State

NOTES = "README.txt"
_STATE = "state.json"
MERGED, OURS, BASE, THEIRS, PROPOSED = "merged", "ours", "base", "theirs", "proposal"


@dataclass(frozen=True)
class WorkingFolder:
    """The working folder of one conflict."""

    job: Job
    folder: Path

    @classmethod
    def of(cls, job: Job) -> WorkingFolder:
        """One folder for each patch set and kernel, beside the ledger."""
        name = f"{job.patchset.name}-{job.version}"
        return cls(job, job.session.places.state / "resolve" / name)

    @property
    def is_laid_out(self) -> bool:
        return (self.folder / _STATE).is_file()

    def notes(self) -> str:
        """What README.txt of the folder says."""
        return (self.folder / NOTES).read_text(encoding="utf-8")

    def files(self) -> list[Path]:
        """The files to be edited."""
        found = (self.folder / MERGED).rglob("*")
        return sorted(p for p in found if p.is_file() and p.name != ".git")

    def open_conflicts(self) -> dict[Path, list[int]]:
        """By file the lines, counted from 1, at which a conflict is still open."""
        found = {}
        for path in self.files():
            theirs = self.folder / THEIRS / path.relative_to(self.folder / MERGED)
            lines = lines_of(path.read_bytes())
            at = marks(lines, set(lines_of(theirs.read_bytes())))
            if at:
                heads = [n + 1 for n in at if lines[n].startswith("<")]
                found[path] = heads or [at[0] + 1]
        return found


@dataclass(frozen=True)
class LaidOut:
    """What `lay_out` says of a folder."""

    work: WorkingFolder
    fresh: bool
    """Whether it was made now; else it was there, and is as it was."""

    def as_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.work.folder),
            "fresh": self.fresh,
            "files": [str(path) for path in self.work.files()],
            "open": {str(path): lines for path, lines in self.work.open_conflicts().items()},
        }


@dataclass(frozen=True)
class Recorded:
    """What became of a solved conflict."""

    port: Port
    """The port as it goes through now."""
    written: tuple[Path, ...]
    """The files that were written into the patch set."""
    follows: tuple[Port, ...]
    """Neighbouring kernels that were in conflict before and are not now."""

    def as_json(self) -> dict[str, Any]:
        return {
            "version": str(self.port.version),
            "state": str(self.port.state),
            "written": [str(path) for path in self.written],
            "follows": [
                {"version": str(p.version), "state": str(p.state), "why": p.why}
                for p in self.follows
            ],
            "patch": self.port.patch,
        }


def lay_out(work: WorkingFolder, anchor: str | None = None) -> LaidOut:
    """Make the working folder. Raises UserError where there is nothing to solve."""
    job = work.job
    with locked(work.folder, work.job.session.reporter):
        if work.is_laid_out:
            return LaidOut(work, False)
        explained = explain(job.session, job.patchset, job.version, job.chain, anchor=anchor)
        start = _start(job.patchset, explained.port)
        if explained.port.state is not State.CONFLICT:
            raise UserError(
                f"{job.patchset.name} on {job.version}: nothing to resolve: "
                f"{explained.port.state}: {explained.port.why}",
                job.command("port"),
            )
        if any(job.version in adoption.era for adoption in job.patchset.adoptions):
            raise UserError(
                f"{job.version}: {explained.port.why}",
                "correct [[adopted]] in patch.toml: no merge of lines can settle this",
            )
        if any(hunk.is_held_back for file in explained.port.files for hunk in file.hunks):
            raise UserError(
                f"{job.version}: {explained.port.why}",
                "no lines are open; zpmaint port with --min-confidence 0 --out FOLDER writes the "
                "patch, for an [[anchor]] in patch.toml",
            )
        base = base_blobs(job.session, start, job.chain)
        target = job.chain.blobs(job.version, engine.touched_by(start))
        here = stand(start, explained.port.stuck, base, target, job.patchset.resolutions)
        found = engine.opened(here.text, here.base, here.target) if here.text else {}
        beyond = _beyond(explained.port, found)
        if beyond or not found:
            raise UserError(
                f"{job.version}: {beyond or explained.port.why}",
                "no merge of lines can settle this: cut an anchor for this kernel by hand",
            )
        with landing(work.folder) as fresh:
            _write(fresh, solution.Case(job, start, base, target, here), explained, found)
        return LaidOut(work, True)


def _start(patchset: PatchSet, port: Port) -> Anchor:
    return next(a for a in patchset.anchors if a.name == port.anchor)


def _beyond(port: Port, found: Mapping[str, Opened]) -> str:
    """A file in conflict that no merge can hold."""
    for file in port.files:
        stuck = [hunk for hunk in file.hunks if hunk.placed.is_conflict]
        if stuck and file.path not in found:
            return f"{file.path}: {stuck[0].why}"
    return ""


def _write(
    folder: Path, case: solution.Case, explained: Explanation, found: Mapping[str, Opened]
) -> None:
    job, start, here = case.job, case.start, case.stand
    offers: dict[str, list[Proposal | None]] = {}
    for path, what in found.items():
        known = _remembered(job.patchset.resolutions, what)
        write_whole(folder / MERGED / path, join(what.lines(known)))
        write_whole(folder / THEIRS / path, here.target[path] or b"")
        if (old := here.base.get(path)) is not None:
            write_whole(folder / BASE / path, old)
            ours = engine.patched(here.text, path, old)
            if ours is not None:
                write_whole(folder / OURS / path, ours)
        offers[path] = [
            None if done is not None else proposal(site)
            for site, done in zip(what.sites, known, strict=True)
        ]
        if any(offers[path]):
            solved: list[Sequence[str] | None] = [
                offer.lines if offer else done
                for done, offer in zip(known, offers[path], strict=True)
            ]
            write_whole(folder / PROPOSED / path, join(what.lines(solved)))
    write_whole(folder / NOTES, _notes(case, explained, found, offers))
    state = {
        "version": str(job.version),
        "patchset": job.patchset.name,
        "anchor": start.name,
        "member": here.patch,
        "patch": _digest(start.patch.encode("utf-8", "surrogateescape")),
        "files": {path: _digest(here.target[path] or b"") for path in found},
        "why": _causes(explained),
    }
    write_whole(folder / _STATE, json.dumps(state, indent=2) + "\n")


def _remembered(known: Sequence[Resolution], what: Opened) -> list[list[str] | None]:
    """By site the lines of a resolution that is known and passes the checks."""
    found: list[list[str] | None] = []
    for site in what.sites:
        memory = resolution.known(site, known)
        lines = resolution.replay(site, memory) if memory else None
        good = lines is not None and not resolution.refusals(site, lines, None)
        found.append(lines if good else None)
    return found


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _causes(explained: Explanation) -> str:
    """The commits that turned the hunks in conflict, in one line."""
    named = {
        turn.commit.sha: f'{turn.commit.short} ("{turn.commit.subject}")'
        for hunk in explained.hunks
        if hunk.placed == Placed.CONFLICT and hunk.patch == explained.port.stuck
        for turn in hunk.turns
        if Placed.CONFLICT in (turn.after, turn.before)
    }
    return "; ".join(list(named.values())[:3])


def _notes(
    case: solution.Case,
    explained: Explanation,
    found: Mapping[str, Opened],
    offers: Mapping[str, Sequence[Proposal | None]],
) -> str:
    """What the folder holds, why the port stops, and what to do, for the person."""
    job, patch = case.job, case.stand.patch
    version = job.version
    at = f" at {patch}" if patch else ""
    below = ", the patches before it done" if patch else ""
    what = "the patch" if patch else "the anchor"
    lines = [
        f"{job.patchset.name} on {version}: the port from {explained.port.anchor} stops{at}.",
        "",
        f"Edit the files in {MERGED}/ until no conflict marker is left, then: "
        + job.command("resolve", "--done"),
        "",
        f"  {MERGED}/    {version} with the patch; open where <<<<<<< stands, all else placed",
        f"  {THEIRS}/    {version} as it is upstream{below}",
        f"  {BASE}/      {explained.base}, which the anchor was cut against (where it could be had)"
        f"{below}",
        f"  {OURS}/      the same with {what} applied",
        f"  {PROPOSED}/  {MERGED}/ with proposals filled in (where there are any): none is sure",
        "",
        f"The patch is for: {' '.join(job.patchset.intent.split())}",
    ]
    for path, opened in found.items():
        for site, offer in zip(opened.sites, offers[path], strict=True):
            lines += ["", f"{path}, {site.where}: {len(site.regions)} open"]
            lines += [f"  {why}" for why in site.whys]
            for header in (j.change.header for j in site.jobs):
                story = next(
                    h
                    for h in explained.hunks
                    if (h.patch, h.path, h.header) == (patch, path, header)
                )
                lines.append(f"  hunk {header} of {what}")
                lines += [
                    f"    {t.commit.short} ({t.first.tag if t.first else 'no tag'}, "
                    f"{t.commit.author}) {t.commit.subject}: {t.did}"
                    for t in story.turns
                ]
                lines += [f"    {story.note}"] if story.note else []
            if offer:
                lines.append(
                    f"  PROPOSAL, not checked by anyone, confidence {offer.confidence:.2f}: "
                    f"{offer.why}"
                )
            else:
                lines.append("  no proposal")
    return "\n".join(lines) + "\n"


def abort(work: WorkingFolder) -> None:
    """Delete the working folder. Raises UserError where there is none."""
    with locked(work.folder, work.job.session.reporter):
        if not work.folder.exists():
            raise _none(work)
        gone = work.folder.with_name(f".{work.folder.name}.aborted")
        shutil.rmtree(gone, ignore_errors=True)
        work.folder.replace(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _none(work: WorkingFolder) -> UserError:
    return UserError(
        f"no conflict of {work.job.patchset.name} on {work.job.version} is laid out",
        work.job.command("resolve"),
    )


def finish(work: WorkingFolder, *, as_anchor: bool = False, why: str = "") -> Recorded:
    """Check what the person made of the folder, and record it in the patch set: as a remembered
    resolution, or as an anchor. Raises UserError (open markers, a folder out of date) and
    KernelError (a check refuses it)."""
    job = work.job
    with locked(work.folder, work.job.session.reporter):
        if not work.is_laid_out:
            raise _none(work)
        if still := work.open_conflicts():
            where = "; ".join(
                f"{path.relative_to(work.folder)}:{','.join(map(str, at))}"
                for path, at in still.items()
            )
            raise UserError(f"conflicts are still open: {where}", f"edit {work.folder / MERGED}")
        state = json.loads((work.folder / _STATE).read_text())
        start = next((a for a in job.patchset.anchors if a.name == state["anchor"]), None)
        if start is None or state["patch"] != _digest(
            start.patch.encode("utf-8", "surrogateescape")
        ):
            raise UserError(
                f"the anchor {state['anchor']} is another one since the folder was made",
                f"keep your edits elsewhere, {job.command('resolve', '--abort')}, and begin anew",
            )
        base = base_blobs(job.session, start, job.chain)
        target = job.chain.blobs(job.version, engine.touched_by(start))
        here = stand(start, state.get("member", ""), base, target, job.patchset.resolutions)
        if {p: _digest(here.target.get(p) or b"") for p in state["files"]} != state["files"]:
            raise UserError(
                f"{job.version} has other files than when the folder was made",
                f"keep your edits elsewhere, {job.command('resolve', '--abort')}, and begin anew",
            )
        found = engine.opened(here.text, here.base, here.target)
        results = {p: lines_of((work.folder / MERGED / p).read_bytes()) for p in state["files"]}
        by = person(job.session, "a solution is recorded with its author")
        today = datetime.now(UTC).date().isoformat()
        case = solution.Case(job, start, base, target, here, by, today, why or state["why"])
        _check(case, found, results)
        known = solution.already(case, results)
        if known is not None:
            done = known
        elif as_anchor:
            done = solution.anchor(case, found, results)
        else:
            done = solution.resolutions(case, found, results)
        shutil.rmtree(work.folder)
        return Recorded(done.port, done.written, solution.follows(case, done.patchset))


def _check(case: solution.Case, found: Mapping[str, Opened], results: solution.Results) -> None:
    """The engine's checks on what the person made, each file as a whole."""
    here = case.stand
    for path, what in found.items():
        lines = list(results[path])
        whole = replace(what.partly, data=join(lines))
        site = what.sites[0]
        together = replace(
            site,
            scope="",
            jobs=tuple(job for one in what.sites for job in one.jobs),
            start=0,
            end=len(what.partly.lines),
        )
        reasons = resolution.refusals(together, lines, whole) or engine.lost(
            here.text, path, here.base.get(path), here.target[path] or b"", whole.data
        )
        if reasons:
            raise KernelError(
                f"{path}: {'; '.join(reasons)}", "mend the merged file, then --done again"
            )
