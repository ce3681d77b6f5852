# SPDX-License-Identifier: GPL-2.0-only
"""What all that is compiled of one tree shares: profile, toolchain, folders, make's words."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zpmaint.build import data as build_data
from zpmaint.build import kconfig, make, profiles, toolchains
from zpmaint.build.conditions import SourceView
from zpmaint.build.data import BuildData
from zpmaint.build.options import BuildOptions
from zpmaint.build.profiles import Profile
from zpmaint.build.toolchains import Toolchain
from zpmaint.build.worktree import WorkTree
from zpmaint.cell.values import Cell
from zpmaint.core import arches, tools
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import write_whole
from zpmaint.core.progress import Reporter
from zpmaint.core.versions import KernelVersion
from zpmaint.core.wishes import Fragment, Wish

_FORMAT = 1  # raised when this room builds something else from the same inputs
_CCACHE_SIZE = "5G"


@dataclass(frozen=True)
class Setting:
    """A tree, and all that decides how its sources are compiled."""

    version: KernelVersion
    arch: str
    tree: Path
    """Pristine; never written to."""
    work: WorkTree
    profile: Profile
    toolchain: Toolchain
    compiler: str
    basis: str
    """A hash over all inputs but the sources' content that fix-ups and patch change."""
    ccache: Path | None
    logs: Path
    jobs: int
    reporter: Reporter
    data: BuildData
    wishes: tuple[Wish, ...]
    """The profile's lines with those of the fragments on top."""
    fragments: tuple[Fragment, ...]

    @property
    def config_name(self) -> str:
        """Profile and fragments, for people."""
        name = self.data.label("profile", self.profile.name)
        return " + ".join((name, *(fragment.name for fragment in self.fragments)))

    @property
    def command(self) -> list[str]:
        """The arguments that every make has in common. Writes the compiler's wrapper, where the
        tree needs one."""
        launcher = ["ccache"] if self.ccache else []
        one = arches.named(self.arch)
        compiler = " ".join([*launcher, self.toolchain.program(self.arch)])
        if self.toolchain.wrapped(self.arch):
            wrapper = self.work.folder / "cc"
            script = self.toolchain.script(launcher, self.arch)
            if not wrapper.is_file() or wrapper.read_text() != script:
                write_whole(wrapper, script)
            wrapper.chmod(0o755)
            compiler = str(wrapper)
        return [
            "-C",
            str(self.work.src),
            f"O={self.work.obj}",
            f"ARCH={one.make}",
            f"CROSS_COMPILE={one.cross}",
            "LOCALVERSION=",
            f"CC={compiler}",
            f"HOSTCC={self.toolchain.host_command(launcher, self.arch)}",
            *(f"{name}={value}" for name, value in self.profile.make.items()),
        ]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The whole environment of a make. With the paths of the work folder made relative, a
        fresh one finds in ccache what another left."""
        found: dict[str, str] = {}
        if self.ccache is not None:
            found = {
                "CCACHE_DIR": str(self.ccache),
                "CCACHE_MAXSIZE": _CCACHE_SIZE,
                "CCACHE_BASEDIR": str(self.work.folder),
                "CCACHE_NOHASHDIR": "1",
            }
        return make.environment({**found, **(extra or {})})

    def cell(self, extra: Mapping[str, str] | None = None) -> Cell:
        """The cell that a make of this tree runs in: it writes objects, and reads sources, whose
        files are the pristine tree's own."""
        writable = [self.work.obj, *([self.ccache] if self.ccache else [])]
        return make.cell(self.environment(extra), writable, [self.work.folder])


def setting(
    version: KernelVersion,
    tree: Path,
    options: BuildOptions,
    *,
    work: Path,
    ccache: Path | None,
    logs: Path | None,
    reporter: Reporter,
    fragments: Sequence[Fragment],
    data: BuildData | None,
) -> Setting:
    """Choose profile and toolchain for a tree. Raises UserError (not a kernel tree, unknown
    architecture or profile), KernelError (no toolchain fits), InfraError (missing tools)."""
    data = data or build_data.packaged()
    arch = options.arch
    for name in ("Makefile", "arch"):
        if not (tree / name).exists():
            raise UserError(f"{tree}: not a kernel tree: no {name}", "name an unpacked kernel")
    view = SourceView(tree)
    profile = profiles.choose(view, arch, options.profile, data.profiles)
    toolchain = toolchains.choose(view, data.toolchains, profile.toolchain)
    wishes = {wish.symbol: wish for wish in profile.wishes_from(data.configs)}
    for fragment in fragments:
        wishes |= {wish.symbol: wish for wish in fragment.wishes}
    cross = arches.named(arch).cross
    tools.need(
        "make",
        "gcc",
        "ld",
        *profile.tools,
        *((f"{cross}gcc",) if cross and toolchain.cross else ()),
    )
    compiler = toolchains.version_line(toolchain.program(arch))
    basis = digest(
        [
            _FORMAT,
            # Trees are told apart by sizes and times of their files, which two releases can share.
            str(version),
            arch,
            profile.model_dump(mode="json", include={"name", "target", "image", "make"}),
            kconfig.fragment(wishes.values()),
            toolchain.script([], arch) if toolchain.wrapped(arch) else toolchain.program(arch),
            toolchain.host_command([], arch),
            compiler,
            toolchains.version_line(toolchain.links_by(arch)),
            make.STAMP,
        ]
    )
    work = work.resolve()
    # A folder for each configuration: two that take turns in one would build everything anew.
    lines = kconfig.fragment(wish for fragment in fragments for wish in fragment.wishes)
    mark = f"+{digest(lines)[:8]}" if fragments else ""
    return Setting(
        version,
        arch,
        tree.resolve(),
        WorkTree(work / f"{version}-{arch}-{profile.name}{mark}"),
        profile,
        toolchain,
        compiler,
        basis,
        (ccache or work.parent / "ccache").resolve() if shutil.which("ccache") else None,
        (logs or work / "logs").resolve(),
        options.jobs or os.cpu_count() or 1,
        reporter,
        data,
        tuple(wishes.values()),
        tuple(fragments),
    )


def contents(files: Mapping[str, bytes | None]) -> dict[str, str | None]:
    """A hash of each file's content; None for one that is absent."""
    return {
        path: None if content is None else hashlib.sha256(content).hexdigest()
        for path, content in files.items()
    }


def digest(value: object) -> str:
    """A hash over a value of JSON's types."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@contextmanager
def disk_faults() -> Iterator[None]:
    """A disk's refusal is the surroundings' fault and says so in one line."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InfraError(f"disk full: {error.filename or error}", "free some space") from None
        if error.errno in (errno.EACCES, errno.EROFS, errno.EIO):
            raise InfraError(f"{error.filename}: {error.strerror}", "see the disk") from None
        raise
