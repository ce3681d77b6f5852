"""The stock kernel and the patched one from one tree: one build and one recompiled object.

Stock is built first; the patched files are then put in place and the same objects are built
again. What was built from the same inputs before is not built again.
"""

from __future__ import annotations

import errno
import filecmp
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from zpmaint.core import tools
from zpmaint.core.errors import InfraError, KernelError, UserError
from zpmaint.core.files import write_whole
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.versions import KernelVersion
from zpmaint.kbuild import fixups, kconfig, make, profiles, toolchains
from zpmaint.kbuild.conditions import SourceView
from zpmaint.kbuild.diagnosis import check_folder, diagnose
from zpmaint.kbuild.options import BuildOptions
from zpmaint.kbuild.profiles import Profile
from zpmaint.kbuild.toolchains import Toolchain
from zpmaint.kbuild.values import Flavour, Kernel, Pair
from zpmaint.kbuild.worktree import WorkTree, fingerprint

BOTH = (Flavour.STOCK, Flavour.PATCHED)

_FORMAT = 1  # raised when this room builds something else from the same inputs
_CCACHE_SIZE = "5G"


@dataclass(frozen=True)
class _Job:
    """All that both kernels of a pair share."""

    version: KernelVersion
    arch: str
    tree: Path
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
    narrow: bool = False
    lock: int = -1


@dataclass(frozen=True)
class _Variant:
    """What one kernel of the pair is made of."""

    flavour: Flavour
    wanted: dict[str, bytes | None]
    fixups: tuple[str, ...]
    inputs: str
    image: Path
    log: Path


def build(
    version: KernelVersion,
    tree: Path,
    options: BuildOptions,
    patched: Mapping[str, bytes | None] | None,
    *,
    work: Path,
    reporter: Reporter = SILENT,
    flavours: Collection[Flavour] = BOTH,
    source_id: str | None = None,
    ccache: Path | None = None,
    logs: Path | None = None,
    narrow: bool = False,
) -> Pair:
    """Build `tree` as it is and with the files of `patched` (None: absent) in their place.

    `tree` is pristine and is never written to; `source_id` names its content where the caller
    knows it (a tag's hash, an archive's checksum), otherwise the tree is fingerprinted. Work
    folders come below `work`, `ccache` and `logs` default to folders beside and inside of it.
    The stock kernel is the base of the patched one and is always there; leaving PATCHED out of
    `flavours`, or None for `patched`, leaves that one out. `narrow`
    has make look only into the folder of the sources that changed since the last build, where
    nothing else can have: for many small changes one after the other.

    Raises UserError (not a kernel tree, unknown architecture or profile), KernelError (the kernel
    is not configured, compiled or linked: which flavour, which file, the first error, the log),
    InfraError (missing tools, disk full, out of memory, a crashed compiler).
    """
    check_folder(work)
    with _disk_faults():
        job = _job(
            version,
            tree,
            options,
            work=work,
            ccache=ccache,
            logs=logs,
            reporter=reporter,
        )
        with job.work.locked(reporter) as lock:
            job = replace(job, lock=lock, narrow=narrow)
            source = source_id or fingerprint(tree)
            stock = _kernel(job, source, _variant(job, source, Flavour.STOCK, {}))
            if patched is None or Flavour.PATCHED not in flavours:
                return Pair(stock, None)
            pair = Pair(
                stock, _kernel(job, source, _variant(job, source, Flavour.PATCHED, patched))
            )
            _note_equal_images(job, pair)
            return pair


def _note_equal_images(job: _Job, pair: Pair) -> None:
    """A patch whose files are not compiled at all is no news to make, but it is to people."""
    first, *others = pair.kernels
    for other in others:
        if other.seconds and filecmp.cmp(first.image, other.image, shallow=False):
            with job.reporter.step(f"compare the images of {job.version}") as step:
                step.note(
                    "the patched image is the stock one, byte for byte: nothing that the patch "
                    f"changes is compiled with profile {job.profile.name}"
                )


