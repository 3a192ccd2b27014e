"""The fenced blocks of the README and the pages in docs/, and their commands."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = sorted(["README.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))])

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"\bexit status (\d+)\b")
_COMMENT = re.compile(r"(?:^|\s+)#\s.*$")
_RUNS = re.compile(r"(?:\w+=\S* )*(?:recado up|make run)")


class Block(NamedTuple):
    """A fenced block: its language, and its text without the indentation of a list."""

    language: str
    text: str


class Command(NamedTuple):
    """A line of a `console` block.

    - `typed`: the line without its comment.
    - `status`: the exit status that the comment states; 0 without a statement.
    - `follows`: the comment says that it goes on until Ctrl-C.
    """

    typed: str
    status: int = 0
    follows: bool = False

    @property
    def runs(self) -> bool:
        """Whether it is a recado that runs until it is stopped, in a terminal of its own."""
        return _RUNS.fullmatch(self.typed) is not None


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text()
    return [Block(language, textwrap.dedent(inner)) for _, language, inner in _BLOCK.findall(text)]


def commands_of(block: Block) -> list[Command]:
    """The commands of a `console` block; a line that ends with a backslash goes on in the next."""
    lines = block.text.replace("\\\n", " ").splitlines()
    found = []
    for line in lines:
        typed, stated = _COMMENT.sub("", line).strip(), _STATUS.search(line)
        if typed:
            status = int(stated[1]) if stated else 0
            found.append(Command(typed, status, "until Ctrl-C" in line and not status))
    return found


def commands(page: str) -> list[Command]:
    return [command for block in blocks(page) if block.language == "console" for command in commands_of(block)]
