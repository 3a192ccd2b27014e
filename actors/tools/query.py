"""The query of a look-up in what a model wrote: a text, or what small models write in its place.

They send a list of phrasings, a number, or another name than `query`, which a server that is not strict lets pass. Such
arguments mean one thing alone, and are taken. All others are refused with words that say what to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors.tools.arguments import Unfit
from chat.context import readable
from chat.first_look import LONGEST_QUERY

_WANTED = 'Write {"query": "…"}, a text with one to three phrasings, one a line.'


def query_in(given: Mapping[str, Any]) -> str:
    """The query, a line for each phrasing; perhaps empty. Raises Unfit."""
    if "query" in given and len(given) > 1:
        others = ", ".join(sorted(f"`{name[:60]}`" for name in given if name != "query"))
        raise Unfit(f"The arguments do not fit: there is no {others[:LONGEST_QUERY]}. {_WANTED}")
    if len(given) != 1:
        raise Unfit(f"The arguments do not fit: `query` is missing. {_WANTED}")
    [(name, value)] = given.items()
    query = _text(name, value).strip()
    if len(query) > LONGEST_QUERY:
        raise Unfit(f"The arguments do not fit: `query` has more than {LONGEST_QUERY:,} characters. {_WANTED}")
    return query


def _text(name: str, value: object) -> str:
    if isinstance(value, list) and value:
        return "\n".join(" ".join(_line(name, one).split()) for one in value)
    return _line(name, value)


def _line(name: str, value: object) -> str:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    wrong = "is no text" if name == "query" else "is no text, and `query` is missing"
    raise Unfit(f"The arguments do not fit: `{readable(name)[:60]}` {wrong}. {_WANTED}")
