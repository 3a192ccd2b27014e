"""The parts of a request that a server, or its model, does not take: found by its own words, remembered by the process.

A request that is refused is sent again without what was refused. Only if that is answered the quirk is remembered: an
error that merely sounds like one changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import cache
from typing import TypeVar

import structlog

from backends.provider.refusals import DROP, KINDS, RENAME, JsonObject, quirk_in
from backends.provider.retry import AttemptFailed

T = TypeVar("T")

log = structlog.get_logger("recado.backends")


class Quirks:
    """The quirks of one model at one server."""

    def __init__(self, model: str = "") -> None:
        self._model = model
        self.found: dict[str, str] = {}
        """The server's words by the quirk's name."""

    def keep(self, found: Mapping[str, str]) -> None:
        """Remember new quirks, and tell each once."""
        for name, words in found.items():
            kind = KINDS.get(name)
            if name not in self.found and (kind is None or kind.kept):
                self.found[name] = words
                log.warning("server_quirk", model=self._model, quirk=name, says=in_words(name), detail=words)


@cache
def quirks_of(base_url: str | None, model: str) -> Quirks:  # noqa: ARG001 - it tells the servers apart
    """The quirks that this process knows of `model` at `base_url`."""
    return Quirks(model)


def in_words(name: str) -> str:
    """The quirk as a person reads it."""
    if name.startswith(DROP):
        return f"takes no field {name.removeprefix(DROP)}"
    if name.startswith(RENAME):
        old, _, new = name.removeprefix(RENAME).partition(":")
        return f"takes the field {new} in place of {old}"
    return KINDS[name].says


async def insist(
    ask: Callable[[JsonObject], Awaitable[T]],
    body: JsonObject,
    quirks: Quirks,
    mend: Callable[[JsonObject, Collection[str]], JsonObject],
) -> T:
    """The result of `ask` with `body`, mended by `mend` as far as the server refuses it. Raises what `ask` raises."""
    tried = dict(quirks.found)
    while True:
        sent = mend(body, tried) if tried else body
        try:
            result = await ask(sent)
        except AttemptFailed as failure:
            name = None if failure.problem is None else quirk_in(failure.problem, sent, tried)
            if name is None:
                raise
            log.info("request_mended", quirk=name, detail=failure.detail)
            tried[name] = failure.detail
        else:
            quirks.keep(tried)
            return result


def fields_mended(body: JsonObject, found: Collection[str]) -> JsonObject:
    """`body` without the fields that the server does not know, or with their other names."""
    body = dict(body)
    for name in found:
        if name.startswith(DROP):
            body.pop(name.removeprefix(DROP), None)
        elif name.startswith(RENAME):
            old, _, new = name.removeprefix(RENAME).partition(":")
            if old in body:
                body[new] = body.pop(old)
    return body
