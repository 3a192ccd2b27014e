"""The settings of the texts that recado itself sends to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from recado.settings.variables import Variable, text


@dataclass(frozen=True, kw_only=True, repr=False)
class TextSettings:
    """The texts for people who get no reply. (A Struct has one base, so the parts of Settings inherit in a chain.)"""

    apology: Annotated[
        str,
        Variable(
            name="RECADO_APOLOGY",
            profile=True,
            reader=text(),
            meaning="The text after a failed turn. Empty: none is sent.",
            example="Desculpe, algo deu errado. Tente de novo daqui a pouco.",
            keep_empty=True,
        ),
    ] = "Sorry, something went wrong and I could not answer. Please try again in a moment."
    budget_text: Annotated[
        str,
        Variable(
            name="RECADO_BUDGET_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for messages that a limit of a day in tokens or money leaves unanswered. Empty: none is "
            "sent.",
            example="Por hoje é só. Até amanhã!",
            keep_empty=True,
        ),
    ] = "Sorry, I cannot answer any more messages in this chat today."
    unreadable_text: Annotated[
        str,
        Variable(
            name="RECADO_UNREADABLE_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for messages that hold only unreadable files: a video, or a file that is too large, "
            "damaged or of an unknown kind. Empty: none is sent.",
            example="Não consigo abrir o que você mandou. Pode escrever?",
            keep_empty=True,
        ),
    ] = "Sorry, I could not open what you sent. Could you write it as text?"
    voice_text: Annotated[
        str,
        Variable(
            name="RECADO_VOICE_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for voice notes where no server transcribes them. Empty: none is sent.",
            example="Aqui não consigo ouvir áudios. Pode escrever?",
            keep_empty=True,
        ),
    ] = "I cannot listen to voice messages here. Could you write it as text?"
    handoff_text: Annotated[
        str,
        Variable(
            name="RECADO_HANDOFF_TEXT",
            profile=True,
            reader=text(),
            meaning="The text, sent once, when the model or a tool gives the chat to a human. Empty: none is sent.",
            example="Vou chamar uma colega. Ela responde aqui.",
            keep_empty=True,
        ),
    ] = "I have asked a colleague, who will answer you here."
    pairing_text: Annotated[
        str,
        Variable(
            name="RECADO_PAIRING_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for unknown people, sent once; `{code}` becomes their code. Empty: none is sent.",
            example="Seu código: {code}",
            keep_empty=True,
        ),
    ] = "I do not know you yet. Please tell the owner of this number your code, {code}."
    closed_text: Annotated[
        str,
        Variable(
            name="RECADO_CLOSED_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for messages outside `RECADO_HOURS`, sent once. Empty: none is sent.",
            example="Abrimos às 9h. Escreva de novo então!",
            keep_empty=True,
        ),
    ] = "We are closed at the moment. Please write again when we are open."
    rate_text: Annotated[
        str,
        Variable(
            name="RECADO_RATE_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for people who write more than `RECADO_MESSAGES_PER_HOUR`, sent once an hour. Empty: "
            "none is sent.",
            example="Calma! Em uma hora eu respondo de novo.",
            keep_empty=True,
        ),
    ] = "That was a lot. Please write again in an hour."
    stop_text: Annotated[
        str,
        Variable(
            name="RECADO_STOP_TEXT",
            profile=True,
            reader=text(),
            meaning="The text after a stop word. Empty: none is sent.",
            example="Ok, não escrevo mais. VOLTAR traz-me de volta.",
            keep_empty=True,
        ),
    ] = "I will not answer any more. Write START to have me back."
    start_text: Annotated[
        str,
        Variable(
            name="RECADO_START_TEXT",
            profile=True,
            reader=text(),
            meaning="The text after a start word. Empty: none is sent.",
            example="Estou de volta!",
            keep_empty=True,
        ),
    ] = "I am back. What can I do for you?"
    help_text: Annotated[
        str,
        Variable(
            name="RECADO_HELP_TEXT",
            profile=True,
            reader=text(),
            meaning="The text after `/help`. Empty: none is sent.",
            example="Escreva sua pergunta. /reset começa de novo.",
            keep_empty=True,
        ),
    ] = "Write, and I will answer. /reset begins a new conversation, STOP makes me silent."
    reset_text: Annotated[
        str,
        Variable(
            name="RECADO_RESET_TEXT",
            profile=True,
            reader=text(),
            meaning="The text after `/reset`. Empty: none is sent.",
            example="Nova conversa!",
            keep_empty=True,
        ),
    ] = "This is a new conversation."

    @property
    def words(self) -> dict[str, str]:
        """The texts for messages that end without a reply, by reason."""
        return {
            "budget": self.budget_text,
            "unreadable": self.unreadable_text,
            "not_transcribed": self.voice_text,
            "handed_off": self.handoff_text,
            "unapproved": self.pairing_text,
            "outside_hours": self.closed_text,
            "rate_limited": self.rate_text,
            "stop_word": self.stop_text,
            "start_word": self.start_text,
            "help": self.help_text,
            "reset": self.reset_text,
        }
