# SPDX-License-Identifier: GPL-2.0-only
"""A branch sent to a remote of somebody's repository, by the address that its configuration names.

Of the configuration the address alone is read; git runs with the user's own, for keys and proxies,
and without hooks. What the remote has is replaced only where zpmaint put it there itself.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from zpmaint.core.errors import InfraError, UserError
from zpmaint.sources.git_branches import HEADS, Branches
from zpmaint.sources.git_landing import set_ref
from zpmaint.sources.git_run import GitError, Runner, of_ours

PUSHED = "refs/zpmaint/pushed/"
"""Below it, by remote and branch, what was sent last."""
_PLAIN = re.compile(r"(?:https?|ssh|git|file)://[^-]|[^-/:\s][^/:\s]*:(?!:|//)[^-]")
"""An address by which git asks a server, and none that names a helper program (ext::)."""
_REMOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


class Sent(StrEnum):
    """What was done at the remote."""

    MADE = "pushed"
    MOVED = "pushed again"
    SAME = "pushed before"


def address(git: Branches, remote: str) -> str:
    """Where `remote` is pushed to. Raises UserError where there is none of that name, or its
    address would have git run a program."""
    config = git.view.common / "config"
    runner = git.view.runner
    assert runner.cell is not None
    cell = replace(runner.cell, readable=(*runner.cell.readable, git.view.common))
    found = ""
    for key in ("pushurl", "url") if _REMOTE.fullmatch(remote) else ():
        words = ("config", "--file", str(config), "--no-includes", "--get")
        try:
            found = Runner(runner.environment, cell).text(*words, f"remote.{remote}.{key}")
        except GitError:
            continue
        break
    if not found:
        raise UserError(
            f"{git.place}: no remote {remote!r}", f"git -C {git.place} remote -v lists them"
        )
    if _PLAIN.match(found):
        return found
    folder = git.place / found
    if found.startswith("-") or not folder.is_dir():
        raise UserError(
            f"{git.place}: remote {remote}: {found!r} is no address that is pushed to",
            "https, ssh, git, file or a folder",
        )
    return str(Path(folder).resolve())


def push(git: Branches, remote: str, name: str, tip: str, who: str) -> Sent:
    """Send the branch. Raises UserError where the remote's has commits that zpmaint did not push;
    InfraError where it cannot be reached or takes nothing."""
    url = address(git, remote)
    runner = of_ours(git.view.folder)
    kept = f"{PUSHED}{remote}/{name}"
    try:
        listed = runner.text("ls-remote", "--", url, f"{HEADS}{name}").split()
    except GitError as error:
        raise _failed(git, remote, error) from None
    there = listed[0] if listed else ""
    if there and there not in (tip, git.view.refs.get(kept)) and not _forward(git, there, tip):
        raise UserError(
            f"{remote} has a branch {name} that zpmaint did not push ({there[:12]})",
            f"look at it (git -C {git.place} fetch {remote} {name}), or name another branch",
        )
    if there != tip:
        lease = f"--force-with-lease={HEADS}{name}:{there}"
        words = ("push", "--quiet", "--no-verify", "--no-signed", lease, "--", url)
        try:
            runner.run(*words, f"{tip}:{HEADS}{name}")
        except GitError as error:
            raise _failed(git, remote, error) from None
    if git.view.refs.get(kept) != tip:
        set_ref(git, kept, tip, who)
    return Sent.SAME if there == tip else Sent.MOVED if there else Sent.MADE


def _forward(git: Branches, there: str, tip: str) -> bool:
    """Whether the remote's branch is a part of ours."""
    try:
        return git.is_in(git.commit(there), tip)
    except UserError:
        return False  # a commit that is not here


def _failed(git: Branches, remote: str, error: GitError) -> InfraError:
    return InfraError(
        f"{git.place}: {remote}: {error.said}", "is it reached, and may you push to it?"
    )
