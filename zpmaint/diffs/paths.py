# SPDX-License-Identifier: GPL-2.0-only
"""The file names in a diff's headers, and the paths in the kernel tree they stand for."""

from __future__ import annotations

from pathlib import PurePosixPath

from zpmaint.core.errors import UserError

NOWHERE = "/dev/null"
"""What a diff names as the other side of a created or deleted file."""

_BACKUPS = (".orig", ".old", "~")  # how people name the copy they diff against

# The folders a kernel tree has or had at its top. A header that starts with one of them was made
# inside the tree (-p0); -p1 would cut the folder's name off.
_TOPS = frozenset(
    (
        "Documentation",
        "LICENSES",
        "arch",
        "block",
        "certs",
        "crypto",
        "drivers",
        "firmware",
        "fs",
        "include",
        "init",
        "io_uring",
        "ipc",
        "kernel",
        "lib",
        "mm",
        "net",
        "rust",
        "samples",
        "scripts",
        "security",
        "sound",
        "tools",
        "usr",
        "virt",
    )
)

_TOP_FILES = frozenset(
    ("COPYING", "CREDITS", "Kbuild", "Kconfig", "MAINTAINERS", "Makefile", "README")
)


def is_in_tree(parts: list[str]) -> bool:
    """Whether a path, part by part, begins with a folder of a kernel tree's top, or is one of the
    files there."""
    if len(parts) == 1:
        return parts[0] in _TOP_FILES
    return bool(parts) and parts[0] in _TOPS


def has_controls(name: str) -> bool:
    """Whether a name has characters that a terminal or a list of lines would act on."""
    return any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" for c in name)


def tree_path(name: str, where: str) -> str:
    """The path in the tree that a -p1 header name stands for: a/mm/memory.c is mm/memory.c.

    `where` names file and line for the error. Raises UserError for a name that is quoted, not
    -p1, or leads out of the tree or into its repository.
    """
    if name.startswith('"'):
        raise UserError(f"{where}: {name} is a quoted file name", "no kernel source needs one")
    if any(c.isspace() for c in name):
        raise UserError(
            f"{where}: the file name {name!r} has blanks in it",
            "a page or a mailer ate the tab before the date: zpmaint import mends that",
        )
    if has_controls(name):
        raise UserError(f"{where}: the file name {name!r} has control characters", "rename it")
    if name.startswith("/"):
        raise UserError(f"{where}: {name} is an absolute path", "make it a/PATH, as git diff does")
    parts = name.split("/")
    if ".." in parts:
        raise UserError(
            f"{where}: {name} leads out of the kernel tree", "a patch may not hold '..'"
        )
    if parts[0] in _TOPS:
        raise UserError(
            f"{where}: {name} lacks the prefix that -p1 takes off", f"make it a/{name} and b/{name}"
        )
    inside = [part for part in parts[1:] if part not in ("", ".")]
    if not inside:
        raise UserError(
            f"{where}: {name} does not say where in the kernel tree the file is",
            "make it a/PATH, as git diff does",
        )
    if any(part.lower() == ".git" for part in inside):
        raise UserError(f"{where}: {name} leads into a git repository", "patch sources only")
    return str(PurePosixPath(*inside))


def without_backup(path: str) -> str:
    """`path` without the ending of a backup copy: mm/memory.c.orig is mm/memory.c."""
    for ending in _BACKUPS:
        if path.endswith(ending):
            return path[: -len(ending)]
    return path
