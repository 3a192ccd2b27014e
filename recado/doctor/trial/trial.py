"""`recado doctor --model`: what works, tried for real with the configured server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Literal

import msgspec
import structlog

from backends.agents.backend import Agents
from backends.assistants.backend import Assistants
from backends.chat_completions import ChatCompletions
from backends.content.transcription import Transcription
from backends.protocol import Backend, CannotForget, ReplyFailed
from backends.provider.quirks import in_words
from backends.responses.backend import Responses
from chat.built_in import ASK_CHOICE
from recado.doctor.trial.questions import QUESTIONS, NotTried, Question, Trial, Wrong, made_up_word, prompt
from recado.doctor.trial.turns import Turns
from recado.settings.settings import Settings
from recado.wiring.media import transcription_of
from recado.wiring.model import open_model, threads_of

WITHIN = 50.0
"""Seconds for all questions; those that are not answered by then count as not working."""

PATIENCE = 20.0
"""Seconds for one turn."""

_FORGOTTEN_WITHIN = 8.0
"""Seconds for deleting the threads that were made."""

_AT_ONCE, _SLOW = 3, 4.0
"""Questions under way at the same time; one, if the first took longer than so many seconds: that server has no room for
more."""

log = structlog.get_logger("recado.doctor")


class Tried(msgspec.Struct, frozen=True):
    """One line of the table.

    - `state`: `works`, `fails`, or `not_tried`.
    - `needed`: the configured mode and tools need it.
    - `says`: the observation.
    """

    what: str
    state: Literal["works", "fails", "not_tried"]
    needed: bool
    says: str


class Report(msgspec.Struct, frozen=True):
    """The trials and their cost.

    - `estimate`: tokens that it was thought to cost.
    - `input_tokens`, `output_tokens`: as the server counted them; 0: it does not count.
    - `quirks`: the things that the server does not take, by name, in words.
    """

    mode: str
    model: str
    server: str
    estimate: int
    input_tokens: int
    output_tokens: int
    tried: list[Tried]
    quirks: dict[str, str]

    @property
    def is_well(self) -> bool:
        """True if everything works that the configured mode needs."""
        return all(one.state == "works" or not one.needed for one in self.tried)


NOTHING = Report("scripted", "scripted", "", 0, 0, 0, [], {})
"""The report where no model writes the replies."""


def estimate(settings: Settings) -> int:
    """Tokens that the questions cost, about: more where the provider repeats a thread, or a model thinks."""
    return sum(question.tokens for question in _questions(settings))


async def tried(settings: Settings) -> Report:
    """Ask every question. Raises LocalModelFailed."""
    today, yesterday = made_up_word(), made_up_word()
    changed = replace(settings, ai_system_prompt=prompt(today, yesterday), hosted_tools=())
    async with open_model(changed) as model, _hearing(changed) as transcription:
        turns = Turns(model.backend)
        has_prompt = not (settings.openai_api_mode == "agents" and settings.openai_agent_id)
        trial = Trial(turns, today, yesterday, PATIENCE, has_prompt, transcription)
        found = await _all(trial, _questions(settings), needs=_needs(settings))
        await _forget(changed, turns)
        return Report(
            mode=settings.openai_api_mode,
            model=model.name,
            server=model.server or ("this machine" if model.local else "api.openai.com"),
            estimate=estimate(settings),
            input_tokens=turns.spent.input_tokens,
            output_tokens=turns.spent.output_tokens,
            tried=found,
            quirks={name: in_words(name) for name in _quirks(model.backend)},
        )


@asynccontextmanager
async def _hearing(settings: Settings) -> AsyncIterator[Transcription | None]:
    """The server that hears voice notes, until the block is left."""
    transcription = transcription_of(settings)
    try:
        yield transcription
    finally:
        if transcription is not None:
            await transcription.close()


def _questions(settings: Settings) -> list[Question]:
    keeps = settings.mode.keeps_threads
    return [question for question in QUESTIONS if keeps or not question.threads]


async def _all(trial: Trial, questions: Sequence[Question], *, needs: frozenset[str]) -> list[Tried]:
    until = asyncio.get_running_loop().time() + WITHIN
    first, *others = questions
    began = asyncio.get_running_loop().time()
    answered = await _one(trial, first, until, needs=needs)
    is_slow = asyncio.get_running_loop().time() - began > _SLOW
    if answered.says.startswith(_HOPELESS):
        why = "the server refuses every request"
        return [answered, *(Tried(one.what, "not_tried", _is_needed(one, needs), why) for one in others)]
    slots = asyncio.Semaphore(1 if is_slow else _AT_ONCE)

    async def one(question: Question) -> Tried:
        async with slots:
            return await _one(trial, question, until, needs=needs)

    return [answered, *await asyncio.gather(*(one(question) for question in others))]


_NO_ANSWER = "no answer: "
_HOPELESS = tuple(
    f"{_NO_ANSWER}{error_class}" for error_class in ("unreachable", "bad_key", "unknown_model", "quota_exhausted")
)
"""Beginnings of failures that every other question would meet too."""


async def _one(trial: Trial, question: Question, until: float, *, needs: frozenset[str]) -> Tried:
    needed = _is_needed(question, needs)
    try:
        async with asyncio.timeout_at(until):
            return Tried(question.what, "works", needed, await question.ask(trial))
    except NotTried as reason:
        return Tried(question.what, "not_tried", needed=False, says=str(reason))
    except Wrong as wrong:
        return Tried(question.what, "fails", needed, str(wrong))
    except ReplyFailed as failure:
        return Tried(question.what, "fails", needed, f"{_NO_ANSWER}{failure.error_class}: {failure.detail}")
    except TimeoutError:
        return Tried(question.what, "fails", needed, f"{_NO_ANSWER}the time was over after {WITHIN:g} s")


def _is_needed(question: Question, needs: frozenset[str]) -> bool:
    return question.needed in needs if isinstance(question.needed, str) else question.needed


def _needs(settings: Settings) -> frozenset[str]:
    """The abilities that these settings need beside those that every mode needs."""
    choices = ASK_CHOICE in settings.built_in_tools
    return frozenset({"tools"} if settings.tools else ()) | frozenset({"tools", "choices"} if choices else ())


def _quirks(backend: Backend) -> dict[str, str]:
    return backend.quirks.found if isinstance(backend, ChatCompletions | Responses | Assistants | Agents) else {}


async def _forget(settings: Settings, turns: Turns) -> None:
    """Delete the threads that were made, as far as that works in time."""
    if not turns.threads:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(_FORGOTTEN_WITHIN), AsyncExitStack() as stack:
            threads = threads_of(settings, stack)
            for thread, runs in turns.threads:
                try:
                    await threads.forget(settings.openai_api_mode, thread, runs)
                except (ReplyFailed, CannotForget) as failure:
                    log.info("trial_thread_left", thread=thread, reason=failure.detail)
