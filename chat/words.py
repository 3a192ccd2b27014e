"""The words that recado itself says to people, in every language that it speaks.

A setting replaces each of them, in every language.
"""

from __future__ import annotations

from chat.language import Language

APOLOGY, ONE_MOMENT = "apology", "one_moment"
"""Keys of the words after a failed turn, and of those to a person whose answer takes a while. The other keys are the
reasons for which a message ends without a reply."""

WORDS: dict[str, dict[Language, str]] = {
    APOLOGY: {
        "en": "Sorry, something went wrong and I could not answer. Please try again in a moment.",
        "pt": "Desculpe, algo deu errado e não consegui responder. Tente de novo daqui a pouco.",
        "es": "Lo siento, algo salió mal y no pude responder. Inténtalo de nuevo en un momento.",
    },
    ONE_MOMENT: {
        "en": "One moment, please. I am working on your answer.",
        "pt": "Um momento, por favor. Estou preparando a resposta.",
        "es": "Un momento, por favor. Estoy preparando la respuesta.",
    },
    "budget": {
        "en": "Sorry, I cannot answer any more messages in this chat today.",
        "pt": "Desculpe, por hoje não posso responder mais mensagens nesta conversa.",
        "es": "Lo siento, por hoy no puedo responder más mensajes en este chat.",
    },
    "unreadable": {
        "en": "Sorry, I could not open what you sent. Could you write it as text?",
        "pt": "Desculpe, não consegui abrir o que você enviou. Pode escrever em texto?",
        "es": "Lo siento, no pude abrir lo que enviaste. ¿Puedes escribirlo como texto?",
    },
    "not_transcribed": {
        "en": "I cannot listen to voice messages here. Could you write it as text?",
        "pt": "Aqui não consigo ouvir mensagens de voz. Pode escrever em texto?",
        "es": "Aquí no puedo escuchar mensajes de voz. ¿Puedes escribirlo como texto?",
    },
    "handed_off": {
        "en": "I have asked a colleague, who will answer you here.",
        "pt": "Chamei uma pessoa da equipe, que vai responder aqui.",
        "es": "He avisado a una persona del equipo, que te responderá aquí.",
    },
    "unapproved": {
        "en": "I do not know you yet. Please tell the owner of this number your code, {code}.",
        "pt": "Ainda não conheço você. Por favor, diga o seu código ao dono deste número: {code}.",
        "es": "Todavía no te conozco. Por favor, dile tu código al dueño de este número: {code}.",
    },
    "outside_hours": {
        "en": "We are closed at the moment. Please write again when we are open.",
        "pt": "Estamos fechados no momento. Por favor, escreva de novo quando estivermos abertos.",
        "es": "En este momento estamos cerrados. Por favor, escribe de nuevo cuando estemos abiertos.",
    },
    "rate_limited": {
        "en": "That was a lot. Please write again in an hour.",
        "pt": "Foram muitas mensagens. Por favor, escreva de novo daqui a uma hora.",
        "es": "Fueron muchos mensajes. Por favor, escribe de nuevo dentro de una hora.",
    },
    "stop_word": {
        "en": "I will not answer any more. Write START to have me back.",
        "pt": "Não vou mais responder. Escreva VOLTAR para eu responder de novo.",
        "es": "No responderé más. Escribe VOLVER para que responda de nuevo.",
    },
    "start_word": {
        "en": "I am back. What can I do for you?",
        "pt": "Estou de volta. Em que posso ajudar?",
        "es": "Estoy de vuelta. ¿En qué puedo ayudarte?",
    },
    "help": {
        "en": "Write, and I will answer. /reset begins a new conversation, STOP makes me silent.",
        "pt": "Escreva, e eu respondo. /reset começa uma conversa nova, PARAR me deixa em silêncio.",
        "es": "Escribe, y te respondo. /reset empieza una conversación nueva, PARAR me deja en silencio.",
    },
    "reset": {
        "en": "This is a new conversation.",
        "pt": "Esta é uma conversa nova.",
        "es": "Esta es una conversación nueva.",
    },
}

STOP_WORDS = frozenset({"stop", "parar", "pare", "detener"})
START_WORDS = frozenset({"start", "voltar", "volver"})
"""The words in these texts, and their nearest kin: whole messages that people hardly write for another reason."""


def words_in(language: Language) -> dict[str, str]:
    """Every text in one language, by its key."""
    return {key: texts[language] for key, texts in WORDS.items()}
