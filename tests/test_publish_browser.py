# SPDX-License-Identifier: GPL-2.0-only
"""What a browser, axe-core and the checker of HTML say of every kind of page.

They are no dependencies. ZPMAINT_WEB_TOOLS names a folder node_modules with puppeteer-core,
axe-core and vnu-jar; chromium, node and java are looked for in PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ledger_fixtures import SET
from site_fixtures import every_site

_BROWSE = Path(__file__).parent.parent / "ci/pages/browse.cjs"
_PAGES = (
    "index.html",
    f"{SET}/index.html",
    f"{SET}/lines/6.6-x86_64.html",
    f"{SET}/6.6.17-x86_64.html",
    f"{SET}/6.12.107-x86_64.html",
    f"{SET}/costs.html",
    f"{SET}/numbers-of-2007.html",
    "works.html",
    "compare.html",
    "docs/verdicts.html",
)


def tools(*programs: str, modules: tuple[str, ...]) -> Path:
    """The folder of the modules; skips where something of them is not there, saying what."""
    named = os.environ.get("ZPMAINT_WEB_TOOLS", "")
    if not named:
        pytest.skip("ZPMAINT_WEB_TOOLS names no node_modules: no page was looked at in a browser")
    missing = [name for name in programs if shutil.which(name) is None]
    missing += [name for name in modules if not Path(named, name).exists()]
    if missing:
        pytest.skip(f"no {', '.join(missing)}: no page was looked at with it")
    return Path(named)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    for name, data in every_site().items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return out


def browse(site: Path, shapes: str, *pages: str) -> list[dict[str, Any]]:
    modules = tools("node", "chromium", modules=("puppeteer-core", "axe-core"))
    chromium = shutil.which("chromium") or ""
    there = [str(site / name) for name in pages]
    assert not [name for name in there if not Path(name).is_file()]
    ran = subprocess.run(
        ["node", _BROWSE, modules, chromium, "--shapes", shapes, *there],
        check=True,
        capture_output=True,
        text=True,
        timeout=280,
    )
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(found) == len(there) * (shapes.count(",") + 1)
    return found


def test_axe_finds_nothing_nothing_is_refused_and_the_keyboard_reaches_all(site: Path) -> None:
    # Half a minute and more: a browser's start, and ten pages in light, dark and at 320 pixels.
    for page in browse(site, "wide,dark,narrow", *_PAGES):
        name = f"{page['file']} ({page['shape']})"
        assert page["axe"] == [], name
        assert page["errors"] == [], name  # of the policy, too
        assert not page["scrolls"] and page["wide"] == [], name
        if keyboard := page.get("keyboard"):
            assert keyboard["unmarked"] == [], name
            assert keyboard["met"] == keyboard["wanted"] or keyboard["cut"], name


def test_on_paper_no_column_is_cut(site: Path) -> None:
    for page in browse(site, "print,noscript", *_PAGES[:5]):
        assert page["wide"] == [] and not page["scrolls"], page["file"]


def test_every_page_is_valid_html(site: Path) -> None:
    modules = tools("java", modules=("vnu-jar",))
    [jar] = Path(modules, "vnu-jar").rglob("vnu.jar")
    pages = [str(path) for path in sorted(site.rglob("*.html"))]
    assert len(pages) > 50
    assert complaints(jar, *pages) == []
    broken = site / "broken.html"
    broken.write_text("<!doctype html><html lang=en><title>x</title><table><tr><td colspan=0>")
    assert complaints(jar, str(broken)), "the checker sees nothing"


def complaints(jar: Path, *pages: str) -> list[Any]:
    command = ["java", "-jar", str(jar), "--errors-only", "--format", "json", *pages]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=280)
    found: list[Any] = json.loads(ran.stderr)["messages"]
    return found
