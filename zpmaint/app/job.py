# SPDX-License-Identifier: GPL-2.0-only
"""A command's words made definite: which patch set, which kernel, from which sources."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from zpmaint.app.pair import build_pair
from zpmaint.app.port import port_onto
from zpmaint.app.session import Session
from zpmaint.build.options import BuildOptions
from zpmaint.build.values import Flavour, Kernel, Pair
from zpmaint.core.errors import KernelError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import PatchSet
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain


@dataclass(frozen=True)
class Job:
    """One patch set on one kernel."""

    session: Session
    patchset: PatchSet
    version: KernelVersion
    chain: Chain
    chosen: tuple[str, ...] = ()
    """The words of the command line that chose patch set and sources, for the next command."""

    @classmethod
    def take(cls, session: Session, version: str, patch: str | None, sources: Sequence[str]) -> Job:
        """From the command line's words. --source wins over what kernels.toml says of the
        kernel, which wins over all the project's sources."""
        patchset = session.patchset(patch)
        chain = session.chain(sources, () if sources else session.names_for(version))
        words = [("--patch", patch)] if patch else []
        words += [("--source", source) for source in sources]
        chosen = tuple(word for pair in words for word in pair)
        return cls(session, patchset, session.resolve(version, chain), chain, chosen)

    def command(self, name: str, *more: str) -> str:
        """`zpmaint NAME` on this kernel, of this patch set and from these sources, for a shell."""
        return shlex.join(("zpmaint", name, str(self.version), *self.chosen, *more))

    def port(self, anchor: str | None = None, min_confidence: float | None = None) -> Port:
        """The port; with `min_confidence` held to that, whatever the set asks for."""
        patchset = self.held_to(min_confidence)
        return port_onto(self.session, patchset, self.version, self.chain, anchor=anchor)

    def held_to(self, min_confidence: float | None) -> PatchSet:
        """The patch set; with `min_confidence` that in the place of its own."""
        if min_confidence is None:
            return self.patchset
        return replace(self.patchset, min_confidence=min_confidence)

    def kernels(self, flavour: str | None, build: BuildOptions) -> list[Kernel]:
        """The built kernels: the pair, or the one of `flavour`. Raises KernelError on a conflict,
        where a patched one is wanted."""
        return [
            kernel
            for kernel in self.pair(flavour, build).kernels
            if flavour in (None, kernel.flavour)
        ]

    def pair(self, flavour: str | None, build: BuildOptions) -> Pair:
        """The same with the evidence of what was compiled; stock, which a patched kernel is built
        upon, is always there."""
        wanted = (Flavour(flavour),) if flavour else (Flavour.STOCK, Flavour.PATCHED)
        port = None
        if Flavour.PATCHED in wanted:
            port = self.port()
            if not port.state.leads_on:
                raise KernelError(
                    f"{self.patchset.name} on {self.version}: {port.state}: {port.why}",
                    f"see {self.command('port')}",
                )
            if not port.patch and flavour:
                raise UserError(
                    f"{self.version} has no patched kernel: {port.state}: {port.why}",
                    "leave --patched out",
                )
        return build_pair(
            self.session,
            self.patchset,
            self.version,
            self.chain,
            port,
            options=build,
            flavours=wanted,
        )
