# SPDX-License-Identifier: GPL-2.0-only
"""How kernels are named and ordered.

Everything the field writes is understood: ``2.6.20.4``, ``v2.6.21-rc3``, ``3.0``, ``v6.12.107``,
``7.3-rc7``, ``6.12.108-rc1`` (of a stable release), ``6.12.107-rt34`` and ``7.3-rc3-rt1`` (with
the real-time patches), ``next-20261120``, Debian's ``6.12.107-1`` and ``7.3~rc7-1~exp1``.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import cached_property, total_ordering

from debian.debian_support import version_compare

from zpmaint.core.errors import UserError

_NAME = re.compile(
    r"v?(?P<numbers>\d{1,9}\.\d{1,9}(?:\.\d{1,9}){0,2})(?:[-~]rc(?P<rc>\d{1,9}))?"
    r"(?:-rt(?P<rt>\d{1,9}))?(?P<debian>-(?!rc\d)[0-9][A-Za-z0-9.+~]{0,99})?",
    re.ASCII,
)
_NEXT = re.compile(r"next-(?P<date>\d{8})", re.ASCII)

_EXAMPLES = "write it as 2.6.20.4, v2.6.21-rc3, 6.12.107, next-20261120 or 6.12.107-1"
_NO_RC = 1 << 30  # sorts a release after all its release candidates


@total_ordering
@dataclass(frozen=True, eq=False)
class KernelVersion:
    """A kernel's name. Ordered as the kernels were made: -rcN before the release, point releases
    after it, -rtN after the kernel that it is of, Debian's revisions after the upstream version,
    linux-next after all.

    `numbers` has three parts from 3.0 on and four in the 2.x days, trailing zeros filled in, so
    that 6.12 and 6.12.0 are one kernel; `rc` is None for a release; `next_date` is YYYYMMDD for
    linux-next and then `numbers` is empty; `debian` is Debian's revision without its dash; `rt` is
    the number of the real-time patches that are in it.
    """

    numbers: tuple[int, ...]
    rc: int | None = None
    next_date: int | None = None
    debian: str | None = None
    rt: int | None = None

    @classmethod
    def parse(cls, text: str) -> KernelVersion:
        """Read a version as people write it. Raises UserError, naming the text."""
        text = text.strip()
        if found := _NEXT.fullmatch(text):
            try:
                datetime.datetime.strptime(found["date"], "%Y%m%d")
            except ValueError:
                raise UserError(f"{text!r} is of no day", _EXAMPLES) from None
            return cls((), next_date=int(found["date"]))
        found = _NAME.fullmatch(text)
        if found is None:
            raise UserError(f"{text!r} is not a kernel version", _EXAMPLES)
        numbers = tuple(int(part) for part in found["numbers"].split("."))
        width = 4 if numbers[0] < 3 else 3
        if len(numbers) > width:
            raise UserError(
                f"{text!r} has {len(numbers)} numbers, a {numbers[0]}.x kernel has at most {width}",
                _EXAMPLES,
            )
        if numbers[0] < 3 and len(numbers) < 3:
            raise UserError(
                f"{text!r} names a whole series", f"name one kernel of it: {found['numbers']}.20"
            )
        debian = found["debian"]
        return cls(
            numbers + (0,) * (width - len(numbers)),
            rc=int(found["rc"]) if found["rc"] else None,
            debian=debian[1:] if debian else None,
            rt=int(found["rt"]) if found["rt"] else None,
        )

    @cached_property
    def _key(self) -> tuple[int, tuple[int, ...], int, int]:
        if self.next_date is not None:
            return (1, (self.next_date,), _NO_RC, -1)
        rc = _NO_RC if self.rc is None else self.rc
        return (0, self.numbers, rc, -1 if self.rt is None else self.rt)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KernelVersion):
            return NotImplemented
        return self._key == other._key and self.debian == other.debian

    def __hash__(self) -> int:
        return hash((self._key, self.debian))

    def __lt__(self, other: KernelVersion) -> bool:
        if self._key != other._key:
            return self._key < other._key
        # '' sorts before every revision; '~' inside one sorts as dpkg does it.
        if not self.debian or not other.debian:
            return bool(other.debian) and not self.debian
        return version_compare(self.debian, other.debian) < 0

    def __str__(self) -> str:
        if self.next_date is not None:
            return f"next-{self.next_date}"
        text = ".".join(map(str, self._short))
        if self.rc is not None:
            text += f"-rc{self.rc}"
        if self.rt is not None:
            text += f"-rt{self.rt}"
        if self.debian is not None:
            text += f"-{self.debian}"
        return text

    def __repr__(self) -> str:
        return f"KernelVersion({str(self)!r})"

    @property
    def _short(self) -> tuple[int, ...]:
        return self.numbers if self.numbers[-1] else self.numbers[:-1]

    @property
    def upstream(self) -> KernelVersion:
        """The same kernel without Debian's revision."""
        return KernelVersion(self.numbers, self.rc, self.next_date, rt=self.rt)

    @property
    def tag(self) -> str:
        """The git tag: v2.6.21-rc3, v6.12.107, next-20261120."""
        name = str(self.upstream)
        return name if self.next_date is not None else f"v{name}"

    @property
    def series(self) -> str:
        """What its point releases share: 2.6.20 of 2.6.20.4, 6.12 of 6.12.107, next."""
        if self.next_date is not None:
            return "next"
        return ".".join(map(str, self.numbers[:-1]))

    @property
    def is_release(self) -> bool:
        """Neither a release candidate nor linux-next, and without the real-time patches."""
        return self.rc is None and self.next_date is None and self.rt is None
