# SPDX-License-Identifier: GPL-2.0-only
"""Options that several commands share, declared once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from zpmaint.build.options import BuildOptions
from zpmaint.cli.kernel_asked import one_kernel
from zpmaint.core import arches
from zpmaint.core.durations import seconds_of
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.vm.accelerator import Accelerator

F = TypeVar("F", bound=Callable[..., Any])

source = click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="KIND[:WHERE]",
    help="Where kernels come from: git:PATH-or-URL, tree:FOLDER, debian[:SUITES], "
    "kernel.org[:URL]. May be given several times; tried in order. "
    "Default: the sources of kernels.toml.",
)
patch = click.option(
    "--patch",
    "patch",
    metavar="NAME",
    help="A patch set of patches/, or a folder that holds a patch.toml "
    "(default: the one kernels.toml names).",
)
anchor = click.option(
    "--anchor", metavar="NAME", help="Start from this anchor, not the nearest one."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


class _Arch(click.Choice[str]):
    """An architecture by its name, or by another word for it: aarch64 is arm64."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(arches.canonical(value), param, ctx)


arch = click.option(
    "--arch",
    type=_Arch(arches.names()),
    default=arches.names()[0],
    show_default=True,
    help="The architecture that is compiled for (docs/architectures.md).",
)
jobs = click.option(
    "-j", "--jobs", type=click.IntRange(min=1), help="Parallel make jobs (default: all cores)."
)
profile = click.option(
    "--profile",
    default="",
    metavar="NAME",
    help="The build profile (default: the one that fits the tree).",
)
flavour = click.option(
    "--stock", "flavour", flag_value="stock", help="Only the kernel as it is upstream."
)
flavour_patched = click.option(
    "--patched", "flavour", flag_value="patched", help="Only the patched kernel."
)
_accel = click.option(
    "--accel",
    type=click.Choice(["auto", "tcg", "kvm"]),
    default="auto",
    show_default=True,
    help="auto: QEMU's emulation with -icount, repeatable to the instruction; tcg: emulation "
    "without it; kvm: only if a probe kernel reaches init under it.",
)


def _version(_: click.Context, __: click.Parameter, text: str | None) -> KernelVersion | None:
    return one_kernel(text) if text else None


since = click.option(
    "--since", metavar="VERSION", callback=_version, help="The oldest kernel to look at."
)
until = click.option(
    "--until", metavar="VERSION", callback=_version, help="The newest kernel to look at (included)."
)


def duration(_: click.Context, option: click.Parameter, text: str | None) -> float | None:
    """A time as "90s", "30m", "6h" or "2d", in seconds. Raises UserError."""
    try:
        return None if text is None else seconds_of(text)
    except ValueError as error:
        raise UserError(f"{option.opts[0]}: {error}") from None


def _all(*listed: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one, in the order in which --help lists them."""

    def declare(function: F) -> F:
        for option in reversed(listed):
            function = option(function)
        return function

    return declare


flavours = _all(flavour, flavour_patched)
"""--stock and --patched together; neither means both."""
porting = _all(click.argument("version"), patch, source)
"""What every command takes that is about the port to one kernel."""
surveying = _all(patch, source, since, until, as_json)
"""What every command takes that goes over the kernels of the sources."""


def of_build(function: F) -> F:
    """Hand a command the three words of a build as one value."""

    @functools.wraps(function)
    def command(
        *args: Any, arch: str, profile: str | None, jobs: int | None = None, **rest: Any
    ) -> Any:
        return function(*args, build=BuildOptions(arch, profile or None, jobs), **rest)

    return cast(F, command)


def accel(function: F) -> F:
    """--accel as an Accelerator, under the name that the rooms have for it."""

    @functools.wraps(function)
    def command(*args: Any, accel: str, **rest: Any) -> Any:
        return function(*args, accelerator=Accelerator.asked_for(accel), **rest)

    return cast(F, _accel(command))


def building(function: F) -> F:
    """What every command takes that builds kernels."""
    return _all(arch, profile, patch, source, jobs)(of_build(function))


booting = _all(building, accel, as_json)
"""What every command takes that builds kernels and boots them."""
