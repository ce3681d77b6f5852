# SPDX-License-Identifier: GPL-2.0-only
"""What the objects of the two sides show of each file of a port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zpmaint.build import blame, clines
from zpmaint.build.build_files import is_kconfig, is_makefile
from zpmaint.build.change import FileChange
from zpmaint.build.conditions import SourceView
from zpmaint.build.evidence import Compiled
from zpmaint.build.hunk_evidence import Side, judge
from zpmaint.build.preprocess import seen_lines
from zpmaint.build.proof_make import Bench, Files, Made
from zpmaint.build.proof_plan import Plan, has_source
from zpmaint.build.records import Records
from zpmaint.core.errors import InfraError
from zpmaint.core.text import to_text
from zpmaint.port.proof import CompilerLine, FileProof, Proof

_SHOWN = 5  # compiler's lines that are kept of a file
_LOOKED = 2  # compilations that are looked into for the dead lines of a file
_C = (".c", ".h", ".S", ".inc")


@dataclass(frozen=True)
class Shown:
    """Both sides, in the state that the port's make left."""

    bench: Bench
    over: Files
    before: Made
    after: Made
    changed: Sequence[FileChange]
    records: Records
    complaints: Mapping[str, CompilerLine]
    """What kconfig says of the port and not of stock, by path."""

    def of(self, plan: Plan) -> FileProof:
        """What is known of one file."""
        if plan.done is not None:
            return plan.done
        if is_kconfig(plan.path):
            if said := self.complaints.get(plan.path):
                return self._refused(plan, [said])
            return FileProof(plan.path, Proof.PROVEN, plan.via)
        if is_makefile(plan.path) and any(name in self.after.log.said for name in plan.objects):
            return FileProof(plan.path, Proof.PROVEN, plan.via, plan.objects)
        failed = [name for name in plan.objects if name not in self.after.made]
        if failed or (self._grave(plan.objects) and plan.objects):
            return self._failing(plan, failed)
        named = plan.via or ", ".join(plan.objects)
        if plan.via and plan.path.endswith(_C):
            reading = self.records.naming(plan.path)
            if not reading.intersection(self.after.made):
                why = f"{plan.via}, but under this configuration does not read it"
                return FileProof(plan.path, Proof.NOT, why)
            named = plan.via
        dead = self._dead(plan)
        if dead:
            return FileProof(plan.path, Proof.PARTLY, dead, plan.objects)
        return FileProof(plan.path, Proof.PROVEN, named, plan.objects)

    def _failing(self, plan: Plan, failed: Sequence[str]) -> FileProof:
        there = SourceView(self.bench.shared.tree)
        old = [name for name in failed if has_source(there, name)]
        if stuck := [name for name in old if name not in self.before.made]:
            said = self.before.said(stuck[0]).errors
            why = f"stock does not compile either: {said[0].text if said else stuck[0]}"
            return FileProof(plan.path, Proof.NOT, why)
        lines = [line for name in failed for line in self.after.said(name).errors]
        if failed and not lines:
            lines = self.after.log.errors
        if failed and not lines:
            if not self.after.log.failed.intersection(failed):
                return FileProof(plan.path, Proof.NOT, self.after.general)
            lines = [CompilerLine("", 0, self.after.general)]
        return self._refused(plan, lines or self._grave(plan.objects))

    def _refused(self, plan: Plan, lines: Sequence[CompilerLine]) -> FileProof:
        placed = tuple(
            replace(line, place=blame.place_of(line, self.changed, plan.path))
            for line in lines[:_SHOWN]
        )
        return FileProof(plan.path, Proof.REFUSED, str(placed[0]), plan.objects, placed)

    def _grave(self, objects: Sequence[str]) -> list[CompilerLine]:
        """Warnings of the port that later kernels have as errors, and that stock has not."""
        found = []
        for name in objects:
            known = {line.text for line in self.before.said(name).grave}
            found += [line for line in self.after.said(name).grave if line.text not in known]
        return found

    def _dead(self, plan: Plan) -> str:
        """How many hunks have lines that no looked-at object takes, and why; '' if none."""
        if not plan.path.endswith(_C):
            return ""
        mine = [change for change in self.changed if change.path == plan.path]
        after = clines.read(to_text(self.over.get(plan.path) or b""))
        arms = {
            after.line(line.number).arm
            for change in mine
            for hunk in change.hunks
            for line in hunk.added
            if line.number is not None
        }
        if not any(arms):
            return ""
        live = self._live(plan, after, arms)
        stock = SourceView(self.bench.shared.tree)
        whys = []
        for change in mine:
            before = clines.read(to_text(stock.read(change.stock_path) or b""))
            # What is taken away needs no compiler.
            old = Side(before, frozenset(range(len(before.arms))))
            for hunk in change.hunks:
                seen = judge(hunk, Side(after, live), old, place=Compiled.KERNEL, shown_by="")
                if seen.compiled is Compiled.NOT:
                    whys.append(f"{hunk.header} {seen.why}")
        return "; ".join(whys)

    def _live(self, plan: Plan, source: clines.Source, arms: set[int]) -> frozenset[int]:
        path = self.bench.shared.work.src / plan.path
        seen: set[int] = set()
        live: frozenset[int] = frozenset({0})
        looked = [name for name in plan.objects if name in self.after.made][:_LOOKED]
        for name in looked:
            record = self.records.by_target.get(name)
            if record is None:
                continue
            try:
                seen |= seen_lines(record, self.bench.shared.work.obj, [path])[path]
            except InfraError as error:
                self.bench.step.note(str(error))
                continue
            live = source.live_arms(seen)
            if arms <= live:
                break
        return live
