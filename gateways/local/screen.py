"""The terminal's screen, and the typed lines that have no ending yet."""

from __future__ import annotations

import asyncio
import re
from typing import TextIO

from chat.context import readable
from chat.parts import parts_of
from chat.receipts import is_settled
from events.decisions import Ignored, Reply, TurnFailed
from events.details import Detail
from events.inbound import Message, Receipt, ReceiptError
from events.log import LogError
from events.recorded import Recorded
from events.subjects import ChatKey
from gateways.delivery.sender import Outcome, Part
from gateways.local.printed import printed

SLOW_AFTER = 15.0
"""Seconds without an ending after which the person gets a hint."""

_REMEMBERED = 500
"""Messages whose words are known when a reply quotes one."""

_PROMPT = "> "
_CONTROLS = re.compile("[\x80-\x9f]")


class Screen:
    """Shows the chat of `key`, and is the Sender of its account."""

    def __init__(self, key: ChatKey, stdout: TextIO, *, interactive: bool) -> None:
        self._key = key
        self._stdout = stdout
        self._interactive = interactive
        self._open: set[str] = set()
        self._expected: set[str] = set()
        self._words: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._slow: asyncio.TimerHandle | None = None

    def typed(self, message: str) -> None:
        """Note that a line is about to be stored under the id `message`."""
        self._open.add(message)
        self._hush()
        self._slow = asyncio.get_running_loop().call_later(SLOW_AFTER, self._say_slow)

    def not_stored(self, message: str, refusal: LogError) -> None:
        """Tell the person that the log did not take the line."""
        self._open.discard(message)
        self.notice(f"not sent: {refusal}")

    def observe(self, recorded: Recorded) -> None:
        """Follow the endings of the lines."""
        event = recorded.event
        if recorded.key != self._key:
            return
        if isinstance(event, Message | Reply):
            self._remember(event.id, event.text or "")
        if isinstance(event, Reply):
            if self._open.intersection(event.in_reply_to) or event.about in self._expected:
                self._expected.discard(event.about or "")
                self._expected.add(event.id)
            self._open.difference_update(event.in_reply_to)
        elif isinstance(event, Ignored):
            if self._open.intersection(event.messages):
                self.notice(f"ignored: {event.reason}")
                if event.told:
                    self._expected.add(event.messages[0])
            self._open.difference_update(event.messages)
        elif isinstance(event, TurnFailed):
            if self._open.intersection(event.messages):
                self.notice(f"no reply: {event.error.class_}: {event.error.detail}")
                if event.told:
                    self._expected.add(event.turn)
            self._open.difference_update(event.messages)
        elif isinstance(event, Receipt) and is_settled(event.state):
            self._expected.discard(event.reply)
        self._changed.set()

    async def ended(self) -> None:
        """Return once every line has its ending and every reply its receipt."""
        while self._open or self._expected:
            self._changed.clear()
            await self._changed.wait()

    def leave(self) -> None:
        """Clear the prompt, and say that the pending replies come later."""
        self._hush()
        if self._open or self._expected:
            self.notice("the reply comes when you are back")
        if self._interactive:
            self._stdout.write("\r\x1b[K")
            self._stdout.flush()

    def messages_of(self, reply: Reply) -> list[str]:
        """The reply as one message, with the words that it quotes and reacts to."""
        said = [
            f"{printed(part)} {self._quoted(part.to)}".rstrip() if part.kind == "reaction" else printed(part)
            for part in parts_of(reply)
        ]
        text = "\n\n".join(said) if said else reply.text
        quoted = self._quoted(reply.quote or None)
        return [f"{quoted}\n{text}" if quoted else text]

    async def send(self, part: Part) -> Outcome:
        """Print the reply."""
        elsewhere = "" if part.chat == self._key.chat else f"[{_printable(part.chat)}] "
        try:
            self._print(elsewhere + _printable(part.text))
        except (OSError, ValueError) as error:
            return Outcome("failed", error=ReceiptError(class_="screen", detail=str(error)))
        return Outcome("delivered")

    async def resolve(self, part: Part) -> Outcome:
        """Park a reply that may have been printed before the terminal ended, and say where to read it."""
        self.notice(f"a reply may not have been shown: recado history {part.chat} --account {self._key.account}")
        return Outcome("parked", error=ReceiptError(class_="in_doubt", detail=Detail.TERMINAL_ENDED.said()))

    def _remember(self, id_: str, text: str) -> None:
        self._words[id_] = " ".join(text.split())[:60]
        if len(self._words) > _REMEMBERED:
            del self._words[next(iter(self._words))]

    def _quoted(self, id_: str | None) -> str:
        words = self._words.get(id_ or "") or self._words.get((id_ or "").rpartition("#")[0])
        return f"│ {words}" if words else ""

    def notice(self, text: str) -> None:
        """Print a text that is no reply."""
        self._print(f"! {_printable(text)}")

    def prompt(self) -> None:
        if self._interactive:
            self._stdout.write(_PROMPT)
            self._stdout.flush()

    def _print(self, line: str) -> None:
        # The line replaces the prompt and the text after it; the terminal keeps the typed text.
        self._stdout.write(f"\r\x1b[K{line}\n" if self._interactive else f"{line}\n")
        self._stdout.flush()
        self.prompt()

    def _hush(self) -> None:
        if self._slow is not None:
            self._slow.cancel()

    def _say_slow(self) -> None:
        if self._open:
            self.notice(f"no answer for {SLOW_AFTER:g} s: is `recado up` or `recado serve` running? (still waiting)")


def _printable(text: str) -> str:
    """`text` without characters that control the terminal."""
    return _CONTROLS.sub("", readable(text.replace("\r\n", "\n").replace("\r", "\n")))
