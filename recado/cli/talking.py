"""`recado say` and `recado ask`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import msgspec

from chat.built_in import ASK_CHOICE
from chat.choices import question_of
from chat.parts import parts_of, reading
from events.decisions import TYPE_OF, Ignored, Reply, TurnError, TurnFailed
from events.inbound import Message
from events.log import EventLog
from events.parts import Part
from events.subjects import ChatKey
from gateways.say import NoAnswer, Said
from gateways.say import say as say_and_wait
from projections.story.reasons import because, failed_because
from recado.cli.account_gateway import refuse_real
from recado.cli.log import open_log
from recado.cli.meant_profile import Version, meant_profile, profile_in, profile_option, refused
from recado.cli.options import (
    MessageId,
    Number,
    Text,
    account_option,
    chat_argument,
    json_option,
    optional_text_argument,
    text_argument,
)
from recado.cli.session import run, settings
from recado.printing import json_text, plain
from recado.profiles.overlay import ProfileUnusable
from recado.settings.settings import Settings
from recado.wiring.profile_settings import ProfileSettings

if TYPE_CHECKING:
    from backends.protocol import Answer, ToolCall
    from events.tool_calls import Passage

    Asked = tuple[Answer, tuple[Passage, ...]]


class Spoken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that was said, and its ending.

    - `id`: the message's id.
    - `ending`: `reply`, `ignored` or `turn_failed`; null: there is none yet.
    - `reply`, `text`: the reply's id and text; `parts`: its choices, files and places, where it has more than text;
      `turn`: the turn's id.
    - `reason`: of `ignored`; `error`: of `turn_failed`; `told`: the words that the person was told instead of a reply.
    - `repeat`: the id was stored before.
    """

    account: str
    chat: str
    id: str
    ending: str | None = None
    reply: str | None = None
    text: str | None = None
    parts: tuple[Part, ...] = ()
    turn: str | None = None
    reason: str | None = None
    error: TurnError | None = None
    told: str | None = None
    repeat: bool = False


class Wanted(msgspec.Struct, frozen=True):
    """A message that is to be said: its `id`, and its `text` or the `choice` to tap."""

    id: str
    text: str | None
    choice: str | None


