# SPDX-License-Identifier: GPL-2.0-only
"""The files to take away: every patch by its content for ever, each kernel's newest good one with
its archive and statement, the list of them all, and who signed that (docs/files.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256

from zpmaint.core.errors import InfraError
from zpmaint.ledger.stages import PortRecord
from zpmaint.publish.kernel import Kernel
from zpmaint.publish.offer import (
    ARCHIVE,
    PATCH,
    STATEMENT,
    archive_file,
    attempt_of,
    patch_file,
    statement_file,
)
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rows import Row
from zpmaint.publish.shipping import Shipped
from zpmaint.publish.values import Frame, Piece, Shown, Site

SUMS = "SHA256SUMS"
_ENDINGS = (PATCH, ARCHIVE, STATEMENT)


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`patches/sha256/HEX.patch`, `SET/STEM.patch`, `.tar.xz` and `.intoto.json`."""
    seen: set[str] = set()
    for row, kernel in _kernels(one):
        for patch in row.offer.patches:
            if patch.address not in seen:
                seen.add(patch.address)
                yield Page(patch.address, patch.sha256, partial(_content, kernel, patch))
        for ending in _ENDINGS:
            digest = row.offer.sums[ending]
            yield Page(row.file(ending), digest, partial(_file, kernel, row, ending))


def sums_of(one: Shown) -> dict[str, str]:
    """By address the SHA-256 of each of these files."""
    sums: dict[str, str] = {}
    for row, _ in _kernels(one):
        sums |= {patch.address: patch.sha256 for patch in row.offer.patches}
        sums |= {row.file(ending): row.offer.sums[ending] for ending in _ENDINGS}
    return sums


def listed(sums: Mapping[str, str]) -> str:
    """As `sha256sum -c` reads them."""
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items())


def pages(site: Site) -> Iterator[Page]:
    """`SHA256SUMS` with its signature and the key."""
    lines = {
        line
        for one in site.sets
        for sums in one.pieces(Piece.SUMS)
        for line in sums.decode().splitlines(keepends=True)
    }
    # What the ledger knows no more is still what was published.
    lines.update(
        f"{address.rpartition('/')[2].removesuffix(PATCH)}  {address}\n" for address in site.lasting
    )
    yield from _signed(site, "".join(sorted(lines, key=_address)))


def _address(line: str) -> str:
    return line[66:]


def _kernels(one: Shown) -> list[tuple[Row, Kernel]]:
    """Those that there is something to take away of."""
    return [(row, row.kernel) for row in one.rows if row.kernel and row.offer.patches]


def _signed(site: Site, text: str) -> Iterator[Page]:
    sums = text.encode()
    inputs = made_of(text)
    yield Page(SUMS, inputs, lambda: sums)
    if (signer := site.signer) is not None:
        told = (signer.kind, signer.key, signer.public.hex())
        yield Page(signer.public_file, made_of(told), lambda: signer.public)
        # A signature holds the time when it was made: it stays while what it is over stays.
        yield Page(f"{SUMS}{signer.ending}", made_of(told, inputs), lambda: signer.sign(sums))


def _content(kernel: Kernel, one: Shipped) -> bytes:
    return _held(patch_file(_port(kernel, one)), one.sha256, one.address)


def _file(kernel: Kernel, row: Row, ending: str) -> bytes:
    newest, sums = row.offer.patches[0], row.offer.sums
    tried = attempt_of(kernel.attempts, newest)
    if ending == STATEMENT:
        data = statement_file(kernel.read(tried), tried, sums)
    elif ending == ARCHIVE:
        data = archive_file(_port(kernel, newest), tried)
    else:
        data = patch_file(_port(kernel, newest))
    return _held(data, sums[ending], row.file(ending))


def _port(kernel: Kernel, one: Shipped) -> PortRecord:
    return kernel.read_port(attempt_of(kernel.attempts, one)) or PortRecord()


def _held(data: bytes, digest: str, name: str) -> bytes:
    """`data`, if it is what was listed: never other bytes under a known name."""
    if sha256(data).hexdigest() != digest:
        raise InfraError(
            f"{name}: the ledger gives other bytes than when its digest was taken",
            "another process changed it meanwhile: publish again",
        )
    return data
