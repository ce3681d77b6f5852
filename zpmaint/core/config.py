# SPDX-License-Identifier: GPL-2.0-only
"""kernels.toml: what is tracked, from where, with which patches; checked whole before use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from zpmaint.core.amounts import bytes_of
from zpmaint.core.errors import UserError
from zpmaint.core.places import example
from zpmaint.core.series import holds, named
from zpmaint.core.service_table import ServiceTable
from zpmaint.core.source_kinds import KINDS
from zpmaint.core.strict import Arch, StrictTable
from zpmaint.core.toml import read_toml
from zpmaint.core.track_table import Amount, TrackTable
from zpmaint.core.versions import KernelVersion

Model = TypeVar("Model", bound=BaseModel)


class SourceTable(StrictTable):
    """[sources.NAME]: a place that serves kernels."""

    kind: str
    """What kind of source: what stands before the colon of --source."""
    where: str = ""
    """A path or URL; for debian the suites, space-separated, beyond the machine's own."""
    where_env: str = ""
    """An environment variable that names the place; the source is left out where it is unset."""

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"no such kind of source; one of: {', '.join(KINDS)}")
        return kind

    @model_validator(mode="after")
    def _placed(self) -> SourceTable:
        if KINDS[self.kind].needs_place and not (self.where or self.where_env):
            raise ValueError(
                f"a {self.kind} source needs `where` (a path"
                f"{' or URL' if self.kind == 'git' else ''}) or `where_env`"
            )
        return self


class KernelTable(StrictTable):
    """[[kernel]]: one tracked kernel, or the newest of a series ("6.12.*", "7.*")."""

    version: str
    """A kernel ("6.12.107"), or a series as "6.12.*"."""
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Which of [sources] are asked, in this order."""
    arch: Annotated[tuple[Arch, ...], Field(min_length=1)] = ("x86_64",)
    """Each is a verification of its own."""
    patches: tuple[str, ...] = ()
    """Patch sets to verify there; empty: the project's default one."""
    profile: str = ""
    """The build profile; empty: the one that fits the tree."""
    note: str = ""
    """Why it is tracked; shown on the status page."""
    points: Amount = "newest"
    """How many point releases of a series, from the newest on."""

    @field_validator("version")
    @classmethod
    def _named(cls, text: str) -> str:
        if named(text, "*") is None:
            try:
                KernelVersion.parse(text)
            except UserError as error:
                raise ValueError(f"{error}; or a series as 6.12.*") from None
        return text

    @model_validator(mode="after")
    def _points_of_a_series(self) -> KernelTable:
        if self.points != "newest" and self.series is None:
            raise ValueError(f"points: {self.version} is one kernel, no series as 6.12.*")
        return self

    @property
    def series(self) -> str | None:
        """'6.12' for '6.12.*', None for one kernel."""
        return named(self.version, "*")

    def covers(self, version: KernelVersion) -> bool:
        """Whether this line tracks `version`: it is of the series, or the kernel itself.

        Any Debian revision of the kernel counts, unless the line names one."""
        if self.series is None:
            mine = KernelVersion.parse(self.version)
            return mine == (version if mine.debian else version.upstream)
        return holds(self.series, version)


class CacheTable(StrictTable):
    """[cache]: what is kept for later runs."""

    budget: str = ""
    """What the cache may take ("40 GB"): what is least worth goes before it takes more. Empty: as
    much as there is."""

    @field_validator("budget")
    @classmethod
    def _amount(cls, text: str) -> str:
        if text:
            try:
                bytes_of(text)
            except UserError as error:
                raise ValueError(str(error)) from None
        return text

    @property
    def bytes(self) -> int | None:
        """The budget in bytes; None where there is none."""
        return bytes_of(self.budget) if self.budget else None


class PolicyKernel(KernelTable):
    """A kernel or series that no [[kernel]] names: a [[track]] came to it."""


