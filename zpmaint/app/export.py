# SPDX-License-Identifier: GPL-2.0-only
"""A port, or a patch set's own patches, in the forms that distributions take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from zpmaint.app.export_forms import Files, Form, Patch, Queue
from zpmaint.core.beneath import parts_of
from zpmaint.core.errors import InfraError, KernelError, UserError
from zpmaint.core.files import landing, locked, write_whole
from zpmaint.core.text import to_bytes
from zpmaint.diffs.commit_mail import Otherwise, as_mail, commit_words, git_date
from zpmaint.diffs.message import rfc_date
from zpmaint.diffs.strip import as_p1
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.values import Port


def of_port(patchset: PatchSet, port: Port, explain: str) -> Queue:
    """The patches that go in. Raises KernelError for a conflict, and for a kernel that has all of
    it: there is nothing to export; `explain` is the command that tells why."""
    if not port.state.leads_on or not port.patch:
        raise KernelError(
            f"{patchset.name} on {port.version}: nothing to export: {port.state}: {port.why}",
            explain,
        )
    if not port.members:
        found = [(f"{patchset.name}.patch", to_bytes(port.patch))]
    else:
        found = [(m.name, as_p1(m.data, m.name, m.strip)) for m in port.members if m.goes_in]
    return _queue(patchset, Queue(patchset.name, port.version, (), 0), found)


def of_set(patchset: PatchSet, anchor: Anchor) -> Queue:
    """The patches as they were cut against their own kernel."""
    found = [
        (m.name or f"{patchset.name}.patch", as_p1(m.data, m.name, m.strip))
        for m in anchor.series.members
    ]
    return _queue(patchset, Queue(patchset.name, anchor.base, (), 0), found)


def _queue(patchset: PatchSet, queue: Queue, found: Sequence[tuple[str, bytes]]) -> Queue:
    patches = []
    when = 0
    for number, (name, data) in enumerate(found, 1):
        otherwise = Otherwise(
            owner=patchset.name,
            author=patchset.author,
            date=git_date(rfc_date(patchset.date)) or "0 +0000",
            title=name.rpartition("/")[2].removesuffix(".patch"),
        )
        words = commit_words(data, otherwise)
        when = max(when, int(words.date.partition(" ")[0]))
        whole = as_mail(data, words, (number, len(found)))
        patches.append(Patch(name, whole if whole.endswith(b"\n") else whole + b"\n"))
    return replace(queue, patches=tuple(patches), when=when)


def export(queue: Queue, form: Form, out: Path) -> Path:
    """Write `queue` in a form to `out`, which must not be there: a folder, or a file. It lands
    whole, and only if it is read as what it is. Raises UserError."""
    if out.exists():
        raise UserError(f"{out} is there already", "name another place, or remove it")
    files = form.files(queue, out.name)
    if form.is_folder:
        with locked(out), landing(out) as fresh:
            for name, data in files.items():
                place = fresh.joinpath(*parts_of(name))
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
            _read_back(queue, form, _files(fresh), out)
    else:
        _read_back(queue, form, files, out)
        write_whole(out, files[""])
    return out


def _files(folder: Path) -> Files:
    found = (place for place in folder.rglob("*") if place.is_file())
    return {str(place.relative_to(folder)): place.read_bytes() for place in found}


def _read_back(queue: Queue, form: Form, files: Files, out: Path) -> None:
    if form.read(files) != [patch.data for patch in queue.patches]:
        raise InfraError(
            f"{out}: what was written as {form.name} is not read as the same patches",
            "another form may hold them: --quilt",
        )
