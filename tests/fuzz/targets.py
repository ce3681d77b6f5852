# SPDX-License-Identifier: GPL-2.0-only
"""One function for each reader. It takes any bytes and returns, or raises an error of ours: all
else is a finding.

Where a reader takes several texts (a patch, its base, its target; the files of a folder) they stand
in one input, each under a line `=== NAME`.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click

from zpmaint.app.import_ import import_series
from zpmaint.build import (
    clines,
    compiler_log,
    data,
    diagnosis,
    kconfig_expr,
    kconfig_tree,
    kconfigs,
    makefiles,
    preprocess,
    records,
)
from zpmaint.cli import main as door
from zpmaint.cli.commands import COMMANDS, load
from zpmaint.core.config import load_config
from zpmaint.core.eras import Era
from zpmaint.core.errors import InfraError, UserError, ZpmaintError
from zpmaint.core.series import holds, named, numbers_of
from zpmaint.core.text import to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.core.wishes import parse_wishes
from zpmaint.diffs import binary as binaries
from zpmaint.diffs import opened, textlayers
from zpmaint.diffs.check import checked_patch
from zpmaint.diffs.member import Member, Series
from zpmaint.diffs.reader import read_patch
from zpmaint.diffs.series import read_series
from zpmaint.diffs.subject import read_subject
from zpmaint.diffs.thread import chosen
from zpmaint.judge.kernel_report import is_of, kernel_report
from zpmaint.judge.measured import read_measured
from zpmaint.ledger import rows
from zpmaint.ledger.contents import Contents
from zpmaint.ledger.database import explained
from zpmaint.ledger.store import Ledger
from zpmaint.mend.mend import mend, paths_in
from zpmaint.mutation.load import load_mutants
from zpmaint.patchset import resolutions
from zpmaint.patchset.load import load_patchset
from zpmaint.port import scopes
from zpmaint.port.outlines import OUTLINES
from zpmaint.port.series import port_series
from zpmaint.sources import (
    apt,
    checksum_list,
    debian,
    kernelorg,
    keyring,
    name_index,
    signatures,
    tar_stream,
)
from zpmaint.sources.signatures import Signature
from zpmaint.suites.cases import read_cases
from zpmaint.suites.counters import read_counters
from zpmaint.suites.guest.patterns import full_bench, read_bench
from zpmaint.suites.own.table import read_own
from zpmaint.vm import console, profiles
from zpmaint.vm.outcome import Ending, classify
from zpmaint.vm.values import Run

Reader = Callable[[bytes], object]
MOST_FILES = 24


@dataclass(frozen=True)
class Target:
    """A reader and what its own documentation has it raise beside our errors."""

    read: Reader
    raises: tuple[type[Exception], ...] = ()

    def __call__(self, data: bytes) -> None:
        with contextlib.suppress(ZpmaintError, *self.raises):
            self.read(data)


TARGETS: dict[str, Target] = {}


def target(*raises: type[Exception]) -> Callable[[Reader], Reader]:
    def note(read: Reader) -> Reader:
        TARGETS[read.__name__.replace("_", "-")] = Target(read, raises)
        return read

    return note


def several(data: bytes) -> dict[str, bytes]:
    """The texts of an input by their names; what stands above the first name is called ''."""
    found: dict[str, bytes] = {}
    head, *rest = (b"\n" + data).split(b"\n=== ")
    if head[1:]:
        found[""] = head[1:]
    for part in rest[:MOST_FILES]:
        name, _, text = part.partition(b"\n")
        found[to_text(name[:80])] = text and text + b"\n"
    return found


@contextlib.contextmanager
def folder(files: dict[str, bytes]) -> Iterator[Path]:
    """A folder with these files, of those whose names stay in it; gone afterwards."""
    top = Path(tempfile.mkdtemp(prefix="zpmaint-fuzz-", dir=_MEMORY))
    try:
        for name, text in files.items():
            parts = [part for part in name.split("/") if part not in ("", ".", "..")]
            if not parts or "\0" in name:
                continue
            with contextlib.suppress(OSError, ValueError):
                place = top.joinpath(*parts)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(text)
        yield top
    finally:
        shutil.rmtree(top, ignore_errors=True)


_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


# Patches


@target()
def diff(data: bytes) -> None:
    """Unified and git diffs, of whatever strip level, read in both ways."""
    one = opened.member("x.patch", data, None)
    for strip in (0, 1):
        with contextlib.suppress(ZpmaintError):
            read = read_patch(to_text(data), "x.patch", strip)
            assert read.notes or read.text() == to_text(data), "not every byte of it came back"
    with contextlib.suppress(ZpmaintError):
        checked_patch(to_text(data), "x.patch")
    assert one.unreadable or one.notes is not None


@target()
def binary(data: bytes) -> None:
    """git's binary diffs."""
    before, _, rest = data.partition(b"\n\n")
    binaries.after(to_text(rest).splitlines(keepends=True), before)


