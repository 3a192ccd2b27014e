"""Questions that the business's documents left open: as far as the log tells when a turn ends. Pure."""

from __future__ import annotations

from typing import Literal

from chat.built_in import LOOK_UP
from chat.not_known import says_not_known
from chat.turn import Turn
from events.decisions import Attention, Reply

LeftOpen = Literal["nothing_found", "not_known", "handed_over"]
"""The reason for which a question is open.

- `nothing_found`: no look-up of its turn found a passage.
- `not_known`: passages were found, and the answer says that it is not known.
- `handed_over`: after a look-up, a human was asked.
"""


def left_open(turn: Turn, event: object) -> LeftOpen | None:
    """The reason for which the messages of the running turn are open after the decision; None: they are not, as far as
    the log can tell. A look-up that failed says nothing."""
    looked = [call for call in turn.calls if call.name == LOOK_UP and call.output and not call.failed]
    if not looked:
        return None
    match event:
        case Attention(turn=turn.id):
            return "handed_over"
        case Reply(turn=turn.id, author="assistant", text=text):
            if not any(call.passages for call in looked):
                return "nothing_found"
            return "not_known" if says_not_known(text) else None
    return None
