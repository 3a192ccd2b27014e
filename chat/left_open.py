"""Questions that the business's documents left open: as far as the log tells when a turn ends. Pure."""

from __future__ import annotations

import re
from typing import Final, Literal

from chat.built_in import LOOK_UP
from chat.turn import Turn
from events.decisions import Attention, Reply

LeftOpen = Literal["nothing_found", "not_known", "handed_over"]
"""Why a question is open.

- `nothing_found`: no look-up of its turn found a passage.
- `not_known`: passages were found, and the answer says that it is not known.
- `handed_over`: after a look-up, a human was asked.
"""

_BEGINNING: Final = 600
"""Characters of an answer in which it may say so."""

_NOT_KNOWN = re.compile(
    # Portuguese
    r"\bn[ãa]o\s+(?:sei\b|encontrei|achei\b|localizei|consegui\s+(?:encontrar|achar|localizar|confirmar)|possuo|disponho"
    r"|(?:tenho|temos|h[áa])\s+(?:\w+\s+){0,2}(?:informaç|informac|resposta|certeza|detalhe|dado)|posso\s+confirmar"
    r"|consta|(?:est[áa]|aparece)\s+(?:\w+\s+){0,2}documentos)"
    r"|\bn[ãa]o\s+(?:foi\s+poss[íi]vel\s+)?(?:encontrar|localizar)"
    # Spanish
    r"|\bno\s+(?:l[oa]s?\s+)?s[ée]\b|\bno\s+(?:encontr[ée]|encuentro|encontramos|dispongo|(?:me\s+)?consta"
    r"|(?:tengo|tenemos|hay|cuento\s+con)\s+(?:\w+\s+){0,2}(?:informaci|respuesta|certeza|detalle|dato)"
    r"|puedo\s+confirmar|pude\s+(?:encontrar|confirmar)|(?:est[áa]|aparece)\s+(?:\w+\s+){0,2}documentos)"
    # English
    r"|\b(?:do\s+not|don['’]t)\s+(?:know\b|(?:currently\s+)?have\s+(?:\w+\s+){0,3}(?:information|answer|detail))"
    r"|\b(?:could\s+not|couldn['’]t|can\s?not|can['’]t|did\s+not|didn['’]t)\s+(?:find|confirm)\b"
    r"|\bno\s+information\b|\bnot\s+(?:mentioned|covered|listed|said|stated|in\b)\s+(?:\w+\s+){0,2}documents?\b",
    re.IGNORECASE,
)


def left_open(turn: Turn, event: object) -> LeftOpen | None:
    """Why the messages of the running turn are open after the decision; None: they are not, as far as the log can tell.
    A look-up that failed says nothing."""
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


def says_not_known(text: str) -> bool:
    """Whether an answer says that it is not known, in the words that models use for it. It may be wrong: a person reads
    the draft that is made of it."""
    return _NOT_KNOWN.search(text[:_BEGINNING]) is not None
