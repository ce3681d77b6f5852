# SPDX-License-Identifier: GPL-2.0-only
"""The stock kernel and the patched one from one tree: one build and one recompiled object.

Stock is built first; the patched files are then put in place and the same objects are built
again. What was built from the same inputs before is not built again.
"""

from __future__ import annotations

import filecmp
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zpmaint.build import fixups, kconfig
from zpmaint.build.build_files import is_kconfig
from zpmaint.build.change import changes
from zpmaint.build.collect import Built, collect
from zpmaint.build.conditions import SourceView
from zpmaint.build.data import BuildData
from zpmaint.build.diagnosis import check_folder
from zpmaint.build.evidence import Evidence
from zpmaint.build.failure import BuildFailure, telling_lines
from zpmaint.build.kept import Kept
from zpmaint.build.observed import fault_of, observe
from zpmaint.build.options import BuildOptions
from zpmaint.build.proof_make import configured_state
from zpmaint.build.running.places import places
from zpmaint.build.running.values import Places
from zpmaint.build.setting import Setting, contents, digest, disk_faults, setting
from zpmaint.build.values import Flavour, Kernel, Pair
from zpmaint.build.worktree import fingerprint
from zpmaint.core.errors import IndeterminateError, InfraError, KernelError, ZpmaintError
from zpmaint.core.files import read_mark, write_whole
from zpmaint.core.in_use import mark
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import digest_of, forget, usable
from zpmaint.core.versions import KernelVersion
from zpmaint.core.wishes import Fragment
from zpmaint.port.values import PortStep

BOTH = (Flavour.STOCK, Flavour.PATCHED)
_LINKED = "vmlinux"
"""The kernel as the linker left it: what boots, or what that was made of."""


@dataclass(frozen=True)
class _Job(Setting):
    """All that both kernels of a pair share."""

    later: frozenset[str] = frozenset()
    is_pair: bool = True
    deleted: frozenset[str] = frozenset()
    """Files of stock that the patch takes away: no later record names what was made of them."""
    narrow: bool = False
    anew: bool = False
    on_failure: Callable[[BuildFailure], None] | None = None

    @property
    def toolchain_name(self) -> str:
        """For people: the row's name, and what the compiler calls itself."""
        return f"{self.data.label('toolchain', self.toolchain.name)}: {self.compiler}"

    @property
    def kept(self) -> Kept:
        return Kept(self.work.folder / "evidence", self.reporter)


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
    steps: Sequence[PortStep] = (),
    fragments: Sequence[Fragment] = (),
    data: BuildData | None = None,
    later: Collection[str] = (),
    on_failure: Callable[[BuildFailure], None] | None = None,
    anew: bool = False,
    with_places: bool = False,
) -> Pair:
    """Build `tree` as it is and with the files of `patched` (None: absent) in their place.

    `tree` is pristine and is never written to; `source_id` names its content where the caller
    knows it (a tag's hash, an archive's checksum), otherwise the tree is fingerprinted. Work
    folders come below `work`, `ccache` and `logs` default to folders beside and inside of it.
    The stock kernel is the base of the patched one and is always there; leaving PATCHED out of
    `flavours`, or None for `patched`, leaves that one out. `narrow`
    has make look only into the folder of the sources that changed since the last build, where
    nothing else can have: for many small changes one after the other.

    `steps` are the patches that made `patched` of the tree, in order: with them the pair has the
    evidence of what was compiled, and `with_places` where each changed line is in the patched
    kernel. `fragments` go on top of the profile, for both kernels; `data` are the rows to choose
    from, the package's if not given; `later` names files of `tree` that are no part of its identity
    (unpacked from the same archive after it was taken). `on_failure` is told of a kernel that could
    not be built before the error is raised. `anew` builds from a clean work folder what is there
    already: an image that comes out as another one takes the former's place, and one that cannot be
    built any more is forgotten.

    Raises UserError (not a kernel tree, unknown architecture or profile), KernelError (the kernel
    is not configured, compiled or linked: which flavour, which file, the first error, the log),
    InfraError (missing tools, disk full, out of memory, a crashed compiler).
    """
    check_folder(work)
    with disk_faults():
        shared = setting(
            version,
            tree,
            options,
            work=work,
            ccache=ccache,
            logs=logs,
            reporter=reporter,
            fragments=fragments,
            data=data,
        )
        job = _Job(**vars(shared))
        mark(job.work.folder)  # its images are booted when the lock is no longer held
        with job.work.locked(reporter):
            is_pair = patched is not None and Flavour.PATCHED in flavours
            job = replace(
                job,
                narrow=narrow,
                anew=anew,
                on_failure=on_failure,
                later=frozenset(later),
                is_pair=is_pair,
                deleted=frozenset(p for p, text in (patched or {}).items() if text is None),
            )
            if anew:
                job.work.discard()
            source = source_id or fingerprint(tree, job.later)
            first = _variant(job, source, Flavour.STOCK, {})
            stock = _kernel(job, source, first)
            if patched is None or Flavour.PATCHED not in flavours:
                return Pair(stock, None)
            second = _variant(job, source, Flavour.PATCHED, patched)
            key = _evidence_key(first, second, steps) if steps else ""
            seen = job.kept.evidence(second.image.name, key) if key else None
            if key and seen is None and not _is_noted(job, first):
                _again(job, source, first)
            pair = Pair(stock, _kernel(job, source, second, stock))
            if key and seen is None:
                seen = _evidence(job, source, first, second, steps)
                job.kept.keep(second.image.name, key, seen)
            at = (
                _places(job, source, first, second, steps, key=key) if key and with_places else None
            )
            _note_equal_images(job, pair)
            return replace(pair, evidence=seen, places=at)


