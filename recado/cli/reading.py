"""`recado chats`, `history`, `threads`, `attention` and `usage`: print the projection as of its checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import click
from msgspec.structs import asdict

from events.profile import DEFAULT
from events.subjects import ChatKey
from events.teamwork import STATES, State
from events.users import Takers
from gateways.addressing import ChatUnknown
from projections.reads.chat_list import ONLY, Asked, Only
from projections.reads.costs import costed, in_dollars, of_documents, total
from projections.reads.spoken import kind, speaker
from projections.reads.views import ChatView, Entry, LastWords, reading_of
from projections.story.deliveries import told
from projections.story.parts import all_named, chose
from projections.story.reasons import because, failed_because, not_sent_because
from projections.tables.marks import SAID
from projections.trouble import OVERDUE_AFTER
from recado.cli.known import meant_here, queries
from recado.cli.meant import found_account_option
from recado.cli.options import ChatName, Moment, Past, chat_argument, json_option
from recado.cli.session import settings
from recado.printing import age, json_text, local, one_line, person, plain, print_table
from recado.settings.money import prices_of
from recado.settings.settings import Settings

ALL = -1
"""SQLite's LIMIT for all rows."""

EVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The time where nothing is counted from it."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The time at which no chat that was put off is open again."""

_TEXT_WIDTH = 60


@click.command()
@click.option("--account", help="Only this business number's or device's.")
@click.option(
    "--only",
    type=click.Choice([only for only in ONLY if only != "mine"]),
    help=f"Only those that wait for a human (overdue: for over {OVERDUE_AFTER.seconds // 60} minutes), the longest wait"
    " first, that nobody has (no user who may have them), that wait for us, or those with a mark: the last turn failed,"
    " a reply was not delivered (amiss: either), may have been sent or not, or is not sent yet, nothing is answered.",
)
@click.option("--label", help="Only those with this label.")
@click.option("--assigned", metavar="NAME", help="Only those that this user has.")
@click.option("--state", type=click.Choice(STATES), help="Only those whose work is in this state.")
@json_option
def chats(
    *,
    account: str | None,
    only: Only | None,
    label: str | None,
    assigned: str | None,
    state: State | None,
    as_json: bool,
) -> None:
    """List all chats, the latest first: counts of messages and replies, what is to be seen to, the last words.

    With --json each chat has its profile, as name@N, `default`, or null where the bus cannot be asked.
    """
    chosen = settings()
    with queries(chosen) as projection:
        views = () if as_json else projection.deliveries()
        takers = _takers(chosen) if only == "unassigned" else None
        asked = Asked(only=only, account=account, label=label, assigned=assigned, takers=takers, state=state)
        # Only these count from now, and asking the bus takes a moment.
        now = _now(chosen) if views or only == "overdue" or state else NEVER
        found = projection.page(asked, now, ALL).chats
        if now is NEVER and any(chat.state == "snoozed" for chat in found):
            found = projection.page(asked, _now(chosen), ALL).chats
        replies = told(views, None, now)
    if as_json:
        click.echo(json_text(_with_profiles(found, chosen) if found else ()))
        return
    for line in replies:
        if account in (None, line.account):
            click.echo(f"Account {one_line(line.account)}: {line.says}.", err=True)
    print_table(
        ("CHAT", "NAME", "ACCOUNT", "LAST", "MESSAGES", "REPLIES", "STATE", "TEXT"),
        [
            (
                person(chat.chat),
                chat.name or "",
                chat.account,
                local(chat.last_at),
                chat.messages,
                chat.replies,
                _state(chat),
                short(_last(chat.last)),
            )
            for chat in found
        ],
    )


@click.command()
@chat_argument
@found_account_option
@json_option
def history(chat: str, account: str | None, as_json: bool) -> None:
    """Show the messages and replies of CHAT, the oldest first. The exit status is 1 if nothing is known of it."""
    with queries(settings()) as projection:
        try:
            key = meant_here(projection, chat, account)
        except ChatUnknown:
            if as_json:
                click.echo("[]")
            raise
        found = projection.history(key, limit=ALL)
    if as_json:
        click.echo(json_text(found))
        return
    for entry in found:
        click.echo(line_of(entry))