def _job(
    version: KernelVersion,
    tree: Path,
    options: BuildOptions,
    *,
    work: Path,
    ccache: Path | None,
    logs: Path | None,
    reporter: Reporter,
) -> _Job:
    arch = options.arch
    for name in ("Makefile", "arch"):
        if not (tree / name).exists():
            raise UserError(f"{tree}: not a kernel tree: no {name}", "name an unpacked kernel")
    view = SourceView(tree)
    profile = profiles.choose(view, arch, options.profile)
    toolchain = toolchains.choose(view)
    tools.need("make", "gcc", "ld", *profile.tools)
    compiler = toolchains.version_line(toolchain.compiler)
    basis = _digest(
        [
            _FORMAT,
            arch,
            profile.model_dump(mode="json", include={"name", "target", "image", "make"}),
            kconfig.fragment(profile.wishes),
            toolchain.script([], arch) if toolchain.wrapped(arch) else toolchain.compiler,
            toolchain.host_command([], arch),
            compiler,
            toolchains.version_line("ld"),
            make.STAMP,
        ]
    )
    work = work.resolve()
    return _Job(
        version,
        arch,
        tree.resolve(),
        WorkTree(work / f"{version}-{arch}-{profile.name}"),
        profile,
        toolchain,
        compiler,
        basis,
        (ccache or work.parent / "ccache").resolve() if shutil.which("ccache") else None,
        (logs or work / "logs").resolve(),
        options.jobs or os.cpu_count() or 1,
        reporter,
    )


def _variant(
    job: _Job, source: str, flavour: Flavour, over: Mapping[str, bytes | None]
) -> _Variant:
    mended = fixups.mend(SourceView(job.tree, over), job.version, job.arch)
    wanted = {**over, **mended.files}
    inputs = _digest([job.basis, source, _contents(wanted)])
    name = f"{flavour}-{inputs[:16]}"
    return _Variant(
        flavour,
        wanted,
        mended.names,
        inputs,
        job.work.images / name,
        job.logs / f"{job.work.folder.name}-{name}.log",
    )


def _kernel(job: _Job, source: str, variant: _Variant) -> Kernel:
    started = time.monotonic()
    fresh = not variant.image.is_file()
    if fresh:
        with job.reporter.step(f"build {job.version} {variant.flavour} ({job.arch})") as step:
            _make_image(job, source, variant, step)
    return Kernel(
        version=job.version,
        arch=job.arch,
        flavour=variant.flavour,
        image=variant.image,
        image_kind=job.profile.kind,
        profile=job.profile.name,
        toolchain=f"{job.toolchain.name}: {job.compiler}",
        fixups=variant.fixups,
        inputs=variant.inputs,
        seconds=time.monotonic() - started if fresh else 0.0,
        log=variant.log,
    )


def _make_image(job: _Job, source: str, variant: _Variant, step: Step) -> None:
    work = job.work
    write_whole(variant.log, "")
    work.prepare(job.tree, source)
    if reason := work.recover():
        step.note(f"{reason}: what cannot be trusted is built again")
    basis = work.obj / ".zpmaint-basis"
    if not basis.is_file() or basis.read_text() != job.basis:
        work.wipe()
        write_whole(basis, job.basis)
    before = work.obj / ".zpmaint-whole"
    whole = before.is_file()
    before.unlink(missing_ok=True)
    changed = work.put(job.tree, variant.wanted)
    command = _command(job)
    _configure(job, variant, command, step)
    few = _narrowed(work.src, changed) if job.narrow and whole else []
    counted = work.folder / f"steps-{variant.flavour}"
    expected = int(counted.read_text()) if counted.is_file() else job.profile.lines
    arguments = [*command, f"-j{job.jobs}", *few, job.profile.target]
    steps = _run(job, variant, arguments, step=step, expected=expected)
    if not few:
        write_whole(counted, str(max(steps, 1)))
    before.touch()
    built = next((p for name in job.profile.image if (p := work.obj / name).is_file()), None)
    if built is None:
        raise KernelError(
            f"{variant.flavour} {job.version} ({job.arch}): make {job.profile.target} ended well "
            f"but made none of: {', '.join(job.profile.image)}",
            f"log: {variant.log}",
        )
    work.keep(built, variant.image)


def _narrowed(src: Path, changed: Collection[str]) -> list[str]:
    """The make variable that keeps a top Makefile out of all folders but that of `changed`; none
    where something else than C sources of one folder changed, or it has no such variable (before
    6.2 each folder is a target, later all are one)."""
    folders = {path.split("/")[0] for path in changed}
    if len(folders) != 1 or not all(path.endswith(".c") and "/" in path for path in changed):
        return []
    makefile = (src / "Makefile").read_text(encoding="utf-8", errors="replace")
    for name in ("build-dirs", "vmlinux-dirs"):
        if re.search(rf"^\$\({name}\): prepare", makefile, re.MULTILINE):
            return [f"{name}={folders.pop()}"]
    return []