@target()
def mail(data: bytes) -> None:
    """Mails, mailboxes, MIME, pages, packed files."""
    found = [
        opened.member(f"{n}.patch", letter.data, None, letter.said, letter.fault)
        for n, letter in enumerate(one for box in opened.mails_in(data, "x") for one in box)
    ]
    for one in chosen(found).members:
        assert one.unreadable or one.notes is not None
    textlayers.decoded(data)
    read_subject(to_text(data[:400]))


@target()
def series(data: bytes) -> None:
    """Folders of patches: tables of quilt, numbered files, stages."""
    with folder(several(data)) as top:
        for one in (read_series(top), *(read_series(f) for f in top.iterdir() if f.is_file())):
            assert one.paths is not None and one.said is not None


TREE = {
    "drivers/net/oat.c": (
        b"#include <linux/oat.h>\n\n/* Count the oats & husks. */\n"
        b"int oat_count(struct oat *o, int husks)\n{\n\tint n = 0;\n\n"
        b"\tif (o->grains < 1 && husks > 2)\n\t\treturn -EINVAL;\n\tn = o->grains;\n\n"
        b"\treturn n;\n}\n"
    ),
    "lib/rye.h": b"int rye;\n",
    "lib/Kconfig": b'config RYE\n\tbool "Rye"\n\tdepends on OAT\n\thelp\n\t  Say Y.\n',
    "lib/Makefile": b"obj-$(CONFIG_RYE) += rye.o\nifdef CONFIG_OAT\nobj-y += oat.o\nendif\n",
}


@target()
def mended(data: bytes) -> None:
    """Damaged postings beside a base."""
    text = to_text(data)
    made = mend(text, {path: TREE.get(path, b"") for path in paths_in(text)})
    read_patch(made.patch, "mended")


@target()
def taken_over(data: bytes) -> None:
    """`import`, and `port --series` onto the same tree and onto one where half is missing."""
    with folder({"x": data}) as top:
        read = read_series(top / "x")
    less = {path: text.replace(b"husks", b"shells") for path, text in TREE.items()}
    for base in (TREE, less):
        with contextlib.suppress(ZpmaintError):
            list(port_series(read, TREE, {path: base.get(path) for path in read.paths}))
    import_series(read, lambda paths: {path: TREE.get(path) for path in paths})


@target()
def ported(data: bytes) -> None:
    """A patch beside any base and any target."""
    parts = several(data)
    patch = parts.get("patch", b"")
    read = Series("x", (Member("x.patch", patch),), (("x.patch", "x.patch"),))
    if read.members[0].unreadable:
        return
    base = {path: parts.get("base") for path in read.paths}
    list(port_series(read, base, {path: parts.get("target") for path in read.paths}))


# Sources of kernels


@target()
def c_source(data: bytes) -> None:
    """Scopes, names, conditionals of C."""
    _all_of(scopes.Source(data))
    scopes.errors(data)
    scopes.late_declarations(data)
    scopes.locals_of(data)
    read = clines.read(to_text(data))
    for number in range(1, min(len(read.lines), 200)):
        read.chain(read.line(number).arm)
    read.live_arms(list(range(1, len(read.lines), 3)))


@target()
def outlines(data: bytes) -> None:
    """What is no C: Kconfig, Makefiles, assembler, device trees, prose, scripts."""
    languages = sorted(OUTLINES)
    _all_of(scopes.Source(data[1:], languages[(data[:1] or b"a")[0] % len(languages)]))


