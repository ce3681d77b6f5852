# SPDX-License-Identifier: GPL-2.0-only
"""Sweeps: no blob twice; and the patch of 2007 over every tag of a kernel mirror."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import pytest
from port_fixtures import PATH, V, anchor, diff, patchset
from test_port_files import take
from test_port_strategies import FAULT, HEAD, PATCHED

from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Adoption, Anchor, PatchSet, single
from zpmaint.port import engine, one_file
from zpmaint.port.carry import carry
from zpmaint.port.scopes import source
from zpmaint.port.values import Port, State

MEMORY = "mm/memory.c"
POSTED = Path(__file__).parent.parent / "patches/no-anon-zero-page/v2.6.20.4.patch"


def sweep(
    patchset: PatchSet,
    kernels: Iterable[tuple[KernelVersion, Mapping[str, str | None]]],
    blob: Callable[[str], bytes],
    bases: Mapping[str, Mapping[str, bytes | None]],
) -> Iterator[Port]:
    """Port onto each kernel in turn; `blob` gives the contents that an id names."""
    fetch = lru_cache(maxsize=64)(blob)
    for version, ids in kernels:
        target = {path: None if name is None else fetch(name) for path, name in ids.items()}
        yield engine.port(patchset, version, bases, target)


def test_no_content_is_ported_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = {"one": (HEAD + FAULT).encode(), "two": ("int x;\n" + HEAD + FAULT).encode()}
    climbed: list[int] = []
    climb = one_file.climbed
    monkeypatch.setattr(one_file, "climbed", lambda *a: climbed.append(1) or climb(*a))
    carry.cache_clear()
    names = ["one", "two", "one", "one", "two", None]
    kernels = [(V(f"2.6.{20 + n}"), {PATH: name}) for n, name in enumerate(names)]
    chosen = patchset(anchor(diff(HEAD + FAULT, HEAD + PATCHED)))
    bases = {"a": {PATH: blobs["one"]}}
    ports = list(sweep(chosen, kernels, blobs.__getitem__, bases))
    assert len(climbed) == 2
    assert [p.version for p in ports] == [version for version, _ in kernels]
    assert [p.state for p in ports[:5]] == [State.APPLIES] * 5
    assert ports[5].state is State.CONFLICT  # the kernel that has no such file
    assert "Target: 2.6.23\n" in ports[3].patch  # each with its own head
    alone = engine.port(chosen, V("2.6.23"), bases, {PATH: blobs["one"]})
    assert alone == ports[3]


# The mirror.


class Mirror:
    """The blobs of a bare repository, over one git process."""

    def __init__(self, folder: str) -> None:
        self.git = ["git", "-C", folder]
        self.cat = subprocess.Popen(
            [*self.git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def tags(self) -> list[KernelVersion]:
        done = subprocess.run([*self.git, "tag"], capture_output=True, text=True, check=True)
        names = [n for n in done.stdout.split() if re.fullmatch(r"v2\.6\.\d+(-rc\d+)?", n)]
        return sorted(v for v in map(V, names) if v >= V("2.6.12-rc2"))

    def ids(self, versions: list[KernelVersion]) -> list[str]:
        asked = "".join(f"{version.tag}:{MEMORY}\n" for version in versions)
        done = subprocess.run(
            [*self.git, "cat-file", "--batch-check"],
            input=asked,
            capture_output=True,
            text=True,
            check=True,
        )
        return [line.split()[0] for line in done.stdout.splitlines()]

    def blob(self, name: str) -> bytes:
        assert self.cat.stdin and self.cat.stdout
        self.cat.stdin.write(name.encode() + b"\n")
        self.cat.stdin.flush()
        size = int(self.cat.stdout.readline().split()[2])
        data = self.cat.stdout.read(size)
        self.cat.stdout.read(1)
        return data


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    folder = os.environ.get("ZPMAINT_KERNEL_GIT")
    if not folder:
        pytest.skip("ZPMAINT_KERNEL_GIT names no git mirror of the kernel: NOT TESTED")
    opened = Mirror(folder)
    yield opened
    opened.cat.communicate()


def posted_set() -> PatchSet:
    posted = Anchor(
        "v2.6.20.4",
        V("2.6.20.4"),
        V("2.6.20"),
        Era(None, V("2.6.24-rc1")),
        single(POSTED.read_text()),
        "the posting",
    )
    taken = Adoption(Era(V("2.6.24-rc1"), V("2.6.32-rc1")), ("557ed1fa2620",), "taken")
    return patchset(posted, adoptions=(taken,))


@pytest.fixture(scope="module")
def swept(mirror: Mirror) -> list[tuple[Port, bytes]]:
    versions = mirror.tags()
    assert len(versions) > 200
    names = mirror.ids(versions)
    kernels = [(v, {MEMORY: n}) for v, n in zip(versions, names, strict=True)]
    base = mirror.blob(mirror.ids([V("2.6.20")])[0])
    ports = list(sweep(posted_set(), kernels, mirror.blob, {"v2.6.20.4": {MEMORY: base}}))
    blobs = {name: mirror.blob(name) for name in set(names)}
    return [(port, blobs[name]) for port, name in zip(ports, names, strict=True)]


def between(swept: list[tuple[Port, bytes]], since: str, until: str) -> list[tuple[Port, bytes]]:
    return [(p, b) for p, b in swept if V(since) <= p.version <= V(until)]


COW = """
	if (unlikely(anon_vma_prepare(vma)))
		goto oom;

	new_page = alloc_page_vma({gfp}, vma, address);
	if (!new_page)
		goto oom;
	cow_user_page({cow});

	/*
\t * Re-check the pte - we dropped the lock
"""
ANON = """
	/* Allocate our own private page. */
	pte_unmap(page_table);

	if (unlikely(anon_vma_prepare(vma)))
		goto oom;
	page = {alloc}(vma, address);
	if (!page)
		goto oom;

	entry = mk_pte(page, vma->vm_page_prot);
	entry = maybe_mkwrite(pte_mkdirty(entry), vma);

	page_table = pte_offset_map_lock(mm, pmd, address, &ptl);
	if (unlikely(!pte_none(*page_table)))
		goto release;
	inc_mm_counter(mm, anon_rss);
	lru_cache_add_active(page);
	page_add_new_anon_rmap(page, vma, address);

	set_pte_at(mm, address, page_table, entry);
