# SPDX-License-Identifier: GPL-2.0-only
"""What a verification's result depends on: the same inputs are verified once.

The inputs are named parts, each with a hash, all known before any work is done:

    asked          kernel, architecture, build profile, accelerator
    patch          the anchors that the port may start from on this kernel, what upstream adopted,
                   remembered resolutions, the confidence that is asked for
    expectations   flips, telling counters and whatever else the set declares for this kernel
    own/FILE       the set's own cases and programs
    project/FILE   the project's own rows over the packaged data, in its folder zpmaint.d
    code           the code of every module that the stages import (see closure.py)
    packages       versions of Python and of the other distributions that code imports
    tools          the version lines of compiler, linker and QEMU
    ROOM/NAME      each data file or folder that one of those modules names

Of the suites, code and data of those count that the patch set wants.

Prose counts nowhere, and a row for other kernels does not count (see content.py). The key is the
hash over all parts. They are kept in the record, so that a plan can say which of them changed.

What the stages read beyond that follows from the kernel's name (its sources are checked, or pinned
by a tag; only a source of kind `tree` may change under one name) and is in the record as well: the
hash of all that went into each built kernel (`inputs`), QEMU's command line of each boot.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import zpmaint
from zpmaint.app.closure import Closure, closure
from zpmaint.app.content import file_digest, folder_digests, value_digest
from zpmaint.app.port import starting
from zpmaint.app.session import Session
from zpmaint.build.options import BuildOptions
from zpmaint.core import arches
from zpmaint.core.eras import Era
from zpmaint.core.errors import InfraError
from zpmaint.core.places import DATA_NAME
from zpmaint.core.tools import run
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import PatchSet
from zpmaint.suites.registry import SUITES, wanted
from zpmaint.vm.profiles import Accelerator, packaged

ENTRIES = ("zpmaint.app.verify",)
_MACHINE = ("zpmaint.vm.boot",)

# What only keeps and shows results, says what is due and when, or makes this key. A module that is
# forgotten here makes more due than need be, never less.
_KEEPERS = (
    "zpmaint.ledger",
    "zpmaint.app.records",
    "zpmaint.app.inputs",
    "zpmaint.app.circumstances",
    "zpmaint.app.kept_logs",
    "zpmaint.app.outlook",
    "zpmaint.app.pace",
    "zpmaint.core.progress",
    "zpmaint.core.releases",
    "zpmaint.core.track_table",
    "zpmaint.core.service_table",
    "zpmaint.matrix",
)

_PACKAGE = Path(zpmaint.__file__).parent
_ALWAYS = Era()
_ANY = KernelVersion.parse("6.1")
"""For what counts alike on all."""


def verification_inputs(
    version: KernelVersion,
    patchset: PatchSet,
    build: BuildOptions = BuildOptions(),
    accelerator: Accelerator = Accelerator.ICOUNT,
    *,
    project: Path | None = None,
    cache: Path | None = None,
    compilers: Iterable[str] = (),
) -> dict[str, str]:
    """The hash of each part of the inputs of verifying `patchset` on `version`.

    `project` is the folder whose own data files stand over the packaged ones, `cache` a folder
    that saves parsing the code again; `compilers` those that toolchains name (`compilers_of`)."""
    code = _code(cache)
    others = _unwanted(patchset)
    parts = {
        "asked": value_digest((version, replace(build, jobs=None), accelerator), version),
        "patch": value_digest(_carried(patchset, version), version),
        "expectations": value_digest(_declared(patchset), version),
        "code": code.digest_without(others),
        "packages": _packages(code.packages),
        "tools": _toolchain(programs_of(build.arch, compilers)),
    }
    parts |= {
        f"own/{name}": digest
        for name, digest in folder_digests(patchset.folder / "cases", version).items()
    }
    if project:
        own = folder_digests(project / DATA_NAME, version)
        parts |= {f"project/{name}": digest for name, digest in own.items()}
    data = (path for path in code.data if not others(".".join(_below(path).parts)))
    return parts | _data(data, version)


def _unwanted(patchset: PatchSet) -> Callable[[str], bool]:
    """Whether a dotted name of the package is of a suite that the set does not want."""
    folders = [name.replace("-", "_") for name in SUITES if name not in wanted(patchset)]
    names = tuple(f"zpmaint.suites.{folder}." for folder in folders)
    return lambda name: f"{name}.".startswith(names)


@functools.cache
def _below(path: Path) -> Path:
    return path.relative_to(_PACKAGE.parent)


def _data(files: Iterable[Path], version: KernelVersion) -> dict[str, str]:
    """A part for each data file, and one for each folder that holds nothing else."""
    found: dict[str, list[str]] = {}
    for path in files:
        digest = file_digest(path, version)
        found.setdefault(_part(path), []).append(f"{path.name} {digest}")
    return {name: value_digest(digests, version) for name, digests in found.items()}


@functools.cache
def _part(path: Path) -> str:
    one = path if (path.parent / "__init__.py").is_file() else path.parent
    return str(one.relative_to(_PACKAGE))


def inputs_of(
    session: Session,
    version: KernelVersion,
    patchset: PatchSet,
    build: BuildOptions = BuildOptions(),
    accelerator: Accelerator = Accelerator.ICOUNT,
) -> dict[str, str]:
    """`verification_inputs` in a session's project."""
    places = session.places
    return verification_inputs(
        version,
        patchset,
        build,
        accelerator,
        project=places.project,
        cache=places.cache,
        compilers=compilers_of(session, build.profile),
    )


