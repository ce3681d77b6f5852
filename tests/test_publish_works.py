# SPDX-License-Identifier: GPL-2.0-only
"""The page that says whether a patch works on one's kernel: its script, and without it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_fixtures import record, samples
from publish_fixtures import config
from site_checks import without_own_scripts

from zpmaint.core.kernel_names import read_name
from zpmaint.core.result import Result
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.known import found_for, known_of, newest_first
from zpmaint.publish.plan import pages_of
from zpmaint.publish.rows import rows_of
from zpmaint.publish.site import Material, site_files, site_of

HERE = Path(__file__).parent
SET = "no-anon-zero-page"
ANSWERS = [
    row["answer"]
    for row in tomllib.loads((HERE / "kernel_answers.toml").read_text("utf-8"))["answer"]
]
ODD = [
    "",
    " \u00a0\u3000\n",
    "x" * 4001,
    "\U0001f427" * 3000,
    "6.1.0-49-amd64 5.10.0-8-amd64",
    "6.12.7-\u202eevil",
    "6.12.107\x00-amd64",
    "Linux host 6.6.13-amd64 #1 SMP Debian 5.10.28-1 (2021-04-09) x86_64",
    "next-20261120",
    "6.15.0-rc1-next-20250409-00012-gabcdef012345",
    "6.11.0-0.rc0.20240716gitd67978318827.2.fc41.x86_64",
    "6.12~rc6-1~exp1",
    "#1 SMP Debian 6.12~rc6-1~exp1 (2024-11-10)",
    "Linux version 6.1.0-rpi7-rpi-v8 (x) #1 SMP PREEMPT Debian 1:6.1.63-1+rpt1 (2023-11-24)",
    "user@host:~$ uname -r\n6.12.107+deb13-amd64",
    "`6.12.107+deb13-amd64`",
    "/boot/vmlinuz-6.12.107+deb13-amd64",
    "kernel-default-6.4.0-150600.23.7.1.x86_64",
    "4.25.3",
    "2.6",
    "2.4.20-8",
    "2.6.32.12-0.7-default",
    "99999.1.2",
    "toString",
    "__proto__",
    "6.12.1-constructor",
]


@pytest.fixture(scope="module")
def records() -> list[Any]:
    return [
        *samples(),
        *(record(f"6.11.{n}", Result.PASS if n % 3 else Result.FAIL) for n in range(1, 12)),
        record("6.11.5-1"),
        record("6.11.7", arch="i386"),
        record("5.14"),
    ]


@pytest.fixture(scope="module")
def files(records: list[Any]) -> dict[str, bytes]:
    return site_files(records, Material(config("6.12.*"), [], generated=1.0))


@pytest.fixture(scope="module")
def site(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("site")
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    yield folder


def asked(site: Path, questions: list[dict[str, str]]) -> list[Any]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the page's script was not run")
    done = subprocess.run(
        [node, HERE / "works_node.js", site],
        input=json.dumps(questions), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: list[Any] = json.loads(done.stdout)
    return told


def test_script_reads_every_answer_to_the_letter_as_python_does(site: Path) -> None:
    texts = ANSWERS + ODD
    told = asked(site, [{"text": text} for text in texts])
    for text, one in zip(texts, told, strict=True):
        name = read_name(text)
        assert one == {
            "exactness": str(name.exactness),
            "tree": str(name.tree),
            "distribution": name.distribution,
            "arch": name.arch,
            "how": name.how,
            "better": name.better,
            "name": name.name,
            "package": str(name.package or ""),
            "series": name.series,
            "baseText": name.base_text,
            "warning": name.warning,
        }, text


def test_script_finds_what_python_finds(site: Path, records: list[Any]) -> None:
    texts = [
        "6.11.4", "6.11.3-arch1-1", "6.11.0-21-generic", "6.11.99-1-lts", "6.11.0", "6.11-rc3",
        "#1 SMP Debian 6.11.5-1 (2024-10-27)", "6.11.5+bpo-amd64", "6.11.7-686",
        "Linux host 6.11.7 #1 SMP Fri i686 GNU/Linux", "5.14.0-427.13.1.el9_4.x86_64", "6.12.107",
        "Linux host 6.11.7 #1 SMP Fri aarch64 GNU/Linux", "6.9.1", "23.5.0", "2.6.21", "6.12.90",
    ]  # fmt: skip
    rows = rows_of(config("6.12.*"), kernels_of(records), SET)
    known = newest_first(known_of(rows))
    told = asked(site, [{"text": text, "folder": SET} for text in texts])
    hows = set()
    for text, one in zip(texts, told, strict=True):
        found = found_for(read_name(text), known)
        hows.add(found.how)
        assert one == {
            "how": str(found.how),
            "words": found.words,
            "holds": found.holds,
            "kernels": [f"{k.version} {k.arch} {k.look}" for k in found.kernels],
        }, text
    assert len(hows) == 4  # every kind of finding was among them


def test_page_without_scripts_lists_what_the_field_would_tell(
    files: dict[str, bytes], records: list[Any]
) -> None:
    page = files["works.html"].decode()
    assert re.search(r"<div data-works [^>]*hidden>", page)  # the script shows it
    assert "<noscript>" in page
    listed = list(re.findall(r'<th scope="row" class="kernel">([^<]*)</th>', page))
    parsed = [tuple(map(int, name.split("."))) for name in listed if name[0].isdigit()]
    assert parsed == sorted(parsed, reverse=True)
    assert "6.11" in listed
    for known in known_of(rows_of(config("6.12.*"), kernels_of(records), SET)):
        assert str(known.version.series) in listed
    assert "Debian" in page
    assert "cat /proc/version_signature" in page


def test_scripts_are_the_sites_own_and_nothing_is_inline(files: dict[str, bytes]) -> None:
    page = files["works.html"].decode()
    assert "script-src 'self'" in page
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert [re.findall(r'src="([^"]*)"', attributes)[0] for attributes, _ in scripts] == [
        "works/works.js",
        "works/names.js",
        "works/sets.js",
    ]
    assert all(not body.strip() for _, body in scripts)
    assert not re.search(r"\son[a-z]+=|style=", page)
    for name, data in files.items():
        if name.endswith(".html"):
            assert b"<script" not in without_own_scripts(data), name


def test_hostile_names_stay_text_in_the_scripts() -> None:
    bad = "</script><script>alert(1)</script>\u2028'\"\\"
    hostile = [record("6.12.1", Result.FAIL, why=bad), record("6.12.2", patchset=bad)]
    files = site_files(hostile, Material(config("6.12.*"), [], generated=1.0))
    for name, data in files.items():
        if name.endswith(".js") and "works/" in name and name != "works/works.js":
            data.decode("ascii")
            call = data.decode().split("(", 1)[1].rsplit(");", 1)[0]
            json.loads(f"[{call}]")  # values, and no code
    assert "alert(1)</script>" not in files["works.html"].decode()


def test_a_new_record_makes_one_series_script_anew(records: list[Any]) -> None:
    def inputs(more: list[Any]) -> dict[str, Any]:
        made = site_of(kernels_of([*records, *more]), Material(config("6.12.*"), [], generated=1.0))
        return {
            page.address: page.inputs
            for page in pages_of(made)
            if page.address.endswith(".js") or page.address == "works.html"
        }

    before, after = inputs([]), inputs([record("6.11.30")])
    changed = {name for name, told in after.items() if before.get(name) != told}
    assert {name for name in changed if "works" in name} == {"works.html", f"{SET}/works/6.11.js"}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("6.11.3-arch1-1", ["It does not hold", "\N{MULTIPLICATION X} fail"]),
        ("6.11.0-21-generic", ["Not known", "of the series 6.11", "cat /proc/version_signature"]),
    ],
)
def test_the_field_answers_in_a_browser_from_a_folder(
    site: Path, answer: str, says: list[str], tmp_path: Path
) -> None:
    """Slow for a browser's start; nothing else shows that the policy lets the scripts in."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed: the field was not tried in a browser")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
         "--virtual-time-budget=4000", "--dump-dom",
         f"file://{site}/works.html#uname={answer}"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    answered = done.stdout.split("<output", 1)[1].split("</output>", 1)[0]
    for words in says:
        assert words in answered, done.stderr[-2000:]
