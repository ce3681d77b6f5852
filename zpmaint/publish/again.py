# SPDX-License-Identifier: GPL-2.0-only
"""The commands that do a verification all again, and how to see that the same came out. Pure."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.vm.accelerator import Accelerator

DEFAULT_ARCH = "x86_64"


@dataclass(frozen=True)
class Again:
    """What to type, and what it should come to."""

    lines: tuple[str, ...]
    """For a shell, as they are."""
    outcome: str
    """What the last line prints where the same came out."""
    patch_sha256: str
    """Of the port; '' where there is none."""
    unknown: tuple[str, ...]
    """What the record does not say, so that it may come out otherwise."""


def again(record: Record) -> Again:
    """The commands for a record, quoted whatever it holds."""
    made, port = record.circumstances, record.port
    provenance = port.provenance if port else None
    lines, unknown = [], []
    if made and made.commit:
        lines.append(f"git checkout {shlex.quote(made.commit)}")
        if made.modified is not False:
            unknown.append("the files of that checkout were others than the commit's, or may be")
    elif made:
        unknown.append(f"which commit of zpmaint {made.program} it was: it was no checkout")
    else:
        unknown.append("which zpmaint, tools and accelerator it was done with: an older record")
    source = provenance.source if provenance else ""
    if not source:
        unknown.append("which source the kernel came from: those of kernels.toml are asked")
    words = ["zpmaint", "verify", _version(record.version), "--arch", record.arch]
    words += ["--patch", record.patchset]
    words += ["--profile", record.profile] if record.profile else []
    words += ["--source", source] if source else []
    words += ["--accel", _accelerator(made.accelerator)] if made and made.accelerator else []
    lines.append(f"{shlex.join([*words, '--json'])} > again.json")
    lines.append('python3 -c \'import json; print(json.load(open("again.json"))[0]["outcome"])\'')
    patch = port.patch if port else None
    return Again(
        tuple(lines),
        record.outcome,
        hashlib.sha256(patch.encode("utf-8", "surrogateescape")).hexdigest() if patch else "",
        tuple(unknown),
    )


def _version(text: str) -> str:
    try:
        return str(KernelVersion.parse(text))
    except UserError:
        return text


def _accelerator(value: str) -> str:
    try:
        return Accelerator(value).word
    except ValueError:
        return value
