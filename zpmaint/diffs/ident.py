# SPDX-License-Identifier: GPL-2.0-only
"""Whom a patch is from, as git takes it: a name and an address that `git am` makes an author of.
Pure.

git refuses an ident whose name is empty or nothing but punctuation, takes the address for the name
where that holds "@", "<", ">" or more than 60 bytes, and takes what stands around the first "@"
for the address (mailinfo.c, ident.c). An author whose address is not known gets none that anybody
could have: `unknown@NAME.invalid`, NAME the patch set's (RFC 2606 keeps .invalid free for ever).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.header import Header

from zpmaint.core.shown import visible

UNNAMED = "author unknown"
"""The name of an author of whom nothing is said, or nothing that git takes for a name."""
_LONGEST = 60  # bytes of a name that git takes (get_sane_name in mailinfo.c)
_ADDRESS = r"[!-'*-;=?A-~]+@[!-'*-;=?A-~]+"  # printable, no blank, <, >, (, ) and only one @
_FORMS = (
    re.compile(rf"(?P<name>.*?) ?<(?P<address>{_ADDRESS})>(?: ?\(.*\))?"),
    re.compile(rf"(?P<address>{_ADDRESS})(?: ?\((?P<name>.*)\))?"),
)
_CRUD = re.compile(r"[\x00-\x20.,:;<>\"\\']*")
"""What git strips off both ends of a name; of nothing else a name may not be made."""
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")


@dataclass(frozen=True)
class Ident:
    """An author: `name` may be '' where the address is known, and stands for both then."""

    name: str
    address: str

    @property
    def field(self) -> str:
        """The value of a From field: quoted or as RFC 2047 has it where it has to be."""
        if not self.name:
            return f"<{self.address}>"
        return f"{_phrase(self.name)} <{self.address}>"


def placeholder(owner: str) -> str:
    """The address of an author who gives none: nobody's, of the patch set `owner`."""
    label = re.sub(r"[^a-z0-9]+", "-", owner.lower())[:63].strip("-") or "patch"
    return f"unknown@{label}.invalid"


def ident(said: str, owner: str) -> Ident:
    """The author that `said` tells of, in whatever words: "A. Name <a@b>", "a@b (A. Name)", or
    words without an address; '' is an author of whom nothing is known. Nothing is made up: what is
    too long for git is cut at a word."""
    said = " ".join(visible(said).split())
    found = next((found for form in _FORMS if (found := form.fullmatch(said))), None)
    name, address = (found["name"] or "", found["address"]) if found else (said, "")
    name = _cut(" ".join(re.sub(r"[<>\\\"]", " ", name.replace("@", " at ")).split()))
    if _CRUD.fullmatch(name):
        name = ""
    if not address:
        return Ident(name or UNNAMED, placeholder(owner))
    return Ident(name, address)


def _cut(name: str) -> str:
    if len(name.encode("utf-8", "replace")) <= _LONGEST:
        return name
    kept = name.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
    return (kept.rpartition(" ")[0] or kept).rstrip(" ,;:.(")


def _phrase(name: str) -> str:
    if not name.isascii():
        return Header(name, "utf-8", maxlinelen=75, header_name="From").encode()
    return name if _ATOMS.fullmatch(name) else f'"{name}"'
