"""The passages that a model was shown: a step for each, with its words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from events.numbers import whole_number
from events.phrases import Phrase
from events.recorded import Recorded
from events.tool_calls import ToolReturned
from projections.story.step import Step

_PLACE = re.compile(r"\[(\d+)\] ")
_MARK = ">"


def steps_of(returned: Recorded, result: ToolReturned) -> Iterator[Step]:
    """A step for each passage of a look-up's result."""
    words = _words(result.output)
    for place, one in enumerate(result.passages, 1):
        what = Phrase(
            "the model was shown %(document)s, version %(version)s, piece %(number)s",
            document=one.document,
            version=str(one.seq),
            number=str(one.chunk),
        )
        yield Step(at=returned.at, kind="tool", what=what, detail=words.get(place), seq=returned.seq)


def _words(output: str) -> dict[int, str]:
    """The marked lines below each passage's place; none in the results of older versions, which mark no line."""
    found: dict[int, list[str]] = {}
    place = 0
    for line in output.splitlines():
        if line.startswith(_MARK):
            found.setdefault(place, []).append(line.removeprefix(_MARK).strip())
        elif (match := _PLACE.match(line)) and (number := whole_number(match[1])) is not None:
            place = number
    return {place: "\n".join(lines) for place, lines in found.items()}
