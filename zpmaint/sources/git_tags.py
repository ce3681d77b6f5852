# SPDX-License-Identifier: GPL-2.0-only
"""Which kernels tags name, and what the tag of a kernel proves: who makes kernels signs it, and it
names the commit.

The tag is read as git keeps it and checked here: `git verify-tag` runs whatever program the
repository's own configuration names. A commit's name is a SHA-1 over all that it holds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.provenance import Proof, Provenance
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.keyring import TAGS, pinned
from zpmaint.sources.signatures import good_of, signatures_of
from zpmaint.sources.source import SourceFailedError

_BEGIN = b"-----BEGIN PGP SIGNATURE-----"


def kernels_of(names: Iterable[str]) -> tuple[dict[KernelVersion, str], tuple[str, ...]]:
    """By kernel the tag that names it (v6.12.107), and the tags that name none: v2.6.11-tree, a
    maintainer's pull request."""
    tags: dict[KernelVersion, str] = {}
    others: list[str] = []
    for name in names:
        try:
            version = KernelVersion.parse(name)
        except UserError:
            others.append(name)
            continue
        if version.debian is not None:
            others.append(name)
        elif name == version.tag or version not in tags:
            tags[version] = name
    return tags, tuple(others)


def tag_provenance(source: str, name: str, kind: str, data: bytes, target: str) -> Provenance:
    """Of the tag `name` ("v6.12"): `kind` and `data` are the object that it names, `target` the
    commit or tree that is read for it."""
    digest = f"git:{target}"
    text, begin, rest = data.partition(_BEGIN)
    if kind != "tag" or not begin:
        return Provenance(source, digest, why=f"tag {name} is not signed")
    said = re.search(rb"^tag (.*)$", text, re.M)
    own = said[1].decode("utf-8", "replace") if said else "none"
    if own != name:
        # Rightly signed, and another kernel's: an old one shown for a new one.
        return Provenance(source, digest, why=f"tag {name} says that it is {own[:80]!s}")
    keyring = pinned()
    try:
        good = good_of(signatures_of(text, begin + rest, keyring, TAGS), f"tag {name}", keyring)
    except SourceFailedError as error:
        return Provenance(source, digest, why=error.what)
    except InfraError as error:
        return Provenance(source, digest, why=f"tag {name} could not be checked: {error}")
    proofs = tuple(Proof(f"tag {name}", o.fingerprint, o.whose, o.signed) for o in good)
    return Provenance(source, digest, proofs, checked=time.time())
