# SPDX-License-Identifier: GPL-2.0-only
"""What a site was made of, as a file of the site itself says: of each page its inputs, and the size
and time of its file as they were when it was written. Pure.

A manifest of another version of the program, or a damaged one, is none: everything is made anew.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

NAME = ".zpmaint-site"
"""The manifest's file: that it is there says that the folder is a site of ours."""
WORDS = "A status page written by zpmaint; the next one replaces this folder whole."


@dataclass(frozen=True)
class Manifest:
    """What is known of the site that stands."""

    entries: Mapping[str, str] = field(default_factory=dict)
    """By address the `entry` of its file."""


UNKNOWN = Manifest()
"""Of a folder that says nothing of itself that can be believed."""


def entry(inputs: str, size: int, changed: int) -> str:
    """What is known of a page's file: the digest of the page's inputs, the file's size in bytes,
    and when it was changed last in nanoseconds."""
    return f"{inputs} {size} {changed}"


def digest(inputs: str | bytes) -> str:
    """A page's inputs as short as they can be told apart."""
    data = inputs.encode("utf-8", "surrogatepass") if isinstance(inputs, str) else inputs
    return sha256(data).hexdigest()[:20]


def written(program: str, entries: Mapping[str, str]) -> bytes:
    """The file's bytes; `program` is the digest of what makes the pages."""
    lines = [f"{told}\t{address}" for address, told in sorted(entries.items())]
    body = "\n".join(lines).encode("utf-8", "surrogatepass")
    return f"{WORDS}\n{program} {sha256(body).hexdigest()}\n".encode() + body


def read(data: bytes, program: str) -> Manifest:
    """What such a file says; UNKNOWN for any other."""
    parts = data.split(b"\n", 2)
    if len(parts) < 3 or parts[1].decode("utf-8", "replace") != (
        f"{program} {sha256(parts[2]).hexdigest()}"
    ):
        return UNKNOWN
    entries = {}
    for line in parts[2].decode("utf-8", "surrogatepass").split("\n"):
        told, _, address = line.partition("\t")
        entries[sys.intern(address)] = told
    return Manifest(entries)
