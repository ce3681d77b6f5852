# SPDX-License-Identifier: GPL-2.0-only
"""The sources of a release: the files of a commit and nothing else, whatever is in the checkout."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

BUILT = "zpmaint/built.toml"
"""What the package says of itself where there is no checkout; zpmaint/core/built.py reads it."""


@dataclass(frozen=True)
class Source:
    """A commit of the checkout at `top`."""

    top: Path
    commit: str
    """40 hex digits."""
    epoch: int
    """When it was committed: the time of every file of the release, seconds."""
    committer: str
    """NAME <ADDRESS>."""
    version: str
    """Of pyproject.toml."""


def source_of(top: Path, revision: str = "HEAD") -> Source:
    """The commit that `revision` names. Raises CalledProcessError where git has none."""
    said = _git(top, "log", "-1", "--format=%H%n%ct%n%cn <%ce>", revision).decode().splitlines()
    commit, when, who = said
    project = tomllib.loads(_git(top, "show", f"{commit}:pyproject.toml").decode())["project"]
    return Source(top, commit, int(when), who, project["version"])


def export(source: Source, folder: Path) -> None:
    """Write the commit's files into `folder`, with BUILT: modes are 0644 and 0755."""
    packed = _git(source.top, "archive", "--format=tar", source.commit)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    (folder / BUILT).write_text(
        "# SPDX-License-Identifier: GPL-2.0-only\n"
        f'commit = "{source.commit}"\ncommitted = {source.epoch}\n'
    )


def _git(top: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", top, *words], check=True, stdout=subprocess.PIPE).stdout
