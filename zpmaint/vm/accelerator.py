# SPDX-License-Identifier: GPL-2.0-only
"""How QEMU runs a guest; apart from the machines, for the command line names it on every start."""

from __future__ import annotations

from enum import StrEnum

from zpmaint.core.errors import UserError


class Accelerator(StrEnum):
    """How the guest's instructions are run."""

    ICOUNT = "tcg,icount"
    TCG = "tcg"
    KVM = "kvm"

    @property
    def is_deterministic(self) -> bool:
        return self is Accelerator.ICOUNT

    @classmethod
    def asked_for(cls, name: str) -> Accelerator:
        """By the command line's word: auto, tcg or kvm. Raises UserError for another."""
        if name not in _WORDS:
            raise UserError(f"no accelerator {name!r}", f"choose one of: {', '.join(_WORDS)}")
        return _WORDS[name]

    @property
    def word(self) -> str:
        """That word."""
        return next(word for word, meant in _WORDS.items() if meant is self)


_WORDS = {"auto": Accelerator.ICOUNT, "tcg": Accelerator.TCG, "kvm": Accelerator.KVM}
