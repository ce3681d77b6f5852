# SPDX-License-Identifier: GPL-2.0-only
"""A new patch set of the project: from a branch, from a file or folder of patches, or from what
lies at an address of the web.

Its folder lands whole or not at all, and never over one that is there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zpmaint.app.base import of_base
from zpmaint.app.from_address import fetched_file
from zpmaint.app.from_branch import Taken, take_branch
from zpmaint.app.import_ import Imported, import_series, written
from zpmaint.app.new_set import patch_toml
from zpmaint.app.patch_files import read_file
from zpmaint.app.session import Session
from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, locked, write_whole
from zpmaint.core.text import to_bytes, to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import read_series
from zpmaint.patchset.git_table import git_table
from zpmaint.patchset.load import TABLE, load_patchset
from zpmaint.patchset.values import Branch
from zpmaint.sources.git_branches import Branches

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class New:
    """A patch set that was made, or brought up to its branch."""

    name: str
    folder: Path
    base: KernelVersion
    patches: tuple[str, ...]
    """By name, in order."""
    branch: Branch | None
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that `zpmaint new --json` prints."""
        return {
            "patchset": self.name,
            "folder": str(self.folder),
            "base": str(self.base),
            "patches": list(self.patches),
            "branch": self.branch.name if self.branch else None,
            "commit": self.branch.commit if self.branch else None,
            "notes": list(self.notes),
        }


def folder_for(session: Session, name: str) -> Path:
    """Where the set is to be. Raises UserError for a name that no folder should have, and one that
    is taken."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{name!r} cannot be the name of a patch set",
            "letters, digits, dots, dashes and underscores, a letter or digit first",
        )
    folder = session.places.project / "patches" / name
    if folder.exists():
        raise UserError(f"{folder} is there already", "name another, or --again to take it anew")
    return folder


def repository_of(session: Session, named: str) -> Path:
    """The folder of a repository that patch.toml or the command line names."""
    place = Path(named.removeprefix("git:")).expanduser()
    return place if place.is_absolute() else session.places.project / place


@dataclass(frozen=True)
class Wanted:
    """Commits of a repository."""

    place: Path
    revisions: str
    """A..B, or a branch."""
    base: KernelVersion | None = None
    """The kernel that they are for, where no tag tells it."""
    sources: tuple[str, ...] = ()
    """What --source names."""


def taken_from(session: Session, wanted: Wanted) -> Taken:
    """The commits of a repository, proven against the kernel that they are for."""
    chain = session.chain(wanted.sources)
    place, revisions = wanted.place, wanted.revisions
    with (
        session.reporter.step(f"take {revisions} of {place}"),
        Branches(place, session.places.cache, session.reporter) as git,
    ):
        return take_branch(
            git,
            revisions,
            lambda kernel, paths: of_base(session, chain, lambda c: c.blobs(kernel, paths)),
            wanted.base,
        )


def new_from_branch(session: Session, name: str, wanted: Wanted) -> New:
    """Make the set `name` of commits. Raises UserError; nothing is written then."""
    folder = folder_for(session, name)
    taken = taken_from(session, wanted)
    place = wanted.place
    tag = taken.base.tag
    imported = tuple(
        Imported(member.name, to_text(member.data), False, ()) for member in taken.series.members
    )
    named = taken.branch or wanted.revisions
    toml = patch_toml(imported, taken.base, f"{named} of {place}", tag)
    branch = None
    notes = list(taken.notes)
    if taken.branch:
        branch = Branch(str(place.resolve()), taken.branch, taken.tip, taken.since)
        toml += git_table(branch)
    else:
        notes.append(f"{named} is no branch: what is committed on top of it is not looked for")
    files = [(f"{tag}/{one.name}", to_bytes(one.patch)) for one in imported]
    files.append((f"{tag}/series", to_bytes("".join(f"{one.name}\n" for one in imported))))
    _land(session, folder, [*files, (TABLE, to_bytes(toml))])
    return New(name, folder, taken.base, tuple(m.name for m in imported), branch, tuple(notes))


def new_from_address(
    session: Session, name: str, address: str, base: KernelVersion, sources: Sequence[str] = ()
) -> New:
    """Make the set `name` of the patch, mail or thread at an address of the web. Raises UserError
    and SourceFailedError; nothing is written then."""
    folder_for(session, name)  # said before anything is fetched
    with fetched_file(address, session.reporter) as came:
        made = new_from_files(session, name, came.place, base, sources, came_from=came.address)
    return replace(made, notes=(*came.notes, *made.notes))


def new_from_files(
    session: Session,
    name: str,
    place: Path,
    base: KernelVersion,
    sources: Sequence[str] = (),
    *,
    came_from: str = "",
) -> New:
    """Make the set `name` of a patch, a mail, an mbox or a folder of patches, put right against
    `base` as `zpmaint import` does it; `came_from` is what the set says that it was imported from,
    if not the name of `place`. Raises UserError; nothing is written then."""
    folder = folder_for(session, name)
    series = read_series(place, read_file)
    chain = session.chain(sources)
    with session.reporter.step(f"import {place.name} against {base}"):
        done = import_series(series, lambda paths: chain.blobs(base, paths))
    files = [(str(file), data) for file, data in written(Path(), base.tag, done)]
    anchor = f"{base.tag}.patch" if len(done) == 1 else base.tag
    toml = to_bytes(patch_toml(done, base, came_from or place.name, anchor))
    _land(session, folder, [*files, (TABLE, toml)])
    notes = (
        *series.notes,
        *(f"left out: {left}: {why}" for left, why in series.left_out),
        *(f"{one.name}: {note}" for one in done for note in one.notes),
    )
    return New(name, folder, base, tuple(one.name for one in done), None, notes)


def _land(session: Session, folder: Path, files: Sequence[tuple[str, bytes]]) -> None:
    with locked(folder, session.reporter):
        if folder.exists():
            raise UserError(f"{folder} is there already", "name another")
        with landing(folder) as fresh:
            for path, data in files:
                write_whole(fresh / path, data)
            # What is written is read as every command will read it.
            (anchor,) = load_patchset(fresh).anchors
            wanted = dict(files)
            for member in anchor.series.members:
                named = f"{anchor.name}/{member.name}"
                if named in wanted and member.data != wanted[named]:
                    raise UserError(
                        f"{member.name}: would be read otherwise than it is: "
                        f"{'; '.join(member.notes) or 'its text'}",
                        "leave that commit out, or split it",
                    )


def inside_repository(here: Path) -> Path | None:
    """The repository that a folder is in; None where it is in none."""
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), None)
