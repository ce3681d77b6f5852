# SPDX-License-Identifier: GPL-2.0-only
"""What the tables of a patch set's files have in common: no unknown key, no empty text."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text that must say something."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""A name that is safe as a file's and as an anchor's."""


class Table(BaseModel):
    """A table of TOML."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
