# SPDX-License-Identifier: GPL-2.0-only
"""Ranges of kernels, as data files declare them."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.core.versions import KernelVersion


@dataclass(frozen=True)
class Era:
    """A half-open range of kernels [since, until); None is open-ended."""

    since: KernelVersion | None = None
    until: KernelVersion | None = None
    mended: tuple[KernelVersion, ...] = ()
    """Stable releases that took over what ends the era: for their series it ends with them."""

    @classmethod
    def parse(cls, since: str | None, until: str | None) -> Era:
        """The range between two versions as text. Raises UserError for what is no version."""
        first, after = (KernelVersion.parse(end) if end else None for end in (since, until))
        return cls(first, after)

    def __contains__(self, version: KernelVersion) -> bool:
        return not (
            (self.since is not None and version.upstream < self.since)
            or (self.until is not None and version.upstream >= self.until)
            or any(
                version.series == mend.series and version.upstream >= mend for mend in self.mended
            )
        )
