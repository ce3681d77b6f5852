# SPDX-License-Identifier: GPL-2.0-only
"""Porting a series with its inputs fetched, and writing what came of it as a folder."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from zpmaint.app.base import of_base
from zpmaint.app.move_candidates import moves
from zpmaint.app.session import Session
from zpmaint.app.trees import lost_names
from zpmaint.core.beneath import parts_of
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import landing, locked
from zpmaint.core.text import to_bytes
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import TABLE, Series
from zpmaint.port.proof import CompileProof
from zpmaint.port.series import dependents, port_series
from zpmaint.port.values import Fate, MemberPort
from zpmaint.sources.chain import Chain

REPORT = "port.json"
UNPORTED = "unported"
"""The folder, in the written one, of the patches that did not go in, as they were."""


@dataclass(frozen=True)
class SeriesPort:
    """What came of carrying a series onto a kernel."""

    series: Series
    version: KernelVersion
    base: KernelVersion | None
    ports: tuple[MemberPort, ...]
    compiled: CompileProof | None = None
    """What a compiler said of the files; None where none was asked."""

    @property
    def stuck(self) -> tuple[MemberPort, ...]:
        """The patches that conflict."""
        return tuple(port for port in self.ports if port.fate is Fate.CONFLICT)

    @property
    def is_whole(self) -> bool:
        """Whether every patch is there, and went in or is upstream."""
        return not self.series.missing and all(
            port.goes_in or port.is_dropped for port in self.ports
        )

    def waiting(self, port: MemberPort) -> list[str]:
        """The later patches that a conflict holds up: they speak of lines that it brings."""
        return dependents(self.ports, port.name)

    def as_json(self) -> dict[str, Any]:
        """The object that `zpmaint port --series --json` prints, and port.json holds."""
        return {
            "series": self.series.name,
            "version": str(self.version),
            "base": None if self.base is None else str(self.base),
            "whole": self.is_whole,
            "count": {fate: sum(p.fate is fate for p in self.ports) for fate in Fate},
            "left_out": dict(self.series.left_out),
            "missing": list(self.series.missing),
            "notes": list(self.series.notes),
            "compiled": self.compiled.as_json() if self.compiled else None,
            "patches": [
                port.as_json()
                | ({"holds_up": self.waiting(port)} if port.fate is Fate.CONFLICT else {})
                for port in self.ports
            ],
        }


def port_series_onto(
    session: Session,
    series: Series,
    version: KernelVersion,
    chain: Chain,
    *,
    base: KernelVersion | None = None,
    keep_going: bool = False,
    look_for_names: bool = True,
    min_confidence: float = 0.0,
    taken: Collection[str] = (),
    refused: Mapping[str, MemberPort] | None = None,
) -> SeriesPort:
    """Carry `series` onto `version`. With `base`, the kernel it was cut against, each patch has
    the files it was made from; where no source serves that kernel it is noted, and the engine has
    the patches alone to go by. Of a kernel only the files that the series touches are read, and
    with `look_for_names` both kernels' indexes of names (each made once, in a minute), if there is
    a base. A patch with a hunk that is less sure than `min_confidence` does not go in. `taken`
    names the patches whose own commit is in the kernel's history. `refused`: see `port_series`."""
    wanted = series.paths
    done: list[MemberPort] = []
    with session.reporter.step(f"port {series.name} onto {version}", "patches") as step:
        target = chain.blobs(version, wanted)
        known: Mapping[str, bytes | None] = {}
        if base == version:
            known = target
        elif base is not None:
            try:
                known = of_base(session, chain, lambda source: source.blobs(base, wanted))
            except (UserError, InfraError) as error:
                step.note(f"without the base {base}: {error.what}")
        exists = gone = None
        if look_for_names and base is not None:
            exists = partial(chain.speaks_of, version)
            gone = lost_names(session, chain, version, base) or _nothing
        for port in port_series(
            series,
            known,
            target,
            keep_going=keep_going,
            exists=exists,
            gone=gone,
            min_confidence=min_confidence,
            version=version,
            taken=taken,
            refused=refused,
            moves=(
                moves(session, chain, base, version)
                if look_for_names and base is not None and base != version
                else None
            ),
        ):
            done.append(port)
            step.advance(len(done), len(series.members))
    return SeriesPort(series, version, base, tuple(done))


def _nothing(name: str) -> bool:
    """Which names upstream took away between a kernel and itself."""
    return False


def ported_series(series: Series, ports: Sequence[MemberPort], name: str) -> Series:
    """The series of the patches that went in, as they went in, under their names."""
    went = {port.name: port for port in ports if port.goes_in}
    members = tuple(
        replace(member, data=went[member.name].data)
        for member in series.members
        if member.name in went
    )
    rows = tuple((line, member) for line, member in series.table if not member or member in went)
    return Series(name, members, rows)


def check_out(out: Path) -> None:
    """Raise UserError where `out` holds what an earlier port did not write: it would be lost."""
    if out.is_dir() and any(out.iterdir()) and not (out / REPORT).is_file():
        raise UserError(f"{out}: a folder that holds other files", "name a new folder with --out")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: not a folder", "name a new folder with --out")


def write_series(result: SeriesPort, out: Path) -> Path:
    """Write the folder: the ported patches under their names, `series` for quilt, port.json, and
    below unported/ what did not go in. It lands whole, in the place of an earlier port's."""
    check_out(out)
    with locked(out), landing(out) as fresh:
        for member, port in zip(result.series.members, result.ports, strict=True):
            if port.is_dropped:
                continue
            if parts_of(str(PurePosixPath(member.name)))[0] in (TABLE, REPORT):
                raise UserError(f"{member.name}: a patch of that name", "rename it")
            place = fresh / (member.name if port.goes_in else f"{UNPORTED}/{member.name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(port.data if port.goes_in else member.data)
        (fresh / TABLE).write_bytes(to_bytes(_table(result)))
        (fresh / REPORT).write_text(json.dumps(result.as_json(), indent=1) + "\n")
    return out


def _table(result: SeriesPort) -> str:
    """The file `series` as it was, with the patches that did not go in commented out."""
    ports = {port.name: port for port in result.ports}
    lines = []
    for line, name in result.series.table:
        port = ports.get(name)
        if port is None or port.goes_in:
            lines.append(line)
        elif port.is_dropped:
            lines.append(f"# in {result.version} already: {line}")
        else:
            lines.append(f"# {port.fate}: {UNPORTED}/{line}")
    return "".join(f"{line}\n" for line in lines)
