# SPDX-License-Identifier: GPL-2.0-only
"""The table [git] of a patch.toml: written with a new set, and moved on with its branch. Pure."""

from __future__ import annotations

import re
import tomllib

from zpmaint.core.errors import UserError
from zpmaint.patchset.table import quoted
from zpmaint.patchset.values import Branch

_WHY = "# The branch that the patches were made from: `zpmaint track` tells of new commits of it."


def git_table(branch: Branch) -> str:
    """The table as it stands in a new patch.toml."""
    rows = {
        "repository": branch.repository,
        "branch": branch.name,
        "commit": branch.commit,
        "since": branch.since,
    }
    lines = [f"{key} = {quoted(value)}" for key, value in rows.items()]
    return "\n".join(["", _WHY, "[git]", *lines, ""])


def moved_on(text: str, branch: Branch) -> str:
    """The text of a patch.toml with `commit` and `since` of its [git] as `branch` has them, every
    other character kept. Raises UserError where it is laid out otherwise."""
    before = tomllib.loads(text)
    head, table, rest = re.split(r"(^\[git\][^\n]*\n)", text, maxsplit=1, flags=re.M) + [""] * (
        0 if re.search(r"^\[git\]", text, re.M) else 2
    )
    for key, value in (("commit", branch.commit), ("since", branch.since)):
        rest = re.sub(rf'^({key}\s*=\s*)"[0-9a-f]*"', rf'\1"{value}"', rest, count=1, flags=re.M)
    fresh = head + table + rest
    wanted = {**before, "git": {**before["git"], "commit": branch.commit, "since": branch.since}}
    if tomllib.loads(fresh) != wanted:
        raise UserError(
            "patch.toml: [git] is laid out in a way that cannot be changed",
            f'write commit = "{branch.commit}" and since = "{branch.since}" there by hand',
        )
    return fresh