"""
OLD_COW = re.compile(
    r"\n\tif \(unlikely\(anon_vma_prepare\(vma\)\)\)\n\t\tgoto oom;\n"
    r"\tif \(old_page == ZERO_PAGE\(address\)\) \{\n.*?\n\t\}\n\n"
    r"\t/\*\n\t \* Re-check the pte - we dropped the lock\n",
    re.DOTALL,
)
OLD_ANON = re.compile(
    r"\n\tif \(write_access\) \{\n\t\t/\* Allocate our own.*?\n\t\}\n\n"
    r"\tset_pte_at\(mm, address, page_table, entry\);\n",
    re.DOTALL,
)


def by_hand(version: KernelVersion, blob: bytes) -> bytes:
    """What a person makes of that kernel: two blocks cut out whole, two others put in."""
    late = version >= V("2.6.23-rc1")
    cow = COW.format(
        gfp="GFP_HIGHUSER_MOVABLE" if late else "GFP_HIGHUSER",
        cow="new_page, old_page, address" + (", vma" if version >= V("2.6.20-rc1") else ""),
    )
    anon = ANON.format(alloc="alloc_zeroed_user_highpage" + ("_movable" if late else ""))
    text = blob.decode()
    text, one = OLD_COW.subn(lambda _: cow, text)
    text, two = OLD_ANON.subn(lambda _: anon, text)
    assert (one, two) == (1, 1)
    return text.encode()


@pytest.mark.mirror
def test_right_from_2_6_16_to_2_6_23(swept: list[tuple[Port, bytes]]) -> None:
    """Byte for byte what a person would have made, on every tag."""
    wanted = between(swept, "2.6.16-rc1", "2.6.23")
    assert len(wanted) > 50
    for ported, blob in wanted:
        assert ported.state in (State.APPLIES, State.PORTED), (ported.version, ported.why)
        assert ported.files[0].result == by_hand(ported.version, blob), ported.version
    applies = {str(p.version) for p, _ in wanted if p.state is State.APPLIES}
    assert applies == {str(p.version) for p, _ in between(swept, "2.6.20-rc1", "2.6.22")}


@pytest.mark.mirror
def test_tools_take_every_port(swept: list[tuple[Port, bytes]], tmp_path: Path) -> None:
    seen: set[bytes] = set()
    for ported, blob in swept:
        if ported.patch and blob not in seen:
            seen.add(blob)
            for tool in ("patch", "git"):
                folder = tmp_path / f"{ported.version}-{tool}"
                folder.mkdir()
                take(ported, {MEMORY: blob}, folder, tool)
    assert len(seen) > 20


@pytest.mark.mirror
def test_2_6_15_is_right_too(swept: list[tuple[Port, bytes]]) -> None:
    """There the re-indented block holds another line, which has to move along."""
    for ported, _ in between(swept, "2.6.15-rc1", "2.6.15"):
        assert ported.state is State.PORTED
        assert ported.confidence < 0.8
        text = ported.files[0].result.decode()  # type: ignore[union-attr]
        assert (
            "\n\tlru_cache_add_active(page);\n\tSetPageReferenced(page);\n\tpage_add_anon" in text
        )
        assert not OLD_ANON.search(text) and "== ZERO_PAGE(address)) {" not in text


@pytest.mark.mirror
def test_before_2_6_15_nothing_is_guessed(swept: list[tuple[Port, bytes]]) -> None:
    early = [p for p, _ in swept if p.version < V("2.6.15-rc1")]
    assert early
    assert {p.state for p in early} == {State.CONFLICT}
    assert all(p.patch == "" and p.files[0].conflict for p in early)


@pytest.mark.mirror
def test_upstream_exactly_from_2_6_24_to_2_6_31(swept: list[tuple[Port, bytes]]) -> None:
    taken = between(swept, "2.6.24-rc1", "2.6.31")
    assert {p.state for p, _ in taken} == {State.UPSTREAM}
    assert sum(p.state is State.UPSTREAM for p, _ in swept) == len(taken)


@pytest.mark.mirror
def test_the_evidence_alone_tells_the_adopted_from_the_rest(
    swept: list[tuple[Port, bytes]], mirror: Mirror
) -> None:
    """Declared over all of history, the adoption is believed only where the code shows it."""
    base = {MEMORY: mirror.blob(mirror.ids([V("2.6.20")])[0])}
    chosen = posted_set()
    always = patchset(*chosen.anchors, adoptions=(Adoption(Era(), ("x",), "claimed"),))
    for ported, blob in swept:
        told = engine.port(always, ported.version, {"v2.6.20.4": base}, {MEMORY: blob})
        adopted = V("2.6.24-rc1") <= ported.version <= V("2.6.31")
        assert (told.state is State.UPSTREAM) == adopted, (ported.version, told.why)


@pytest.mark.mirror
def test_never_a_success_from_2_6_32(swept: list[tuple[Port, bytes]]) -> None:
    late = between(swept, "2.6.32-rc1", "2.6.36-rc3")
    assert len(late) > 20
    assert {p.state for p, _ in late} == {State.CONFLICT}
    assert all(p.patch == "" and p.files[0].result is None for p, _ in late)


@pytest.mark.mirror
def test_stepping_past_the_adoption_does_not_lose_the_intent(
    mirror: Mirror, swept: list[tuple[Port, bytes]]
) -> None:
    """A three-way walk leaves one unlikely() after 2.6.24, which merges onto everything later.
    No start gives that here."""
    for ported, blob in between(swept, "2.6.24-rc1", "2.6.36-rc3"):
        undeclared = patchset(*posted_set().anchors)
        base = mirror.blob(mirror.ids([V("2.6.20")])[0])
        told = engine.port(
            undeclared, ported.version, {"v2.6.20.4": {MEMORY: base}}, {MEMORY: blob}
        )
        assert told.state is State.CONFLICT, ported.version
        assert told.patch == ""


@pytest.mark.mirror
def test_no_function_but_the_two_is_touched(swept: list[tuple[Port, bytes]]) -> None:
    for ported, blob in swept:
        result = ported.files[0].result
        if not ported.patch or result is None:
            continue
        before, after = source(blob), source(result)
        texts = [
            {(s.kind, s.name, s.conditions): "".join(x.lines[s.start : s.end]) for s in x.scopes}
            for x in (before, after)
        ]
        assert texts[0].keys() == texts[1].keys()
        changed = {key[1] for key in texts[0] if texts[0][key] != texts[1][key]}
        assert changed == {"do_wp_page", "do_anonymous_page"}