def _evidence_key(first: _Variant, second: _Variant, steps: Sequence[PortStep]) -> str:
    texts = [(step.name, step.text, contents(step.result)) for step in steps]
    return digest([first.inputs, second.inputs, texts])[:16]


def _is_noted(job: _Job, variant: _Variant) -> bool:
    """Whether enough is known of a kernel: not of an image that an earlier version made, nor of
    the sources that only now a patch takes away."""
    name = variant.image.name
    return job.kept.objects(name) is not None and job.deleted <= {*job.kept.users(name)}


def _again(job: _Job, source: str, variant: _Variant) -> None:
    """Bring the work folder into the state of an image that is there already."""
    title = f"look at what is compiled in {job.version} {variant.flavour} ({job.arch})"
    with job.reporter.step(title) as step:
        _make_image(job, source, variant, step)


def _evidence(
    job: _Job, source: str, first: _Variant, second: _Variant, steps: Sequence[PortStep]
) -> Evidence:
    built = _built(job, source, first, second)
    with job.reporter.step(f"see what of the patch is compiled in {job.version} ({job.arch})"):
        found = collect(built, changes(steps, SourceView(job.tree).read))
        return Evidence(found, job.config_name)


def _places(
    job: _Job,
    source: str,
    first: _Variant,
    second: _Variant,
    steps: Sequence[PortStep],
    *,
    key: str,
) -> Places:
    # Addresses are an image's, and the same inputs have been seen to give another one.
    of = f"{key}-{digest_of(second.image)[:8]}"
    if (known := job.kept.places(second.image.name, of)) is not None:
        return known
    built = _built(job, source, first, second)
    linked = second.image if job.profile.kind == _LINKED else job.work.obj / _LINKED
    with job.reporter.step(f"see where its lines are in {job.version} ({job.arch})"):
        found = places(built, changes(steps, SourceView(job.tree).read), linked)
    job.kept.keep_places(second.image.name, of, found)
    return found


def _built(job: _Job, source: str, first: _Variant, second: _Variant) -> Built:
    """The work folder in the state of the patched kernel, brought there where it is in another."""
    work, kept = job.work, job.kept
    objects = kept.objects(second.image.name)
    if objects is None or work.whole != second.inputs:
        _again(job, source, second)
        objects = kept.objects(second.image.name)
    autoconf = kept.autoconf_path(first.image.name)
    return Built(
        tree=job.tree,
        src=work.src,
        obj=work.obj,
        arch=job.arch,
        stock_objects=kept.objects(first.image.name) or {},
        stock_users=kept.users(first.image.name),
        objects=objects or {},
        stock_autoconf=autoconf if autoconf.is_file() else None,
    )


def _note_equal_images(job: _Job, pair: Pair) -> None:
    """A patch whose files are not compiled at all is no news to make, but it is to people."""
    first, *others = pair.kernels
    for other in others:
        if other.seconds and filecmp.cmp(first.image, other.image, shallow=False):
            with job.reporter.step(f"compare the images of {job.version}") as step:
                step.note(
                    "the patched image is the stock one, byte for byte: nothing that the patch "
                    f"changes is compiled with profile {job.config_name}"
                )


