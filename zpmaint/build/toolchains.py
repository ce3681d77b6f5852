# SPDX-License-Identifier: GPL-2.0-only
"""Toolchains: which compiler flags a tree needs with today's gcc, declared in toolchains.toml.

A tree that needs any gets a wrapper script as its CC, because old Makefiles drop or override
flags that are only handed to make; what needs none is compiled by gcc as it is.
"""

from __future__ import annotations

import functools
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from zpmaint.build.conditions import Condition, SourceView, Table
from zpmaint.core import arches, tools
from zpmaint.core.config import checked
from zpmaint.core.errors import InfraError, KernelError, UserError
from zpmaint.core.strict import Arch

_DATA = Path(__file__).parent / "toolchains.toml"


class Flag(Table):
    """One flag and its reason. `place`: before the kernel's own flags (which then win), after
    them (and it wins), when linking a program that is not shared, or for host programs."""

    flag: str
    """As gcc takes it."""
    place: Literal["before", "after", "link", "host"]
    """Where it stands among the kernel's own."""
    why: str
    """What does not build without it."""
    arch: Arch | None = None
    """The one architecture that it is for; left out: all."""


class Rewrite(Table):
    """An argument, or two in a row, that gcc once took and no longer does."""

    words: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)]
    """As the kernel has them."""
    to: str
    """What is handed on."""
    why: str
    """Since when gcc refuses it."""


class Toolchain(Table):
    """One row of toolchains.toml."""

    name: str
    """What records call it."""
    why: str
    """What the trees need."""
    compiler: str
    """The program."""
    linker: str = "ld"
    """The program that links, for the record."""
    cross: bool = True
    """Whether another architecture takes programs of other names; false of a compiler that is one
    for all."""
    asked: bool = False
    """Only taken by a profile that names it."""
    when: Condition = Condition()
    """The trees that it is for."""
    flag: tuple[Flag, ...] = ()
    """Flags that are added."""
    rewrite: tuple[Rewrite, ...] = ()
    """Arguments that are changed."""

    def flags(self, place: str, arch: str) -> list[str]:
        """Its flags of one place, in order."""
        return [row.flag for row in self.flag if row.place == place and row.arch in (None, arch)]

    def program(self, arch: str) -> str:
        """The compiler of kernels for an architecture: a cross compiler where it takes one."""
        return self._of(arch, self.compiler)

    def links_by(self, arch: str) -> str:
        """The linker of kernels for an architecture."""
        return self._of(arch, self.linker)

    def _of(self, arch: str, program: str) -> str:
        return f"{arches.named(arch).cross}{program}" if self.cross else program

    def wrapped(self, arch: str) -> bool:
        """Whether the tree's compiler has to be a wrapper script."""
        return bool(self.rewrite) or any(
            self.flags(place, arch) for place in ("before", "after", "link")
        )

    def host_command(self, launcher: list[str], arch: str) -> str:
        """HOSTCC, as make takes it. `launcher` goes in front: ccache, or nothing."""
        return " ".join([*launcher, self.compiler, *self.flags("host", arch)])

    def script(self, launcher: list[str], arch: str) -> str:
        """The wrapper: a POSIX shell script, since it starts some thousand times per build."""
        return _script(self, launcher, arch)


class _File(Table):
    toolchain: tuple[Toolchain, ...]


@functools.cache
def declared(path: Path = _DATA) -> tuple[Toolchain, ...]:
    """The rows of toolchains.toml, in order of preference."""
    return checked(_File, tomllib.loads(path.read_text()), path).toolchain


def choose(tree: SourceView, rows: Sequence[Toolchain] | None = None, name: str = "") -> Toolchain:
    """The toolchain `name`, or the first declared one whose condition the tree meets. Raises
    KernelError where none does, UserError where the tree is not for the one that is named."""
    among = declared() if rows is None else rows
    for row in among:
        if (row.name == name or not (name or row.asked)) and row.when.met(tree):
            return row
    if name:
        raise UserError(
            f"toolchain {name!r} is not for this tree",
            f"declared: {', '.join(row.name for row in among)}; see zpmaint/build/toolchains.toml",
        )
    raise KernelError("no declared toolchain fits this tree", "see zpmaint/build/toolchains.toml")


@functools.cache
def version_line(program: str) -> str:
    """The first line of `program --version`. Raises InfraError where it cannot say."""
    if not shutil.which(program):
        tool = tools.declared().get(program)
        package = tool.package if tool else program
        raise InfraError(f"not installed: {program}", f"apt-get install {package}")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    if said.returncode or not said.stdout.strip():
        raise InfraError(f"{program} --version: {said.stderr.strip() or 'said nothing'}")
    return said.stdout.splitlines()[0].strip()


def _script(toolchain: Toolchain, launcher: list[str], arch: str) -> str:
    quoted = {
        place: shlex.join(toolchain.flags(place, arch)) for place in ("before", "after", "link")
    }
    command = shlex.join([*launcher, toolchain.program(arch)])
    heads = "|".join(dict.fromkeys(shlex.quote(row.words[0]) for row in toolchain.rewrite))
    lines = [
        "#!/bin/sh",
        f"# zpmaint's compiler wrapper, toolchain {toolchain.name}; generated, do not edit.",
        f"link={shlex.quote(quoted['link'])} rewrite=",
        "for word do",
        "  case $word in",
        "    -c|-S|-E|-M|-MM|-fsyntax-only|-shared|-Wl,-shared|-r|-Wl,-r) link= ;;",
        *([f"    {heads}) rewrite=1 ;;"] if heads else []),
        "  esac",
        "done",
    ]
    if heads:
        pairs = [row for row in toolchain.rewrite if len(row.words) == 2]
        firsts = dict.fromkeys(row.words[0] for row in pairs)
        lines += ['if [ "$rewrite" ]; then', "  held=", "  for word do", "    shift"]
        # A held word waits for the next one, which decides whether the two are one argument.
        lines += ["    case $held,$word in"]
        lines += [
            f'      {shlex.quote(",".join(row.words))}) set -- "$@" {shlex.quote(row.to)};'
            " held=; continue ;;"
            for row in pairs
        ]
        lines += ["    esac"]
        lines += ['    if [ "$held" ]; then set -- "$@" "$held"; held=; fi']
        lines += ["    case $word in"]
        lines += [f"      {shlex.quote(word)}) held=$word; continue ;;" for word in firsts]
        lines += [
            f"      {shlex.quote(row.words[0])}) word={shlex.quote(row.to)} ;;"
            for row in toolchain.rewrite
            if len(row.words) == 1
        ]
        lines += ["    esac", '    set -- "$@" "$word"', "  done"]
        lines += ['  if [ "$held" ]; then set -- "$@" "$held"; fi', "fi"]
    lines += [f'exec {command} {quoted["before"]} "$@" {quoted["after"]} $link', ""]
    return "\n".join(lines)
