# SPDX-License-Identifier: GPL-2.0-only
"""One commit of a repository as a source of its own: the kernel that its Makefile says it is,
though no tag names it."""

from __future__ import annotations

from pathlib import Path

from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.provenance import Provenance
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.git import GitSource, Opened
from zpmaint.sources.git_run import GitError
from zpmaint.sources.tree import version_in


class CommitSource(GitSource):
    """The tree of one commit."""

    def __init__(self, where: str, sha: str, cache: Path, reporter: Reporter = SILENT) -> None:
        """Raises what GitSource does, and UserError where the commit is no kernel's."""
        self.sha = sha
        super().__init__(where, cache, reporter)
        self.name = f"git:{where} {sha[:12]}"

    @property
    def version(self) -> KernelVersion:
        """What its Makefile says."""
        (version,) = self._known_tags()
        return version

    def versions(self) -> list[KernelVersion]:
        return [self.version]

    def provenance(self, version: KernelVersion) -> Provenance:
        """See HasProvenance: a commit between two releases."""
        return Provenance(self.name, f"git:{self.sha}", why="a commit that no tag names")

    def _read_tags(self, repo: Opened) -> dict[KernelVersion, str]:
        try:
            text = repo.git.text("cat-file", "blob", f"{self.sha}:Makefile")
        except GitError as error:
            raise self._broken(error) from None
        return {version_in(text, f"{self.sha[:12]}:Makefile"): self.sha}
