"""The settings of the texts that recado itself sends to people, and of their language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from chat.language import LANGUAGES, Language, language_of
from chat.words import APOLOGY, ONE_MOMENT, words_in
from events.subjects import ChatKey
from recado.settings.variables import Variable, choice, text


@dataclass(frozen=True, kw_only=True, repr=False)
class TextSettings:
    """The texts of recado's own. An unset one is said in the person's language, as `chat.words` has it."""

    language: Annotated[
        Language | None,
        Variable(
            name="RECADO_LANGUAGE",
            profile=True,
            reader=choice(*LANGUAGES),
            meaning="The language of the texts that recado itself sends: Portuguese, Spanish or English. Unset: by the "
            "country of the person's number, in a group by that of the account's number. Each text below can also be "
            "set, and is then sent to everybody as it is.",
            example="pt",
        ),
    ] = None
    one_moment_text: Annotated[
        str | None,
        Variable(
            name="RECADO_ONE_MOMENT_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for a person whose answer takes longer than `RECADO_ONE_MOMENT_AFTER`, sent once in a "
            "turn. Empty: none is sent.",
            example="Só um momento, já respondo.",
            keep_empty=True,
        ),
    ] = None

    apology: Annotated[
        str | None,
        Variable(
            name="RECADO_APOLOGY",
            profile=True,
            reader=text(),
            meaning="The text after a failed turn. Empty: none is sent.",
            example="Desculpe, algo deu errado. Tente de novo daqui a pouco.",
            keep_empty=True,
        ),
    ] = None
    budget_text: Annotated[
        str | None,
        Variable(
            name="RECADO_BUDGET_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for messages that a limit of a day in tokens or money leaves unanswered. Empty: none is "
            "sent.",
            example="Por hoje é só. Até amanhã!",
            keep_empty=True,
        ),
    ] = None
    unreadable_text: Annotated[
        str | None,
        Variable(
            name="RECADO_UNREADABLE_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for messages that hold only unreadable files: a video, or a file that is too large, "
            "damaged or of an unknown kind. Empty: none is sent.",
            example="Não consigo abrir o que você mandou. Pode escrever?",
            keep_empty=True,
        ),
    ] = None
    voice_text: Annotated[
        str | None,
        Variable(
            name="RECADO_VOICE_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for voice notes where no server transcribes them. Empty: none is sent.",
            example="Aqui não consigo ouvir áudios. Pode escrever?",
            keep_empty=True,
        ),
    ] = None
    handoff_text: Annotated[
        str | None,
        Variable(
            name="RECADO_HANDOFF_TEXT",
            profile=True,
            reader=text(),
            meaning="The text, sent once, when the model or a tool gives the chat to a human. Empty: none is sent.",
            example="Vou chamar uma colega. Ela responde aqui.",
            keep_empty=True,
        ),
    ] = None
    pairing_text: Annotated[
        str | None,
        Variable(
            name="RECADO_PAIRING_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for unknown people, sent once; `{code}` becomes their code. Empty: none is sent.",
            example="Seu código: {code}",
            keep_empty=True,
        ),
    ] = None
    closed_text: Annotated[
        str | None,
        Variable(
            name="RECADO_CLOSED_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for messages outside `RECADO_HOURS`, sent once. Empty: none is sent.",
            example="Abrimos às 9h. Escreva de novo então!",
            keep_empty=True,
        ),
    ] = None
    rate_text: Annotated[
        str | None,
        Variable(
            name="RECADO_RATE_TEXT",
            profile=True,
            reader=text(),
            meaning="The text for people who write more than `RECADO_MESSAGES_PER_HOUR`, sent once an hour. Empty: "
            "none is sent.",
            example="Calma! Em uma hora eu respondo de novo.",
            keep_empty=True,
        ),
    ] = None
    stop_text: Annotated[
        str | None,
        Variable(
            name="RECADO_STOP_TEXT",
            profile=True,
            reader=text(),
            meaning="The text after a stop word. Empty: none is sent.",
            example="Ok, não escrevo mais. VOLTAR traz-me de volta.",
            keep_empty=True,
        ),
    ] = None
    start_text: Annotated[
        str | None,
        Variable(
            name="RECADO_START_TEXT",
            profile=True,
            reader=text(),
            meaning="The text after a start word. Empty: none is sent.",
            example="Estou de volta!",
            keep_empty=True,
        ),
    ] = None
    help_text: Annotated[
        str | None,
        Variable(
            name="RECADO_HELP_TEXT",
            profile=True,
            reader=text(),
            meaning="The text after `/help`. Empty: none is sent.",
            example="Escreva sua pergunta. /reset começa de novo.",
            keep_empty=True,
        ),
    ] = None
    reset_text: Annotated[
        str | None,
        Variable(
            name="RECADO_RESET_TEXT",
            profile=True,
            reader=text(),
            meaning="The text after `/reset`. Empty: none is sent.",
            example="Nova conversa!",
            keep_empty=True,
        ),
    ] = None

    call_text: Annotated[
        str,
        Variable(
            name="RECADO_CALL_TEXT",
            profile=True,
            reader=text(),
            meaning="The text after a missed call, sent once a day to a chat: that calls are not taken here. Empty: "
            "none is sent.",
            example="We do not take calls here. Please write to us!",
            keep_empty=True,
        ),
    ] = ""

    def words_for(self, key: ChatKey) -> Mapping[str, str]:
        """The texts for the chat `key`, by the keys of `chat.words.WORDS`; an empty one is not sent."""
        return self._words[self.language or language_of(key)]

    @cached_property
    def _words(self) -> dict[Language, dict[str, str]]:
        given = {
            APOLOGY: self.apology,
            ONE_MOMENT: self.one_moment_text,
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
            "call": self.call_text,
        }
        chosen = {key: text for key, text in given.items() if text is not None}
        return {language: words_in(language) | chosen for language in LANGUAGES}
