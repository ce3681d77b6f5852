# SPDX-License-Identifier: GPL-2.0-only
"""Which page has which address: each has one, and no two have the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from zpmaint.publish.addresses import LASTING
from zpmaint.publish.page import Page

_PART = r"[A-Za-z0-9_~+-][A-Za-z0-9._~+-]*"
_ADDRESS = re.compile(rf"(?:{_PART}/)*{_PART}")
"""Names that are safe on every disk and in every address, none of them hidden."""


class Addresses:
    """Those of one site."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def __contains__(self, address: str) -> bool:
        return address in self._taken

    def take_all(self, addresses: Iterable[str]) -> None:
        """Those of pages that were taken one by one before, and stand."""
        self._taken.update(addresses)

    def take(self, page: Page) -> bool:
        """Whether a page is to be made: of a patch that several kernels have one file is enough.

        Raises ValueError for an address that is none, and for one that another page has: one of
        them would be lost."""
        address = page.address
        if address in self._taken:
            if address.startswith(LASTING):  # it is named by its content
                return False
            raise ValueError(f"two pages have the address {address!r}")
        if not is_address(address):
            raise ValueError(f"no page can have the address {address!r}")
        self._taken.add(address)
        return True


def is_address(text: str) -> bool:
    """Whether a page may have this address."""
    return _ADDRESS.fullmatch(text) is not None
