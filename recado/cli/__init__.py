"""The command `recado`. Each command's module is loaded when it is called, so that `recado --help` is fast."""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from typing import Any, NamedTuple

import click

# The exceptions of these packages have messages that say what to do.
_OURS = frozenset({"events", "chat", "actors", "backends", "gateways", "projections", "console", "recado"})


_NO_WINDOWS = (
    "recado runs on Linux and macOS, not on Windows itself: install it in WSL, which is Linux on Windows "
    "(https://learn.microsoft.com/windows/wsl/install)"
)


class Entry(NamedTuple):
    """A command: its module in this package, and its line in the list of commands."""

    module: str
    line: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Run": {
        "up": Entry("running", "Run recado on this machine: NATS, one instance, the page."),
        "serve": Entry("running", "Run one instance on the NATS server of NATS_URL."),
        "gateway": Entry("running", "Run a gateway (cloud, device, terminal), or check one."),
        "instances": Entry("instances", "List the instances that answer chats, and their shares."),
        "accounts": Entry("accounts", "List the business numbers and devices, and their replies."),
        "doctor": Entry("doctor", "Check settings, bus, projection and model."),
    },
    "Talk": {
        "say": Entry("talking", "Send one message into a chat and print the reply."),
        "ask": Entry("talking", "Ask the model one question that belongs to no chat."),
    },
    "Read": {
        "chats": Entry("reading", "List the chats."),
        "history": Entry("reading", "Show a chat's messages and replies."),
        "threads": Entry("reading", "List the threads at the backends, by chat."),
        "usage": Entry("reading", "Add up tokens and money by chat, day and model."),
        "search": Entry("searching", "Find chats and messages by words."),
        "attention": Entry("reading", "List the chats that ask for a human."),
        "why": Entry("why", "Tell the story of a message, a reply or an order."),
        "events": Entry("events", "Show the log."),
    },
    "Try": {
        "whatif": Entry("whatif", "Answer past messages again with another setting, and compare."),
    },
    "Control": {
        "pause": Entry("control", "Stop answering a chat, for a time or until resumed."),
        "resume": Entry("control", "Answer a chat again."),
        "reset": Entry("control", "Start a new conversation in a chat."),
        "send": Entry("control", "Write to a chat yourself."),
        "retry": Entry("control", "Answer the messages of a failed turn again."),
        "approve": Entry("control", "Let an unknown person in."),
        "block": Entry("control", "Answer a chat no more."),
        "assign": Entry("teamwork", "Give a chat to a user."),
        "note": Entry("teamwork", "Put a note beside a chat, for users alone."),
        "label": Entry("teamwork", "Change the labels of a chat."),
        "resolve": Entry("teamwork", "Say that the work on a chat is done."),
        "reopen": Entry("teamwork", "Say that it goes on."),
        "snooze": Entry("teamwork", "Put a chat off for a time."),
        "erase": Entry("erasing", "Remove every byte of a chat."),
        "files": Entry("files", "Keep the files and places that can be sent by name."),
        "template": Entry("template", "List WhatsApp's templates of a number."),
        "user": Entry("user", "Give people a login to the page, with a role."),
        "profile": Entry("profile", "Decide how accounts, chats and groups are answered."),
        "knowledge": Entry("knowledge", "Add documents from which chats are answered."),
    },
    "Repair": {
        "replay": Entry("repair", "Rebuild the projection from the log."),
        "dead-letters": Entry("dead_letters", "List what was set aside, show one, try it again."),
        "verify": Entry("repair", "Rebuild the projection beside the live one and compare."),
        "backup": Entry("backup", "Save the log to a file, while recado runs."),
        "restore": Entry("backup", "Put the log back from a file."),
        "import-threads": Entry("importing", "Bring the threads of another bot along."),
    },
}
"""Every command, as `recado --help` groups them."""

_COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Commands(click.Group):
    """A group whose commands are imported when they are called, and whose expected errors are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(f"recado.cli.{_COMMANDS[cmd_name].module}"), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as unknown:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=_COMMANDS, ctx=ctx) from unknown

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name, entry.line) for name, entry in commands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        if sys.platform == "win32":
            raise click.ClickException(_NO_WINDOWS)  # before a module is imported that is not there
        try:
            return super().invoke(ctx)
        except Exception as error:
            message = _expected(error)
            if message is None or ctx.params.get("verbose"):
                raise
            raise click.ClickException(message) from error


@click.group(cls=Commands, epilog="Settings come from the environment and from .env: see docs/configuration.md.")
@click.option("-v", "--verbose", is_flag=True, help="Log debug lines too, and show tracebacks.")
@click.version_option(package_name="recado", message="recado %(version)s")
def main(verbose: bool) -> None:
    """Answers WhatsApp chats with AI; no message is lost, and none is answered twice."""
    from recado import logs, process_start  # noqa: PLC0415 - costs as much as all the rest of `recado --help`

    logs.configure(verbose=verbose)
    process_start.begin()


def _expected(error: BaseException) -> str | None:
    """The message of an error that is no defect of recado; None for a defect."""
    if isinstance(error, BaseExceptionGroup):
        messages = [_expected(one) for one in error.exceptions]
        return None if None in messages else "\n".join(dict.fromkeys(message for message in messages if message))
    if isinstance(error, click.ClickException | click.Abort | click.exceptions.Exit):
        return None
    if isinstance(error, OSError) and error.errno not in (None, errno.EPIPE):
        where = f" ({error.filename})" if error.filename else ""
        if error.errno == errno.ELOOP:
            return f"recado does not follow a link here{where}: remove the link"
        return f"{error.strerror}{where}"
    package = type(error).__module__.partition(".")[0]
    if package == "nats":  # also where no part of recado expects it, as between two requests
        return f"the connection to the bus failed ({error}): run it again when the bus is back"
    return str(error) if package in _OURS else None
