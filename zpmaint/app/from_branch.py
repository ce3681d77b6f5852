# SPDX-License-Identifier: GPL-2.0-only
"""A branch as a series: every commit's patch with its words, and the kernel that it stands on.

What is taken is proven: the patches, one after the other on the kernel's files, give the files of
the branch's tip. Whatever a series of patches cannot hold (a merge that brings changes of its own,
a submodule) is an error that names the commit; what it need not hold (an empty commit) is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.commit_mail import commit_mail
from zpmaint.diffs.commit_words import CommitWords, read_commit
from zpmaint.diffs.layouts import slug
from zpmaint.diffs.member import Member, Series
from zpmaint.port.overlay import Overlay
from zpmaint.port.sections import Effect, perform
from zpmaint.sources.git_branches import Branches

MOST = 500
"""Commits that are taken from one branch; more are a kernel's history and no set of patches."""
_NEAREST = 12
"""Tagged kernels, the newest of those in a branch, of which the one is taken that leaves the fewest
commits: one that was merged into the branch may be newer than the one that it stands on."""

Files = Mapping[str, bytes | None]
Blobs = Callable[[KernelVersion, Iterable[str]], Files]


@dataclass(frozen=True)
class Taken:
    """What was taken from a branch."""

    series: Series
    base: KernelVersion
    branch: str
    """Its name; '' where what was named is no branch."""
    tip: str
    """The newest commit that is in it."""
    since: str
    """The commit that its commits stand on."""
    notes: tuple[str, ...]
    """What is not in it and why, as lines for people."""


@dataclass(frozen=True)
class _Fork:
    """Where the commits that are wanted begin."""

    commit: str
    kernel: KernelVersion


def take_branch(
    git: Branches, revisions: str, blobs: Blobs, base: KernelVersion | None = None
) -> Taken:
    """Take the commits that `revisions` names: A..B, or B alone for all above the tagged kernel
    that B stands on. `base` is the kernel to take them for, where that is no tag below them;
    `blobs` gives a kernel's files as the project's sources have them.

    Raises UserError: what is no commit; no common history; a commit that cannot be a patch, by
    its hash and title; files of the fork that are not those of the kernel."""
    older, dots, newer = revisions.partition("..")
    if newer.startswith("."):
        raise UserError(
            f"{revisions!r}: three dots name the commits of both sides", "write it as A..B"
        )
    named = (newer or "HEAD") if dots else revisions
    tip = git.commit(named)
    start = git.commit(older or "HEAD") if dots else None
    fork = _fork(git, start, tip, base, named)
    shas = _listed(git, start or fork.commit, tip, named)
    series, notes, is_linear = _patches(git, shas, named)
    if not series.members:
        raise UserError(f"{git.place}: {revisions}: no commit changes anything", "name another")
    if start is not None and (above := between(git, fork.commit, tip)):
        tag = above[0].tag
        notes.append(f"{tag} is in {revisions}: its commits are taken, too; {tag}..{newer} has not")
    _prove(git, series, fork, tip, blobs, is_linear=is_linear)
    return Taken(series, fork.kernel, git.branch(named), tip, fork.commit, tuple(notes))


def _fork(
    git: Branches, start: str | None, tip: str, base: KernelVersion | None, named: str
) -> _Fork:
    """The commit that the patches stand on, and the kernel that it is taken for."""
    if start is not None:
        commit = git.fork(start, tip)
        if commit is None:
            raise UserError(
                f"{git.place}: {named} and what it is compared with have no commit in common",
                _deepen(git) or "name a commit that the branch was made from",
            )
        return _Fork(commit, base or _nearest(git, commit, named)[0])
    if base is not None and base in git.kernels:
        commit = git.fork(git.kernels[base], tip)
        if commit is None:
            raise UserError(
                f"{git.place}: {named} and {base.tag} have no commit in common",
                _deepen(git) or "name the kernel that the branch was made from",
            )
        return _Fork(commit, base)
    if base is not None:
        raise UserError(
            f"{git.place}: no tag of {base} to tell which commits are the branch's own",
            f"name the first one, too: FIRST^..{named}",
        )
    kernel, _ = _nearest(git, tip, named)
    return _Fork(git.commit(git.kernels[kernel]), kernel)


