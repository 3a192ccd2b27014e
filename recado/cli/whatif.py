"""`recado whatif`: answers past messages again with another setting."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from events.profile import Profile
from recado.cli.log import OpenLog, open_log
from recado.cli.meant import found_account_option
from recado.cli.meant_profile import Version, in_force_on, meant_profile, profile_option, refused
from recado.cli.options import ChatName, Moment, Number, Past, json_option
from recado.cli.session import run, settings
from recado.printing import json_text
from recado.profiles.overlay import ProfileUnusable
from recado.settings.modes import MODES
from recado.settings.settings import VARIABLES, Settings
from recado.whatif.page import notes, page_of
from recado.whatif.report import Report
from recado.whatif.side_by_side import lines_of
from recado.whatif.ways import SettingsOf, Way, Ways, meant_by
from recado.wiring.profile_settings import ProfileSettings

if TYPE_CHECKING:
    from recado.whatif.trying import Trial

MOST_TURNS, MOST_TOKENS = 20, 50_000
_PLAIN_WIDTH = 120
"""Columns of the report without a terminal."""


class Prompt(click.ParamType[str]):
    """A file with the model's instructions."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return Path(value).read_text(encoding="utf-8-sig").strip()
        except UnicodeDecodeError:
            self.fail(f"{value} is not UTF-8 text", param, ctx)
        except OSError as error:
            self.fail(f"{value} cannot be read: {error.strerror}", param, ctx)


class PageFile(click.ParamType[Path]):
    """A file that can be written; a wrong path is refused before any tokens are spent."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value).absolute()
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            self.fail(f"{value} cannot be written: give a file in a folder that is there", param, ctx)
        return path


@click.command()
@click.option("--since", type=Past(), required=True, help="From when on: 2h, 3d ago, or a time (2026-12-24T18:00).")
@click.option("--until", type=Past(), help="Up to when.  [default: now]")
@click.option("--chat", "chats", type=ChatName(), multiple=True, help="Only this chat; may be given several times.")
@found_account_option
@profile_option
@click.option("--prompt", type=Prompt(), metavar="FILE", help="Instead of AI_SYSTEM_PROMPT, the text in this file.")
@click.option("--model", help="Instead of OPENAI_MODEL.")
@click.option(
    "--mode",
    type=click.Choice(list(MODES)),
    help="Instead of OPENAI_API_MODE.",
)
@click.option(
    "--knowledge",
    "documents",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Instead of the collections, the documents in this folder.",
)
@click.option("--debounce", type=Number(0, 300), metavar="SECONDS", help="Instead of RECADO_DEBOUNCE.")
@click.option("--continue", "go_on", is_flag=True, help="Show the model its new replies, not those of then.")
@click.option(
    "--max-turns",
    type=click.IntRange(1, 2**53),
    default=MOST_TURNS,
    show_default=True,
    help="Answer no more turns than this.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(1, 2**53),
    default=MOST_TOKENS,
    show_default=True,
    help="Stop before the call that might go beyond it.",
)
@click.option("--html", type=PageFile(), metavar="FILE", help="Write a page as well.")
@json_option
def whatif(
    *,
    since: Moment,
    until: Moment | None,
    chats: tuple[str, ...],
    account: str | None,
    meant: Version | Path | None,
    prompt: str | None,
    model: str | None,
    mode: str | None,
    documents: Path | None,
    debounce: float | None,
    go_on: bool,
    max_turns: int,
    max_tokens: int,
    html: Path | None,
    as_json: bool,
) -> None:
    """Answer past messages again with another profile, prompt, model, mode or debounce, and show old and new replies
    together.

    Nothing is sent, nothing is written to the log, no tool is called. The model is called, which costs tokens. Every
    chat is answered by its profile in force; with --profile the chats are those for which that one is meant, or those
    of --chat. With no other option, the present setting is tried again. The exit status is 1 if no turn was answered.
    """
    given = {"ai_system_prompt": prompt, "openai_model": model, "openai_api_mode": mode}
    fields = {field: value for field, value in given.items() if value is not None}
    pause = {} if debounce is None else {"RECADO_DEBOUNCE": repr(debounce)}
    changed = {VARIABLES[field].name: value for field, value in fields.items()} | pause
    chosen = settings(changed if meant is None else pause)
    if meant is None:
        _without_effect(chosen, fields)
    from recado.whatif.trying import Trial, try_out  # noqa: PLC0415 - imports the model's client, 0.4 s

    async def report_of(trial: Trial) -> Report:
        async with open_log(chosen) as there:
            settings_of = _with_options(ProfileSettings(chosen), fields)
            if meant is None:
                ways = Ways(Way(chosen), await in_force_on(there.bus), settings_of)
            else:
                ways, trial = await _by(meant, there, ProfileSettings(chosen), settings_of, trial)
            return await try_out(ways, trial, there.log, there.bus, partial(click.echo, err=True))

    trial = Trial(
        since=since,
        until=until,
        account=account,
        chats=chats,
        changed=changed | ({} if documents is None else {"knowledge": str(documents)}),
        documents=documents,
        go_on=go_on,
        max_turns=max_turns,
        max_tokens=max_tokens,
        name=f"whatif-{token_hex(4)}",
    )
    report = run(report_of(trial))
    _print(report, as_json=as_json)
    if html is not None:
        _write(html, page_of(report))
    sys.exit(not report.now.turns)


async def _by(
    meant: Version | Path, there: OpenLog, own: ProfileSettings, settings_of: SettingsOf, trial: Trial
) -> tuple[Ways, Trial]:
    """The way of one profile, and the trial of the chats for which it is meant."""
    profile, in_force = await meant_profile(meant, there, own.settings)
    name = meant.name if isinstance(meant, Path) else profile.ref
    takes = meant_by(profile, in_force)
    return Ways(Way(settings_of(profile), name), in_force), replace(trial, profile=name, takes=takes)


def _with_options(own: ProfileSettings, fields: dict[str, Any]) -> SettingsOf:
    """Gives the settings of profiles with the options' values in place of theirs."""

    def settings_of(profile: Profile) -> Settings:
        try:
            laid = own.settings(replace(profile, settings=profile.settings | fields))
        except ProfileUnusable as unusable:
            raise refused(profile, unusable, profile.name) from unusable
        _without_effect(laid, fields, f" (profile {profile.name})")
        return laid

    return settings_of


