"""Questions to a model whose right answers cannot be known beforehand, each judged by the content of its answer.

Every question holds words that were made up for it, and asks for some of them and not for others: an answer that says
the same to everything is wrong, and so is one that repeats the question.
"""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from actors.tools.arguments import Unfit, unpacked
from actors.tools.built_in import ASK, asked
from backends.content.transcription import Transcription
from backends.protocol import CannotBeRead, Tool, ToolCall
from chat.context import Attachment, Line
from recado.doctor.speech import heard_by, is_the_sentence
from recado.doctor.trial.picture import COLOURS, png
from recado.doctor.trial.turns import Said, Turns

_random = random.SystemRandom()


class Wrong(Exception):
    """The answer is not what was asked for; the message says why."""


class Trial(msgspec.Struct):
    """The things that every question of one run needs.

    - `today`, `yesterday`: words in the model's instructions.
    - `patience`: seconds for one turn.
    - `has_prompt`: the instructions reach the model.
    - `transcription`: the server that hears voice notes; None: there is none.
    """

    turns: Turns
    today: str
    yesterday: str
    patience: float
    has_prompt: bool = True
    transcription: Transcription | None = None


Ask = Callable[[Trial], Awaitable[str]]


class Question(NamedTuple):
    """A question.

    - `what`: the ability, as the table names it.
    - `ask`: asks, and describes the answer. Raises Wrong, ReplyFailed, NotTried.
    - `tokens`: its cost, about.
    - `needed`: no mode works without it; `tools`: if tools are set up; `choices`: if the model may ask with choices.
    - `threads`: only of a mode whose provider keeps threads.
    """

    what: str
    ask: Ask
    tokens: int
    needed: bool | str = False
    threads: bool = False


class NotTried(Exception):
    """The ability cannot be tried here; the message says why."""


def made_up_word() -> str:
    """A word that no language has, of syllables so that a model reads it as few tokens."""
    return "".join(_random.choice("bdfgklmnprtvz") + _random.choice("aeiou") for _ in range(4))


def prompt(today: str, yesterday: str) -> str:
    """The instructions of the trial."""
    return (
        "This is a test. Do exactly what a message asks for, in as few words as you can, in English. "
        f"The word of the day is {today}. The word of yesterday was {yesterday}."
    )


def _judged(said: Said, wanted: tuple[str, ...], unwanted: tuple[str, ...] = ()) -> None:
    told = said.text.lower()
    if missing := [word for word in wanted if word.lower() not in told]:
        raise Wrong(f"{', '.join(missing)} should be in its answer, {_shown(said.text)}")
    if extra := [word for word in unwanted if word.lower() in told]:
        raise Wrong(f"{', '.join(extra)} should not be in its answer, {_shown(said.text)}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:80]}…")


async def _asked(trial: Trial, *texts: str) -> Said:
    thread = await trial.turns.thread((), trial.patience)
    return await trial.turns.ask(*(Line("user", text) for text in texts), patience=trial.patience, thread=thread)


async def _plain(trial: Trial) -> str:
    first, second = made_up_word(), made_up_word()
    said = await _asked(trial, f"Here are two words: {first} and {second}. Write only the first of them.")
    _judged(said, (first,), (second,))
    return "it answers"


async def _two_messages(trial: Trial) -> str:
    first, second = made_up_word(), made_up_word()
    said = await _asked(trial, f"Here are two words: {first} and {second}.", "Write only the second of them.")
    _judged(said, (second,), (first,))
    return "both are read"


async def _instructions(trial: Trial) -> str:
    if not trial.has_prompt:
        raise NotTried("the saved agent keeps its own instructions")
    said = await _asked(trial, "What is the word of the day? Write only that word.")
    _judged(said, (trial.today,), (trial.yesterday,))
    return "they are followed"


async def _history(trial: Trial) -> str:
    dog, cat = made_up_word(), made_up_word()
    past = (Line("user", f"My dog is called {dog}, and my cat is called {cat}."), Line("assistant", "What nice names!"))
    thread = await trial.turns.thread(past, trial.patience)
    question = Line("user", "What is my cat called? Write only the name.")
    said = await trial.turns.ask(question, patience=trial.patience, thread=thread, history=past)
    _judged(said, (cat,), (dog,))
    return "it is remembered"


async def _thread(trial: Trial) -> str:
    thread = await trial.turns.thread((), trial.patience)
    left, right = made_up_word(), made_up_word()
    told = Line("user", f"In my left hand is a {left}, in my right hand a {right}. Write OK.")
    await trial.turns.ask(told, patience=trial.patience, thread=thread)
    question = Line("user", "What is in my left hand? Write only that word.")
    said = await trial.turns.ask(question, patience=trial.patience, thread=thread)
    _judged(said, (left,), (right,))
    return "the provider keeps it"


_LOOK_UP = Tool(
    name="look_up_code",
    description="Gives the secret code of a key. It is the only way to know a code.",
    parameters={
        "type": "object",
        "properties": {"key": {"type": "string", "description": "The key, as it was written."}},
        "required": ["key"],
    },
)
_DOOR = Tool(
    name="door_code",
    description="Gives the code of the door. It is the only way to know it, and takes no arguments.",
    parameters={"type": "object", "properties": {}},
)


class _Codes:
    """Gives a code that was made up for each key, and remembers the keys that the model asked for."""

    def __init__(self, *keys: str) -> None:
        self.codes = {key: made_up_word() for key in keys}
        self.asked: list[str] = []

    def give(self, call: ToolCall) -> str:
        try:
            key = str(unpacked(call.arguments)[0].get("key", ""))
        except Unfit as unfit:
            return str(unfit)
        self.asked.append(key)
        return self.codes.get(key, f"There is no key {key!r}.")


