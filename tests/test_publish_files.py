# SPDX-License-Identifier: GPL-2.0-only
"""The files that last: real programs apply each, and nothing of it is ever withdrawn."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledger_fixtures import NOON, SET, modern_deltas, passing, port, record
from publish_fixtures import Held, config, patchset

from zpmaint.core.result import Result
from zpmaint.core.signer import Signer
from zpmaint.ledger.stages import BlobRecord, FileRecord, HunkRecord, MemberRecord, PortRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.mails import bundle, mails_of
from zpmaint.publish.offer import Offer
from zpmaint.publish.plan import pages_of
from zpmaint.publish.shipping import Shipped
from zpmaint.publish.site import Material, publish, site_files, site_of
from zpmaint.publish.statement import verdict_digest

OLD = "one\ntwo\nthree\nfour\n"


def diff(word: str, old: str = "three") -> str:
    return f"--- a/mm/toy.c\n+++ b/mm/toy.c\n@@ -1,4 +1,4 @@\n one\n two\n-{old}\n+{word}\n four\n"


def ported(word: str, at: float, result: Result = Result.PASS, **more: Any) -> Record:
    """A verification of 6.1.1 whose port writes `word`."""
    text = f"Subject: toy: {word}\n\nFrom: nobody in particular\n\n{diff(word)}"
    made = passing("6.1.1", [], port=port("6.1.1") | {"patch": text}, **more)
    return replace(made, key=f"{word}{at}", result=result, turn=at, finished=at, why=f"at {at:.0f}")


def site(*records: Record, **more: Any) -> dict[str, bytes]:
    return site_files(records, Material(config(), [patchset()], **{"generated": NOON} | more))


def sums(files: dict[str, bytes]) -> dict[str, str]:
    lines = files["SHA256SUMS"].decode().splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def patches(*records: Record) -> tuple[Shipped, ...]:
    (kernel,) = kernels_of(records)
    assert Offer.kept(json.loads(json.dumps(kernel.facts.offer_told))) == kernel.facts.offer
    return kernel.facts.offer.patches


def test_every_file_is_listed_with_its_digest_and_nothing_else_is() -> None:
    files = site(ported("a", 1.0), ported("b", 2.0), passing("6.12.107", modern_deltas(1, 1, 1, 1)))
    listed = sums(files)
    assert listed == {name: hashlib.sha256(files[name]).hexdigest() for name in listed}
    lasting = (".patch", ".tar.xz", ".intoto.json")
    assert set(listed) == {name for name in files if name.endswith(lasting)}
    for name, digest in listed.items():
        if name.startswith("patches/"):
            assert name == f"patches/sha256/{digest}.patch"
    assert sum(name.startswith("patches/") for name in listed) == 3


def test_a_patch_that_once_was_good_is_never_withdrawn() -> None:
    first = site(ported("a", 1.0))
    (address,) = (name for name in first if name.startswith("patches/"))
    for later in (
        [ported("b", 2.0)],
        [ported("a", 2.0, Result.FAIL)],
        [record("6.1.1", Result.CONFLICT, finished=3.0, turn=3.0, port=port("6.1.1", "conflict"))],
        [ported("b", 2.0), ported("c", 3.0), ported("a", 4.0)],
        [record("6.1.1", Result.INFRA, finished=3.0, turn=3.0)],
    ):
        then = site(ported("a", 1.0), *later)
        assert then[address] == first[address]
        assert f"{SET}/6.1.1-x86_64.patch" in then


HISTORIES = {
    "one that is good": (
        [("a", Result.PASS)],
        {"a": ("offered", [(1, None, "", "")])},
    ),
    "verified again": (
        [("a", Result.PASS), ("a", Result.NO_REGRESSION)],
        {"a": ("offered", [(1, None, "", "")])},
    ),
    "another port": (
        [("a", Result.PASS), ("b", Result.PASS)],
        {"b": ("offered", [(2, None, "", "")]),
         "a": ("superseded", [(1, 2, "b", "a later port is another, from anchor v6.12")])},
    ),
    "a later failure": (
        [("a", Result.PASS), ("a", Result.FAIL)],
        {"a": ("withheld", [(1, 2, "", "a later verdict is fail: at 2")])},
    ),
    "a later failure of another port": (
        [("a", Result.PASS), ("b", Result.BUILD)],
        {"a": ("withheld", [(1, 2, "", "a later verdict is build-failed: at 2")])},
    ),
    "good again": (
        [("a", Result.PASS), ("a", Result.FAIL), ("a", Result.PASS)],
        {"a": ("offered", [(1, 2, "", "a later verdict is fail: at 2"), (3, None, "", "")])},
    ),
    "failed, then replaced": (
        [("a", Result.PASS), ("a", Result.FAIL), ("b", Result.PASS)],
        {"b": ("offered", [(3, None, "", "")]),
         "a": ("superseded", [(1, 2, "b", "a later verdict is fail: at 2; then a port from anchor "
                               "v6.12 was good")])},
    ),
    "the host failed": (
        [("a", Result.PASS), ("b", Result.INFRA), ("b", Result.INDETERMINATE)],
        {"a": ("offered", [(1, None, "", "")])},
    ),
    "never good": ([("a", Result.FAIL), ("a", Result.NOT_COMPILED)], {}),
}  # fmt: skip


@pytest.mark.parametrize(("history", "wanted"), HISTORIES.values(), ids=HISTORIES)
def test_what_was_offered_when_and_what_ended_it(history: Any, wanted: Any) -> None:
    records = [ported(word, at, result) for at, (word, result) in enumerate(history, 1)]
    named = {hashlib.sha256(bundle(mails_of(r.port))).hexdigest(): word  # type: ignore[arg-type]
             for r, (word, _) in zip(records, history, strict=True)}  # fmt: skip
    made = patches(*records)
    assert {named[one.sha256]: (one.state, [(s.since, s.until, named.get(s.by, ""), s.why)
            for s in one.spans]) for one in made} == wanted  # fmt: skip
    assert [one.is_offered for one in made] == sorted((o.is_offered for o in made), reverse=True)


def test_nothing_is_offered_of_a_kernel_whose_newest_verdict_is_bad() -> None:
    for result in (Result.FAIL, Result.NOT_COMPILED, Result.BUILD, Result.CONFLICT):
        records = [ported("a", 1.0), ported("a", 2.0, result)]
        files = site(*records)
        kernels = json.loads(files["status.json"])["patchsets"][0]["kernels"]
        assert [k["patch"] for k in kernels if k["version"] == "6.1.1"] == [None]
        (row,) = (
            row
            for row in site_of(
                kernels_of(records), Material(config(), [patchset()], generated=NOON)
            )
            .sets[0].rows
            if row.version == "6.1.1"
        )  # fmt: skip
        assert not row.patch_file and f"{SET}/6.1.1-x86_64.patch" in files
    only = site(ported("a", 1.0, Result.FAIL))
    assert not [name for name in only if name.endswith(".patch")], "never good: nothing to take"


def test_a_host_that_failed_takes_no_patch_away() -> None:
    files = site(ported("a", 1.0), ported("b", 2.0, Result.INFRA))
    (kernel,) = (
        k
        for k in json.loads(files["status.json"])["patchsets"][0]["kernels"]
        if k["version"] == "6.1.1"
    )
    assert kernel["patch"] == f"{SET}/6.1.1-x86_64.patch"


def git(folder: Path, *words: str) -> str:
    env = {"HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin",
           "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org"}  # fmt: skip
    done = subprocess.run(
        ["git", *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "mm").mkdir(parents=True)
    (folder / "mm/toy.c").write_text(OLD)
    git(folder, "init", "-q", ".")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "-qm", "base")
    return folder


SERIES = [
    ("subdir/first.patch", "From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\nDate: Wed, 28 Mar 2007 "
     "12:00:00 +0200\nSubject: [PATCH 1/9] toy: first\n\nWords.\n\nSigned-off-by: J <j@example.org>"
     f"\n---\n mm/toy.c | 2 +-\n\n{diff('drei')}-- \n2.39\n\n"),
    ("second", f"no header at all\n\nbut words\n{diff('tres', 'drei')}"),
    ("-third\n.diff", diff("trois", "tres")),
]  # fmt: skip


def series(known: bool = True) -> PortRecord:
    members = [
        MemberRecord(name, "ported", 0.9, "why", len(text) if known else None)
        for name, text in SERIES
    ]
    dropped = MemberRecord("in upstream", "upstream", 1.0, "", 0 if known else None)
    hunks = (HunkRecord("@@ -1,4 +1,4 @@", "toy", "as is", 0.9, "it stands", 3),)
    return PortRecord(
        version="6.1.1", patchset=SET, state="ported", anchor="v6", confidence=0.9,
        patch="".join(text for _, text in SERIES),
        files=tuple(FileRecord("mm/toy.c", hunks, patch=name) for name, _ in SERIES),
        members=(members[0], dropped, *members[1:]),
    )  # fmt: skip


def test_a_series_is_a_mail_per_patch_in_order(tree: Path) -> None:
    mails = mails_of(series())
    names = [mail.name for mail in mails]
    assert names == ["0001-first.patch", "0002-second.patch", "0003-third-.diff.patch"]
    (tree.parent / "x.mbox").write_bytes(bundle(mails))
    git(tree, "am", "-q", str(tree.parent / "x.mbox"))
    told = git(tree, "log", "--reverse", "-3", "--format=%an <%ae> %ad %s", "--date=iso")
    placeholder = f"author unknown <unknown@{SET}.invalid>"
    lines = told.splitlines()
    assert lines[0] == "J\u00f6rg <j@example.org> 2007-03-28 12:00:00 +0200 toy: first"
    assert lines[1].startswith(placeholder) and lines[1].endswith(" no header at all")
    assert lines[2].startswith(placeholder) and lines[2].endswith(" -third .diff")
    assert (tree / "mm/toy.c").read_text() == OLD.replace("three", "trois")
    body = git(tree, "log", "-1", "--format=%B", "HEAD~2")
    assert body.startswith("toy: first\n\nWords.\n\nSigned-off-by: J <j@example.org>\nPatch-set: ")
    assert "\nTarget: 6.1.1\n" in body and "\nConfidence: 0.90, the least\n" in body
    assert body.count("\nHunk: ") == 1, "those of its own hunks alone"


def test_patch_takes_a_whole_series(tree: Path) -> None:
    for known in (True, False):
        (tree / "mm/toy.c").write_text(OLD)
        mails = mails_of(series(known))
        assert len(mails) == (3 if known else 1)
        (tree.parent / "x.mbox").write_bytes(bundle(mails))
        subprocess.run(
            ["patch", "-p1", "-F0", "--forward", "-i", str(tree.parent / "x.mbox")],
            cwd=tree, check=True, capture_output=True,
        )  # fmt: skip
        assert (tree / "mm/toy.c").read_text() == OLD.replace("three", "trois")


def test_the_archive_is_a_quilt_series(tree: Path) -> None:
    if not shutil.which("quilt"):
        pytest.skip("quilt is not installed: the archive was not pushed by it")
    made = replace(ported("a", 1.0), port=series())
    files = site(made)
    packed = files[f"{SET}/6.1.1-x86_64.tar.xz"]
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tree.parent, filter="data")
        assert {(m.uid, m.gid, m.mtime, m.uname) for m in archive} == {(0, 0, 0, "")}
    folder = tree.parent / f"{SET}-6.1.1-x86_64/patches"
    done = subprocess.run(
        ["quilt", "--quiltrc=-", "push", "-a", "--fuzz=0"], cwd=tree, capture_output=True,
        text=True, check=False, env={"QUILT_PATCHES": str(folder), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tree / "mm/toy.c").read_text() == OLD.replace("three", "trois")
    assert site(made)[f"{SET}/6.1.1-x86_64.tar.xz"] == packed


def test_what_port_writes_is_published_as_it_is() -> None:
    first = mails_of(replace(series(), members=()))
    text = first[0].data.decode()
    again = PortRecord(version="9.9", patchset="x", state="ported", anchor="v9", patch=text)
    assert bundle(mails_of(again)) == first[0].data


def test_the_statement_says_what_is_known_and_nothing_more() -> None:
    made = ported("a", 1.0)
    files = site(made)
    told = json.loads(files[f"{SET}/6.1.1-x86_64.intoto.json"])
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert told["predicateType"] == "https://slsa.dev/provenance/v1"
    for subject in told["subject"]:
        assert subject["digest"] == {"sha256": sums(files)[f"{SET}/{subject['name']}"]}
    definition = told["predicate"]["buildDefinition"]
    for one in definition["resolvedDependencies"]:
        assert one.get("digest") or one.get("uri"), "a descriptor names one of them"
    assert made.verdict is not None and made.port is not None
    (verdict,) = told["predicate"]["runDetails"]["byproducts"]
    assert verdict["digest"] == {"sha256": verdict_digest(made.verdict)}
    assert "version" not in told["predicate"]["runDetails"]["builder"], "it was not recorded"

    blob = BlobRecord("mm/toy.c", "a" * 40, "b" * 64)
    known = replace(made.port, anchor_sha256="c" * 64, blobs=(blob,), engine="zpmaint 1.0, code d")
    told = json.loads(site(replace(made, port=known))[f"{SET}/6.1.1-x86_64.intoto.json"])
    anchor, file, *_ = told["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert anchor["digest"] == {"sha256": "c" * 64}
    assert (file["name"], file["digest"]) == ("mm/toy.c", {"gitBlob": "a" * 40, "sha256": "b" * 64})
    assert told["predicate"]["runDetails"]["builder"]["version"] == {"zpmaint": "1.0", "code": "d"}


def test_the_list_is_signed_once_for_the_same_list() -> None:
    signed: list[bytes] = []

    def sign(data: bytes) -> bytes:
        signed.append(data)
        return b"signature"

    signer = Signer("minisign", "KEY", ".minisig", "signing-key.pub", b"public", sign)
    files = site(ported("a", 1.0), signer=signer)
    assert signed == [files["SHA256SUMS"]]
    assert (files["SHA256SUMS.minisig"], files["signing-key.pub"]) == (b"signature", b"public")
    assert "SHA256SUMS.minisig" not in site(ported("a", 1.0))


def lists(*records: Record) -> tuple[dict[str, Any], str]:
    files = site(*records)
    document = json.loads(files[f"{SET}/files/6.1.json"])
    return document, files[f"{SET}/files/6.1.html"].decode()


def test_the_list_of_a_series_says_what_was_offered_when() -> None:
    document, page = lists(ported("a", 1.0), ported("b", 2.0), ported("b", 3.0, Result.FAIL))
    (kernel,) = document["kernels"]
    assert (kernel["version"], kernel["state"], kernel["offered"]) == ("6.1.1", "fail", False)
    now, before = kernel["patches"]
    assert (now["state"], before["state"]) == ("withheld", "superseded")
    assert before["offered"] == [
        {"since": "1970-01-01T00:00:01Z", "until": "1970-01-01T00:00:02Z",
         "superseded_by": now["sha256"], "why": "a later port is another, from anchor v6.12"}
    ]  # fmt: skip
    assert now["offered"][0]["why"] == "a later verdict is fail: at 3"
    assert "Nothing is offered for it today: the newest verdict is not good (at 3)" in page
    for one in (now, before):
        assert f'href="../../{one["address"]}"' in page
    assert "\u2715 withheld" in page and "\u21b7 superseded" in page

    document, page = lists(ported("a", 1.0), ported("a", 2.0, Result.INFRA))
    assert document["kernels"][0]["offered"] is True and "Nothing is offered" not in page
    assert "\u2713 offered" in page and "until now" in page


def test_the_pages_say_whether_somebody_signed() -> None:
    record_, name = ported("a", 1.0), f"{SET}/files.html"
    assert "<strong>Not signed.</strong>" in site(record_)[name].decode()
    signer = Signer("gpg", "F" * 40, ".asc", "signing-key.asc", b"key", lambda data: b"s")
    for page in (name, f"{SET}/files/6.1.html"):
        signed = site(record_, signer=signer)[page].decode()
        assert "Not signed" not in signed and f"<code>{'F' * 40}</code>" in signed
        assert "SHA256SUMS.asc" in signed


def test_a_new_result_makes_only_its_own_lists_anew() -> None:
    def inputs(*records: Record) -> dict[str, Any]:
        made = site_of(kernels_of(records), Material(config(), [patchset()], generated=NOON))
        return {page.address: page.inputs for page in pages_of(made)}

    others = [passing(f"6.12.{n}", modern_deltas(1, 1, 1, 1)) for n in range(5)]
    one, two = inputs(ported("a", 1.0), *others), inputs(
        ported("a", 1.0), ported("a", 2.0), *others
    )  # fmt: skip
    other = {name for name in two if one.get(name) != two[name]}
    endings = (".patch", ".tar.xz", ".intoto.json")
    assert {name for name in other if name.endswith(endings) or "/files" in name} == {
        f"{SET}/6.1.1-x86_64.intoto.json", f"{SET}/files/6.1.html", f"{SET}/files/6.1.json",
    }  # fmt: skip


def test_what_the_ledger_knows_no_more_stays_in_the_list(tmp_path: Path) -> None:
    out = tmp_path / "site"
    for records in ([ported("a", 1.0)], [ported("b", 2.0)]):
        publish(Held(records), Material(config(), [patchset()], generated=NOON), out)
    listed = sums({"SHA256SUMS": (out / "SHA256SUMS").read_bytes()})
    lasting = [name for name in listed if name.startswith("patches/")]
    assert len(lasting) == 2
    for name in listed:
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == listed[name]


def test_hostile_names_stay_below_the_site() -> None:
    odd = replace(
        ported("a", 1.0), version="../../etc/passwd\n", arch="<b>", patchset="../x\u202e",
    )  # fmt: skip
    files = site(odd)
    for name in sums(files):
        assert ".." not in name.split("/") and "\n" not in name and not name.startswith("/")
    assert len(sums(files)) == 4