def _variant(
    job: _Job, source: str, flavour: Flavour, over: Mapping[str, bytes | None]
) -> _Variant:
    mended = fixups.mend(SourceView(job.tree, over), job.version, job.arch, job.data.fixups)
    wanted = {**over, **mended.files}
    inputs = digest([job.basis, source, contents(wanted)])
    name = f"{flavour}-{inputs[:16]}"
    return _Variant(
        flavour,
        wanted,
        tuple(job.data.label("fixup", name) for name in mended.names),
        inputs,
        job.work.images / name,
        job.logs / f"{job.work.folder.name}-{name}.log",
    )


def _kernel(job: _Job, source: str, variant: _Variant, stock: Kernel | None = None) -> Kernel:
    """Build one of the pair, unless it is there; `stock` is the other one."""
    started = time.monotonic()
    fresh = not usable(variant.image, reporter=job.reporter) or job.anew
    if fresh:
        _first_log(variant).unlink(missing_ok=True)
        with job.reporter.step(f"build {job.version} {variant.flavour} ({job.arch})") as step:
            try:
                _confirmed(job, source, variant, step)
            except ZpmaintError as error:
                if job.anew and isinstance(error, KernelError):
                    forget(variant.image)
                _told(job, variant, error, stock)
                raise
    _say(job, variant)
    autoconf = job.kept.autoconf_path(variant.image.name)
    return Kernel(
        version=job.version,
        arch=job.arch,
        flavour=variant.flavour,
        image=variant.image,
        image_kind=job.profile.kind,
        profile=job.profile.name,
        toolchain=job.toolchain_name,
        fixups=variant.fixups,
        inputs=variant.inputs,
        seconds=time.monotonic() - started if fresh else 0.0,
        log=variant.log,
        autoconf=autoconf if autoconf.is_file() else None,
    )


def _told(job: _Job, variant: _Variant, error: ZpmaintError, stock: Kernel | None) -> None:
    """Hand on what is known of a kernel that could not be built."""
    if job.on_failure is None:
        return
    log, first = variant.log, _first_log(variant)
    said = log.read_text(errors="replace").splitlines() if log.is_file() else []
    job.on_failure(
        BuildFailure(
            version=job.version,
            arch=job.arch,
            flavour=variant.flavour,
            profile=job.config_name,
            toolchain=job.toolchain_name,
            fixups=variant.fixups,
            inputs=variant.inputs,
            why=error.what,
            lines=telling_lines(said, str(job.work.src), str(job.work.obj)),
            log=log,
            first_log=first if first.is_file() else None,
            stock=stock,
        )
    )


def _first_log(variant: _Variant) -> Path:
    """The log of the first of two runs."""
    return variant.log.with_suffix(".first.log")


def _confirmed(job: _Job, source: str, variant: _Variant, step: Step) -> None:
    """Make the image. That the kernel does not build is said only where a second run from a clean
    work folder says so, too; not of many small changes, which nobody keeps the results of. ccache
    stays: it keeps nothing of what failed, and checks what it gives by its sums."""
    try:
        _make_image(job, source, variant, step)
        return
    except KernelError as error:
        if job.narrow:
            raise
        first = error
    step.note(f"{first.what}; once more, from a clean work folder")
    kept = _first_log(variant)
    variant.log.replace(kept)
    job.work.discard()
    what = f"{variant.flavour} {job.version} ({job.arch}) did not build the same way twice"
    try:
        _make_image(job, source, variant, step)
    except KernelError as second:
        raise KernelError(f"{second.what} (confirmed by a second run)", second.hint) from None
    except InfraError as second:
        seen = f"first: {first.what}; then: {second.what}"
        raise IndeterminateError(f"{what}: {seen}", f"logs: {kept}, {variant.log}") from None
    raise IndeterminateError(
        f"{what}: first: {first.what}; then it was built",
        f"it is tried again; look at the machine: memory, disk, heat; log: {kept}",
    )


