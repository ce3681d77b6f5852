# SPDX-License-Identifier: GPL-2.0-only
"""What the tables of kernels.toml have in common: no key that is not known, no change once read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from zpmaint.core.arches import canonical


def _canonical(value: object) -> object:
    return canonical(value) if isinstance(value, str) else value


Arch = Annotated[Literal["x86_64", "i386", "arm64", "riscv64"], BeforeValidator(_canonical)]
"""An architecture of arches.toml, by its name or another word for it."""


class StrictTable(BaseModel):
    """A table of kernels.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
