"""Checks a gateway's receipts against the contract, for `recado gateway check`. Pure.

The rules: a `sending` receipt comes before any outcome; a part is begun again only after a receipt that says that it
was not sent; a chat's replies are begun in log order, each after the outcome of the one before; every reply is settled.
"""

from __future__ import annotations

from collections.abc import Sequence

from chat.receipts import is_settled, of_whole
from events.inbound import Receipt
from events.recorded import Recorded
from events.subjects import ChatKey

_OUTCOMES = frozenset({"accepted", "sent", "delivered", "read", "failed"})


class Conformance:
    """Follows the replies `expected` of one chat, in their order; `faults` are the rules that were broken."""

    def __init__(self, key: ChatKey, expected: Sequence[str]) -> None:
        self.key = key
        self._expected = list(expected)
        self._begun: dict[tuple[str, int], bool] = {}
        self.faults: list[str] = []
        self.settled: dict[str, Receipt] = {}
        """The receipt that settled each reply."""

    def fold(self, recorded: Recorded) -> None:
        """Fold the account's next event."""
        event = recorded.event
        if recorded.key != self.key or not isinstance(event, Receipt) or event.reply not in self._expected:
            if isinstance(event, Receipt) and event.reply in self._expected:
                self.faults.append(f"a receipt of {event.reply} stands in another chat")
            return
        which = (event.reply, event.part)
        if event.state == "sending":
            self._sending(event, which)
        elif event.state in _OUTCOMES and which not in self._begun:
            self.faults.append(
                f"{_named(event)} is `{event.state}` without a `sending` before it: a crash could repeat it"
            )
            self._begun[which] = False
        if event.reply not in self.settled and is_settled(
            of_whole(event.state, event.part, event.parts, event.template)
        ):
            self.settled[event.reply] = event

    @property
    def is_done(self) -> bool:
        """True if every reply has its outcome."""
        return len(self.settled) == len(self._expected)

    def unsettled(self) -> list[str]:
        """The replies without an outcome."""
        return [reply for reply in self._expected if reply not in self.settled]

    def _sending(self, event: Receipt, which: tuple[str, int]) -> None:
        if event.error is not None:
            self._begun[which] = False
            return
        if self._begun.get(which) or (event.reply in self.settled and event.template is None and not event.file):
            self.faults.append(f"{_named(event)} is begun a second time: the person may get it twice")
        self._begun[which] = True
        before = self._expected[: self._expected.index(event.reply)]
        open_ = [reply for reply in before if reply not in self.settled]
        if open_:
            self.faults.append(f"{event.reply} is begun before {open_[0]} has its outcome: it may overtake it")


def _named(event: Receipt) -> str:
    return f"part {event.part} of {event.reply}" if event.parts else event.reply
