"""Links and paths in the README and the docs lead to files of the repository, and anchors to a heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(((?!\w+:)[^)\s]+)\)")
MODULE = re.compile(r"`(\w+(?:/\w+)*/\w+\.py)`")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
MARKUP = re.compile(r"[*`]|\]\([^)]*\)")


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = (MARKUP.sub("", heading).replace("[", "").lower() for heading in HEADING.findall(page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    """The links of `page` that lead nowhere."""
    found = []
    for link in LINK.findall(CODE.sub("", page.read_text())):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """A missing file, a missing heading; not a web address, nor a link in code."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A `page`, and more\n[a](#a-page-and-more) [b](gone.md) [c](page.md#gone) [d](#gone) [e](https://x.org/#y)\n"
        "`[f](gone.md)`\n"
    )
    assert broken(page) == ["gone.md", "page.md#gone", "#gone"]


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_module_that_is_named_is_there(page: Path) -> None:
    """A module that has moved is named by its new path."""
    assert [name for name in MODULE.findall(page.read_text()) if not (ROOT / name).exists()] == []


def test_the_words_of_the_glossary_are_sorted() -> None:
    """Within each section, so that a reader finds one by looking."""
    for section in (ROOT / "docs" / "glossary.md").read_text().split("\n## "):
        words = [word.lower() for word in re.findall(r"^\*\*(.+?)\*\*", section, re.MULTILINE)]
        assert words == sorted(words)


def test_every_page_is_reached_from_the_readme() -> None:
    """A page that no link leads to is not read."""
    seen: set[Path] = set()
    left = [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in seen:
            continue
        seen.add(page)
        names = (link.partition("#")[0] for link in LINK.findall(CODE.sub("", page.read_text())))
        left += [target for name in names if name and (target := (page.parent / name).resolve()).suffix == ".md"]
    assert [page for page in PAGES if page not in seen] == []
