# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import pytest
from ledger_fixtures import NOON
from publish_fixtures import config, patchset
from site_checks import broken_links, checked
from site_fixtures import every_site

from zpmaint.publish import docs, shelf
from zpmaint.publish.docs import address_of
from zpmaint.publish.markup import html_of, slug, title_of
from zpmaint.publish.navigation import navigation
from zpmaint.publish.shelf import documents, folder_of
from zpmaint.publish.site import Material, site_of

_NAMES = frozenset({"glossary", "trust"})
_PICTURES = frozenset({"reliability.svg"})


def resolve(link: str) -> str | None:
    return address_of(link, _NAMES, _PICTURES)


@cache
def site(base_url: str = "") -> dict[str, bytes]:
    made = site_of([], Material(config(), [patchset()], generated=NOON, base_url=base_url))
    return {page.address: page.make() for page in docs.pages(made)}


def test_every_row_of_docs_toml_is_a_page_with_a_reason() -> None:
    rows = tomllib.loads((Path(docs.__file__).parent / "docs.toml").read_text("utf-8"))
    files = [row["file"] for part in rows["part"] for row in part["doc"]]
    assert len(files) == len(set(files))
    assert all(row["why"] and row["about"] for part in rows["part"] for row in part["doc"])
    assert set(site()) >= {f"docs/{name.removesuffix('.md')}.html" for name in files}
    for one in documents():
        assert one.title, f"{one.name} has no first heading"


def test_documents_are_whole_pages_whose_links_lead_somewhere() -> None:
    pages = checked(site())
    assert broken_links(pages, every_site()) == []
    for name, page in pages.items():
        assert page.tags >= {"h1", "main", "nav"}, name
        assert not page.tags & {"script", "style"}, name


def test_what_the_words_of_the_pages_mean_is_on_the_site() -> None:
    words = site()["docs/glossary.html"].decode()
    for term in ("stock", "flip", "episode", "flaky", "newest good", "lag", "no result"):
        assert term in words
    verdicts = site()["docs/verdicts.html"].decode()
    for word in ("pass", "no regression", "not compiled", "fail", "conflict", "infrastructure"):
        assert f"<code>{word}</code>" in verdicts


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("trust.md", "trust.html"),
        ("docs/trust.md", "trust.html"),
        ("trust.md#keys", "trust.html#keys"),
        ("#keys", "#keys"),
        ("https://example.org/a", "https://example.org/a"),
        ("reliability.svg", "reliability.svg"),
        ("ledger.md", None),
        ("../zpmaint/port/placed.py", None),
        ("../../trust.md", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
    ],
)
def test_a_link_leads_to_the_site_or_nowhere(link: str, leads_to: str | None) -> None:
    assert resolve(link) == leads_to


def test_text_is_never_markup() -> None:
    made = html_of("# A\n\n<script>x</script> `<b>` [x](javascript:y) ![<i>](nowhere.png)", resolve)
    assert "<script" not in made.html
    assert "<b>" not in made.html
    assert "<i>" not in made.html
    assert "javascript" not in made.html.replace("[x](javascript:y)", "")


def test_headings_have_anchors_of_their_own_and_are_listed() -> None:
    made = html_of("# T\n\n## A `b` c\n\n## A `b` c\n\n### Deeper\n\n## Ä, ö?", resolve)
    assert [h.anchor for h in made.headings] == ["a-b-c", "a-b-c-1", "ä-ö"]
    assert 'href="#deeper"' in made.html


def test_tables_and_listings_are_reached_by_the_keyboard() -> None:
    made = html_of("| a | b |\n|---|---|\n| 1 | 2 |\n\n    code <x>\n\n```c\nint *x;\n```", resolve)
    assert made.html.count('tabindex="0"') == 3
    assert "code &lt;x&gt;" in made.html
    assert "int *x;" in made.html


def test_figures_of_a_table_stand_to_the_right_without_a_style_of_their_own() -> None:
    made = html_of("| a | b | c |\n|---|---:|:---|\n| 1 | 2 | 3 |", lambda link: link).html
    assert '<th class="num">b</th>' in made and '<td class="num">2</td>' in made
    assert "<td>3</td>" in made and "style" not in made


def test_the_empty_corner_of_a_table_is_no_heading() -> None:
    made = html_of("| | b |\n|---|---|\n| 1 | 2 |", resolve)
    assert made.html.count("<th>") == 1
    assert "<td></td>" in made.html


def test_titles_and_anchors() -> None:
    assert title_of("\n# A `b` *c*\n## d") == "A b c"
    assert title_of("nothing") == ""
    assert slug("What `x` says, and why?") == "what-x-says-and-why"


def test_a_page_says_where_it_stands_for_all() -> None:
    link = '<link rel="canonical" href="https://example.org/k/docs/glossary.html">'
    assert link in site("https://example.org/k")["docs/glossary.html"].decode()
    assert "canonical" not in site()["docs/glossary.html"].decode()


def test_without_the_documents_there_are_no_pages_and_no_links_to_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shelf, "folder_of", lambda: None)
    documents.cache_clear()
    try:
        made = site_of([], Material(config(), [patchset()], generated=NOON))
        assert list(docs.pages(made)) == []
        assert navigation()[0] == ("index.html", "Kernels")
        assert not any(address.startswith("docs/") for address, _ in navigation())
    finally:
        documents.cache_clear()


def test_the_documents_are_found_in_the_checkout() -> None:
    folder = folder_of()
    assert folder is not None
    assert (folder / "figures.md").is_file()
