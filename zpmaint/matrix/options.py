# SPDX-License-Identifier: GPL-2.0-only
"""What a caller may choose of a run of the matrix, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.core.errors import UserError

LOCAL = "local"
"""The executor that works on this machine."""
_DASK = "dask://"


@dataclass(frozen=True)
class RunOptions:
    """How what is due is run; the default is what `zpmaint matrix run` does where nothing is said.
    None of it is an input of a verification."""

    jobs: int | None = None
    """Cores that may be used; None: all of this machine."""
    memory: int | None = None
    """Bytes that may be used by all that runs at once; None: what the machine has to give."""
    disk: int | None = None
    """Bytes that are to stay free on the cache's disk; None: as the steps declare."""
    again: bool = False
    """Verify what is known, too. What another process settles meanwhile still counts."""
    patient: bool = False
    """Leave what is to be tried again, but not yet (`Due.not_before`). Without it all that settled
    nothing is tried now: somebody asks for it."""
    fail_fast: bool = False
    """Begin nothing more once a kernel or the patch failed; what is under way ends."""
    executor: str = LOCAL
    """"local", or dask://HOST:PORT."""

    def __post_init__(self) -> None:
        """Raises UserError for what cannot be meant."""
        for name in ("jobs", "memory"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"--{name}: {value} is not at least 1", f"leave --{name} out")
        if self.disk is not None and self.disk < 0:
            raise UserError(f"--disk: {self.disk} is less than nothing", "leave --disk out")
        if self.executor != LOCAL:
            host, _, port = self.scheduler.rpartition(":")
            if not (self.executor.startswith(_DASK) and host and port.isdecimal()):
                raise UserError(
                    f"--executor {self.executor!r}: no such executor",
                    f"say {LOCAL} or {_DASK}HOST:PORT",
                )

    @property
    def scheduler(self) -> str:
        """HOST:PORT of the dask scheduler; "" for a local run."""
        return "" if self.executor == LOCAL else self.executor.removeprefix(_DASK)
