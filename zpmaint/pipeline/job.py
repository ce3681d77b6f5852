"""A command's words made definite: which patch set, which kernel, from which sources."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from zpmaint.build.values import Flavour
from zpmaint.errors import KernelError
from zpmaint.patchset.values import PatchSet
from zpmaint.pipeline.port import port_onto
from zpmaint.pipeline.workshop import Workshop
from zpmaint.port.values import Port, State
from zpmaint.sources.chain import Chain
from zpmaint.versions import KernelVersion


@dataclass(frozen=True)
class Job:
    """One patch set on one kernel."""

    shop: Workshop
    patchset: PatchSet
    version: KernelVersion
    chain: Chain

    @classmethod
    def take(cls, shop: Workshop, version: str, patch: str | None, sources: Sequence[str]) -> Job:
        """From the command line's words. --source wins over what kernels.toml says of the
        kernel, which wins over all the project's sources."""
        patchset = shop.patchset(patch)
        chain = shop.chain(sources, () if sources else shop.names_for(version))
        return cls(shop, patchset, shop.resolve(version, chain), chain)

    def port(self, anchor: str | None = None) -> Port:
        return port_onto(self.shop, self.patchset, self.version, self.chain, anchor=anchor)

    def ported(self, flavours: Collection[Flavour]) -> Port | None:
        """The port, where a patched kernel is wanted; raises KernelError on a conflict."""
        if Flavour.PATCHED not in flavours:
            return None
        port = self.port()
        if port.state in (State.CONFLICT, State.SUPERSEDED):
            raise KernelError(
                f"{self.patchset.name} on {self.version}: {port.state}: {port.why}",
                f"see zpmaint port {self.version}",
            )
        return port
