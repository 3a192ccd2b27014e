"""Tools that recado itself offers: a question with choices, and the files and places of an account's library.

A file or a place is looked up in the library of the chat's own account: no argument names another one. The results are
quiet: the model need not hear of them, so a question ends the turn.
"""

from __future__ import annotations

import difflib
import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from actors.tools.protocol import ToolResult
from actors.tools.results import checked
from actors.tools.shelf import Shelf
from backends.protocol import Tool
from chat.built_in import ASK_CHOICE, SEND_FILE, SEND_LOCATION
from chat.cleaning import cleaned
from chat.context import readable
from events.library import LONGEST_NAME, Entry, folded
from events.log import LogUnavailable
from events.parts import MOST_CHOICES, Option, Part

MOST_NAMED = 100
"""Names of a library that a model is told; of more it is told that there are some."""

MOST_NEAR = 5
"""Names that are like a wrong one."""

LONGEST_QUESTION, LONGEST_TITLE, LONGEST_ID = 4_096, 200, 64
"""Characters of a question, of one of its choices, and of the id that is made of a choice's words."""

ASKED = (
    "The person gets this question, and answers with their next message. Do not ask it again, and do not answer it "
    "yourself."
)
SENT = "The person gets {name} with your answer. Do not send it again."

_KINDS = {SEND_FILE: "file", SEND_LOCATION: "place"}


class _Question(msgspec.Struct, forbid_unknown_fields=True):
    question: Annotated[str, msgspec.Meta(max_length=LONGEST_QUESTION)]
    options: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=LONGEST_TITLE)]],
        msgspec.Meta(min_length=1, max_length=MOST_CHOICES),
    ]


class _Named(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class BuiltIn:
    """The tools of recado's own with these `names`; `shelf` has the libraries."""

    def __init__(self, names: Sequence[str], shelf: Shelf) -> None:
        self.names = frozenset(names)
        self._shelf = shelf

    async def offered(self, account: str) -> tuple[Tool, ...]:
        """The tools for chats of the account; those of a library that has nothing are left out."""
        tools = [ASK] if ASK_CHOICE in self.names else []
        if self.names & _KINDS.keys():
            entries = await self._shelf.entries(account)
            for tool, kind in _KINDS.items():
                names = [entry.name for entry in entries if kind_of(entry) == kind]
                if names and tool in self.names:
                    tools.append(_tool_of(tool, kind, names))
        return tuple(tools)

    async def call(self, account: str, name: str, given: Mapping[str, Any]) -> ToolResult:
        """Make a call of one of them for a chat of the account."""
        if name == ASK_CHOICE:
            return asked(given)
        try:
            wanted = msgspec.convert(given, _Named).name
        except msgspec.ValidationError as error:
            return _unfit(str(error))
        try:
            return await self._sent(account, _KINDS[name], wanted)
        except LogUnavailable:
            return ToolResult("The library cannot be read at the moment.", failed=True)

    async def _sent(self, account: str, kind: str, wanted: str) -> ToolResult:
        entry = await self._shelf.library.entry(account, wanted)
        if entry is not None and kind_of(entry) == kind:
            return ToolResult(SENT.format(name=entry.name), send=(entry.part,), quiet=True)
        names = [one.name for one in await self._shelf.library.entries(account) if kind_of(one) == kind]
        near = nearest(wanted, names)
        hint = f"Those with names like it: {_listed(near)}." if near else "None has a name like it."
        return ToolResult(f"There is no {kind} of this name. {hint}", failed=True)


def asked(given: Mapping[str, Any]) -> ToolResult:
    """The result of a call of `ask_choice`."""
    try:
        asks = msgspec.convert(given, _Question)
    except msgspec.ValidationError as error:
        return _unfit(str(error))
    question = cleaned(readable(asks.question))
    titles = [" ".join(readable(title).split()) for title in asks.options]
    if question.flaw or not question.text.strip():
        return _unfit("`question` has no words for the person")
    if not all(titles):
        return _unfit("one of `options` is blank")
    options = tuple(Option(id=choice_id(title), title=title) for title in titles)
    if len({option.id for option in options}) < len(options):
        return _unfit("two of `options` are the same")
    try:
        part = checked(Part(kind="choices", text=question.text.strip(), choices=options))
    except ValueError as fault:
        return _unfit(str(fault))
    return ToolResult(ASKED, send=(part,), quiet=True)


def choice_id(title: str) -> str:
    """The id of a choice: its words in small letters, so that the same words have the same id each time."""
    plain = " ".join(unicodedata.normalize("NFKC", title).casefold().split())
    if len(plain) <= LONGEST_ID:
        return plain
    digest = hashlib.sha256(plain.encode()).hexdigest()[:12]
    return f"{plain[: LONGEST_ID - 13].rstrip()}-{digest}"


def kind_of(entry: Entry) -> str:
    """`place` or `file`."""
    return "place" if entry.part.kind == "location" else "file"


def nearest(name: str, names: Sequence[str]) -> list[str]:
    """Some of the `names` that are like `name`: they share a word with it, or most of its letters."""
    wanted, by_fold = folded(name[:LONGEST_NAME]), {folded(one): one for one in names}
    close = difflib.get_close_matches(wanted, by_fold, n=MOST_NEAR, cutoff=0.5)
    words = set(wanted.split())
    shared = [fold for fold in by_fold if fold not in close and words & set(fold.split())]
    return [by_fold[fold] for fold in [*close, *shared][:MOST_NEAR]]


def _unfit(fault: str) -> ToolResult:
    return ToolResult(f"The arguments do not fit: {fault}", failed=True, unfit=True)


def _listed(names: Sequence[str]) -> str:
    return msgspec.json.encode(list(names)).decode()[1:-1]


def _schema(**properties: dict[str, Any]) -> dict[str, Any]:
    """A schema that OpenAI takes as strict: every property is required, and there are no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _tool_of(tool: str, kind: str, names: Sequence[str]) -> Tool:
    """`send_file` or `send_location`, with the names that there are."""
    about = {"type": "string", "description": f"The name of the {kind}, as it is written in the library."}
    told = f"Send the person a {kind} of the library, with your answer."
    if len(names) <= MOST_NAMED:
        about["enum"] = list(names)  # type: ignore[assignment]
    else:
        told += (
            f" There are {len(names)}. Some are: {_listed(names[:MOST_NAMED])}. If you do not know the name, give "
            "words that may be in it: you are told the names that are like it."
        )
    return Tool(name=tool, description=told, parameters=_schema(name=about), strict=True)


ASK = Tool(
    name=ASK_CHOICE,
    description="Ask the person one question with answers to tap. It ends your turn: write everything that the person "
    "has to know into `question`, for nothing that you write beside it is sent. Their choice comes as their next "
    "message. Use it where the possible answers are few and known.",
    parameters=_schema(
        question={"type": "string", "description": "The question, with all that the person has to know."},
        options={
            "type": "array",
            "items": {"type": "string"},
            "description": f"The answers, 1 to {MOST_CHOICES} of them, all different, each of a few words (phones show "
            "20 letters of three answers, and 24 of more), in the person's language.",
        },
    ),
    strict=True,
)
"""The tool `ask_choice`."""
