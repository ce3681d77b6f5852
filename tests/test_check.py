# SPDX-License-Identifier: GPL-2.0-only
"""Downloaded files against what was published, signed by real gpg and minisign with new keys."""

from __future__ import annotations

import io
import json
import lzma
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ledger_fixtures import NOON, SET
from publish_fixtures import config, patchset
from test_publish_files import OLD, ported, series

from zpmaint.app.signing import signer_of
from zpmaint.app.vouching import trusted, vouched
from zpmaint.cli.main import status_of
from zpmaint.core.checked import State
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.minisign import number_of
from zpmaint.core.signer import Signer
from zpmaint.ledger.values import Record
from zpmaint.publish.archive import archive, unpacked
from zpmaint.publish.checks import statement_of, sums_of
from zpmaint.publish.mails import mails_of
from zpmaint.publish.site import Material, site_files

STEM = f"{SET}/6.1.1-x86_64"
NEEDS = {"gpg": ("gpg", "gpgv"), "minisign": ("minisign",)}


def insist(kind: str) -> None:
    if missing := [name for name in NEEDS[kind] if not shutil.which(name)]:
        pytest.skip(f"{', '.join(missing)} not installed: signatures of {kind} were not tried")


@dataclass(frozen=True)
class Keys:
    """A pair of the operator's."""

    words: str
    public: Path


@pytest.fixture(scope="session")
def gnupg() -> Iterator[Path]:
    """A short path: gpg-agent's socket is in it."""
    insist("gpg")
    home = Path(tempfile.mkdtemp(prefix="g", dir="/tmp"))
    home.chmod(0o700)
    yield home
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
    shutil.rmtree(home, ignore_errors=True)


def gpg(home: Path, *words: str) -> bytes:
    done = subprocess.run(
        ["gpg", "--homedir", home, "--batch", "--passphrase", "", "--pinentry-mode", "loopback",
         *words], capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="session")
def gpg_keys(gnupg: Path) -> dict[str, Keys]:
    made = {}
    for name, more in (
        ("operator", ()),
        ("other", ()),
        ("expired", ("--faked-system-time", "20200101T000000")),
    ):
        until = "1d" if name == "expired" else "never"
        who = f"{name} <{name}@example.org>"
        gpg(gnupg, *more, "--quick-generate-key", who, "ed25519", "sign", until)
        public = gnupg / f"{name}.asc"
        public.write_bytes(gpg(gnupg, "--armor", "--export", f"={who}"))
        made[name] = Keys(f"gpg:{name}@example.org", public)
    return made


@pytest.fixture(scope="session")
def minisign_keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Keys]:
    insist("minisign")
    folder = tmp_path_factory.mktemp("minisign")
    made = {}
    for name in ("operator", "other"):
        secret, public = folder / f"{name}.key", folder / f"{name}.pub"
        subprocess.run(
            ["minisign", "-G", "-W", "-s", secret, "-p", public], check=True, capture_output=True
        )
        made[name] = Keys(f"minisign:{secret}", public)
    return made


@pytest.fixture(params=["gpg", "minisign"])
def keys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Keys]:
    insist(request.param)
    if request.param == "gpg":
        monkeypatch.setenv("GNUPGHOME", str(request.getfixturevalue("gnupg")))
    found: dict[str, Keys] = request.getfixturevalue(f"{request.param}_keys")
    return found


def published(out: Path, signer: Signer | None, *records: Record) -> Path:
    material = Material(config(), [patchset()], generated=NOON, signer=signer)
    made = site_files(records or (ported("a", 1.0),), material)
    for name, data in made.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    return out


@pytest.fixture
def site(tmp_path: Path, keys: dict[str, Keys]) -> Path:
    return published(tmp_path / "site", signer_of(keys["operator"].words))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZPMAINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def told_by(*words: str | Path) -> tuple[int, str]:
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        return status_of(["check", *map(str, words)]), said.getvalue()


def check(*words: str | Path) -> tuple[int, Any]:
    """Exit status, and by file and check the state and the words."""
    status, said = told_by("--json", *words)
    if status not in (0, 1, 3):
        return status, said
    told = json.loads(said)
    return status, [{c["what"]: (c["state"], c["words"]) for c in one["checks"]}
                            for one in told]  # fmt: skip


FILES = (f"{STEM}.patch", f"{STEM}.tar.xz", f"{STEM}.intoto.json", "SHA256SUMS")


