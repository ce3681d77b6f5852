"""One patch set onto many kernels, each distinct content once.

Most kernels share their blobs: of 207 tags of mm/memory.c 74 differ. The engine remembers what
came of contents, and this fetches no blob twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from zpmaint.patchset.values import PatchSet
from zpmaint.port.engine import Blobs, port
from zpmaint.port.values import Port
from zpmaint.versions import KernelVersion

Ids = Mapping[str, str | None]
"""Path -> the name of its contents (a git blob id); None where the kernel has no such file."""


def sweep(
    patchset: PatchSet,
    kernels: Iterable[tuple[KernelVersion, Ids]],
    blob: Callable[[str], bytes],
    bases: Mapping[str, Blobs],
    *,
    anchor: str | None = None,
) -> Iterator[Port]:
    """Port onto each kernel in turn. `blob` gives the contents that an id names."""
    fetch = lru_cache(maxsize=64)(blob)
    for version, ids in kernels:
        target = {path: None if name is None else fetch(name) for path, name in ids.items()}
        yield port(patchset, version, bases, target, anchor=anchor)
