# SPDX-License-Identifier: GPL-2.0-only
"""What the tables of kernels.toml have in common: no key that is not known, no change once read."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Arch = Literal["x86_64", "i386"]


class StrictTable(BaseModel):
    """A table of kernels.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
