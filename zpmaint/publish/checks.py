# SPDX-License-Identifier: GPL-2.0-only
"""Whether a downloaded file is what was published: what is held against what, and how it came out.
Pure: the bytes are handed in, and so is what gpg, minisign and patch say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from zpmaint.core import errors
from zpmaint.core.checked import Check, State
from zpmaint.core.errors import UserError
from zpmaint.core.shown import one_line
from zpmaint.publish.statement import PREDICATE, TYPE

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_OF_ITSELF = re.compile(r"([0-9a-f]{64})\.patch")


@dataclass(frozen=True)
class Checked:
    """A file with all that was looked at."""

    name: str
    sha256: str
    checks: tuple[Check, ...]

    @property
    def state(self) -> State:
        """One bad check makes it bad; else one that cannot be told leaves it open."""
        states = {check.state for check in self.checks}
        return next((s for s in (State.BAD, State.UNKNOWN) if s in states), State.GOOD)

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.name,
            "sha256": self.sha256,
            "state": str(self.state),
            "checks": [check.as_json() for check in self.checks],
        }


def digest_of(data: bytes) -> str:
    return sha256(data).hexdigest()


def sums_of(data: bytes, name: str) -> dict[str, str]:
    """By name the digests of a SHA256SUMS. Raises UserError, with the line, for what is none."""
    found: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        read = _LINE.fullmatch(line)
        if read is None:
            raise UserError(
                f"{name}: line {number}: no digest and name: {one_line(line, 60)!r}",
                "give the SHA256SUMS of the site as it was downloaded",
            )
        if found.setdefault(read[2], read[1]) != read[1]:
            raise UserError(f"{name}: line {number}: {one_line(read[2], 60)} is there twice")
    return found


def listed(name: str, data: bytes, sums: Mapping[str, str], of: str) -> Check:
    """A file against a list: it has to be in it, under whatever name; under its own with other
    bytes it is not what was published so."""
    digest = digest_of(data)
    names = sorted(one for one, known in sums.items() if known == digest)
    own = [one for one in sums if one == name or one.endswith(f"/{name}")]
    if names:
        best = next((one for one in names if one in own), names[0])
        return Check("digest", State.GOOD, f"{of} lists it as {best}")
    if len(own) == 1:
        return Check(
            "digest", State.BAD, f"{of} lists {own[0]} with sha256 {sums[own[0]]}, this is {digest}"
        )
    return Check("digest", State.BAD, f"no file that {of} lists has these bytes")


def by_itself(name: str, data: bytes) -> Check | None:
    """A file that is called by its digest, and so tells whether it is whole; None for others."""
    found = _OF_ITSELF.fullmatch(name)
    if found is None:
        return None
    digest = digest_of(data)
    if found[1] == digest:
        return Check("name", State.GOOD, "its name is its digest")
    return Check("name", State.BAD, f"its name is another file's digest: this is {digest}")


def beside(sums: Mapping[str, str], there: Mapping[str, bytes], of: str) -> Check:
    """A list against the files that are there, by name."""
    bad = sorted(one for one, data in there.items() if digest_of(data) != sums.get(one))
    if bad:
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        return Check("files", State.BAD, f"{bad[0]}{more}: other bytes than {of} lists")
    return Check("files", State.GOOD, f"{len(there)} of {len(sums)} are here, all as listed")


@dataclass(frozen=True)
class Statement:
    """What is read of an in-toto statement."""

    subjects: Mapping[str, str]
    """By name the SHA-256."""
    words: str
    """What it says, in one line."""


def statement_of(data: bytes) -> Statement:
    """An in-toto statement of ours. Raises ValueError, in words, for what is none."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON: cut or changed") from None
    try:
        if (told["_type"], told["predicateType"]) != (TYPE, PREDICATE):
            raise ValueError(f"it is no {TYPE} with {PREDICATE}")
        subjects = {str(one["name"]): str(one["digest"]["sha256"]) for one in told["subject"]}
        predicate = told["predicate"]
        asked = predicate["buildDefinition"]["externalParameters"]
        details = predicate["buildDefinition"]["internalParameters"]
        verdict = predicate["runDetails"]["byproducts"][0]["annotations"]
        when = predicate["runDetails"]["metadata"]["finishedOn"]
        words = (
            f"{asked['patchset']} for {asked['version']} {asked['arch']}, from anchor "
            f"{details['anchor']}: {verdict['result']}, {when}"
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"it is no statement of ours: {error!r:.80} is missing") from None
    if not subjects:
        raise ValueError("it names no file")
    return Statement(subjects, one_line(words))


def stated(data: bytes, statement: bytes, name: str) -> Check:
    """A file against a statement, called `name`."""
    try:
        told = statement_of(statement)
    except ValueError as error:
        return Check("statement", State.BAD, f"{name}: {error}")
    digest = digest_of(data)
    if digest not in told.subjects.values():
        return Check("statement", State.BAD, f"{name} is about other files: none is {digest}")
    return Check("statement", State.GOOD, told.words)


def worst(checked: Sequence[Checked]) -> int:
    """The exit status of them all."""
    states = {one.state for one in checked}
    return next((s.exit_status for s in (State.BAD, State.UNKNOWN) if s in states), errors.EXIT_OK)


def unsigned(why: Iterable[str] = ()) -> Check:
    """That nobody vouches for a list."""
    return Check(
        "signature",
        State.UNKNOWN,
        "; ".join(why) or "the list of digests is not signed: no SHA256SUMS.asc or .minisig beside",
        "download it beside SHA256SUMS, if the site has one",
    )
