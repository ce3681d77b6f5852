# SPDX-License-Identifier: GPL-2.0-only
"""Which objects of a build folder are in the image, and which in a module that was built.

An object folder outlives a configuration: an object that lies there is not for that reason linked.
What is, is followed from the image down, through the archives, by their records.
"""

from __future__ import annotations

import os
import re
from hashlib import blake2b
from pathlib import Path

from zpmaint.build.evidence import Compiled
from zpmaint.build.records import Records, members

_IMAGES = ("vmlinux.a", "vmlinux")
_EMBEDDED = (".so", ".so.dbg", ".elf", "compressed/vmlinux")
"""Programs that are copied into the kernel: the vDSO, the real mode's and the decompressor's."""
_ALONE = ("init/version-timestamp.o", ".vmlinux.export.o")
"""Objects that scripts/link-vmlinux.sh adds by itself."""
_HEAD = re.compile(r"arch/\S+?\.o")


def linked(records: Records) -> dict[str, Compiled]:
    """Every object and archive that is in the kernel or in a module."""
    found: dict[str, Compiled] = {}
    _follow(records, _modules(records), Compiled.MODULE, found)
    # After the modules: what is in both is in the kernel.
    _follow(records, _roots(records), Compiled.KERNEL, found)
    return found


def digests(obj: Path, objects: dict[str, Compiled]) -> dict[str, str]:
    """A hash of the content of each object; archives have none of their own, and are left out."""
    found: dict[str, str] = {}
    for name in objects:
        path = obj / name
        if name.endswith(".o") and not name.endswith("built-in.o") and path.is_file():
            found[name] = blake2b(path.read_bytes(), digest_size=16).hexdigest()
    return found


def _follow(
    records: Records, roots: list[str], place: Compiled, found: dict[str, Compiled]
) -> None:
    stack = list(roots)
    seen: set[str] = set()
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        if name.endswith((".o", ".a")) and (records.obj / name).exists():
            found[name] = place
        record = records.by_target.get(name)
        if record is not None and not record.is_compiled:
            stack += members(record, records.obj)


def _roots(records: Records) -> list[str]:
    known = records.by_target
    roots = [name for name in known if name.endswith(_EMBEDDED) or _is_boot(name)]
    roots += [name for name in _ALONE if name in known]
    for name in _IMAGES:
        if name in known and (inside := members(known[name], records.obj)):
            # vmlinux.a lacks lib.a, which the linker takes members of as they are called for.
            return [*roots, *inside, *(name for name in known if name.endswith("lib/lib.a"))]
    # From 3.x to 6.0 a script links the image, and no record says of what.
    return [
        *roots,
        *_head(records),
        *(
            name
            for name in known
            if name.endswith(("/built-in.a", "/built-in.o", "lib/lib.a"))
            and (name.count("/") == 1 or name.startswith("arch/"))
        ),
    ]


def _is_boot(name: str) -> bool:
    """Whether it is a program that the boot loader starts, in front of the kernel."""
    return name.startswith("arch/") and "/boot/" in name and not name.endswith((".o", ".a"))


def _head(records: Records) -> list[str]:
    """The objects that stand in front of all others, as the architecture's Makefile lists them."""
    found: list[str] = []
    for makefile in records.src.glob("arch/*/Makefile"):
        for line in makefile.read_text(errors="replace").splitlines():
            if line.startswith("head-"):
                for word in _HEAD.findall(line):
                    found += [word.replace("$(BITS)", bits) for bits in ("32", "64")]
    return [name for name in found if name in records.by_target]


def _modules(records: Records) -> list[str]:
    order = records.obj / "modules.order"
    names = [name for name in records.by_target if name.endswith(".ko")]
    if not order.is_file():
        return names
    listed = {
        os.path.splitext(line.removeprefix("kernel/"))[0]  # noqa: PTH122 - .ko, from 6.2 on .o
        for line in order.read_text(errors="replace").split()
    }
    return [name for name in names if name.removesuffix(".ko") in listed]
