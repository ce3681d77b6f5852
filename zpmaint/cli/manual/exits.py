# SPDX-License-Identifier: GPL-2.0-only
"""The exit statuses of every command, in words."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.core import errors


@dataclass(frozen=True)
class Exit:
    """One status, what it means, and what to do then."""

    status: int
    means: str
    then: str


EXITS = (
    Exit(errors.EXIT_OK, "All well.", "Nothing."),
    Exit(
        errors.EXIT_KERNEL,
        "The kernel or the patch failed: a conflict, a build, a boot, a case.",
        "Read the report: it says which hunk, which case, and why.",
    ),
    Exit(
        errors.EXIT_USER,
        "A mistake in what was asked, or in a file of the project.",
        "The message names the word or the key, and what would be right.",
    ),
    Exit(
        errors.EXIT_INFRA,
        "No result: network, disk, a missing program, or nothing shows whose fault it was.",
        "The same command again, later; `zpmaint doctor` says what is missing.",
    ),
    Exit(errors.EXIT_INTERNAL, "A bug in zpmaint.", "Report it with the file that is named."),
    Exit(
        errors.EXIT_INTERRUPTED,
        "Interrupted. What was recorded stays.",
        "The same command goes on from there.",
    ),
)
