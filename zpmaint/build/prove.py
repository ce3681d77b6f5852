# SPDX-License-Identifier: GPL-2.0-only
"""Compile proof: the objects of the files that a port touches, made of stock and of the port.

One work folder per kernel, architecture and profile serves every port onto it: what make prepares
stays, and of stock each object is made once.

    FOLDER/base-KEY.config   what the profile alone gives
    FOLDER/proofs/KEY.json   a finished proof
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from zpmaint.build import devicetree, kconfigs
from zpmaint.build.build_files import is_kconfig
from zpmaint.build.change import changes
from zpmaint.build.conditions import SourceView
from zpmaint.build.data import BuildData
from zpmaint.build.diagnosis import check_folder
from zpmaint.build.options import BuildOptions
from zpmaint.build.proof_config import choose, without_unreachable
from zpmaint.build.proof_kept import read_kept, write_kept
from zpmaint.build.proof_make import STOCK, Bench, Configured, Files
from zpmaint.build.proof_plan import Planner, has_source
from zpmaint.build.proof_shown import Shown
from zpmaint.build.records import Records
from zpmaint.build.setting import contents, digest, disk_faults, setting
from zpmaint.build.worktree import fingerprint
from zpmaint.core.errors import KernelError
from zpmaint.core.files import write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.sealed import seal, usable
from zpmaint.core.versions import KernelVersion
from zpmaint.core.wishes import Fragment
from zpmaint.port.proof import CompileProof, CompilerLine
from zpmaint.port.values import PortStep

_FORMAT = 1  # raised when a proof means something else


def prove(
    version: KernelVersion,
    tree: Path,
    options: BuildOptions,
    steps: Sequence[PortStep],
    *,
    work: Path,
    reporter: Reporter = SILENT,
    only: Collection[str] | None = None,
    built: Path | None = None,
    ccache: Path | None = None,
    logs: Path | None = None,
    fragments: Sequence[Fragment] = (),
    data: BuildData | None = None,
    later: Collection[str] = (),
) -> CompileProof:
    """Compile what `steps`, the patches of a port in their order, make of `tree`.

    `only` names the files that are asked about; all that are touched, if not given. `built` is the
    folder of pairs of kernels: the records of one that was built of this kernel tell who includes
    a header. The others are those of `build.pair.build`, which also tells what is raised where
    stock cannot be configured. What cannot be compiled is said in the proof and never raised.
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
        with shared.work.locked(reporter):
            source = fingerprint(shared.tree, frozenset(later))
            texts = [(step.name, step.text, contents(step.result)) for step in steps]
            asked = None if only is None else sorted(only)
            key = digest([_FORMAT, shared.basis, source, asked, texts, devicetree.missing_tool()])[
                :16
            ]
            kept = shared.work.folder / "proofs" / f"{key}.json"
            if (known := read_kept(kept)) is not None:
                return known
            log = shared.logs / f"{shared.work.folder.name}-proof.log"
            write_whole(log, "")
            title = f"compile what the port touches in {version} ({shared.arch})"
            with reporter.step(title, "objects") as step:
                for mended in shared.work.make_ready(shared.tree, source, later):
                    step.note(mended)
                bench = Bench(shared, source, log, step)
                found = _proof(bench, steps, only, (built or work) / shared.work.folder.name)
            write_kept(kept, found)
            return found


def _proof(
    bench: Bench, steps: Sequence[PortStep], only: Collection[str] | None, built: Path
) -> CompileProof:
    tree = bench.shared.tree
    over: dict[str, bytes | None] = {}
    for step in steps:
        over |= step.result
    changed = changes(steps, SourceView(tree).read)
    paths = [c.path for c in changed if only is None or c.path in only]
    base = _base(bench)
    planner = Planner(SourceView(tree, over), bench.shared.arch, base, _users(built))
    plans = planner.plans(paths)
    choice = choose(bench, over, plans, changed, base)
    stock = bench.configure(STOCK, choice.sets)
    port, complaints = _configured_port(bench, over, choice.sets, stock)
    plans = without_unreachable(plans, port.values, choice.refused)
    objects = tuple(dict.fromkeys(name for plan in plans for name in plan.objects))
    there = SourceView(tree)
    old = [name for name in objects if has_source(there, name)]
    bench.configure(STOCK, choice.sets)
    before = bench.make_stock(old)
    if not complaints:
        bench.configure(over, choice.sets)
    after = bench.make(over, objects)
    work = bench.shared.work
    records = Records(work.obj, work.src)
    shown = Shown(bench, over, before, after, changed, records, complaints)
    by = f"{bench.shared.config_name}{choice.words}, {bench.shared.compiler}"
    return CompileProof(tuple(shown.of(plan) for plan in plans), by)


def _base(bench: Bench) -> Mapping[str, str]:
    """What the profile alone has on."""
    shared = bench.shared
    place = shared.work.folder / f"base-{digest([shared.basis, bench.source])[:16]}.config"
    if not usable(place, reporter=shared.reporter):
        bench.configure(STOCK, {})
        write_whole(place, (shared.work.obj / ".config").read_bytes())
        seal(place)
    return kconfigs.values(place.read_text(errors="replace"))


def _configured_port(
    bench: Bench, over: Files, sets: Mapping[str, str], stock: Configured
) -> tuple[Configured, Mapping[str, CompilerLine]]:
    """The configuration of the port, and by path what kconfig says of it and not of stock."""
    kconfigs_of_port = [path for path in over if is_kconfig(path)]
    if not kconfigs_of_port:
        return stock, {}
    try:
        port = bench.configure(over, sets)
    except KernelError as error:
        return stock, {p: CompilerLine(p, 0, error.what) for p in kconfigs_of_port}
    known = {_unnumbered(row) for row in stock.complaints}
    fresh = [row for row in port.complaints if _unnumbered(row) not in known]
    return port, {row.split(":")[0]: _line(row) for row in reversed(fresh)}


def _unnumbered(row: str) -> str:
    path, _, text = row.split(":", 2)
    return f"{path}:{text}"


def _line(row: str) -> CompilerLine:
    path, number, text = row.split(":", 2)
    return CompilerLine(path, int(number), text.strip())


def _users(built: Path) -> Callable[[str], Iterable[str]]:
    """The objects that an earlier build of the kernel made of a file, by its records."""

    @cache
    def records() -> Records | None:
        there = (built / "obj").is_dir() and (built / "src").is_dir()
        return Records(built / "obj", built / "src") if there else None

    def users(path: str) -> Iterable[str]:
        known = records()
        return known.users(path) if known else ()

    return users
