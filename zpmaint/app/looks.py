# SPDX-License-Identifier: GPL-2.0-only
"""Looking at one kernel of a bisection, as deep as its criterion asks; nothing is looked at twice.

A verification is remembered in the ledger. What only a port or a build showed is kept beside it, by
the hash of all inputs, so that another patch, code or compiler makes it looked at again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zpmaint.app.inputs import inputs_of, key_of
from zpmaint.app.job import Job
from zpmaint.app.once import verify_once
from zpmaint.app.pair import build_pair
from zpmaint.app.port import port_onto
from zpmaint.app.verify import verify
from zpmaint.build.options import BuildOptions
from zpmaint.core.errors import InfraError, KernelError
from zpmaint.core.files import locked
from zpmaint.core.remembered import recall, remember
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.matrix.criterion import Criterion, Depth, Observed, of_build, of_port, of_record
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain
from zpmaint.sources.source import HasHistory
from zpmaint.vm.profiles import Accelerator

_KEPT = ("words", "state", "fine", "is_good", "figure")
_FORM = 2
"""Of what is kept; raised where the words of a port or a build come to mean something else."""
_ALL = -1.0
"""Before every record of the ledger."""


@dataclass(frozen=True)
class Looks:
    """How the kernels of a bisection are looked at."""

    job: Job
    """Its kernel is the good one; the others are taken from the same sources."""
    criterion: Criterion
    build: BuildOptions
    accelerator: Accelerator = Accelerator.ICOUNT
    _ports: dict[KernelVersion, Port] = field(default_factory=dict, compare=False, repr=False)

    @property
    def depth(self) -> Depth:
        return self.criterion.depth

    def at(self, version: KernelVersion) -> tuple[Observed, bool]:
        """What is seen on a kernel, and whether it was remembered. Raises UserError and InfraError
        where it cannot be looked at."""
        if (before := self.remembered(version)) is not None:
            return before, True
        if self.depth is Depth.BOOT:
            return of_record(self.criterion, self.verified(version)), False
        port = self.port(version)
        seen = of_port(str(port.state), port.why, leads_on=port.state.leads_on)
        if self.depth is Depth.BUILD:
            seen = self._built(version, port) if port.state.leads_on else Observed(seen.words)
        self._keep(version, seen)
        return seen, False

    def remembered(self, version: KernelVersion) -> Observed | None:
        """What is known of a kernel without looking; None: nothing that tells."""
        record = self.known(version)
        if record is not None:
            seen = of_record(self.criterion, record)
            if seen.state is not None or seen.figure is not None or self.depth is Depth.BOOT:
                return seen
        if self.depth is Depth.BOOT:
            return None
        kept = self._recalled().get(str(version))
        if not isinstance(kept, dict) or kept.get("key") != self._key(version):
            return None
        return _read(kept)

    def known(self, version: KernelVersion) -> Record | None:
        """The ledger's settled record with the inputs of now."""
        return self.job.session.ledger.known(self._key(version))

    def port(self, version: KernelVersion) -> Port:
        """The patch set carried onto a kernel; once."""
        if version not in self._ports:
            job = self.job
            self._ports[version] = port_onto(job.session, job.patchset, version, job.chain)
        return self._ports[version]

    def verified(self, version: KernelVersion) -> Record:
        """A kernel verified and recorded, unless the ledger knows it. Raises InfraError where that
        had no result."""
        job = Job(self.job.session, self.job.patchset, version, self.job.chain)
        record, _ = verify_once(job, build=self.build, accelerator=self.accelerator, since=_ALL)
        if not record.result.settles:
            raise InfraError(f"{version}: {record.result}: {record.why}", "try it again later")
        return record

    def at_commit(self, git: HasHistory, sha: str) -> tuple[Observed, bool]:
        """What is seen on a commit of a repository, by a build or a boot, and whether it was
        remembered; it is no kernel that the ledger has a name for. Raises UserError and
        InfraError."""
        job = self.job
        session = job.session
        where = git.name.removeprefix("git:")
        from zpmaint.sources.git_commit import CommitSource  # noqa: PLC0415  knows HTTP and git

        source = CommitSource(where, sha, session.places.cache, session.reporter)
        try:
            version = source.version
            key, kept = self._key(version), self._recalled().get(f"{self.criterion} {sha}")
            if isinstance(kept, dict) and kept.get("key") == key:
                return _read(kept), True
            chain = Chain([source, *job.chain.sources], session.reporter)
            seen = replace(self, job=replace(job, version=version, chain=chain), _ports={})._tried()
        finally:
            source.close()
        self._write(f"{self.criterion} {sha}", key, seen)
        return seen, False

    def _tried(self) -> Observed:
        """What is seen on the kernel of the job, with nothing remembered and nothing recorded."""
        job = self.job
        if self.depth is Depth.BOOT:
            record = verify(
                job.session,
                job.patchset,
                job.version,
                job.chain,
                build=self.build,
                accelerator=self.accelerator,
            )
            if not record.result.settles:
                raise InfraError(f"{job.version}: {record.result}: {record.why}")
            return of_record(self.criterion, record)
        port = self.port(job.version)
        if not port.state.leads_on:
            return Observed(f"{port.state}: {port.why}")
        return self._built(job.version, port)

    def _built(self, version: KernelVersion, port: Port) -> Observed:
        job = self.job
        try:
            build_pair(job.session, job.patchset, version, job.chain, port, options=self.build)
        except KernelError as error:
            return of_build(builds=False, why=error.what)
        return of_build(builds=True, why="both kernels are built")

    def _key(self, version: KernelVersion) -> str:
        job = self.job
        return key_of(inputs_of(job.session, version, job.patchset, self.build, self.accelerator))

    @property
    def _path(self) -> Path:
        session, build = self.job.session, self.build
        asked = (
            _FORM,
            session.project,
            self.job.patchset.name,
            build.arch,
            build.profile,
            self.depth,
        )
        name = hashlib.sha256("\0".join(map(str, asked)).encode()).hexdigest()[:16]
        return session.places.state / "bisect" / f"{name}.json"

    def _recalled(self) -> Mapping[str, Any]:
        found = recall(self._path, self.job.session.reporter)
        return found if isinstance(found, dict) else {}

    def _keep(self, version: KernelVersion, seen: Observed) -> None:
        self._write(str(version), self._key(version), seen)

    def _write(self, name: str, key: str, seen: Observed) -> None:
        path, reporter = self._path, self.job.session.reporter
        kept = {field: getattr(seen, field) for field in _KEPT}
        kept |= {"key": key, "signs": sorted(seen.signs)}
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path, reporter):
            remember(path, {**self._recalled(), name: kept})


def _read(kept: Mapping[str, Any]) -> Observed:
    words, state, fine, good, figure = (kept.get(name) for name in _KEPT)
    return Observed(str(words), state, fine, good, frozenset(kept.get("signs", ())), figure)
