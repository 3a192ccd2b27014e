"""`recado say` and `recado ask`."""

from __future__ import annotations

import sys
from secrets import token_hex

import click

from events.decisions import Ignored, Reply
from events.subjects import ChatKey
from gateways.say import NoAnswer, Said
from gateways.say import say as say_and_wait
from recado.cli.log import open_log
from recado.cli.options import MessageId, Text, account_option, chat_argument, key_of
from recado.cli.session import run, settings
from recado.printing import plain
from recado.settings.settings import Settings


@click.command()
@chat_argument
@click.argument("text", type=Text())
@account_option
@click.option(
    "--id",
    "message",
    type=MessageId(),
    help="The message's id; a second message with it is a repeat.  [default: a fresh one]",
)
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), help="Seconds to wait.  [default: as long as a reply may take]"
)
def say(chat: str, text: str, account: str | None, message: str | None, timeout: float | None) -> None:
    """Send TEXT into CHAT, as if that person had written it, and print the reply's text.

    CHAT is a phone number with its country code or a JID. The exit status is 0 with a reply, 1 if the message was
    ignored or its turn failed (the reason is on stderr), 2 if no answer came in time. A repeated --id prints the first
    message's ending.
    """
    chosen = settings()
    try:
        said = run(
            _say(
                chosen, key_of(chosen, chat, account), text, message=message, patience=timeout or _longest_turn(chosen)
            )
        )
    except NoAnswer as late:
        click.echo(
            f"No answer within {late.patience:g} s. The message is stored and will be answered when an instance runs; "
            "recado doctor tells whether one does.",
            err=True,
        )
        sys.exit(2)
    _print(said)


@click.command()
@click.argument("text", type=Text())
def ask(text: str) -> None:
    """Ask the model TEXT in a new thread that belongs to no chat. Nothing is stored."""
    click.echo(plain(run(_ask(settings(), text))))


async def _say(chosen: Settings, key: ChatKey, text: str, *, message: str | None, patience: float) -> Said:
    id_ = message or f"say-{token_hex(8)}"
    async with open_log(chosen) as (log, _):
        return await say_and_wait(log, key, text, message=id_, known=message is not None, patience=patience)


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
        click.echo(f"The message was ignored: {ending.reason}", err=True)
    else:
        click.echo(f"The turn failed: {ending.error.class_}: {ending.error.detail}", err=True)
    if said.apology:
        click.echo(f"The person was told: {said.apology}", err=True)
    sys.exit(1)


async def _ask(chosen: Settings, text: str) -> str:
    from backends.one_question import ask as ask_in_fresh_thread  # noqa: PLC0415 - `recado say` needs none of it
    from backends.protocol import ReplyRequest  # noqa: PLC0415
    from chat.context import Line  # noqa: PLC0415
    from recado.wiring.model import open_model  # noqa: PLC0415 - imports the model's client, 0.4 s

    fresh = f"ask-{token_hex(8)}"
    async with open_model(chosen) as model:
        answer = await ask_in_fresh_thread(
            model.backend,
            ReplyRequest(
                account=chosen.account,
                chat=fresh,
                turn=fresh,
                thread=fresh,
                history=(),
                messages=(Line("user", text),),
                ids=(fresh,),
                patience=chosen.run_timeout,
            ),
        )
    return answer.text
