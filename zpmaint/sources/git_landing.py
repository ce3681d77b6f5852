# SPDX-License-Identifier: GPL-2.0-only
"""New commits put into somebody's repository: objects first, then the branch, in one step.

The objects are copied in as files under names that their contents give. The branch is moved by
`git update-ref` with its former value named: whoever moved it meanwhile keeps it. Hooks do not run,
no work tree, index or HEAD is touched, and a branch that a work tree has checked out is left alone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from zpmaint.core.disk import sync_folder, writing
from zpmaint.core.errors import UserError
from zpmaint.sources.git_branches import HEADS, Branches
from zpmaint.sources.git_run import GitError, Runner, on_view

WRITTEN = "refs/zpmaint/written/"
"""Where it is kept what zpmaint last wrote as a branch: one that stands elsewhere has commits of
somebody else."""
_UNDER_WAY = ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START")


def check_name(git: Branches, name: str) -> None:
    """Raise UserError where no branch can have this name, or git keeps branches otherwise."""
    try:
        git.view.runner.run("check-ref-format", f"{HEADS}{name}")
    except GitError:
        raise UserError(
            f"{name!r} cannot be the name of a branch", "git help check-ref-format"
        ) from None
    owner = git.view.common.stat().st_uid
    if owner != os.geteuid():
        raise UserError(
            f"{git.place}: belongs to another user, and nothing is written to it",
            "write to a clone of your own",
        )


def held_by(git: Branches, name: str) -> Path | None:
    """The work tree that has a branch checked out, or is rebasing or bisecting it; None where none
    does. A bare repository's HEAD holds nothing."""
    common = git.view.common
    folders = [common, *sorted((common / "worktrees").glob("*"))]
    for folder in folders:
        if folder == common and _is_bare(common):
            continue
        said = [_line(folder / "HEAD"), *(_line(folder / mark) for mark in _UNDER_WAY)]
        if f"ref: {HEADS}{name}" in said or f"{HEADS}{name}" in said or name in said[-1:]:
            pointer = _line(folder / "gitdir")
            return Path(pointer).parent if pointer else common.parent
    return None


def _is_bare(common: Path) -> bool:
    """Without a work tree of its own: no index, and not called .git."""
    return common.name != ".git" and not (common / "index").exists()


def _line(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="surrogateescape") as stream:
            return stream.readline().rstrip("\n")
    except OSError:
        return ""


@dataclass(frozen=True)
class Move:
    """A branch that is to move."""

    name: str
    tip: str
    former: str
    """Where it stands; '' where it is to be made."""


def land(git: Branches, made: Path, move: Move, who: str) -> None:
    """Bring the objects below `made` into the repository, and then move the branch; `who` is told
    in its reflog. Raises UserError where somebody moved it meanwhile."""
    name, tip = move.name, move.tip
    _bring(made, git.view.objects[0])
    was = {f"{HEADS}{name}": move.former}
    was[f"{WRITTEN}{name}"] = git.view.refs.get(f"{WRITTEN}{name}", "")
    try:
        _update(git, was, tip, who)
    except GitError as error:
        raise UserError(
            f"{git.place}: the branch {name} is not written: {error.said}",
            "somebody moved it, or a branch is called as a folder of this name: name another",
        ) from None


def set_ref(git: Branches, ref: str, tip: str, who: str) -> None:
    """Move a ref of ours, no branch. Raises SourceFailedError."""
    try:
        _update(git, {ref: git.view.refs.get(ref, "")}, tip, who)
    except GitError as error:
        raise git.broken(error) from None


def _update(git: Branches, was: Mapping[str, str], tip: str, who: str) -> None:
    """Move refs to `tip`, each from where it is known to stand ('': nowhere); all or none."""
    zero = "0" * len(tip)
    moves = [f"option no-deref\nupdate {ref} {tip} {old or zero}" for ref, old in was.items()]
    text = "\n".join(["start", *moves, "prepare", "commit", ""])
    writer = _writer(git, who)
    writer.run(
        "update-ref", "-m", "zpmaint port", "--stdin",
        stdin=text.encode("utf-8", "surrogateescape"),
    )  # fmt: skip


def _writer(git: Branches, who: str) -> Runner:
    """git on the repository itself, to move a branch: of its configuration that counts which says
    how refs are kept; hooks do not."""
    common = git.view.common
    runner = on_view(common, git.view.objects)
    person, _, address = who.rpartition(" <")
    environment = {
        **runner.environment,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": "/dev/null",
        "GIT_COMMITTER_NAME": person,
        "GIT_COMMITTER_EMAIL": address.rstrip(">"),
    }
    assert runner.cell is not None
    cell = replace(runner.cell, writable=(common,), environment=environment)
    return Runner(environment, cell)


def _bring(made: Path, objects: Path) -> None:
    """Copy packs and loose objects, each whole and durable before it has its name; a pack's index
    comes last, which makes it count."""
    for file in _new_objects(made):
        place = objects / file.relative_to(made)
        if place.exists():
            continue
        with writing(place):
            place.parent.mkdir(exist_ok=True)
            handle, fresh = tempfile.mkstemp(dir=place.parent, prefix="tmp_obj_")
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(file.read_bytes())
                    out.flush()
                    os.fchmod(handle, 0o444)
                    os.fsync(handle)
                Path(fresh).replace(place)
            except BaseException:
                Path(fresh).unlink(missing_ok=True)
                raise
            sync_folder(place.parent)


def _new_objects(made: Path) -> Iterator[Path]:
    yield from sorted(file for file in made.glob("??/*") if file.is_file())
    yield from sorted((made / "pack").glob("*.pack"))
    yield from sorted((made / "pack").glob("*.idx"))
