"""Which machine a kernel is booted on, and its QEMU command line; the data are in profiles.toml."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from zpmaint.core.config import checked
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.vm.accelerator import Accelerator

__all__ = ["QEMU", "Accelerator", "Machine", "machine_for"]

QEMU = "qemu-system-x86_64"


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Line(_Row):
    why: str
    machines: tuple[str, ...] = ()
    on: tuple[Accelerator, ...] = ()

    def is_for(self, machine: str, accelerator: Accelerator) -> bool:
        return (not self.machines or machine in self.machines) and (
            not self.on or accelerator in self.on
        )


class _QemuLine(_Line):
    args: tuple[str, ...]


class _KernelLine(_Line):
    arg: str


class Machine(_Row):
    """One machine: what boots on it, its memory in MiB, its deadline in seconds
    of QEMU's CPU time."""

    name: str
    why: str
    images: tuple[str, ...]
    profiles: tuple[str, ...] = ()
    """The build profiles whose kernels it is for; none: all that no other machine names."""
    since: str = Field("", alias="from")
    until: str = ""
    memory: int
    deadline: float

    def takes(self, image_kind: str, version: KernelVersion, profile: str) -> bool:
        return (
            image_kind in self.images
            and (profile in self.profiles or not (self.profiles or profile in _named()))
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
    ) -> tuple[str, ...]:
        """QEMU's command line. `console` and `results` are files QEMU writes, `memory` MiB,
        `append` further words for the kernel's command line."""
        table = _profiles()
        qemu = (line.args for line in table.qemu if line.is_for(self.name, accelerator))
        kernel = (line.arg for line in table.kernel if line.is_for(self.name, accelerator))
        return (
            QEMU,
            *(word for args in qemu for word in args),
            *("-m", str(memory or self.memory)),
            *("-serial", f"file:{console}"),
            *("-debugcon", f"file:{results}"),
            *("-kernel", str(image)),
            *("-initrd", initrd),
            *("-append", " ".join((*kernel, *append))),
        )


class _Profiles(_Row):
    machine: tuple[Machine, ...]
    qemu: tuple[_QemuLine, ...]
    kernel: tuple[_KernelLine, ...]


@functools.cache
def _profiles() -> _Profiles:
    path = Path(__file__).with_name("profiles.toml")
    return checked(_Profiles, tomllib.loads(path.read_text(encoding="utf-8")), path)


@functools.cache
def _named() -> frozenset[str]:
    return frozenset(name for machine in _profiles().machine for name in machine.profiles)


def machine_for(image_kind: str, version: KernelVersion, profile: str = "") -> Machine:
    """The machine that boots such an image, built with that build profile. Raises UserError where
    none does."""
    for machine in _profiles().machine:
        if machine.takes(image_kind, version, profile):
            return machine
    of = f" built with profile {profile}" if profile in _named() else ""
    raise UserError(
        f"no machine boots a {image_kind} of {version}{of}",
        "build the other image kind, or add a machine to zpmaint/vm/profiles.toml",
    )
