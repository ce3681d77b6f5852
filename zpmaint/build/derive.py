# SPDX-License-Identifier: GPL-2.0-only
"""The configuration that follows a patch: found once for a patch on a tree, and kept.

The work folder of the profile and the set's own fragments serves for it; where something is
switched on, the kernels are built in a folder of their own beside it.

    FOLDER/base-KEY.config     what profile and fragments alone give, of a tree with a patch
    FOLDER/derived/KEY.json    what was derived for a patch
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from zpmaint.build import derived, kconfig_tree, kconfigs
from zpmaint.build.build_files import is_kconfig, other_architecture
from zpmaint.build.change import changes
from zpmaint.build.change_asks import asks
from zpmaint.build.conditions import SourceView
from zpmaint.build.data import BuildData
from zpmaint.build.derived import Derived, StaysOff, Switched
from zpmaint.build.diagnosis import check_folder
from zpmaint.build.options import BuildOptions
from zpmaint.build.proof_make import Bench, Files
from zpmaint.build.proof_plan import Plan, Planner
from zpmaint.build.setting import Setting, contents, digest, disk_faults, setting
from zpmaint.build.settle import settle
from zpmaint.core.errors import KernelError
from zpmaint.core.files import write_whole
from zpmaint.core.in_use import mark
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import seal, usable
from zpmaint.core.versions import KernelVersion
from zpmaint.core.wishes import Fragment
from zpmaint.port.values import PortStep

_INCLUDE = "/include/"
_FORMAT = 1  # raised when the same inputs give another configuration


def derive(
    version: KernelVersion,
    tree: Path,
    options: BuildOptions,
    steps: Sequence[PortStep],
    *,
    work: Path,
    source_id: str,
    reporter: Reporter = SILENT,
    fragments: Sequence[Fragment] = (),
    data: BuildData | None = None,
    later: Collection[str] = (),
) -> Derived:
    """What has to be set beyond the profile and `fragments` so that `steps`, the patches of a port
    in their order, are compiled. The parameters are those of `build.pair.build`, which also tells
    what is raised; a tree that kconfig refuses is left to the build, which says so."""
    check_folder(work)
    with disk_faults():
        shared = setting(
            version,
            tree,
            options,
            work=work,
            ccache=None,
            logs=None,
            reporter=reporter,
            fragments=fragments,
            data=data,
        )
        mark(shared.work.folder)
        with shared.work.locked(reporter):
            texts = [(step.name, step.text, contents(step.result)) for step in steps]
            key = digest([_FORMAT, shared.basis, source_id, texts])[:16]
            place = shared.work.folder / "derived" / f"{key}.json"
            known = recall(place, reporter)
            if isinstance(known, dict):
                return derived.from_json(known)
            title = f"see which configuration the patch needs on {version} ({shared.arch})"
            with reporter.step(title) as step:
                found = _found(shared, source_id, steps, later, step)
                if found.words:
                    step.note(found.words)
            remember(place, found.as_json())
            return found


def _found(
    shared: Setting,
    source: str,
    steps: Sequence[PortStep],
    later: Collection[str],
    step: Step,
) -> Derived:
    over: dict[str, bytes | None] = {}
    for one in steps:
        over |= one.result
    stock, view = SourceView(shared.tree), SourceView(shared.tree, over)
    changed = changes(steps, stock.read)
    plans = _plans(shared, view, [change.path for change in changed])
    wishes = asks(plans, changed, view.text, stock.text)
    if not wishes:
        return Derived()
    bench = _Bench(shared, source, later, step)
    try:
        base = bench.base(over)
        if all(ask.expr.holds(base) is not False for ask in wishes):
            return Derived()
        arch = shared.arch
        tree = kconfig_tree.read(view.text, kconfig_tree.srcarch(view.has, arch), arch)
        found = settle(bench.ready(), over, wishes, base, tree)
    except KernelError:
        return Derived()  # the build that follows fails in the same way, and says how
    return Derived(
        tuple(Switched(name, value, found.because[name]) for name, value in found.sets.items()),
        tuple(StaysOff(what, found.asked[what], why) for what, why in found.refused.items()),
    )


def _plans(shared: Setting, view: SourceView, paths: Iterable[str]) -> tuple[Plan, ...]:
    """What the touched files need. A header that all the kernel may include asks for nothing by
    itself: which of a thousand sources would do is not worth a look through all of the tree."""
    touched = dict.fromkeys(paths)
    headers = [path for path in touched if path.endswith(".h") and _INCLUDE in f"/{path}"]
    on = {wish.symbol: wish.value for wish in shared.wishes if wish.value != "n"}
    planner = Planner(view, shared.arch, on, lambda path: ())
    plans = planner.plans([path for path in touched if path not in headers])
    ours = [path for path in headers if not other_architecture(path, shared.arch)]
    return (*plans, *map(Plan, ours))


class _Bench:
    """The work folder, made ready when something has to be asked of kconfig."""

    def __init__(self, shared: Setting, source: str, later: Collection[str], step: Step) -> None:
        self._bench = Bench(
            shared, source, shared.logs / f"{shared.work.folder.name}-derived.log", step
        )
        self._later = later
        self._is_ready = False

    def ready(self) -> Bench:
        bench = self._bench
        if not self._is_ready:
            shared = bench.shared
            write_whole(bench.log, "")
            for mended in shared.work.make_ready(shared.tree, bench.source, self._later):
                bench.step.note(mended)
            shared.work.take(shared.basis)
            self._is_ready = True
        return bench

    def base(self, over: Files) -> Mapping[str, str]:
        """What the profile and the fragments alone have on, of a tree with the patch."""
        shared = self._bench.shared
        frames = {path: text for path, text in over.items() if is_kconfig(path)}
        key = digest([shared.basis, self._bench.source, contents(frames)])[:16]
        place = shared.work.folder / f"base-{key}.config"
        if not usable(place, reporter=shared.reporter):
            self.ready().configure(over, {})
            write_whole(place, (shared.work.obj / ".config").read_bytes())
            seal(place)
        return kconfigs.values(place.read_text(errors="replace"))
