"""recado's own words in the detail of a fault, as events and the index keep them.

A detail is a text in English. `events.read_back` makes the phrase of it again for a page, so every detail of recado's
own is one of these; the words of a server or a library stay as they are.
"""

from __future__ import annotations

from enum import StrEnum

from events.phrases import Phrase, english


class Detail(StrEnum):
    """A sentence with `%(name)s` for a value. It is the storage format as well: a changed one is no longer read back
    out of the events that have it."""

    # of a file that was not read
    ALL_HIDDEN = "all of its text is hidden: show it, and save it again"
    DAMAGED = "it is damaged, or of another type than its name says: save it again (%(error)s)"
    EMPTY = "it is empty"
    LARGER = "%(size)s bytes, %(limit)s are read"
    LOCKED = "it is protected by a password: save it without one"
    MEMORY = "it takes too much memory: split it"
    NEVER_ENDS = "its reader does not stop writing"
    NO_CSV = "it is no CSV: %(error)s"
    NO_FILES = "files are not read here"
    NO_REASON = "its reader gave no reason"
    NO_SOUND = "there is no sound in it"
    NO_SPEECH = "nothing is said in it"
    NO_TEXT = "there is no text in it"
    NO_TEXT_LAYER = "it has no text: a scan has to be read by a program for that (OCR) first"
    NO_TEXT_WITHOUT_SCRIPT = (
        "it has no text: a script writes it in the browser; save what you see as a file and add that"
    )
    NO_TRANSCRIPTION = "no model transcribes: OPENAI_TRANSCRIPTION_MODEL is empty"
    NO_WORDS = "it has no words"
    NOT_IN_LIBRARY = "its file is no longer in the library: add it again"
    NOT_IN_STORE = "it is not in the object store"
    NOT_OPENED = "%(type)s is not opened"
    NOT_PLAIN = "it is no text"
    NOT_READ_AGAIN = "it was not read then, and is not read now"
    NOT_SHOWN = "the model is not shown %(type)s"
    NOT_TRANSCRIBED = "the server does not transcribe: %(words)s"
    NOT_WHOLE = "it is not whole"
    READER_CLOSED = "its reader was closed"
    READER_ENDED = "its reader ended with %(status)s; it may take %(seconds)s s of CPU"
    READER_ENDED_FROM_OUTSIDE = "its reader was ended from outside: add it again"
    TOO_MANY_CHARACTERS = "it has more than %(longest)s characters: split it"
    TOO_MANY_MINUTES = "it is longer than %(minutes)s minutes"
    TOO_MANY_PIECES = "it has more than %(most)s pieces: split it"
    TOO_SLOW = "it could not be read within %(seconds)s s"
    TOO_SLOW_OR_LARGE = "it takes more than %(seconds)s s, or too much memory, to read: split it"
    TYPE_NOT_READ = "%(type)s is not read"
    UNPACKED = "it unpacks to more than %(unpacked)s bytes: split it"
    WITHOUT_TYPE = "a file without a type"

    # of a file that did not come from WhatsApp
    LARGER_THAN_TAKEN = "%(size)s bytes, %(limit)s are taken"
    MORE_THAN_TAKEN = "more than %(limit)s bytes"
    OTHER_HOST = "its URL is of a host that is not WhatsApp's: the token stays here"
    REFUSED = "error %(code)s: %(words)s"

    # of a reply that was not sent
    ANOTHERS_NUMBER = "the number is another person's now"
    FILE_GONE = "%(object)s is not there any more"
    FILE_NOT_WHOLE = "%(object)s is no longer whole"
    FORM_UNKNOWN = "%(reason)s. The values of this template depend on its form"
    HEADER_NOT_UPLOADED = "the file of the template's header was not uploaded"
    HTTP = "HTTP %(status)s, which is no answer of WhatsApp's"
    LARGER_THAN_SENT = "%(size)s bytes, WhatsApp takes %(limit)s"
    NO_ID = "the answer has no id"
    NO_OUTCOME = "no outcome within %(seconds)s s"
    NOT_OF_WHATSAPP = "the message that it reacts to is none of WhatsApp's"
    NOT_THE_LAST = "the message that it reacts to is not among the last ones"
    OTHER_PARTS = "it was begun in %(parts)s parts, and this recado would split it otherwise"
    OTHER_TEMPLATE = "the template %(name)s is not that of RECADO_WINDOW_TEMPLATE"
    REACTION_AGAIN = "a reaction may be sent again"
    REACTION_IN_DOUBT = "nobody knows whether the reaction was shown"
    SENT_IN_DOUBT = "nobody knows whether it was sent: a linked device cannot find out"
    TAKEN_OVER = "a human took the chat over before"
    TERMINAL_ENDED = "the terminal ended while printing it"

    # of a turn that failed
    ANSWER_BEGINS = "%(fault)s, in an answer that begins %(start)s"
    ANSWER_SAYS_NOTHING = "the answer holds nothing for a person (characters cut: %(kinds)s)"
    ASKED_FOR = "the message asked for it"
    BUDGET_REACHED = "the session's spending limit is reached"
    CUT_BEFORE_WORDS = "the response has no text, it is incomplete: %(reason)s"
    EMPTY_ANSWER = "the answer is empty (finish_reason %(reason)s)"
    ERROR_IN_ANSWER = "an error in an answer with status 200: %(words)s"
    FILTERED = "the response was stopped by the content filter"
    FILTERED_CHOICE = "finish_reason is content_filter"
    INCOMPLETE = "the run is incomplete: %(reason)s"
    LOST_AT_ONCE = "the server lost a conversation at once: %(words)s"
    LOST_THREADS = "one thread after the other is lost: %(words)s"
    NO_ANSWER = "no answer within %(seconds)s s"
    NO_ANSWER_AT_ALL = "the request was not answered"
    NO_ANSWER_YET = "the response is %(status)s: %(fault)s"
    NO_RESPONSE_TEXT = "the response has no text"
    NO_SUCH_CLASS = "no error class is called %(word)s; they are %(names)s"
    NO_SUCH_SLEEP = "!sleep takes 0 to %(longest)s seconds, not %(word)s"
    NO_TOOLS = "the model asked for a tool, and a question outside of a chat has none"
    NOT_ENCODED = "the request cannot be encoded: %(error)s"
    OPEN_CALLS = "the conversation has more open function calls than could be closed"
    RESPONSE_FAILED = "failed: %(words)s"
    RESTORED = "open in the backup from which the log was restored: it may have been answered since"
    TEXT_TOO_LONG = "the text is too long to store: %(error)s"
    TOO_MANY_ROUNDS = "the model asked for tools %(rounds)s times and gave no answer"
    TIMED_OUT = "it timed out"
    TOOL_CALL_AS_TEXT = "the model wrote a tool call as text (characters cut: %(kinds)s)"
    UNEXPLAINED = "finish_reason is error, and the server does not say why"
    UNNAMED_ACTION = "run %(run)s requires an action and does not say which"
    VANISHED_MESSAGE = "the message was accepted and is not there"
    WRONG_ACTION = "the agent waits for an action that no chat can give (%(kinds)s): change the agent"
    WROTE_NOTHING = "turn %(turn)s is completed and wrote nothing"

    # of the templates of an account, told by its gateway
    NO_ACCOUNT = "Meta does not say which WhatsApp account the number %(number)s belongs to: %(rights)s"
    NO_TEMPLATES_READ = "Meta's templates were not read"
    TEMPLATES_NOT_ASKED = "Meta cannot be asked for its templates: %(why)s. Try again later"
    TEMPLATES_NOT_SHOWN = "Meta does not show the templates (error %(code)s: %(detail)s): %(do)s"
    TEMPLATES_RIGHTS = (
        "give the token's system user the permission whatsapp_business_management and this WhatsApp account, see "
        "docs/whatsapp.md"
    )
    TEMPLATES_UNREADABLE = "Meta's answer about templates cannot be read: %(wrong)s"
    TRY_LATER = "try again later"

    def phrase(self, **values: object) -> Phrase:
        """The sentence with its values, for a page."""
        return Phrase(self.value, **values)

    def said(self, **values: object) -> str:
        """The sentence with its values, as it is stored."""
        return self.value % {name: english(value) for name, value in values.items()}