def _all_of(source: scopes.Source) -> None:
    for scope in source.scopes[:50]:
        source.head_of(scope)
        source.same_scope(scope)
    for line in range(0, len(source.lines), 1 + len(source.lines) // 50):
        source.inner(line)
        source.around(line)
        source.scope_between(line)
    assert len(source.conditions) == len(source.openers) == len(source.lines)
    assert source.names is not None and source.defines is not None


@target()
def kconfig(data: bytes) -> None:
    """Kconfig files as kbuild reads them, and .config."""
    files = {name: to_text(text) for name, text in several(data).items()}
    files.setdefault("Kconfig", to_text(data))
    read = kconfig_tree.read(files.get, "x86", "x86_64")
    for entries in read.entries.values():
        for row in entries:
            row.depends.holds({"OAT": "y"})
    kconfigs.lines(to_text(data))
    kconfigs.declared(to_text(data))
    kconfigs.values(to_text(data))
    kconfig_expr.parse(to_text(data))


@target()
def makefile(data: bytes) -> None:
    """kbuild's Makefiles: rows, the symbols of an object."""
    files = {name: to_text(text) for name, text in several(data).items()}
    files.setdefault("lib/Makefile", to_text(data))
    list(makefiles.rows(to_text(data)))
    makefiles.symbols_for("lib/rye.c", files.get)
    makefiles.named_by("lib/rye.c", files.get)


@target()
def build_records(data: bytes) -> None:
    """What a kernel's build leaves: .cmd files, preprocessed text."""
    one = records.Record("lib/rye.o", data)
    assert one.words is not None and one.is_compiled is not None
    with folder({}) as top:
        records.members(one, top)
        preprocess._numbers(data, top, [top / "lib/rye.c"])


@target()
def build_log(data: bytes) -> None:
    """What make, compilers and linkers said."""
    lines = to_text(data).split("\n")
    diagnosis.diagnose(lines, "/k/src", "/k/obj")
    compiler_log.read_log(lines, "/k/src", "/k/obj")


# Guests


@target()
def guest(data: bytes) -> None:
    """All that a guest writes: results, figures, the console; and QEMU's own words."""
    parts = several(data)
    said = to_text(parts.get("results", data))
    text = to_text(parts.get("console", b""))
    error = to_text(parts.get("stderr", b""))
    lines = console.lines(text)
    outcome, why = classify(Ending(len(data) % 80 - 20, text, said, error))
    run = Run(
        outcome, why, said, Path("console"), console.complaints(lines), 1.0, "tcg", True, (),
        parts=console.parts(lines),
    )  # fmt: skip
    both = replace(run, restarts=(run,)) if len(data) % 2 else run
    kernel_report(both, ("read.zero", "read.faults"), KernelVersion.parse("6.12.107"))
    read_measured(said, full_bench().select("*"), 1)


# What servers and archives send


@target(ValueError)
def tar(data: bytes) -> None:
    """A tar archive as it streams by: ValueError where it is cut or none."""
    for _ in tar_stream.regular_files(io.BytesIO(data)):
        pass


@target()
def debian_lists(data: bytes) -> None:
    """apt's sources and Debian's index of source packages."""
    with folder({"sources.list": data, "sources.list.d/x.sources": data}) as top:
        apt.machine_entries(top)
        source = debian.DebianSource("", top)
        index = apt.Index("http://deb.example.org", "sid", "Debian", top / "sources.list")
        list(source._parse(index, data))


@target()
def kernel_org(data: bytes) -> None:
    """releases.json and sha256sums.asc, as if its signature were good."""
    one = kernelorg.KernelOrgSource("http://k.example.org", Path("nowhere"))
    rows = checksum_list._SUM.findall(data.decode("ascii", "replace"))
    listed = checksum_list.ChecksumList("u", {name: sha for sha, name in rows}, Signature("k"))
    one._sums = {major: {} for major in range(2, 40) if major != 6}
    one._list = lambda major: listed
    held = kernelorg.document
    kernelorg.document = lambda *_, **__: data
    try:
        for call in (one.releases, one.versions):
            with contextlib.suppress(ZpmaintError):
                call()
    finally:
        kernelorg.document = held


@target()
def signature(data: bytes) -> None:
    """What gpgv says of a signature, and keys in armour."""
    keys = keyring.Keyring("k", {}, b"", is_open=True)
    for one in signatures._read(data, keys, ""):
        assert str(one)
    keyring.unarmoured(data)


@target(name_index.DamagedError)
def names(data: bytes) -> None:
    """The kept index of a tree's names, whatever became of it."""
    with folder({"index": data}) as top:
        one = name_index.NameIndex(top / "index")
        try:
            for name in ("oat", "rye", "a", ""):
                one.has(name)
                one.files(name)
                one.files_called(name)
        finally:
            one.close()


# What people write


@target()
def tables(data: bytes) -> None:
    """Every TOML of a project: kernels.toml, patch.toml, cases, figures, rows over the data."""
    text = to_text(data)
    for read in (read_cases, read_counters, read_bench):
        with contextlib.suppress(ZpmaintError):
            read(text)
    with folder(dict.fromkeys(_TABLES, data)) as top:
        for place, reads in (
            (top / "kernels.toml", load_config),
            (top / "patch", load_patchset),
            (top / "cases", read_own),
            (top / "patch", load_mutants),
            (top / "build", data_over),
            (top / "vm/profiles.toml", profiles.over),
        ):
            with contextlib.suppress(ZpmaintError):
                cast(Callable[[Path], object], reads)(place)


data_over = data.over
_TABLES = (
    "kernels.toml", "patch/patch.toml", "patch/mutants.toml", "cases/cases.toml",
    "build/fixups.toml", "build/toolchains.toml", "build/profiles.toml", "vm/profiles.toml",
)  # fmt: skip


@target()
def patch_sets(data: bytes) -> None:
    """Folders of patch sets that may be `like` one another."""
    with folder(several(data)) as top:
        for one in top.iterdir():
            if one.is_dir():
                with contextlib.suppress(ZpmaintError):
                    load_patchset(one)


@target()
def resolution(data: bytes) -> None:
    """A remembered resolution; .config fragments."""
    with contextlib.suppress(UserError):
        one = resolutions.read(data, "x.resolution")
        assert resolutions.read(resolutions.written(one), "x").edits == one.edits
    parse_wishes(to_text(data), "x.config")


@target()
def ledger(data: bytes) -> None:
    """A ledger that is merged, whatever is in the file; the documents of a record."""
    with folder({"other.sqlite": data}) as top, Ledger(top / "own.sqlite") as own:
        with contextlib.suppress(ZpmaintError):
            own.merge(top / "other.sqlite")
        _ = own.all_latest(), own.summaries(), own.benchmarks()


@target()
def record(data: bytes) -> None:
    """The documents of a record and of a benchmark, as they stand in a ledger's rows."""
    text = to_text(data)
    kept = cast(Contents, SimpleNamespace(text=lambda name: text))
    values: dict[str, Any] = dict.fromkeys(rows.COLUMNS)
    for name in rows.TEXTS:
        values |= {"format": 1 + len(data) % 4, "result": "pass", "seconds": "{}", name: "x"}
        with contextlib.suppress(InfraError), explained(Path("ledger")):
            rows.record(tuple(values[column] for column in rows.COLUMNS), kept)


@target()
def words(data: bytes) -> None:
    """Versions, series, eras, what uname calls a kernel."""
    text = to_text(data)
    with contextlib.suppress(UserError):
        version = KernelVersion.parse(text)
        assert KernelVersion.parse(str(version)) == version
        assert not version < KernelVersion.parse(str(version))
        assert version.upstream.tag and version.series
        is_of(text, version)
        holds("6.12", version)
    one, _, other = text.partition(" ")
    is_of(text, KernelVersion.parse("6.12.1"))
    if series := named(one):
        numbers_of(series)
    with contextlib.suppress(UserError):
        numbers_of(one)
    Era.parse(one or None, other or None)


@target()
def command_line(data: bytes) -> None:
    """The words of a command line, up to the door of the command."""
    given = [os.fsdecode(word) for word in data.split(b"\n")][:12]
    given = [word for word in given if "\0" not in word]
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    silent = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    with silent[0], silent[1], _keeping(), without_callbacks():
        status = door._status(given)
    assert status in (0, 1, 2, 3), f"exit status {status}"


@contextlib.contextmanager
def without_callbacks() -> Iterator[None]:
    """Every command imported, and none that would do anything."""
    ones = [load(name) for name in COMMANDS]
    commands = [c for one in ones for c in (one, *getattr(one, "commands", {}).values())]
    kept = [(c, c.callback) for c in commands if not isinstance(c, click.Group)]
    try:
        for command, _ in kept:
            command.callback = _nothing
        yield
    finally:
        for command, callback in kept:
            command.callback = callback


def _nothing(*_: object, **__: object) -> None:
    pass


@contextlib.contextmanager
def _keeping() -> Iterator[None]:
    """What the door would report as a bug comes out instead."""

    def raise_it(error: Exception) -> int:
        raise error

    held, door._internal = door._internal, raise_it
    try:
        yield
    finally:
        door._internal = held