@click.command()
@click.option("--account", help="Only this business number's or device's.")
@json_option
def threads(account: str | None, as_json: bool) -> None:
    """List the threads at the backends, by chat: the current one, the reason for each, counts and tokens."""
    chosen = settings()
    with queries(chosen) as projection:
        found = projection.threads(account)
    if as_json:
        click.echo(json_text(found))
        return
    now = _now(chosen) if found else EVER
    print_table(
        ("CHAT", "ACCOUNT", "BACKEND", "THREAD", "AGE", "BECAUSE", "MESSAGES", "REPLIES", "TOKENS", ""),
        [
            (
                person(thread.chat),
                thread.account,
                thread.backend,
                thread.thread,
                age(thread.at, now),
                thread.reason,
                thread.messages,
                thread.replies,
                thread.input_tokens + thread.output_tokens,
                "current" if thread.current else "",
            )
            for thread in found
        ],
    )


@click.command()
@click.option("--account", help="Only this business number's or device's.")
@json_option
def attention(account: str | None, as_json: bool) -> None:
    """List the chats that ask for a human; the chat that has waited longest comes first."""
    with queries(settings()) as projection:
        found = projection.attention(account)
    if as_json:
        click.echo(json_text(found))
        return
    rows = [(person(one.chat), one.account, local(one.at), one.by, short(one.text)) for one in found]
    print_table(("CHAT", "ACCOUNT", "SINCE", "ASKED BY", "WHY"), rows)


@click.command()
@click.option("--account", help="Only this business number's or device's.")
@click.option("--chat", type=ChatName(), help="Only this chat's: a phone number with its country code, or a JID.")
@click.option("--since", type=Past(UTC), help="Only from this day (UTC) on: 2026-12-24, or 30d ago.")
@json_option
def usage(account: str | None, chat: str | None, since: Moment | None, as_json: bool) -> None:
    """Add up tokens and money by chat, day (UTC), backend and model.

    Tokens are as the providers counted them; money is by the prices of today (docs/costs.md).
    """
    chosen = settings()
    with queries(chosen) as projection:
        if chat is not None:
            account, chat = meant_here(projection, chat, account)
        day = _day(since, _now(chosen)) if since else ""
        used = projection.usage(account, chat, day)
    if chat is None and account is None:
        from recado.cli.bus_time import documents_counted  # noqa: PLC0415 - as below

        used = (*used, *of_documents(documents_counted(chosen, day)))
    found = costed(used, prices_of(chosen))
    if as_json:
        click.echo(json_text(found))
        return
    rows: list[tuple[object, ...]] = []
    sums = [0, 0, 0, 0]
    for one in found:
        counts = (one.replies, one.input_tokens, one.cached_tokens, one.output_tokens)
        names = (person(one.chat) if one.chat else "", one.account, one.day, one.backend, one.model)
        name = [name or "-" for name in names]
        rows.append((*name, *counts, in_dollars(one.dollars)))
        sums = [sum(pair) for pair in zip(sums, counts, strict=True)]
    rows.append(("all", "", "", "", "", *sums, total(found)))
    headings = ("CHAT", "ACCOUNT", "DAY", "BACKEND", "MODEL", "REPLIES", "INPUT", "CACHED", "OUTPUT", "COST")
    print_table(headings, rows)


def _day(since: Moment, now: datetime) -> str:
    return since(now).astimezone(UTC).date().isoformat()


def _with_profiles(found: Sequence[ChatView], chosen: Settings) -> list[dict[str, object]]:
    from recado.cli.profiles_seen import profiles_in_force  # noqa: PLC0415 - brings in the client of the bus

    in_force = profiles_in_force(chosen)

    def profile_of(chat: ChatView) -> str | None:
        if in_force is None:
            return None
        profile = in_force.selected(ChatKey(chat.account, chat.chat))
        return profile.ref if profile is not None else DEFAULT

    return [{**asdict(chat), "profile": profile_of(chat)} for chat in found]


