"""Writing patch.toml: an anchor more, every comment and every other line kept."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.items import AoT

from zpmaint.config import checked
from zpmaint.patchset.load import TABLE
from zpmaint.patchset.schema import PatchTable
from zpmaint.patchset.values import Anchor, Era

__all__ = ["TABLE", "with_anchor"]


def with_anchor(folder: Path, fresh: Anchor, former: str, former_era: Era) -> str:
    """The text of `folder`/patch.toml with the anchor `fresh` right after the one named `former`,
    whose era becomes `former_era`. Raises UserError where the result would be no patch set."""
    path = folder / TABLE
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    anchors = cast(AoT, document["anchor"])
    files = [str(row["file"]) for row in anchors]
    at = files.index(f"{former}.patch")
    _bound(anchors[at], former_era)
    row = tomlkit.table()
    row.add("file", f"{fresh.name}.patch")
    row.add("version", str(fresh.version))
    row.add("base", str(fresh.base))
    _bound(row, fresh.era)
    row.add("why", fresh.why)
    row.add(tomlkit.nl())
    anchors.insert(at + 1, row)
    text = tomlkit.dumps(document)
    checked(PatchTable, tomllib.loads(text), path)
    return text


def _bound(row: Any, era: Era) -> None:
    """Set an anchor's since and until, as far as they differ from what is there."""
    for key, version in (("since", era.since), ("until", era.until)):
        if version is None:
            if key in row:
                del row[key]
        elif str(row.get(key, "")) != str(version):
            row[key] = str(version)