def test_what_was_published_and_signed_is_good(site: Path, keys: dict[str, Keys]) -> None:
    lasting = next((site / "patches/sha256").iterdir())
    files = [*(site / name for name in FILES), lasting]
    status, found = check("--key", keys["operator"].public, *files)
    assert status == 0, found
    for one in found:
        assert one["signature"][0] == "good" and {state for state, _ in one.values()} == {"good"}
    assert found[0]["statement"][1].startswith(f"{SET} for 6.1.1 x86_64, from anchor v6.12: pass")
    assert found[3]["files"][1] == "4 of 4 are here, all as listed"
    assert found[4]["name"] == ("good", "its name is its digest")


def test_a_file_is_checked_wherever_it_lies(
    site: Path, keys: dict[str, Keys], tmp_path: Path
) -> None:
    alone = tmp_path / "downloads/odd name\u202e\n.patch"
    alone.parent.mkdir()
    shutil.copy(site / f"{STEM}.patch", alone)
    key = ("--key", keys["operator"].public)
    assert check(alone, *key)[0] == 3, "nothing to hold it against"
    for against in (site, site / "SHA256SUMS", site / f"{STEM}.intoto.json"):
        status, found = check(alone, "--against", against, *key)
        assert status == 0, found
    status, shown = told_by(alone, "--against", site, *key)
    assert status == 0 and "\u202e" not in shown and "\u2713 good" in shown


def damaged(data: bytes) -> dict[str, bytes]:
    middle = len(data) // 2
    return {
        "a byte changed": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "truncated": data[:-1],
        "half of it": data[:middle],
        "empty": b"",
        "longer": data + b"\n",
    }


@pytest.mark.parametrize("name", FILES)
def test_what_was_changed_is_not_what_was_published(
    site: Path, keys: dict[str, Keys], name: str
) -> None:
    whole = (site / name).read_bytes()
    for how, data in damaged(whole).items():
        (site / name).write_bytes(data)
        status, found = check("--key", keys["operator"].public, site / name)
        # A list that is cut within a line is no list: a mistake to hand it in as one.
        assert status == 1 or (name == "SHA256SUMS" and status == 2), (how, found)


def test_a_list_that_was_changed_vouches_for_nothing(site: Path, keys: dict[str, Keys]) -> None:
    file = site / f"{STEM}.patch"
    old = (site / "SHA256SUMS").read_text()
    evil = file.read_bytes().replace(b"+a", b"+evil")
    digest = __import__("hashlib").sha256
    was = digest(file.read_bytes()).hexdigest()
    file.write_bytes(evil)
    (site / "SHA256SUMS").write_text(old.replace(was, digest(evil).hexdigest()))
    (site / f"{STEM}.intoto.json").unlink()
    status, (found,) = check("--key", keys["operator"].public, file)
    assert status == 1 and found["digest"][0] == "good" and found["signature"][0] == "bad"


@pytest.mark.parametrize("ending", [".asc", ".minisig"])
def test_a_damaged_signature_is_bad(site: Path, keys: dict[str, Keys], ending: str) -> None:
    signature = site / f"SHA256SUMS{ending}"
    if not signature.exists():
        return  # the other program's
    for how, data in damaged(signature.read_bytes()).items():
        signature.write_bytes(data)
        status, found = check("--key", keys["operator"].public, site / "SHA256SUMS")
        # A line end more or less is no part of what was signed, nor of the signature.
        assert status == (0 if how in ("longer", "truncated") else 1), (how, found)
    for data in (b"-----BEGIN PGP SIGNATURE-----\n\nx\n", b"untrusted comment: x\nRWQ\n", b"\0"):
        signature.write_bytes(data)
        assert check("--key", keys["operator"].public, site / "SHA256SUMS")[0] == 1


def test_another_key_no_key_and_pinned_keys(site: Path, keys: dict[str, Keys], home: Path) -> None:
    file = site / f"{STEM}.patch"
    status, (found,) = check("--key", keys["other"].public, file)
    assert status == 1 and "another key than other" in found["signature"][1]
    assert check("--key", keys["other"].public, "--key", keys["operator"].public, file)[0] == 0
    # A key that lies beside what it signed is no reason to believe it.
    assert list(site.glob("signing-key.*"))
    status, (found,) = check(file)
    assert status == 3 and "no " in found["signature"][1] and "trust" in found["signature"][1]
    (home / "state/keys").mkdir(parents=True)
    shutil.copy(keys["operator"].public, home / "state/keys/operator.pub")
    assert check(file)[0] == 0
    (home / "state/keys/operator.pub").unlink()
    shutil.copy(keys["other"].public, home / "state/keys/other.pub")
    assert check(file)[0] == 1


def test_a_signature_that_is_taken_away_is_missed(site: Path, keys: dict[str, Keys]) -> None:
    for one in (*site.glob("SHA256SUMS.*"),):
        one.unlink()
    status, (found,) = check("--key", keys["operator"].public, site / f"{STEM}.patch")
    assert status == 3 and "not signed" in found["signature"][1]


