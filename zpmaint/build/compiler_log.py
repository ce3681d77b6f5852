# SPDX-License-Identifier: GPL-2.0-only
"""What a make of single objects said of each: errors, warnings, and which it did not make. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from zpmaint.port.proof import CompilerLine

GRAVE = (
    "implicit-function-declaration",
    "implicit-int",
    "incompatible-pointer-types",
    "int-conversion",
    "return-type",
    "return-mismatch",
)
"""Warnings that later kernels and compilers have as errors: calls of what is not declared, values
of another type. A port that brings one is as wrong on an old kernel as on a new one."""

_MADE = re.compile(r"^  [A-Z][A-Z0-9_+]*(?: \[[A-Z+]+\])?\s+(\S+)$")
_FAILED = re.compile(r"^make(?:\[\d+\])?: \*\*\* \[(?:\S+:\d+: )?(\S+?)\] Error \d+")
_SAID = re.compile(r"^(\S+?):(\d+)(?::\d+)?: (?:(fatal error|error|Error|warning): )?(?=\S)(.*)$")
_WARNED = re.compile(r"\[-W(?:error=)?([\w-]+?)=?\]$")
_NOTES = re.compile(r"^(?:note|In file included)\b|^\s*\||^In ")


@dataclass
class Said:
    """The lines about one target."""

    errors: list[CompilerLine] = field(default_factory=list)
    grave: list[CompilerLine] = field(default_factory=list)


@dataclass
class Log:
    """A whole make."""

    failed: set[str] = field(default_factory=set)
    """Targets below the build folder."""
    said: dict[str, Said] = field(default_factory=dict)

    @property
    def errors(self) -> list[CompilerLine]:
        """All errors, of whatever target."""
        return [line for said in self.said.values() for line in said.errors]


def read_log(lines: Iterable[str], src: str, obj: str) -> Log:
    """Read what make printed, the output of each target in one piece (make -Otarget)."""
    log = Log()
    target = ""
    for raw in lines:
        line = _short(raw.rstrip("\r\n"), src, obj)
        if made := _MADE.match(line):
            target = made[1]
            # What is made again in one make is said of once.
            log.said.setdefault(target, Said())
        elif failed := _FAILED.match(line):
            log.failed.add(os.path.normpath(failed[1]))
        elif (said := _SAID.match(line)) and not _NOTES.match(said[4]):
            word, text = said[3], said[4]
            row = CompilerLine(os.path.normpath(said[1]), int(said[2]), f"{word}: {text}")
            about = log.said.setdefault(target, Said())
            if word in ("error", "fatal error", "Error"):
                about.errors.append(row)
            elif word == "warning" and (kind := _WARNED.search(text)) and kind[1] in GRAVE:
                about.grave.append(row)
    return log


def _short(line: str, src: str, obj: str) -> str:
    # ccache hands the compiler the way from obj to src, make and the linker the whole path.
    for folder in (f"{src}/", f"{obj}/", f"{os.path.relpath(src, obj)}/"):
        line = line.replace(folder, "")
    return line
