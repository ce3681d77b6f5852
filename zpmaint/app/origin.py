# SPDX-License-Identifier: GPL-2.0-only
"""What a port was made of, by digests: whoever has the patch can tell from what it came."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from zpmaint import __version__
from zpmaint.core.text import to_bytes
from zpmaint.ledger.stages import BlobRecord
from zpmaint.patchset.values import PatchSet
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain


@dataclass(frozen=True)
class Origin:
    """Of a port: '' and () where it is not known."""

    anchor_sha256: str = ""
    blobs: tuple[BlobRecord, ...] = ()
    engine: str = ""


def origin_of(port: Port, patchset: PatchSet, chain: Chain, inputs: Mapping[str, str]) -> Origin:
    """What `port` was made of; `inputs` are the verification's (app.inputs): `code` is the digest
    of what could have had a say in it. The files were read before, so that nothing is fetched."""
    anchor = next((one for one in patchset.anchors if one.name == port.anchor), None)
    paths = sorted({name for file in port.files for name in (file.path, file.renames) if name})
    found = chain.blobs(port.version, paths)
    return Origin(
        anchor_sha256=hashlib.sha256(to_bytes(anchor.patch)).hexdigest() if anchor else "",
        blobs=tuple(blob_of(path, data) for path in paths if (data := found.get(path)) is not None),
        engine=f"zpmaint {__version__}, code {inputs.get('code', 'not known')}",
    )


def blob_of(path: str, data: bytes) -> BlobRecord:
    """A file by its name in git and by SHA-256."""
    git = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return BlobRecord(path, git, hashlib.sha256(data).hexdigest())
