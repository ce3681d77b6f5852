# SPDX-License-Identifier: GPL-2.0-only
"""What a machine answers about its kernel, taken apart: the name, what is said beside it, and the
machine. Pure.

The status page's script does the same, line by line; tests hold the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from zpmaint.core.kernel_name_rules import rules

_LONGEST = 4000  # a screen of text; a name has some thirty characters, uname -a 150
_BLANKS = re.compile(
    "[\\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+", re.ASCII
)
_BANNER = re.compile(r"Linux version (\S+)(.*)$", re.ASCII)
_UNAME = re.compile(r"(?:^|\s)v?(\d+\.\d+\S*) (#\S.*)$", re.ASCII)
_LOOKS = re.compile(r"^v?\d{1,4}\.\d{1,4}(?!\d)", re.ASCII)
_NEXT = re.compile(r"^next-\d{8}$", re.ASCII)
_QUOTES = "\"'`,;:()<>[]*$"
_EPOCH = re.compile(r"^\d+:(?=\d)", re.ASCII)


@dataclass(frozen=True)
class Answer:
    """An answer in parts; a part that it does not have is ''."""

    name: str = ""
    """What `uname -r` answers: 6.1.0-49-amd64; without a v before it."""
    beside: str = ""
    """What `uname -v`, a signature or a package's version says beside the name."""
    words: tuple[str, ...] = ()
    """All of it, word by word: one may be the machine."""
    refused: str = ""
    """Why there is nothing in it to go by."""


def taken_apart(text: str) -> Answer:
    """The parts of the answer of `uname` with any options, of /proc/version or
    /proc/version_signature, or of the name of a package or of a file in /boot."""
    line = _BLANKS.sub(" ", text).strip(" ")
    if not line:
        return Answer(refused="there is nothing in it")
    if len(line) > _LONGEST:
        return Answer(refused=f"it is longer than any answer: more than {_LONGEST} characters")
    for pattern, how in rules().other:
        if found := pattern.search(line):
            return Answer(refused=how.replace("{word}", found[0].strip(" ")))
    words = tuple(word.strip(_QUOTES) for word in line.split(" "))
    if found := _BANNER.search(line):
        rest = found[2]
        return Answer(_bare(found[1]), rest[max(rest.rfind(" #"), 0) :].strip(" "), words)
    if found := _UNAME.search(line):
        return Answer(_bare(found[1]), found[2], words)
    if line.startswith("#"):
        return Answer(beside=line, words=words)
    return _of_words(line, words)


def _of_words(line: str, words: tuple[str, ...]) -> Answer:
    """Where no `#1` parts the name from the rest."""
    packages = rules().packages
    pieces: list[str] = []
    for word in words:
        if found := packages["deb"].search(word):
            pieces += [found[1], found[2], found[3]]
        elif found := packages["platform"].search(word):
            pieces += [found[1], found[2]]
        else:
            pieces.append(word)
    names = list(dict.fromkeys(_bare(piece) for piece in pieces if _is_name(piece)))
    if any(said.pattern.search(line) for said in rules().said):
        return Answer(names[0] if names else "", line, tuple(pieces))
    if len(names) > 1 and any(piece.startswith("linux-image-") for piece in pieces):
        return Answer(names[0], f"Debian {names[1]}", tuple(pieces))  # dpkg: name, then version
    if len(names) > 1:
        listed = ", ".join(names[:3])
        return Answer(refused=f"it has more than one name of a kernel: {listed}")
    if not names:
        return Answer(refused="there is no name of a kernel in it")
    return Answer(names[0], "", tuple(pieces))


def _is_name(word: str) -> bool:
    bare = _bare(word)
    return bool(_LOOKS.search(bare) or _NEXT.search(bare))


def _bare(word: str) -> str:
    """A name without the path, the package's name and the endings that may be around it."""
    packages = rules().packages
    word = word.strip(_QUOTES).rsplit("/", 1)[-1]
    word = packages["endings"].sub("", packages["pattern"].sub("", word, count=1))
    word = packages["endings"].sub("", _EPOCH.sub("", word))
    return word[1:] if word.startswith("v") and word[1:2].isdigit() else word
