"""`recado assign`, `note`, `label`, `resolve`, `reopen` and `snooze`: orders by which users share the work."""

from __future__ import annotations

import click

from events.teamwork import LONGEST_LABEL, LONGEST_NOTED, LONGEST_USER, cleaned_label, cleaned_name
from recado.cli.control import Given, give_order
from recado.cli.meant import found_account_option
from recado.cli.options import Moment, Text, Until, chat_argument, json_option, text_argument


class Assignee(Text):
    """The name of the user who gets a chat."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = cleaned_name(super().convert(value, param, ctx))
        if found is None:
            self.fail(f"{value[:60]!r} is no name: give 1 to {LONGEST_USER} characters on one line", param, ctx)
        return found


class LabelName(Text):
    """A label."""

    name = "label"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = cleaned_label(super().convert(value, param, ctx))
        if found is None:
            self.fail(
                f"{value[:60]!r} is no label: give 1 to {LONGEST_LABEL} characters on one line, without a comma",
                param,
                ctx,
            )
        return found


@click.command()
@chat_argument
@click.argument("user", type=Assignee(), required=False, metavar="[NAME]")
@click.option("--nobody", is_flag=True, help="No user has it any more.")
@found_account_option
@json_option
def assign(chat: str, user: str | None, nobody: bool, account: str | None, as_json: bool) -> None:
    """Give CHAT to the user NAME. It changes nothing in who answers: the bot goes on, or stays paused."""
    if (user is None) != nobody:
        raise click.UsageError("name the user who gets the chat, or give --nobody")
    give_order(Given(command="assign", chat=chat, account=account, erased=False, fields={"to": user}), as_json)


@click.command()
@chat_argument
@text_argument
@found_account_option
@json_option
def note(chat: str, text: str, account: str | None, as_json: bool) -> None:
    """Put the note TEXT beside CHAT. Users alone see it: neither the person nor the model."""
    if not 0 < len(text.strip()) <= LONGEST_NOTED:
        raise click.BadParameter(f"a note has 1 to {LONGEST_NOTED:,} characters", param_hint="TEXT")
    give_order(Given(command="note", chat=chat, account=account, erased=False, fields={"text": text}), as_json)


@click.command()
@chat_argument
@click.option("--add", type=LabelName(), multiple=True, help="A label that it gets; may be given several times.")
@click.option("--remove", type=LabelName(), multiple=True, help="A label that it loses; may be given several times.")
@found_account_option
@json_option
def label(chat: str, add: tuple[str, ...], remove: tuple[str, ...], account: str | None, as_json: bool) -> None:
    """Change the labels of CHAT. Case makes no difference: VIP and vip are one label."""
    if not add and not remove:
        raise click.UsageError("name labels with --add or --remove")
    fields = {"add": add, "remove": remove}
    give_order(Given(command="label", chat=chat, account=account, erased=False, fields=fields), as_json)


@click.command()
@chat_argument
@found_account_option
@json_option
def resolve(chat: str, account: str | None, as_json: bool) -> None:
    """Say that the work on CHAT is done. It ends a handoff; a message of the person opens it again."""
    give_order(Given(command="resolve", chat=chat, account=account, erased=False), as_json)


@click.command()
@chat_argument
@found_account_option
@json_option
def reopen(chat: str, account: str | None, as_json: bool) -> None:
    """Say that the work on CHAT goes on."""
    give_order(Given(command="reopen", chat=chat, account=account, erased=False), as_json)


@click.command()
@chat_argument
@click.argument("when", type=Until(), metavar="WHEN")
@found_account_option
@json_option
def snooze(chat: str, when: Moment, account: str | None, as_json: bool) -> None:
    """Put CHAT off until WHEN: a length of time (30m, 2h, 1d) or a time (2026-12-24T18:00). It is open again from then
    on, or when the person writes."""
    give_order(Given(command="snooze", chat=chat, account=account, erased=False, until=when), as_json)
