"""The desk's pages beside the chats: the story of a message, numbers over time, the instances, the settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response

from actors.leases.bucket import LeasesUnavailable
from actors.leases.roster import InstanceView
from console.access import user_of
from console.charts import chart
from console.deps import Deps
from console.desk import deps_of, key_of
from console.documents.port import DocumentDesk
from console.languages import translate_of
from console.list_links import kept
from console.problems import Problem
from console.rendering import address_of, render
from console.wording import cost
from events.account_update import SENDING, newest, paused, text_of
from events.log import LogError
from events.vectors import Counted
from gateways.addressing import ChatNotMeant, the_one
from projections.reads.costs import by_model, costed, of_documents, total
from projections.story.deliveries import told
from projections.story.log_facts import facts_of
from projections.story.story import story as tell

NEWS_SHOWN = 50
"""News of accounts that are shown at once."""

log = structlog.get_logger("recado.console")

_RANGES = {1: timedelta(hours=1), 7: timedelta(hours=6), 30: timedelta(days=1)}
"""Ranges in days, and the time of one bar in each."""


async def story(request: Request) -> Response:
    """GET: the story of a message, a reply, an order, a turn or a run. `?part=story` is the story alone."""
    deps, key, id_ = deps_of(request), key_of(request), request.path_params["id"]
    found = await deps.read(deps.queries.why, id_, key.account, key.chat)
    now, owners = (await deps.log.head()).now, await _owners(deps)
    stories = [(known, tell(known, now, await facts_of(deps.log, known), owners)) for known in found]
    is_open = any(step.kind == "now" for _, steps in stories for step in steps)
    template = "_story.html" if request.query_params.get("part") == "story" else "story.html"
    values = {"id": id_, "stories": stories, "address": address_of(key), "open": is_open}
    values["kept"] = kept(request.query_params)
    return render(request, template, status=200 if stories else 404, **values)


async def numbers(request: Request) -> Response:
    """GET `?days=1|7|30`: messages, endings and tokens over time; with `account` and `chat`, of one chat only."""
    deps, given = deps_of(request), request.query_params.get("days", "1")
    days = int(given) if given in {str(one) for one in _RANGES} else 0
    if not days:
        raise Problem(400, "days is 1, 7 or 30, not %(given)s.", given=f"{given[:20]!r}")
    now, step = (await deps.log.head()).now, _RANGES[days]
    asked, user = request.query_params, user_of(request)
    key = None
    if asked.get("chat"):
        there = await deps.read(deps.queries.known, asked["chat"])
        known = {account: counts for account, counts in there.items() if user.sees(account)}
        try:
            key = the_one(asked["chat"], known, asked.get("account"))
        except ChatNotMeant as refusal:
            raise Problem(404, "%(reason)s.", reason=str(refusal).capitalize()) from refusal
    volumes = await deps.read(deps.queries.volume, now - timedelta(days=days) + step, now, step, key, user.accounts)
    since = (now - timedelta(days=days) + step).date().isoformat()
    account, chat = (key.account, key.chat) if key is not None else (None, None)
    used = await deps.read(deps.queries.usage, account, chat, since, user.accounts)
    if deps.documents is not None and key is None and user.accounts is None:
        used = (*used, *of_documents(await _counted(deps.documents, since)))
    costs = costed(used, deps.prices)
    _ = translate_of(request)
    charts = (
        chart(
            _("Messages and replies"),
            volumes,
            {_("messages"): "messages", _("replies"): "replies", _("by hand"): "by_hand"},
        ),
        chart(_("Not answered"), volumes, {_("ignored"): "ignored", _("failed"): "failed"}),
        chart(_("Tokens"), volumes, {_("tokens read"): "input_tokens", _("tokens written"): "output_tokens"}),
    )
    values: dict[str, Any] = {"range": days, "volumes": volumes, "charts": charts, "key": key}
    return render(request, "numbers.html", costs=by_model(costs), total=cost(_, total(costs)), since=since, **values)


async def _counted(documents: DocumentDesk, since: str) -> Sequence[Counted]:
    """The tokens of the documents' vectors; none while the bus is away."""
    try:
        return await documents.counted(since)
    except LogError as failure:
        log.warning("documents_not_counted", reason=str(failure))
        return ()


async def instances(request: Request) -> Response:
    """GET: the instances that answer chats, and how far each has got in the log. `?part=table` is the table alone."""
    deps = deps_of(request)
    there: Sequence[InstanceView] = ()
    problem = ""
    try:
        there = await deps.roster(await deps.read(deps.queries.chats_by_partition))
    except LeasesUnavailable as error:
        problem = translate_of(request).say(error)
    counts = await deps.read(deps.queries.counts)
    accounts = told(await deps.read(deps.queries.deliveries), deps.gateways(), deps.now())
    shown: dict[str, Any] = {"instances": there, "problem": problem, "counts": counts, "accounts": accounts}
    if request.query_params.get("part") == "table":
        return render(request, "_instances.html", **shown)
    return render(request, "instances.html", **shown, **await _accounts(deps))


async def settings(request: Request) -> Response:
    """GET: this instance's settings."""
    return render(request, "settings.html", settings=deps_of(request).settings)


async def _accounts(deps: Deps) -> dict[str, Any]:
    """The accounts that do not send, and the last news of each account."""
    try:
        notes = await deps.log.notes()
    except LogError as error:
        log.warning("account_news_unknown", reason=str(error))
        notes = []
    news = [(account, one, text_of(one)) for account, one in newest(notes) if one.field != SENDING]
    return {"paused": paused(notes), "news": news[:NEWS_SHOWN]}


async def _owners(deps: Deps) -> dict[int, str] | None:
    """The instance of each partition that has one; None if no instance is listed."""
    try:
        there = [one for one in await deps.roster(None) if one.state != "gone"]
    except LeasesUnavailable:
        return None
    return {number: one.instance for one in there for number in one.partitions} if there else None