class Config(StrictTable):
    """The whole of kernels.toml."""

    patch: str
    """The default patch set: a folder of patches/."""
    project: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None
    """What the ledger calls the project; left out: its folder tells it apart from others."""
    sources: dict[str, SourceTable]
    """Places that serve kernels, by names of your own."""
    kernel: tuple[KernelTable, ...] = ()
    """What is tracked by name; what [[track]] comes to goes behind it."""
    track: tuple[TrackTable, ...] = ()
    """What is tracked by a rule."""
    cache: CacheTable = CacheTable()
    """What is kept for later runs."""
    service: ServiceTable = ServiceTable()
    """What `zpmaint serve` does."""

    @model_validator(mode="after")
    def _known(self) -> Config:
        for number, rule in enumerate(self.track, 1):
            for name in rule.sources:
                if name not in self.sources:
                    raise ValueError(
                        f"track[{number}].sources: no source {name!r}; "
                        f"declared are: {', '.join(self.sources)}"
                    )
        for row in self.kernel:
            for name in row.sources:
                if name not in self.sources:
                    raise ValueError(
                        f"kernel {row.version}: no source {name!r}; "
                        f"declared are: {', '.join(self.sources)}"
                    )
        seen: set[tuple[str, str]] = set()
        for row in self.kernel:
            if (row.version, row.profile) in seen:
                with_profile = f" with profile {row.profile}" if row.profile else ""
                raise ValueError(
                    f"kernel {row.version} is there twice{with_profile}; name each once for each "
                    "profile, with all its architectures"
                )
            seen.add((row.version, row.profile))
        return self


def load_config(path: Path, *, is_new: bool = False, project: Path | None = None) -> Config:
    """Read and check kernels.toml, of the folder it is in or of `project`. Raises UserError: file,
    key, what would be right. In a project that `is_new` the patch sets that it names need not be
    there yet."""
    project = project or path.parent
    config = checked(Config, read_toml(path), path)
    if is_new:
        return config
    named_in = [
        ("patch", config.patch),
        *(("kernel.patches", name) for row in config.kernel for name in row.patches),
        *(("track.patches", name) for row in config.track for name in row.patches),
    ]
    for key, name in named_in:
        if not (project / "patches" / name / "patch.toml").is_file():
            raise UserError(
                f"{path}: {key}: no patch set {name!r} in patches/",
                _make(project, name),
            )
    return config


def _make(project: Path, name: str) -> str:
    """The next step where `name` is not there: the sets that are, or a new one."""
    there = sorted(place.parent.name for place in (project / "patches").glob("*/patch.toml"))
    named = f"name one of {', '.join(there)}; or make it: " if there else "make it: "
    return f"{named}zpmaint new {name} --from git:REPOSITORY BRANCH, or --from FILE --base VERSION"


def checked(model: type[Model], table: object, path: Path) -> Model:
    """`table`, as TOML gave it, as a `model`; all faults at once, each with its key."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        found = error.errors()
        faults = [
            f"{_key(fault['loc']) or 'file'}: {_said(fault['type'], fault['msg'], fault['input'])}"
            for fault in found
            # Rows with faults are not counted: that there are too few is no fault of its own then.
            if fault["type"] != "too_short"
            or not any(_is_below(other["loc"], fault["loc"]) for other in found)
        ]
        raise UserError(f"{path}: " + "; ".join(faults)) from None


def _key(where: tuple[int | str, ...]) -> str:
    text = ""
    for part in where:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _is_below(where: tuple[int | str, ...], above: tuple[int | str, ...]) -> bool:
    return len(where) > len(above) and where[: len(above)] == above


def _said(kind: str, message: str, given: object) -> str:
    if kind == "extra_forbidden":
        shown = example()
        return f"unknown key; the annotated tables in {shown} have all" if shown else "unknown key"
    if kind == "missing":
        return "missing, and needed"
    if kind == "string_pattern_mismatch":
        return f"{given!r}: {message[:1].lower()}{message[1:]}"
    return message.removeprefix("Value error, ")
