# SPDX-License-Identifier: GPL-2.0-only
"""A finished compile proof on the disk: the same port onto the same tree is not compiled again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from zpmaint.core.remembered import recall, remember
from zpmaint.port.proof import CompileProof, CompilerLine, FileProof, Place, Proof


def write_kept(path: Path, proof: CompileProof) -> None:
    """Keep a proof."""
    remember(path, asdict(proof))


def read_kept(path: Path) -> CompileProof | None:
    """The proof that was kept; None where there is none that can be read."""
    try:
        value = recall(path)
        return CompileProof(tuple(_file(row) for row in value["files"]), value["by"])
    except (KeyError, TypeError, ValueError):
        return None


def _file(row: dict[str, Any]) -> FileProof:
    errors = tuple(
        CompilerLine(
            line["path"],
            line["line"],
            line["text"],
            Place(**line["place"]) if line["place"] else None,
        )
        for line in row["errors"]
    )
    return FileProof(row["path"], Proof(row["proof"]), row["why"], tuple(row["objects"]), errors)
