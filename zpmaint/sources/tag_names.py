# SPDX-License-Identifier: GPL-2.0-only
"""Which tags of a git repository name kernels. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion

TAGS = "refs/tags/"


def kernel_tags(refs: Iterable[str]) -> dict[KernelVersion, str]:
    """By kernel the full name of its tag, among the full names of refs. Of two tags for one kernel
    (v6.12 and v6.12.0) the one that kernel.org would write counts."""
    tags: dict[KernelVersion, str] = {}
    for name in (ref.removeprefix(TAGS) for ref in refs if ref.startswith(TAGS)):
        try:
            version = KernelVersion.parse(name)
        except UserError:
            continue  # a tag of another kind, v2.6.11-tree or a maintainer's pull request
        if version.debian is None and (name == version.tag or version not in tags):
            tags[version] = f"{TAGS}{name}"
    return tags
