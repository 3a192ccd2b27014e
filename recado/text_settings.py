"""The settings of what recado itself says to people."""

from __future__ import annotations

from typing import Annotated

from recado.people_settings import PeopleSettings
from recado.variables import Variable, text


class TextSettings(PeopleSettings, frozen=True, kw_only=True):
    """What people are sent who get no reply. (A Struct has one base, so the parts of Settings stand in a row.)"""

    apology: Annotated[
        str,
        Variable(
            name="RECADO_APOLOGY",
            reader=text(),
            meaning="What people are sent when a turn failed. Empty: nothing.",
            example="Desculpe, algo deu errado. Tente de novo daqui a pouco.",
            keep_empty=True,
        ),
    ] = "Sorry, something went wrong and I could not answer. Please try again in a moment."
    budget_text: Annotated[
        str,
        Variable(
            name="RECADO_BUDGET_TEXT",
            reader=text(),
            meaning="What people are sent whose messages are not answered for that reason. Empty: nothing.",
            example="Por hoje é só. Até amanhã!",
            keep_empty=True,
        ),
    ] = "Sorry, I cannot answer any more messages in this chat today."
    unreadable_text: Annotated[
        str,
        Variable(
            name="RECADO_UNREADABLE_TEXT",
            reader=text(),
            meaning="What people are sent who sent nothing but what cannot be read: a video, a file that is too large, "
            "damaged or of a kind that nobody here opens. Empty: nothing.",
            example="Não consigo abrir o que você mandou. Pode escrever?",
            keep_empty=True,
        ),
    ] = "Sorry, I could not open what you sent. Could you write it as text?"