@click.command()
@chat_argument
@optional_text_argument
@account_option
@click.option(
    "--choice",
    type=Text(),
    metavar="ID|TITLE|NUMBER",
    help="Tap this choice of the chat's last question, instead of a TEXT.",
)
@click.option(
    "--id",
    "message",
    type=MessageId(),
    help="The message's id; a second message with it is a repeat.  [default: a fresh one]",
)
@click.option("--timeout", type=Number(min=0.1), help="Seconds to wait.  [default: as long as a reply may take]")
@click.option("--yes", is_flag=True, help="Also where the answer goes to a real phone.")
@json_option
def say(
    *,
    chat: str,
    text: str | None,
    account: str | None,
    choice: str | None,
    message: str | None,
    timeout: float | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Send TEXT into CHAT, as if that person had written it, and print the reply's text. With --choice, tap a choice of
    the last question instead.

    CHAT is a phone number with its country code or a JID. The exit status is 0 with a reply, 1 if the message was
    ignored or its turn failed (the reason is on stderr), 2 if no answer came in time. Saying an --id again prints what
    became of it the first time. In an account that a gateway of a real number serves nothing is said without --yes.
    """
    if (text is None) == (choice is None):
        raise click.UsageError("give either a TEXT or --choice: recado say CHAT 'hello', recado say CHAT --choice 2")
    chosen = settings()
    key, id_ = ChatKey(account or chosen.account, chat), message or f"say-{token_hex(8)}"
    meant = Wanted(id_, text, choice)
    try:
        said = run(
            _say(chosen, key, meant, known=message is not None, patience=timeout or _longest_turn(chosen), yes=yes)
        )
    except NoAnswer as late:
        if as_json:
            click.echo(json_text(Spoken(account=key.account, chat=chat, id=id_)))
        click.echo(
            f"No answer within {late.patience:g} s. The message is stored and will be answered when an instance runs; "
            "recado doctor tells whether one does.",
            err=True,
        )
        sys.exit(2)
    if as_json:
        click.echo(json_text(_spoken(key, id_, said)))
        sys.exit(not isinstance(said.ending, Reply))
    _print(said)


@click.command()
@text_argument
@profile_option
@json_option
def ask(text: str, meant: Version | Path | None, as_json: bool) -> None:
    """Ask the model TEXT in a fresh thread that belongs to no chat; nothing of it is stored.

    It may look up the documents of RECADO_KNOWLEDGE. With --json, `passages` are those that it was shown.
    """
    chosen = settings()
    answer, passages = run(_ask(chosen, text) if meant is None else _ask_by(meant, chosen, text))
    shown = {"passages": passages} if passages else {}
    click.echo(json_text({**msgspec.structs.asdict(answer), **shown}) if as_json else plain(answer.text))


async def _say(chosen: Settings, key: ChatKey, meant: Wanted, *, known: bool, patience: float, yes: bool) -> Said:
    async with open_log(chosen) as (log, bus):
        if not yes:
            await refuse_real(bus, chosen, key)
        message = await _message(log, key, meant)
        return await say_and_wait(log, key, message, known=known, patience=patience)


async def _message(log: EventLog, key: ChatKey, meant: Wanted) -> Message:
    """The message that is meant. Raises ClickException if there is no such choice."""
    said = meant.text
    if meant.choice is not None:
        from gateways.local.taps import Tap, last_question, tap_on, tapped  # noqa: PLC0415 - a TEXT needs none of it

        asked = await last_question(log, key)
        if asked is None:
            raise click.ClickException("no question with choices was asked in this chat")
        tap = tap_on(asked, meant.choice)
        if isinstance(tap, Tap):
            return tapped(tap, id=meant.id, sender=key.chat)
        if tap is None:
            raise click.ClickException(f"the last question has no choice {meant.choice!r}. It has {_listed(asked)}")
        said = tap
    return Message(id=meant.id, sender=key.chat, text=said)


def _listed(asked: Reply) -> str:
    options = enumerate(question_of(asked), 1)
    return plain(", ".join(f"{number}. {option.title} ({option.id})" for number, option in options))


def _longest_turn(chosen: Settings) -> float:
    return 10 * chosen.debounce + chosen.run_timeout + 5


def _print(said: Said) -> None:
    ending = said.ending
    if said.repeat:
        click.echo("This id was stored before; here is what became of it.", err=True)
    if isinstance(ending, Reply):
        click.echo(plain(ending.text))
        return
    if isinstance(ending, Ignored):
        click.echo(f"The message was ignored: {because(ending.reason)}", err=True)
    else:
        click.echo(f"The turn failed: {failed_because(ending.error.class_)}: {ending.error.detail}", err=True)
    if said.apology:
        click.echo(f"The person was told: {said.apology}", err=True)
    sys.exit(1)


def _spoken(key: ChatKey, id_: str, said: Said) -> Spoken:
    ending = said.ending
    return Spoken(
        account=key.account,
        chat=key.chat,
        id=id_,
        ending=TYPE_OF[type(ending)],
        reply=ending.id if isinstance(ending, Reply) else None,
        text=ending.text if isinstance(ending, Reply) else None,
        parts=parts_of(ending) if isinstance(ending, Reply) else (),
        turn=None if isinstance(ending, Ignored) else ending.turn,
        reason=ending.reason if isinstance(ending, Ignored) else None,
        error=ending.error if isinstance(ending, TurnFailed) else None,
        told=said.apology,
        repeat=said.repeat,
    )


async def _ask_by(meant: Version | Path, chosen: Settings, text: str) -> Asked:
    """As `_ask`, by a profile. A file needs no bus."""
    settings_of = ProfileSettings(chosen).settings
    if isinstance(meant, Path):
        profile = profile_in(meant, settings_of)
    else:
        async with open_log(chosen) as there:
            profile, _ = await meant_profile(meant, there, settings_of)
    try:
        laid = settings_of(profile)
    except ProfileUnusable as unusable:
        raise refused(profile, unusable, profile.ref) from unusable
    return await _ask(laid, text)


async def _ask(chosen: Settings, text: str) -> Asked:
    """The answer, and the passages of documents that the model was shown."""
    from actors.tools.built_in import ASK  # noqa: PLC0415 - `recado say` needs none of it
    from backends.one_question import ask as ask_in_fresh_thread  # noqa: PLC0415 - `recado say` needs none of it
    from backends.protocol import ReplyRequest  # noqa: PLC0415
    from chat.context import Line  # noqa: PLC0415
    from chat.first_look import before  # noqa: PLC0415
    from chat.moment import Moment  # noqa: PLC0415
    from recado.cli.looking_up import looking_up  # noqa: PLC0415 - brings in the index
    from recado.wiring.model import open_model  # noqa: PLC0415 - imports the model's client, 0.4 s

    fresh, zone = f"ask-{token_hex(8)}", ZoneInfo(chosen.timezone)
    moment = Moment(at=datetime.now(zone), zone=zone.key, hours=chosen.gates.hours, account=chosen.account)
    messages: tuple[Line, ...] = (Line("user", text),)
    tools = (ASK,) if ASK_CHOICE in chosen.built_in_tools else ()
    async with open_model(chosen) as model, looking_up(chosen) as documents:
        if documents is not None and documents.first:
            messages = before(await documents.before(text), messages)
        look_up = await documents.offered() if documents is not None else ()
        answer = await ask_in_fresh_thread(
            model.backend,
            ReplyRequest(
                account=chosen.account,
                chat=fresh,
                turn=fresh,
                thread=fresh,
                history=(),
                messages=messages,
                ids=(fresh,),
                patience=chosen.run_timeout,
                moment=moment,
                tools=(*look_up, *tools),
            ),
            _question if tools else None,
            documents.give if documents is not None and look_up else None,
        )
        return answer, tuple(documents.passages) if documents is not None else ()


def _question(call: ToolCall) -> str:
    """The plain reading of the question that the call asks."""
    from actors.tools.arguments import Unfit, unpacked  # noqa: PLC0415 - `recado say` needs none of it
    from actors.tools.built_in import asked  # noqa: PLC0415
    from backends.protocol import ReplyFailed  # noqa: PLC0415

    try:
        result = asked(unpacked(call.arguments)[0])
    except Unfit as unfit:
        raise ReplyFailed("malformed_answer", str(unfit)) from unfit
    if result.failed:
        raise ReplyFailed("malformed_answer", result.output)
    return reading(result.send)
