# SPDX-License-Identifier: GPL-2.0-only
"""Which machine a kernel is booted on, and its QEMU command line; the data are in profiles.toml."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from zpmaint.core.config import checked
from zpmaint.core.errors import UserError
from zpmaint.core.layers import layered
from zpmaint.core.strict import Arch
from zpmaint.core.toml import read_toml
from zpmaint.core.versions import KernelVersion
from zpmaint.vm.accelerator import Accelerator
from zpmaint.vm.outcome import Ends

__all__ = ["Accelerator", "Board", "Machine", "machine_for"]

_RESULTS = "RESULTS"
"""Stands for the file in a board's words."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Board(_Row):
    """What architectures are booted by: the program, the channel of results, how a guest ends."""

    arch: Annotated[tuple[Arch, ...], Field(min_length=1)]
    """The architectures."""
    why: str
    """The reason."""
    program: str
    """QEMU's program."""
    results: tuple[str, ...]
    """Words for the channel that results leave by; RESULTS stands for the file."""
    ends: Ends
    """How a guest ends that has done its work."""
    kvm: bool = False
    """Whether the host's CPU can run it."""
    tells: str
    """QEMU's trace event of the console's device."""
    sent: str
    """Finds in such an event the byte that is sent."""

    def result_words(self, file: str) -> tuple[str, ...]:
        """`results` with the file's name."""
        return tuple(word.replace(_RESULTS, file) for word in self.results)

    @property
    def sent_bytes(self) -> re.Pattern[bytes]:
        """`sent`, for what QEMU writes."""
        return re.compile(self.sent.encode())


class _Line(_Row):
    why: str
    """The reason."""
    arch: tuple[Arch, ...] = ()
    """The architectures that it is for; left out: all."""
    machines: tuple[str, ...] = ()
    """The machines that it is for; left out: all."""
    on: tuple[Accelerator, ...] = ()
    """The ways of running that it is for; left out: all."""

    def is_for(self, machine: Machine, accelerator: Accelerator) -> bool:
        return (
            (not self.machines or machine.name in self.machines)
            and (not self.on or accelerator in self.on)
            and (not self.arch or bool({*self.arch} & {*machine.arch}))
        )


class _QemuLine(_Line):
    args: tuple[str, ...]
    """Words for QEMU."""


class _KernelLine(_Line):
    arg: str
    """A word of the kernel's command line."""


class Machine(_Row):
    """One machine: what boots on it, its memory in MiB, its deadline in seconds
    of QEMU's CPU time."""

    name: str
    """What tables call it."""
    why: str
    """What it is for."""
    arch: Annotated[tuple[Arch, ...], Field(min_length=1)] = ("x86_64", "i386")
    """The architectures that it is for."""
    images: tuple[str, ...]
    """The forms of image that it boots."""
    profiles: tuple[str, ...] = ()
    """The build profiles whose kernels it is for; none: all that no other machine names."""
    since: str = Field("", alias="from")
    """The first kernel that is for it."""
    until: str = ""
    """The first kernel that is no longer for it."""
    memory: int
    """MiB."""
    deadline: float
    """Seconds of QEMU's CPU time."""

    def takes(
        self,
        image_kind: str,
        version: KernelVersion,
        profile: str,
        named: frozenset[str],
        arch: str,
    ) -> bool:
        """Whether it boots such an image; `named` are the build profiles that any machine names."""
        return (
            image_kind in self.images
            and arch in self.arch
            and (profile in self.profiles or not (self.profiles or profile in named))
            and (not self.since or version >= KernelVersion.parse(self.since))
            and (not self.until or version < KernelVersion.parse(self.until))
        )

    def command(
        self,
        accelerator: Accelerator,
        *,
        image: Path,
        initrd: str,
        console: str,
        results: str,
        memory: int | None = None,
        append: Iterable[str] = (),
        machines: Machines | None = None,
        more: Iterable[str] = (),
    ) -> tuple[str, ...]:
        """QEMU's command line. `console` and `results` are files QEMU writes, `memory` MiB,
        `append` further words for the kernel's command line and `more` for QEMU; `machines` as for
        `machine_for`."""
        table = machines or packaged()
        qemu = (line.args for line in table.qemu if line.is_for(self, accelerator))
        kernel = (line.arg for line in table.kernel if line.is_for(self, accelerator))
        board = table.board_of(self.arch[0])
        return (
            board.program,
            *(word for args in qemu for word in args),
            *("-m", str(memory or self.memory)),
            *("-serial", f"file:{console}"),
            *board.result_words(results),
            *("-kernel", str(image)),
            *("-initrd", initrd),
            *("-append", " ".join((*kernel, *append))),
            *more,
        )


class Machines(_Row):
    """The machines, and the words that they are started with, in the order they are asked."""

    board: tuple[Board, ...] = ()
    """What architectures are booted by; the first that names one is its."""
    machine: tuple[Machine, ...] = ()
    """Asked in this order."""
    qemu: tuple[_QemuLine, ...] = ()
    """Added to QEMU's command line."""
    kernel: tuple[_KernelLine, ...] = ()
    """Added to the kernel's."""
    _own: frozenset[str] = PrivateAttr(frozenset())

    def label(self, machine: Machine) -> str:
        """A machine's name, with (project) where its row is not packaged."""
        return f"{machine.name} (project)" if machine.name in self._own else machine.name

    def board_of(self, arch: str) -> Board:
        """What an architecture is booted by. Raises UserError."""
        for board in self.board:
            if arch in board.arch:
                return board
        raise UserError(f"no board boots {arch}", "add a [[board]] to zpmaint/vm/profiles.toml")

    @property
    def named(self) -> frozenset[str]:
        """The build profiles that some machine is for."""
        return frozenset(name for machine in self.machine for name in machine.profiles)


@functools.cache
def packaged() -> Machines:
    """The rows of this package's profiles.toml."""
    return _read(Path(__file__).with_name("profiles.toml"))


def over(path: Path) -> Machines:
    """The package's rows with those of a project's file on top: a machine of a packaged name
    replaces that one, a new one is asked before all, and lines for QEMU and the kernel are added
    behind. Raises UserError naming file and key."""
    base = packaged()
    if not path.is_file():
        return base
    own = _read(path)
    machines = Machines(
        board=(*own.board, *base.board),
        machine=layered(own.machine, base.machine, lambda machine: machine.name),
        qemu=(*base.qemu, *own.qemu),
        kernel=(*base.kernel, *own.kernel),
    )
    machines._own = frozenset(machine.name for machine in own.machine)
    return machines


def _read(path: Path) -> Machines:
    return checked(Machines, read_toml(path), path)


def machine_for(
    image_kind: str,
    version: KernelVersion,
    profile: str = "",
    machines: Machines | None = None,
    arch: str = "x86_64",
) -> Machine:
    """The machine that boots such an image of `arch`, built with that build profile, of `machines`
    or of the packaged ones. Raises UserError where none does."""
    table = machines or packaged()
    for machine in table.machine:
        if machine.takes(image_kind, version, profile, table.named, arch):
            return machine
    of = f" built with profile {profile}" if profile in table.named else ""
    raise UserError(
        f"no machine boots a {image_kind} of {version}{of} ({arch})",
        "build the other image kind, or add a machine to zpmaint/vm/profiles.toml",
    )