def test_an_expired_key(
    tmp_path: Path, gnupg: Path, gpg_keys: dict[str, Keys], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNUPGHOME", str(gnupg))
    with pytest.raises(UserError, match="has expired"):
        signer_of(gpg_keys["expired"].words)
    signature = tmp_path / "s"
    (tmp_path / "data").write_bytes(b"list")
    gpg(gnupg, "--faked-system-time", "20200101T120000", "--local-user", "expired@example.org",
        "--output", str(signature), "--detach-sign", str(tmp_path / "data"))  # fmt: skip
    key = trusted([gpg_keys["expired"].public])
    found = vouched(b"list", {"gpg": signature.read_bytes()}, key)
    assert found.state is State.UNKNOWN and "expired on 2020-01-02" in found.words and found.hint
    assert vouched(b"lisp", {"gpg": signature.read_bytes()}, key).state is State.BAD


def test_one_signature_of_several_may_be_by_a_key_nobody_has(
    gnupg: Path, gpg_keys: dict[str, Keys], minisign_keys: dict[str, Keys],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("GNUPGHOME", str(gnupg))
    both = {kind: signer_of(of["operator"].words).sign(b"list")
            for kind, of in (("gpg", gpg_keys), ("minisign", minisign_keys))}  # fmt: skip
    only = trusted([minisign_keys["operator"].public])
    assert vouched(b"list", both, only).state is State.GOOD
    assert vouched(b"changed", both, only).state is State.BAD


@pytest.mark.parametrize("program", ["gpgv", "minisign"])
def test_without_the_program_it_cannot_be_told(
    program: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    kind = "gpg" if program == "gpgv" else "minisign"
    insist(kind)
    made: dict[str, Keys] = request.getfixturevalue(f"{kind}_keys")
    monkeypatch.setenv("GNUPGHOME", str(made["operator"].public.parent))
    signature = signer_of(made["operator"].words).sign(b"x")
    key = trusted([made["operator"].public])
    monkeypatch.setenv("PATH", "/nonexistent")
    found = vouched(b"x", {kind: signature}, key)
    assert found.state is State.UNKNOWN and found.hint.startswith("apt-get install ")
    with pytest.raises(InfraError, match="not installed"):
        signer_of(made["operator"].words)


@pytest.mark.parametrize(
    "words", ["", "gpg", "gpg:", "gpg:--version", "pgp:x", "minisign:/nonexistent", "gpg:nobody@x"]
)
def test_a_key_that_is_none_is_told_before_anything_is_written(
    words: str, gnupg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    insist("minisign")
    monkeypatch.setenv("GNUPGHOME", str(gnupg))
    with pytest.raises(UserError) as told:
        signer_of(words)
    assert told.value.hint


def test_a_name_of_two_keys_is_no_key(
    gnupg: Path, gpg_keys: dict[str, Keys], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNUPGHOME", str(gnupg))
    with pytest.raises(UserError, match=r"secret keys 'example\.org'"):
        signer_of("gpg:example.org")


def test_a_key_with_a_password_nobody_can_type(tmp_path: Path) -> None:
    insist("minisign")
    secret = tmp_path / "locked.key"
    subprocess.run(
        ["minisign", "-G", "-s", secret, "-p", tmp_path / "locked.pub"],
        input=b"secret\nsecret\n", check=True, capture_output=True,
    )  # fmt: skip
    with pytest.raises(InfraError) as told:
        signer_of(f"minisign:{secret}")
    assert "password" in told.value.hint


def test_mistakes_are_the_users(tmp_path: Path) -> None:
    site = published(tmp_path / "site", None)
    file = site / f"{STEM}.patch"
    (tmp_path / "list").write_text("no list\n")
    (tmp_path / "twice").write_text(f"{'a' * 64}  x\n{'b' * 64}  x\n")
    for words in (
        [tmp_path / "missing.patch"],
        [tmp_path],
        [file, "--against", tmp_path / "missing"],
        [file, "--against", tmp_path / "list"],
        [file, "--against", tmp_path / "twice"],
        [file, "--against", tmp_path],
        [file, "--key", tmp_path / "missing"],
        [file, "--key", tmp_path / "list"],
        [file, "--tree", tmp_path / "missing"],
        [file, "--tree", tmp_path, "--version", "6.1.1"],
    ):
        status, said = check(*words)
        assert status == 2 and "Traceback" not in said, said


def test_what_is_not_signed_is_not_good(tmp_path: Path) -> None:
    site = published(tmp_path / "site", None)
    status, (found,) = check(site / f"{STEM}.patch")
    assert status == 3 and found["digest"][0] == "good" and found["signature"][0] == "unknown"
    assert check(site / "SHA256SUMS")[0] == 3


def test_a_list_that_leads_elsewhere_reads_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    below = tmp_path / "a"
    below.mkdir()
    (below / "SHA256SUMS").write_text(f"{'0' * 64}  ../secret\n{'0' * 64}  {tmp_path}/secret\n")
    status, (found,) = check(below / "SHA256SUMS")
    assert status == 3 and found["files"][1].startswith("0 of 2 are here")


def test_whether_it_applies(tmp_path: Path) -> None:
    records = [ported("a", 1.0), ported("a", 1.0)]
    site = published(tmp_path / "site", None, records[0])
    tree = tmp_path / "linux"
    (tree / "mm").mkdir(parents=True)
    for text, wanted in (
        (OLD, "good"),
        ("zero\n" + OLD, "good"),  # at an offset
        (OLD.replace("two", "zwei"), "bad"),  # only with fuzz
        (OLD.replace("three", "a"), "bad"),  # it is in already
        (None, "bad"),
    ):
        (tree / "mm/toy.c").unlink(missing_ok=True)
        if text is not None:
            (tree / "mm/toy.c").write_text(text)
        for name in (f"{STEM}.patch", f"{STEM}.tar.xz"):
            status, (found,) = check(site / name, "--tree", tree)
            assert found["applies"][0] == wanted, found
            assert status == (3 if wanted == "good" else 1)
        if text is not None:
            assert (tree / "mm/toy.c").read_text() == text, "it was only tried"
    (tree / "mm/toy.c").unlink(missing_ok=True)
    (tree / "mm/toy.c").symlink_to(tmp_path / "elsewhere")
    assert check(site / f"{STEM}.patch", "--tree", tree)[1][0]["applies"][0] == "bad"


def test_a_series_is_tried_patch_by_patch(tmp_path: Path) -> None:
    from dataclasses import replace  # noqa: PLC0415

    site = published(tmp_path / "site", None, replace(ported("a", 1.0), port=series()))
    (tmp_path / "linux/mm").mkdir(parents=True)
    (tmp_path / "linux/mm/toy.c").write_text(OLD)
    for ending in (".patch", ".tar.xz"):
        _, (found,) = check(site / f"{STEM}{ending}", "--tree", tmp_path / "linux")
        assert found["applies"][0] == "good", found


def test_archives_that_are_none() -> None:
    mails = mails_of(series())
    whole = archive("x", mails)
    assert unpacked(whole) == [mail.data for mail in mails]
    bomb = lzma.compress(bytes(100 << 20), preset=0)
    for data in (
        b"",
        whole[:-9],
        whole[9:],
        lzma.compress(b"x"),
        bomb,
        lzma.compress(b"\0" * 4096),
    ):
        with pytest.raises(ValueError, match=r"^it (?:is|has) "):
            unpacked(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"\xff", b'{"_type": 1}', b"[" * 5000,
     b'{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1",'
     b'"subject":[{"name":"x"}],"predicate":{}}'],
)  # fmt: skip
def test_statements_that_are_none(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it "):
        statement_of(data)


def test_lists_and_keys_that_are_none() -> None:
    assert sums_of(f"{'a' * 64}  x y\n{'b' * 64} *z\n".encode(), "L") == {
        "x y": "a" * 64, "z": "b" * 64,
    }  # fmt: skip
    for data in (b"x", b"\xff\n", f"{'A' * 64}  x".encode(), f"{'a' * 63}  x".encode()):
        with pytest.raises(UserError, match="L: line 1"):
            sums_of(data, "L")
    for data in (b"", b"untrusted comment: x\n", b"untrusted comment: x\n!!\n", b"a\nb\n"):
        assert number_of(data) is None


def test_the_documented_way_by_hand(site: Path, keys: dict[str, Keys], tmp_path: Path) -> None:
    """As docs/files.md has it: sha256sum, and gpg or minisign, alone."""
    done = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=site, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0 and done.stdout.count(": OK") == 4
    if (site / "SHA256SUMS.asc").exists():
        own = Path(tempfile.mkdtemp(prefix="g", dir="/tmp"))
        gpg(own, "--import", str(keys["operator"].public))
        gpg(own, "--verify", str(site / "SHA256SUMS.asc"), str(site / "SHA256SUMS"))
        subprocess.run(["gpgconf", "--homedir", own, "--kill", "all"], check=False)
        shutil.rmtree(own, ignore_errors=True)
    else:
        subprocess.run(["minisign", "-V", "-q", "-p", keys["operator"].public, "-m", "SHA256SUMS"],
                       cwd=site, check=True)  # fmt: skip
    assert os.fspath(site)