def _without_effect(chosen: Settings, fields: Collection[str], whose: str = "") -> None:
    """Refuse an option that has no effect in the mode, before any tokens are spent."""
    model, prompt = "openai_model" in fields, "ai_system_prompt" in fields
    mode, saved, has_provider = chosen.openai_api_mode, chosen.saved, chosen.mode.has_provider
    if model:
        if saved is not None:
            raise click.UsageError(f"--model has no effect in mode {mode}{whose}: what answers there has its own model")
        if not has_provider or chosen.wants_local_model:
            raise click.UsageError(
                f"--model has no effect{whose}: no model server is set (OPENAI_API_KEY or OPENAI_BASE_URL)"
            )
    if prompt and (not has_provider or (saved is not None and not saved.kind.takes_additions)):
        raise click.UsageError(f"--prompt has no effect in mode {mode}{whose}: what answers there is not told it")


def _write(path: Path, page: str) -> None:
    """Write a page that only its owner can read: there are conversations in it."""
    path.touch(mode=0o600)
    path.write_text(page, encoding="utf-8")


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        click.echo(json_text(report))
    else:
        width = shutil.get_terminal_size((_PLAIN_WIDTH, 0)).columns if sys.stdout.isatty() else _PLAIN_WIDTH
        for line in lines_of(report, width):
            click.echo(line)
    tell: Callable[[str], None] = partial(click.echo, err=True)
    for note in notes(report):
        tell(note)
