# SPDX-License-Identifier: GPL-2.0-only
"""The three kinds of failure, one exit status each.

What the user did wrong, what the infrastructure (network, disk, a missing program) did wrong,
and what the kernel or the patch did wrong must never be mistaken for one another: a user fixes
the first, waits or installs for the second, and reads the report for the third. What cannot be
told is nobody's, and is tried again as the second is.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_KERNEL = 1
EXIT_USER = 2
EXIT_INFRA = 3
EXIT_INTERNAL = 70  # a bug in zpmaint itself (EX_SOFTWARE of sysexits.h)
EXIT_INTERRUPTED = 130


def cause(error: Exception) -> str:
    """What an exception says, for a message that names the file already."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


class ZpmaintError(Exception):
    """An expected failure: names the thing, the cause and the next step, on one line each.

    `what` names the thing that failed and the cause ("kernels.toml: kernel[2].profile: no such
    profile 'x86'"), `hint` the next step ("choose one of: modern, legacy").
    """

    exit_status = EXIT_INTERNAL
    kind = "internal"

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} ({self.hint})" if self.hint else self.what


class UserError(ZpmaintError):
    """The input is wrong: an unknown version, a malformed patch, a bad key in kernels.toml."""

    exit_status = EXIT_USER
    kind = "user"


class InfraError(ZpmaintError):
    """The surroundings failed: network, disk, a missing program, a machine that did not start."""

    exit_status = EXIT_INFRA
    kind = "infrastructure"


class IndeterminateError(InfraError):
    """Something failed, and nothing shows that it was the kernel: said with what is not known."""

    kind = "indeterminate"


class KernelError(ZpmaintError):
    """The kernel or the patch failed: a conflict, a build error, a panic, a failed case."""

    exit_status = EXIT_KERNEL
    kind = "kernel"