def _command(job: _Job) -> list[str]:
    """The arguments that every make of this job has in common."""
    launcher = ["ccache"] if job.ccache else []
    compiler = " ".join([*launcher, job.toolchain.compiler])
    if job.toolchain.wrapped(job.arch):
        wrapper = job.work.folder / "cc"
        script = job.toolchain.script(launcher, job.arch)
        if not wrapper.is_file() or wrapper.read_text() != script:
            write_whole(wrapper, script)
        wrapper.chmod(0o755)
        compiler = str(wrapper)
    return [
        "-C",
        str(job.work.src),
        f"O={job.work.obj}",
        f"ARCH={job.arch}",
        "CROSS_COMPILE=",
        "LOCALVERSION=",
        f"CC={compiler}",
        f"HOSTCC={job.toolchain.host_command(launcher, job.arch)}",
        *(f"{name}={value}" for name, value in job.profile.make.items()),
    ]


def _configure(job: _Job, variant: _Variant, command: list[str], step: Step) -> None:
    work = job.work
    kconfigs = {
        path: content
        for path, content in variant.wanted.items()
        if Path(path).name.startswith("Kconfig")
    }
    state, done = _digest([job.basis, _contents(kconfigs)]), work.obj / ".zpmaint-configured"
    if done.is_file() and done.read_text() == state:
        return
    done.unlink(missing_ok=True)
    wishes = work.folder / "allno.config"
    write_whole(wishes, kconfig.fragment(job.profile.wishes))
    extra = {"KCONFIG_ALLCONFIG": str(wishes)}
    _run(job, variant, [*command, "allnoconfig"], step=step, expected=0, extra=extra)
    config = (work.obj / ".config").read_text(errors="replace")
    known = kconfig.symbols(work.src, job.arch)
    refused = kconfig.refusals(job.profile.wishes, known, config)
    with variant.log.open("a") as log:
        log.writelines(f"refused: {row} ({row.wish.why})\n" for row in refused)
    if fatal := [row for row in refused if row.wish.required]:
        raise KernelError(
            f"{variant.flavour} {job.version} ({job.arch}): kconfig refuses "
            + "; ".join(map(str, fatal)),
            "see its dependencies, then in zpmaint/kbuild/profiles/ "
            f"{' and '.join((job.profile.config, *job.profile.layers))}; "
            f"log: {variant.log}",
        )
    for row in refused:
        step.note(f"{job.version}: {row}: {row.wish.why}")
    write_whole(done, state)


def _run(
    job: _Job,
    variant: _Variant,
    arguments: list[str],
    *,
    step: Step,
    expected: int,
    extra: Mapping[str, str] | None = None,
) -> int:
    env = make.environment({**_ccache_environment(job), **(extra or {})})
    start = variant.log.stat().st_size
    with job.work.making():
        status, steps = make.make(
            arguments, env=env, log=variant.log, step=step, expected=expected, keep_open=job.lock
        )
        if status:
            with variant.log.open(errors="replace") as log:
                log.seek(start)
                raise _fault(job, variant, log.read().splitlines())
    return steps


def _fault(job: _Job, variant: _Variant, said: list[str]) -> InfraError | KernelError:
    fault = diagnose(said, str(job.work.src), str(job.work.obj))
    what = f"{variant.flavour} {job.version} ({job.arch}) does not build: {fault.line}"
    if fault.infrastructure:
        return InfraError(what, f"{fault.hint}; log: {variant.log}")
    return KernelError(what, f"log: {variant.log}")


def _ccache_environment(job: _Job) -> dict[str, str]:
    """With the paths of this work folder made relative, a fresh one finds what another left."""
    if job.ccache is None:
        return {}
    return {
        "CCACHE_DIR": str(job.ccache),
        "CCACHE_MAXSIZE": _CCACHE_SIZE,
        "CCACHE_BASEDIR": str(job.work.folder),
        "CCACHE_NOHASHDIR": "1",
    }


def _contents(files: Mapping[str, bytes | None]) -> dict[str, str | None]:
    return {
        path: None if content is None else hashlib.sha256(content).hexdigest()
        for path, content in files.items()
    }


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@contextmanager
def _disk_faults() -> Iterator[None]:
    """A disk's refusal is the surroundings' fault and says so in one line."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InfraError(f"disk full: {error.filename or error}", "free some space") from None
        if error.errno in (errno.EACCES, errno.EROFS, errno.EIO):
            raise InfraError(f"{error.filename}: {error.strerror}", "see the disk") from None
        raise