def key_of(parts: dict[str, str]) -> str:
    """The key of a verification with these inputs."""
    text = "".join(f"{name}\0{digest}\n" for name, digest in sorted(parts.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def machine_identity(compilers: Iterable[str]) -> str:
    """A digest over our code, the packages that it imports and the programs of this machine:
    machines with the same give the same keys."""
    code = _code(None)
    data = sorted(f"{path.name} {file_digest(path, _ANY)}" for path in code.data)
    compilers = tuple(compilers)
    tools = _toolchain(
        tuple(
            dict.fromkeys(name for arch in arches.names() for name in programs_of(arch, compilers))
        )
    )
    return "\n".join([code.digest, *data, _packages(code.packages), tools])


def machine_basis(session: Session, version: KernelVersion, arch: str) -> str:
    """A digest over what makes a guest run as it does beside its kernel and its initramfs: our code
    and data for machines, the project's own rows, QEMU."""
    code = _code(session.places.cache, _MACHINE)
    parts = [
        code.digest,
        *(f"{path.name} {file_digest(path, version)}" for path in code.data),
        sorted(folder_digests(session.places.data / "vm", version).items()),
        _toolchain(_made_and_run_by(arch)),
    ]
    return value_digest(parts, version)


def _carried(patchset: PatchSet, version: KernelVersion) -> list[object]:
    """What the port starts from. An anchor's range is no input by itself: it says whether the
    anchor is a start, and the nearest may be one outside of it."""
    starts = [replace(anchor, era=_ALWAYS) for anchor in starting(patchset, version)]
    return [starts, patchset.adoptions, patchset.resolutions, patchset.min_confidence]


def _declared(patchset: PatchSet) -> PatchSet:
    """Without the port's part, and without what only pages show."""
    return replace(
        patchset,
        anchors=(),
        adoptions=(),
        resolutions=(),
        min_confidence=0.0,
        panels=(),
        columns=(),
        pages=(),
        branch=None,
    )


@functools.cache
def _code(cache: Path | None, entries: tuple[str, ...] = ENTRIES) -> Closure:
    return closure(
        entries,
        _PACKAGE,
        leaves_out=lambda name: name.startswith(_KEEPERS),
        cache=cache / "code.json" if cache else None,
    )


@functools.cache
def _packages(names: tuple[str, ...]) -> str:
    served = metadata.packages_distributions()
    found = {
        f"{distribution} {metadata.version(distribution)}"
        for name in names
        for distribution in served.get(name, ())
    }
    python = ".".join(map(str, sys.version_info[:2]))
    return hashlib.sha256("\n".join([python, *sorted(found)]).encode()).hexdigest()[:32]


def compilers_of(session: Session, profile: str | None) -> tuple[str, ...]:
    """The compilers and other linkers that the rows of a session may take for a build profile."""
    data = session.build_data
    named = {row.toolchain for row in data.profiles if row.name == profile}
    taken = [row for row in data.toolchains if not row.asked or row.name in named]
    return tuple(
        dict.fromkeys(name for row in taken for name in (row.compiler, row.linker) if name != "ld")
    )


def programs_of(arch: str, compilers: Iterable[str] = ()) -> tuple[str, ...]:
    """The programs that make and run a kernel of an architecture; `compilers` are those that
    toolchains name (`compilers_of`)."""
    cross = arches.named(arch).cross
    of_kernels = {f"{cross}{name}" for name in ("gcc", *compilers)}
    return (*sorted({"gcc", *compilers, *of_kernels}), *_made_and_run_by(arch))


def _made_and_run_by(arch: str) -> tuple[str, ...]:
    return f"{arches.named(arch).cross}ld", packaged().board_of(arch).program


@functools.cache
def _toolchain(programs: tuple[str, ...]) -> str:
    """The version lines of the programs that make and run a kernel. A missing one is '' here;
    the step that needs it says so."""
    lines = [_version_line(name) for name in programs if shutil.which(name)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _version_line(tool: str) -> str:
    """What it says of itself. Raises InfraError where it was killed: half an answer would be
    another tool, and each kernel due again."""
    done = run((tool, "--version"))
    if done.returncode < 0:
        raise InfraError(
            f"{tool} --version: killed by signal {-done.returncode}", "run the same command again"
        )
    return done.stdout.decode(errors="replace").partition("\n")[0]
