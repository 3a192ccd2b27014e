"""The parts of a reply as a terminal prints them."""

from __future__ import annotations

from chat.parts import numbered, plain
from events.parts import FILES, Part

HINT = "(type a number or a title)"


def printed(part: Part) -> str:
    """The words of one part; never blank."""
    match part.kind:
        case "choices":
            return f"{numbered(part)}\n{HINT}"
        case "link" if part.title:
            return f"{part.text}\n[{part.title}] {part.url}"
        case "template":
            return (
                f"template {part.name} ({part.language})\n{plain(part).removeprefix(f'[{part.name}]').strip()}".rstrip()
            )
        case kind if kind in FILES and part.url is None:
            return f"{plain(part)} ({part.mime or 'a file'})"
        case _:
            return plain(part)
