# SPDX-License-Identifier: GPL-2.0-only
"""What a site was made of, as a file of the site itself says: of each bundle of pages a digest, of
each page its inputs, and the size and time of its file as they were when it was written. Pure.

A manifest of another version of the program, or a damaged one, is none: everything is made anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

NAME = ".zpmaint-site"
"""The manifest's file: that it is there says that the folder is a site of ours."""
WORDS = "A status page written by zpmaint; the next one replaces this folder whole."


@dataclass(frozen=True)
class Section:
    """What is known of the files of a bundle; of those of no bundle where it has no name."""

    name: str
    told: str
    """The digest of all that they are made of; '' where each is told of by itself."""
    addresses: Sequence[str]
    text: str
    """A line of each, as the manifest has it."""


@dataclass(frozen=True)
class Manifest:
    """What is known of the site that stands."""

    entries: Mapping[str, str] = field(default_factory=dict)
    """By address the `entry` of its file."""
    sections: Mapping[str, Section] = field(default_factory=dict)
    """By name."""


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


def section(name: str, told: str, entries: Mapping[str, str]) -> Section:
    """What is to be written of files, by address."""
    addresses = sorted(entries)
    text = "".join(f"{entries[address]}\t{address}\n" for address in addresses)
    return Section(name, told, addresses, text)


def written(program: str, sections: Iterable[Section]) -> bytes:
    """The file's bytes; `program` is the digest of what makes the pages."""
    sections = list(sections)
    head = json.dumps([[one.name, one.told, len(one.addresses)] for one in sections])
    body = "".join([f"{head}\n", *(one.text for one in sections)]).encode("ascii")
    return f"{WORDS}\n{program} {sha256(body).hexdigest()}\n".encode() + body


def read(data: bytes, program: str) -> Manifest:
    """What such a file says; UNKNOWN for any other. Raises ValueError or TypeError for what is
    whole and of another shape."""
    parts = data.split(b"\n", 2)
    if len(parts) < 3 or parts[1].decode("utf-8", "replace") != (
        f"{program} {sha256(parts[2]).hexdigest()}"
    ):
        return UNKNOWN
    head, _, rest = parts[2].decode("ascii").partition("\n")
    lines = rest.splitlines(keepends=True)
    entries, sections, first = {}, {}, 0
    for name, told, count in json.loads(head):
        mine = lines[first : first + count]
        first += count
        addresses = []
        for line in mine:
            said, _, address = line[:-1].partition("\t")
            addresses.append(sys.intern(address))
            entries[addresses[-1]] = said
        sections[name] = Section(name, told, addresses, "".join(mine))
    return Manifest(entries, sections)
