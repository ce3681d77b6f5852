# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of sources of kernels, as --source and kernels.toml name them.

A new kind is a row here and its module. A row only names the module, which is imported when the
first source of its kind is opened: what only reads the ledger waits for no HTTP and no git.
"""

from __future__ import annotations

from dataclasses import dataclass

AGE_NAME = "ZPMAINT_LISTS_AGE"
"""The environment's word on how old a list of kernels may be before its server is asked again, in
seconds; a service looks as often as its schedule says."""


@dataclass(frozen=True)
class Kind:
    """One kind of source."""

    module: str
    maker: str
    """The class in it; it is called with what stands behind the colon, the cache's folder and a
    Reporter."""
    needs_place: bool
    """Whether a PATH or URL has to stand behind the colon."""


KINDS = {
    "git": Kind("zpmaint.sources.git", "GitSource", True),
    "kernel.org": Kind("zpmaint.sources.kernelorg", "KernelOrgSource", False),
    "debian": Kind("zpmaint.sources.debian", "DebianSource", False),
    "tree": Kind("zpmaint.sources.tree", "TreeSource", True),
}