def _now(chosen: Settings) -> datetime:
    from recado.cli.bus_time import bus_now  # noqa: PLC0415 - brings in the client of the bus, which few need

    return bus_now(chosen)


def _takers(chosen: Settings) -> Takers | None:
    from recado.cli.bus_time import takers  # noqa: PLC0415 - as above

    return takers(chosen)


_PAUSED = {"taken_over": "a human wrote", "handed_off": "asks for a human"}


def _state(chat: ChatView) -> str:
    states = []
    if chat.state != "open":
        states.append(f"snoozed until {local(chat.snoozed_until)}" if chat.snoozed_until else chat.state)
    if chat.assigned:
        states.append(f"{chat.assigned} has it")
    if chat.paused:
        what = _PAUSED.get(chat.paused_for or "", "paused")
        states.append(f"{what} until {local(chat.paused_until)}" if chat.paused_until else what)
    elif chat.attention:
        states.append("asks for a human")
    states += [SAID[mark] for mark in chat.marks if mark != "paused"]
    if chat.admission:
        states.append(
            chat.admission if chat.admission in ("approved", "blocked") else f"unknown, code {chat.admission}"
        )
    if chat.stopped:
        states.append("wants no answers")
    if chat.answering:
        states.append("answering")
    if chat.waiting:
        states.append(f"{chat.waiting} waiting")
    states += [f"#{label}" for label in chat.labels]
    return ", ".join(states) or "-"


def _last(last: LastWords | None) -> str:
    if last is None:
        return ""
    what = "(deleted)" if last.deleted else f"({kind(last)})" if kind(last) else ""
    return " ".join(filter(None, (f"{speaker(last, person)}:", what, last.text or last.filename)))


def short(text: str) -> str:
    """The beginning of a text, on one line."""
    text = one_line(text)
    return text if len(text) <= _TEXT_WIDTH else text[: _TEXT_WIDTH - 1] + "…"


def line_of(entry: Entry) -> str:
    """A message or a reply as people read it."""
    who = _who(entry)
    text = plain(entry.text) if entry.text is not None else f"({entry.detail or entry.kind})"
    heard = reading_of(entry)
    if heard is not None and heard.text:
        text = f"({entry.kind}) {short(heard.text)}" + (f" {plain(entry.text)}" if entry.text else "")
    return f"{local(entry.at)}  {one_line(who)}: {text}{_mark(entry)}"


def _who(entry: Entry) -> str:
    if entry.author == "operator":
        return "the business"
    if entry.author != "person":
        return entry.author
    return "the business, by hand" if entry.from_me else entry.name or person(entry.sender or "?")


def _mark(entry: Entry) -> str:
    """Marks beside an entry's text: its ending, its changes, its delivery."""
    marks = []
    if entry.author == "person":
        if entry.ending is None:
            marks.append("open")
        elif entry.ending == "turn_failed":
            marks.append(f"failed: {failed_because(entry.reason)}")
        elif entry.ending == "ignored" and not entry.from_me:
            marks.append(f"ignored: {because(entry.reason)}")
        if entry.choice is not None:
            marks.append(one_line(chose(entry.choice, typed=entry.typed)))
        if entry.revoked_at:
            marks.append("deleted by its sender")
        if entry.edited is not None:
            marks.append(f"edited: {one_line(entry.edited)}")
    else:
        if entry.parts:
            marks.append(one_line(all_named(entry.parts).removeprefix(", ")))
        if entry.quote:
            marks.append(f"quotes {one_line(entry.quote)}")
        if entry.receipt:
            marks.append(entry.receipt)
        if entry.partly is not None:
            marks.append(f"partly undelivered: {one_line(not_sent_because(entry.partly.class_))}")
    return f"  [{'; '.join(marks)}]" if marks else ""