async def _with_tool(trial: Trial, tool: Tool, text: str, codes: _Codes) -> Said:
    thread = await trial.turns.thread((), trial.patience)
    return await trial.turns.ask(
        Line("user", text), patience=trial.patience, thread=thread, tools=(tool,), give=codes.give
    )


async def _tool(trial: Trial) -> str:
    key = made_up_word()
    codes = _Codes(key)
    said = await _with_tool(trial, _LOOK_UP, f"Which code does the key {key} have? Write only the code.", codes)
    if key not in codes.asked:
        raise Wrong(f"the tool was to be called with {key}; it was called with {codes.asked or 'nothing'}")
    _judged(said, (codes.codes[key],))
    return "it is called with the right argument, and its output is used"


async def _bare_tool(trial: Trial) -> str:
    codes = _Codes("")
    said = await _with_tool(trial, _DOOR, "What is the code of the door? Write only the code.", codes)
    if not said.calls:
        raise Wrong(f"the tool was not called, and the answer was {_shown(said.text)}")
    _judged(said, (codes.codes[""],))
    return "it is called, and its output is used"


async def _two_tools(trial: Trial) -> str:
    first, second = made_up_word(), made_up_word()
    codes = _Codes(first, second)
    text = f"Which codes do the keys {first} and {second} have? Look both up at once. Write only the two codes."
    said = await _with_tool(trial, _LOOK_UP, text, codes)
    if missing := {first, second} - set(codes.asked):
        raise Wrong(f"the tool was to be called with {', '.join(missing)} too")
    _judged(said, (codes.codes[first], codes.codes[second]))
    return "two calls at once" if said.together > 1 else "one call after the other"


class _Asked(Exception):
    """The model has asked; it is not heard any further."""

    def __init__(self, call: ToolCall) -> None:
        super().__init__(call.name)
        self.call = call


async def _choices(trial: Trial) -> str:
    answers = [made_up_word() for _ in range(3)]
    said = f"Ask me which of {answers[0]}, {answers[1]} and {answers[2]} I want, so that I can tap one of them."
    thread = await trial.turns.thread((), trial.patience)

    def stop(call: ToolCall) -> str:
        raise _Asked(call)

    try:
        answer = await trial.turns.ask(
            Line("user", said), patience=trial.patience, thread=thread, tools=(ASK,), give=stop
        )
    except _Asked as asked_with:
        result = asked(_given(asked_with.call))
        titles = [option.title for part in result.send for option in part.choices]
        if result.failed or sorted(title.lower() for title in titles) != sorted(answers):
            raise Wrong(f"the choices were to be {', '.join(answers)}; {titles or result.output}") from None
        return "it asks with the right choices"
    raise Wrong(f"the tool was not called, and the answer was {_shown(answer.text)}")


def _given(call: ToolCall) -> dict[str, Any]:
    try:
        return unpacked(call.arguments)[0]
    except Unfit as unfit:
        raise Wrong(str(unfit)) from unfit


class _Pictures:
    """Pictures by their colour."""

    async def read(self, name: str) -> bytes | None:
        return png(name)


async def _picture(trial: Trial) -> str:
    for colour in _random.sample(sorted(COLOURS), 2):  # who always says the same is wrong once
        shown = Attachment(colour, "image/png", "picture.png")
        line = Line("user", "Which colour has this picture? Write one word in English.", attachments=(shown,))
        thread = await trial.turns.thread((), trial.patience)
        said = await trial.turns.ask(line, patience=trial.patience, thread=thread, files=_Pictures())
        _judged(said, (colour,), tuple(other for other in COLOURS if other != colour))
    return "two colours were named"


async def _long(trial: Trial) -> str:
    start = _random.randrange(200, 800)
    last = start + 119
    said = await _asked(
        trial,
        f"Count up from {start}, 120 numbers in all. Leave none out, put a blank between two, write nothing else.",
    )
    numbers = [int(number) for number in re.findall(r"\d{3}", said.text)]
    ends = "it was cut there" if said.length == "cut" else "it ended there"
    if last not in numbers:
        right = sum(number in numbers for number in range(start, last + 1))
        raise Wrong(f"{right} of 120 numbers are there: {ends}")
    return "it was continued by a second request" if said.length == "continued" else "it is whole"


async def _speech(trial: Trial) -> str:
    if trial.transcription is None:
        raise NotTried("voice notes are not transcribed: people are asked to write")
    try:
        heard = await heard_by(trial.transcription, trial.patience)
    except CannotBeRead as refused:
        raise Wrong(refused.detail) from refused
    trial.turns.count(heard.usage)
    if not is_the_sentence(heard.text):
        raise Wrong(f"it heard {_shown(heard.text)} in a clear sentence")
    return f"{heard.model} hears a sentence"


QUESTIONS = (
    Question("plain answer", _plain, 150, needed=True),
    Question("two messages in a row", _two_messages, 160, needed=True),
    Question("instructions", _instructions, 130, needed=True),
    Question("history", _history, 170, needed=True),
    Question("thread", _thread, 350, needed=True, threads=True),
    Question("tool with an argument", _tool, 500, needed="tools"),
    Question("tool without arguments", _bare_tool, 450, needed="tools"),
    Question("two tools", _two_tools, 700),
    Question("question with choices", _choices, 350, needed="choices"),
    Question("picture", _picture, 1_200),
    Question("speech", _speech, 50),
    Question("long answer", _long, 800),
)
"""In the order of the table. The first one tells whether the server answers at all."""
