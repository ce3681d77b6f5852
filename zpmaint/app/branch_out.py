# SPDX-License-Identifier: GPL-2.0-only
"""A port as a branch: its patches as commits on top of the kernel, in a repository that has it.

Author, date and message are the patch's own; two trailers say from which patch a commit came and
how sure its places are. The same port again moves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from zpmaint.app.job import Job
from zpmaint.app.person import person
from zpmaint.app.port import port_onto
from zpmaint.app.session import Session
from zpmaint.core.errors import InfraError, KernelError, UserError
from zpmaint.core.text import to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.commit_mail import Otherwise, commit_words, git_date
from zpmaint.diffs.commit_words import read_commit, with_trailers
from zpmaint.diffs.message import rfc_date
from zpmaint.diffs.reader import read_patch
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.values import MemberPort, Port, PortStep
from zpmaint.sources.chain import Chain
from zpmaint.sources.git_branches import HEADS, Branches
from zpmaint.sources.git_commits import Fresh, Workbench, workbench
from zpmaint.sources.git_landing import WRITTEN, Move, check_name, held_by, land

VERSION = "{version}"
"""In a branch's name: the kernel."""


class Moved(StrEnum):
    """What was done to the branch."""

    MADE = "made"
    MOVED = "moved"
    SAME = "the same"


@dataclass(frozen=True)
class Out:
    """Where a port is to go."""

    place: Path
    name: str
    """Of the branch; `{version}` stands for the kernel."""

    def branch(self, version: KernelVersion) -> str:
        return self.name.replace(VERSION, version.tag)


@dataclass(frozen=True)
class Written:
    """A branch as it stands now."""

    version: KernelVersion
    branch: str
    tip: str
    onto: str
    """The commit of the kernel."""
    commits: int
    moved: Moved
    dropped: tuple[str, ...]
    """Patches that the kernel has already."""
    range_diff: str
    """Between the patches on their own kernel and on this one; '' where `note` says why not."""
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object of a branch in what `zpmaint port --branch --json` prints."""
        return {
            "version": str(self.version),
            "branch": self.branch,
            "tip": self.tip,
            "onto": self.onto,
            "commits": self.commits,
            "moved": str(self.moved),
            "dropped": list(self.dropped),
            "range_diff": self.range_diff or None,
            "note": self.note or None,
        }


def write_branch(job: Job, port: Port, out: Out) -> Written:
    """Write `port` as a branch. Raises KernelError for one that is a conflict; UserError where the
    repository does not have the kernel, or the branch has commits that zpmaint did not write or is
    checked out: nothing is written then."""
    session, patchset, chain, version = job.session, job.patchset, job.chain, port.version
    if not port.state.leads_on:
        raise KernelError(
            f"{patchset.name} on {version}: {port.state}: {port.why}", job.command("resolve")
        )
    name = out.branch(version)
    who = person(session, "a commit names who made it")
    with (
        session.reporter.step(f"write {name} in {out.place}"),
        Branches(out.place, session.places.cache, session.reporter) as git,
    ):
        check_name(git, name)
        onto = _kernel(git, version)
        _same_files(git, onto, port, chain)
        former = git.view.refs.get(f"{HEADS}{name}", "")
        start = next(anchor for anchor in patchset.anchors if anchor.name == port.anchor)
        with workbench(git, session.reporter) as bench:
            commits = _commits(patchset, start, port, (who, git, onto))
            made = bench.make(onto, commits, "port")
            tip = made[-1] if made else onto
            same = _is_same(git, bench, (onto, former), made)
            if same:
                tip = former  # what was made beside it is not kept
            else:
                _check_former(git, name, onto, former)
                land(git, bench.folder / "objects", Move(name, tip, former), who)
            told, note = _range_diff(
                session, patchset, start, (port, commits, chain), (bench, who, onto, tip)
            )
        moved = Moved.SAME if same else Moved.MOVED if former else Moved.MADE
        return Written(version, name, tip, onto, len(made), moved, port.dropped, told, note)


def _kernel(git: Branches, version: KernelVersion) -> str:
    tag = git.kernels.get(version.upstream)
    if tag is None:
        raise UserError(
            f"{git.place}: no tag {version.tag}, so nothing to put commits on",
            f"git -C {git.place} fetch REMOTE tag {version.tag}",
        )
    return git.commit(tag)


def _same_files(git: Branches, onto: str, port: Port, chain: Chain) -> None:
    """Raise UserError where the port is for other files than the tag has."""
    paths = sorted(port.contents())
    have, ported = git.files(onto, paths), chain.blobs(port.version, paths)
    if other := [path for path in paths if have[path] != ported.get(path)]:
        raise UserError(
            f"{git.place}: {port.version.tag} has another {other[0]} than the kernel that was "
            "ported to",
            f"port to the repository's own: --source git:{git.place}",
        )


_Making = tuple[str, Branches, str]
"""Who makes commits, where, and on top of which one."""


def _commits(patchset: PatchSet, start: Anchor, port: Port, making: _Making) -> list[Fresh]:
    """The port's patches as they are to be committed."""
    who, git, onto = making
    when = git_date(rfc_date(patchset.date)) or read_commit(git.object(onto), onto).words.date
    goes_in = [member for member in port.members if member.goes_in]
    members: Sequence[MemberPort | None] = goes_in or [None] * len(port.steps)
    return [
        _commit(patchset, start, (port, step, member), (who, when))
        for step, member in zip(port.steps, members, strict=True)
    ]


