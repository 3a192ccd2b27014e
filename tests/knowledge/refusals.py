"""What a model is given after its look-up, for questions that no document answers and as many that one does:
`python -m tests.knowledge.refusals FILE`.

Writes numbered items without marks, in an order that tells nothing, for readers to answer. Each is the conversation
that recado sends in mode `chat`: its instructions, the tool, the person's message, the call in the phrasings of
queries.csv, and the result with the three passages that both searches find in the documents of all businesses.
answers.csv has what was answered, and how it was judged.
"""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Literal

import msgspec

from actors.tools.look_up import LookUp
from actors.tools.passages import Found
from backends.chat_request import request_body
from backends.protocol import DoneCall, ReplyRequest
from chat.built_in import LOOK_UP
from chat.context import Line
from chat.moment import Moment, filled, told, with_moment
from events.knowledge_contents import Contents
from events.usage import Tally
from projections.knowledge.contents import contents
from projections.knowledge.index import Index
from recado.settings.settings import Settings
from recado.wiring.backends import instructions
from recado.wiring.knowledge import _found
from tests.knowledge.question_set import BUSINESSES, FOLDER, Asked, queries, questions
from tests.knowledge.recall import Vectors, documents, indexed

SEED = 259
BEGAN = datetime(2026, 11, 30, 12, tzinfo=UTC)


def items() -> list[Asked]:
    """All questions without an answer, and as many of the unseen third that have one, shuffled."""
    chance = Random(SEED)
    without = [one for one in questions() if one.kind == "no_answer"]
    answered = [one for one in questions() if one.kind != "no_answer" and one.use == "unseen"]
    both = [*without, *chance.sample(answered, len(without))]
    chance.shuffle(both)
    return both


Verdict = Literal["refused", "right", "another", "wrong"]
"""The answer says that it does not know; says what the marked passage says; says what the documents of another business
say, and names it; says something else."""


@dataclass(frozen=True, slots=True)
class Given:
    id: str
    """Of the question."""
    answer: str
    verdict: Verdict


@cache
def answers() -> tuple[Given, ...]:
    with (FOLDER / "answers.csv").open(newline="") as file:
        return tuple(Given(**row) for row in csv.DictReader(file))


class _Both:
    """actors' Knowledge over an index, for one question of the set."""

    def __init__(self, index: Index, vectors: Vectors, asked: Asked) -> None:
        self._index = index
        self._vectors = vectors
        self._asked = asked

    async def look_up(self, collections: Sequence[str], query: str, tally: Tally | None = None) -> Sequence[Found]:
        del collections, query, tally  # the set's own
        return [_found(one) for one in self._vectors.by_both(self._index, self._asked, "all", "model")]

    async def contents(self, collections: Sequence[str]) -> Contents:
        return self._index.read(contents, collections)


async def given(index: Index, vectors: Vectors, asked: Asked) -> dict[str, Any]:
    """The body of the request that asks the model for its answer."""
    look_up = LookUp(BUSINESSES, _Both(index, vectors, asked))
    query = {"query": "\n".join(queries()[asked.id].all)}
    result = await look_up.call(query)
    moment = Moment(at=BEGAN, zone="UTC")
    request = ReplyRequest(
        account="local",
        chat="local",
        turn="1",
        thread="1",
        history=(),
        messages=with_moment([Line("user", asked.question)], told(moment)),
        ids=("1",),
        calls=(DoneCall(id="1", name=LOOK_UP, arguments=msgspec.json.encode(query).decode(), output=result.output),),
        patience=60,
        tools=await look_up.offered(),
    )
    return request_body("", filled(instructions(Settings()), moment), (), request)


def written(bodies: Sequence[dict[str, Any]]) -> str:
    """The items. The part that all of them share comes once, at the beginning."""
    [system] = {body["messages"][0]["content"] for body in bodies}
    [tools] = {msgspec.json.format(msgspec.json.encode(body["tools"])).decode() for body in bodies}
    lines = ["# In every item", "", "## system", "", system, "", "## tools", "", tools]
    for number, body in enumerate(bodies, 1):
        _, user, call, result = body["messages"]
        [asks] = call["tool_calls"]
        lines += ["", f"# Item {number}", "", "## user", "", user["content"]]
        lines += ["", "## assistant calls", "", f"{LOOK_UP} {asks['function']['arguments']}"]
        lines += ["", "## tool", "", result["content"]]
    return "\n".join(lines) + "\n"


async def made() -> str:
    index = indexed(documents(), ())
    with TemporaryDirectory() as folder:
        vectors = Vectors(Path(folder))
        await vectors.make(index)
        bodies = [await given(index, vectors, asked) for asked in items()]
    index.close()
    return written(bodies)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(asyncio.run(made()))
