"""docs/decisions/README.md lists each decision once, under its number and title."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
ROW = re.compile(r"^\| (\d+) \| \[(.+?)\]\((\S+\.md)\) \| (.+) \|$", re.MULTILINE)


def test_the_list_agrees_with_the_folder() -> None:
    """Number, title and file; no row is left out, none is there twice."""
    listed = [(int(number), title, file) for number, title, file, _ in ROW.findall((FOLDER / "README.md").read_text())]
    found = []
    for page in FOLDER.glob("[0-9]*.md"):
        head = re.match(r"# (\d+)\. (.+)\n", page.read_text())
        assert head, f"{page.name} begins with '# <number>. <title>'"
        assert int(head[1]) == int(page.name[:4]), f"{page.name} names its own number"
        found.append((int(head[1]), head[2], page.name))
    assert sorted(listed) == sorted(found)


def test_every_row_is_of_that_form() -> None:
    """A row that the first test cannot read would not count."""
    rows = [line for line in (FOLDER / "README.md").read_text().splitlines() if line.startswith("| ")]
    assert [row for row in rows if not ROW.match(row) and row != "| | decision | status |"] == []