def _make_image(job: _Job, source: str, variant: _Variant, step: Step) -> None:
    work = job.work
    write_whole(variant.log, "")
    for found in work.make_ready(job.tree, source, job.later):
        step.note(found)
    whole = work.take(job.basis)
    changed = work.put(job.tree, variant.wanted)
    command = job.command
    notes = _configure(job, variant, command, step)
    few = _narrowed(work.src, changed) if job.narrow and whole else []
    counted = work.folder / f"steps-{variant.flavour}"
    before_this = read_mark(counted)
    expected = int(before_this) if before_this.isdecimal() else job.profile.lines
    modules = ["modules"] if _has_modules(work.obj) else []
    arguments = [*command, f"-j{job.jobs}", *few, job.profile.target, *modules]
    steps = _run(job, variant, arguments, step=step, expected=expected)
    if not few:
        write_whole(counted, str(max(steps, 1)))
    work.whole = variant.inputs
    built = next((p for name in job.profile.image if (p := work.obj / name).is_file()), None)
    if built is None:
        raise KernelError(
            f"{variant.flavour} {job.version} ({job.arch}): make {job.profile.target} ended well "
            f"but made none of: {', '.join(job.profile.image)}",
            f"log: {variant.log}",
        )
    if not job.narrow:
        watched = job.deleted if variant.flavour is Flavour.STOCK else frozenset()
        job.kept.note(variant.image.name, work.obj, work.src, notes, watched)
    if not variant.image.is_file() or (
        job.anew and not filecmp.cmp(built, variant.image, shallow=False)
    ):
        work.keep(built, variant.image)


def _has_modules(obj: Path) -> bool:
    return "=m\n" in (obj / ".config").read_text(errors="replace")


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


def _configure(job: _Job, variant: _Variant, command: list[str], step: Step) -> list[str]:
    """Run kconfig where its input changed; gives what the fragments ask for in vain."""
    work = job.work
    frames = {path: text for path, text in variant.wanted.items() if is_kconfig(path)}
    state, done = configured_state(job.basis, frames, {}), work.obj / ".zpmaint-configured"
    unknown = work.obj / ".zpmaint-unknown"
    is_done = read_mark(done) == state
    known_notes = recall(unknown, job.reporter)
    if is_done and isinstance(known_notes, dict) and known_notes.get("state") == state:
        notes: list[str] = known_notes["notes"]
        return notes
    if not is_done:
        done.unlink(missing_ok=True)
        wishes = work.folder / "allno.config"
        write_whole(wishes, kconfig.fragment(job.wishes))
        extra = {"KCONFIG_ALLCONFIG": str(wishes)}
        _run(job, variant, [*command, "allnoconfig"], step=step, expected=0, extra=extra)
    config = (work.obj / ".config").read_text(errors="replace")
    known = kconfig.symbols(work.src, job.arch)
    refused = kconfig.refusals(job.wishes, known, config)
    with variant.log.open("a") as log:
        log.writelines(f"refused: {row} ({row.wish.why})\n" for row in refused)
    if fatal := [row for row in refused if row.wish.required]:
        raise KernelError(
            f"{variant.flavour} {job.version} ({job.arch}): kconfig refuses "
            + "; ".join(map(str, fatal)),
            f"set what it depends on (its Kconfig entry names that) in {_config_files(job)}; "
            f"log: {variant.log}",
        )
    for row in refused:
        step.note(f"{job.version}: {row}: {row.wish.why}")
    notes = [
        f"{variant.flavour} {job.version} ({job.arch}): {fragment.name}: CONFIG_{wish.symbol}: "
        "no such symbol in this tree"
        for fragment in job.fragments
        for wish in fragment.wishes
        if wish.required and wish.symbol not in known  # what follows a patch stock may not know
    ]
    remember(unknown, {"state": state, "notes": notes})
    write_whole(done, state)
    return notes


def _say(job: _Job, variant: _Variant) -> None:
    """What kconfig knows nothing of: each time, not only when the image was made. Of a pair the
    patched kernel is asked, which may have brought the symbol."""
    if variant.flavour is Flavour.STOCK and job.is_pair:
        return
    if notes := job.kept.notes(variant.image.name):
        with job.reporter.step(f"configuration of {job.version} {variant.flavour}") as step:
            for note in notes:
                step.note(note)


def _config_files(job: _Job) -> str:
    """Where a symbol can be set: the fragments if there are any, else the profile's own lines."""
    if job.fragments:
        return " or ".join(fragment.name for fragment in job.fragments)
    profile = " and ".join((job.profile.config, *job.profile.layers))
    return f"zpmaint/build/profiles/: {profile}"


def _run(
    job: _Job,
    variant: _Variant,
    arguments: list[str],
    *,
    step: Step,
    expected: int,
    extra: Mapping[str, str] | None = None,
) -> int:
    with job.work.making():
        seen = observe(job, arguments, log=variant.log, step=step, expected=expected, extra=extra)
        if seen.status:
            what = f"{variant.flavour} {job.version} ({job.arch}) does not build"
            raise fault_of(job, seen, extra).error(what, variant.log)
    return seen.steps