def _nearest(git: Branches, commit: str, named: str) -> tuple[KernelVersion, int]:
    """The tagged kernel that a commit stands on, and how many commits are above it."""
    known = git.kernels_in(commit)[:_NEAREST]
    if not known:
        raise UserError(
            f"{git.place}: no kernel's tag is in the history of {named}",
            _deepen(git) or "fetch the tags (git fetch --tags), or name the kernel with --base",
        )
    counted = [(git.count(git.kernels[kernel], commit), kernel) for kernel in known]
    fewest = min(count for count, _ in counted)
    return next((kernel, count) for count, kernel in counted if count == fewest)


def between(git: Branches, start: str, tip: str) -> list[KernelVersion]:
    """The tagged kernels in the history of `tip` that are made from `start`, which is none of
    them; newest first."""
    known = git.kernels_in(tip)[:_NEAREST]
    return [
        kernel
        for kernel in known
        if (commit := git.commit(git.kernels[kernel])) != start and git.is_in(start, commit)
    ]


def _deepen(git: Branches) -> str:
    shallow = f"the history was cut off when it was cloned: git -C {git.place} fetch --unshallow"
    return f"{shallow} --tags" if git.is_shallow else ""


def _listed(git: Branches, start: str, tip: str, named: str) -> list[str]:
    count = git.count(start, tip)
    if not count:
        raise UserError(
            f"{git.place}: {named} has no commit of its own", "name a branch with commits"
        )
    if count > MOST:
        raise UserError(
            f"{git.place}: {named} has {count} commits above what it stands on, and {MOST} are "
            "taken at most",
            f"name its own: FIRST^..{named}",
        )
    return git.commits(start, tip)


def _patches(git: Branches, shas: list[str], named: str) -> tuple[Series, list[str], bool]:
    """The commits as mails, in order, what is to be said of those that are none, and whether none
    of these is a merge."""
    found: list[tuple[str, CommitWords, str]] = []
    notes: list[str] = []
    is_linear = True
    for sha in shas:
        commit = read_commit(git.object(sha), sha)
        told = f'{sha[:12]} ("{commit.words.title}")'
        if len(commit.parents) > 1:
            is_linear = False
            notes.append(
                f"left out: {told}: a merge; the commits that it merged are here one by one"
            )
            continue
        diff = to_text(git.patch(sha))
        if not diff:
            notes.append(f"left out: {told}: an empty commit")
            continue
        found.append((sha, commit.words, diff))
    members = []
    for number, (sha, words, diff) in enumerate(found, 1):
        mail = commit_mail(words, diff, sha, (number, len(found)))
        member = Member(f"{number:04}-{slug(words.title)}.patch", mail)
        if why := member.unreadable:
            raise UserError(
                f'{git.place}: commit {sha[:12]} ("{words.title}") cannot be a patch: {why}',
                "leave it out of the range, or split it",
            )
        members.append(member)
    table = tuple((member.name, member.name) for member in members)
    return Series(named, tuple(members), table), notes, is_linear


def _prove(
    git: Branches, series: Series, fork: _Fork, tip: str, blobs: Blobs, *, is_linear: bool
) -> None:
    """Raise UserError unless the patches on the kernel's files give those of the tip."""
    paths = tuple(sorted({*series.paths, *git.changed(fork.commit, tip)}))
    before = git.files(fork.commit, paths)
    tag = git.kernels.get(fork.kernel)
    kernel = git.files(git.commit(tag), paths) if tag else blobs(fork.kernel, paths)
    if other := [path for path in paths if before[path] != kernel.get(path)]:
        raise UserError(
            f"{git.place}: the commits stand on {fork.commit[:12]}, which is not {fork.kernel}: "
            f"{_some(other)} differ",
            f"git rebase --onto {fork.kernel.tag} {fork.commit[:12]}, or name with --base the "
            "kernel whose files these are",
        )
    state = Overlay(before)
    for member in series.members:
        for part in member.patch.diffs:
            done = perform(part, state)
            if not isinstance(done, Effect):
                raise _woven(git, f"{member.name} does not go onto those before it: {done}")
            for path, data in done.files.items():
                state.put(path, data)
    after = git.files(tip, paths)
    if other := [path for path in paths if state.get(path) != after[path]]:
        why = f"the patches do not give what the branch holds: {_some(other)} differ"
        raise _woven(git, why) if not is_linear else UserError(f"{git.place}: {why}")


def _woven(git: Branches, why: str) -> UserError:
    return UserError(
        f"{git.place}: a merge in the branch brings changes of its own: {why}",
        "git rebase makes a line of commits of the branch, which is what a series is",
    )


def _some(paths: list[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + more
