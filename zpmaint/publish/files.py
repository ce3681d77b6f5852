# SPDX-License-Identifier: GPL-2.0-only
"""The files to take away: each kernel's patch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rows import Row
from zpmaint.publish.values import Site


def pages(site: Site) -> Iterator[Page]:
    """`SET/VERSION.patch` of each kernel that there is a patch for."""
    for one in site.sets:
        # By address: the patch of a version is that of the last architecture that is listed.
        found = {row.patch_file: row for row in one.rows if row.patch_file}
        for address, row in found.items():
            yield Page(address, made_of(row.inputs), partial(_patch, row))


def _patch(row: Row) -> bytes:
    return row.patch.encode("utf-8", "surrogateescape")  # byte for byte what the port gave