def _commit(
    patchset: PatchSet,
    start: Anchor,
    what: tuple[Port, PortStep, MemberPort | None],
    by: tuple[str, str],
) -> Fresh:
    port, step, member = what
    who, when = by
    stem = step.name.rpartition("/")[2].removesuffix(".patch")
    otherwise = Otherwise(
        owner=patchset.name,
        author=patchset.author,
        date=when,
        title=stem or patchset.title,
        text="" if member else patchset.intent,
    )
    patch = member.data if member else start.series.members[0].data
    words = commit_words(patch, otherwise)
    state, sure = (member.fate, member.sure) if member else (port.state, port.sure)
    trailers = [
        ("Ported-from", f"{patchset.name} {' '.join(filter(None, (start.name, step.name)))}"),
        ("Ported-to", f"{port.version}: {state}, confidence {sure:.2f}"),
    ]
    committer = f"{who} {int(time.time())} +0000"
    try:
        signed = committer.encode(words.encoding.decode("ascii") or "utf-8")
    except (LookupError, UnicodeError):
        signed = committer.encode("ascii", "replace")
    return Fresh(
        author=words.author,
        date=words.date,
        committer=signed,
        message=with_trailers(words.message, trailers),
        files=step.result,
        modes=_modes(to_text(member.data) if member else step.text, member.strip if member else 1),
        encoding=words.encoding,
    )


def _modes(patch: str, strip: int) -> dict[str, str]:
    """By path the mode that a patch gives it; of a renamed or copied file that of the old one is
    said by its index line."""
    found = {}
    for part in read_patch(patch, "the patch", strip).diffs:
        index = (part.said("index") or "").split()
        mode = part.said("new mode") or part.said("new file mode") or "".join(index[1:2])
        if part.new and mode:
            found[part.new] = mode
    return found


def _is_same(git: Branches, bench: Workbench, branch: tuple[str, str], made: Sequence[str]) -> bool:
    """Whether the branch holds just these commits, whoever committed them and when."""
    onto, former = branch
    if not former:
        return False
    if not git.is_in(onto, former):
        return False
    there = [read_commit(git.object(sha), sha) for sha in git.commits(onto, former)]
    fresh = [read_commit(bench.objects.contents(sha), sha) for sha in made]
    return [(one.tree, one.words) for one in there] == [(one.tree, one.words) for one in fresh]


def _check_former(git: Branches, name: str, onto: str, former: str) -> None:
    """Raise UserError for a branch that is not zpmaint's to move."""
    if holder := held_by(git, name):
        raise UserError(
            f"{git.place}: {name} is checked out in {holder}, and would change under its user",
            f"check out another branch there, or name another here: --branch {git.place}:NAME",
        )
    if former in ("", onto, git.view.refs.get(f"{WRITTEN}{name}")):
        return
    base = git.fork(onto, former) or ""
    others = git.commits(base, former)[-3:] if base else [former]
    titles = ", ".join(f'"{read_commit(git.object(s), s).words.title}"' for s in others)
    raise UserError(
        f"{git.place}: {name} has commits that zpmaint did not write: {titles}",
        f"name another branch: --branch {git.place}:NAME, or rename that one: git branch -m {name}",
    )


def _range_diff(
    session: Session,
    patchset: PatchSet,
    start: Anchor,
    ported: tuple[Port, Sequence[Fresh], Chain],
    made: tuple[Workbench, str, str, str],
) -> tuple[str, str]:
    """What the port changed of the patches, and why that cannot be told."""
    port, commits, chain = ported
    bench, who, onto, tip = made
    if start.base not in bench.git.kernels:
        return "", f"no range-diff: {bench.git.place} has no tag {start.base.tag}"
    base = bench.git.commit(bench.git.kernels[start.base])
    if tip == onto:
        return "", "no range-diff: the kernel has all of it"
    try:
        own = port_onto(session, patchset, start.base, chain, anchor=start.name)
        # Messages that differ by the trailers alone would hide what differs in the patches.
        said = {step.name: one.message for step, one in zip(port.steps, commits, strict=True)}
        fresh = _commits(patchset, start, own, (who, bench.git, base))
        named = zip(own.steps, fresh, strict=True)
        plain = [replace(one, message=said.get(step.name, one.message)) for step, one in named]
        older = bench.make(base, plain, "base")
        if older:
            return bench.range_diff((base, older[-1]), (onto, tip)), ""
    except (UserError, InfraError) as error:
        return "", f"no range-diff: {error.what}"
    return "", f"no range-diff: {start.name} does not go onto its own base: {own.why}"
