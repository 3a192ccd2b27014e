"""The desk's drafts: questions that the documents did not answer. A user edits and accepts one, or dismisses it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.access import user_of
from console.composing import Unfit
from console.desk import deps_of
from console.documents import pairs
from console.documents.shelf import HOME, address_of, documents_of, is_kept_whole, leaf_of, shown_of
from console.forms import form_of
from console.languages import translate_of
from console.problems import NOT_STORED, Problem, unstored
from console.rendering import render
from events.faq import NAME
from events.knowledge import Document, KnowledgeUnreadable, Pair, Place
from events.knowledge_log import KnowledgeChanged, Stock
from events.log import LogError
from events.numbers import whole_number
from events.settled import Outcome, seconds
from projections.drafts.drafts import Draft, Drafts
from projections.drafts.masking import MASK

LIST = f"{HOME}/drafts/open"
"""A collection may be called `drafts`, and has its own page at the address without `open`."""

ONE = f"{HOME}/drafts/one"

LISTED = 50
"""Drafts on a page."""

COUNTED_FOR = 30.0
"""Seconds for which the number of drafts holds: to make them all takes up to a second of CPU."""

log = structlog.get_logger("recado.console")


class Edited(msgspec.Struct, frozen=True):
    """A pair as the form has it, with the document that it is to go into."""

    q: str
    a: str
    collection: str
    name: str = NAME


def routes() -> list[Route]:
    return [Route(LIST, listed), Route(ONE, edit), Route(ONE, settle, methods=["POST"])]


async def drafts_in(request: Request, stock: Stock) -> Drafts:
    """The drafts of the chats that the user sees; `stock` has all documents."""
    deps, settled = deps_of(request), await documents_of(request).settled()
    questions = [pair.q for version in stock.there() for pair in version.document.faq]
    return await deps.read(deps.queries.drafts, questions, settled, user_of(request).accounts)


async def counted(request: Request, stock: Stock) -> int:
    """The number of drafts, as of the last seconds; `stock` has all documents."""
    known: dict[tuple[str, ...] | None, tuple[float, int]] = request.app.state.drafts_counted
    now, accounts = asyncio.get_running_loop().time(), user_of(request).accounts
    if accounts not in known or known[accounts][0] <= now:
        for other in [one for one, (until, _) in known.items() if until <= now]:
            del known[other]
        known[accounts] = now + COUNTED_FOR, len((await drafts_in(request, stock)).there)
    return known[accounts][1]


async def listed(request: Request) -> Response:
    """GET: the drafts, the most frequent first."""
    found = await drafts_in(request, await documents_of(request).look())
    leaf = leaf_of(request, LISTED, len(found.there))
    values: dict[str, Any] = {
        "drafts": shown_of(found.there, leaf, LISTED),
        "left_out": found.left_out,
        "address": ONE,
        "leaf": leaf,
        "pages": f"{LIST}?",
        "said": request.query_params.get("said", ""),
    }
    return render(request, "drafts.html", **values)


async def edit(request: Request) -> Response:
    """GET: the form of the draft with the message `?seq=`."""
    stock = await documents_of(request).look()
    found = await drafts_in(request, stock)
    if (draft := _draft(request, found)) is None:
        return await _gone(request, found)
    collections = _collections(stock)
    return _form(request, draft, Edited(draft.question, draft.answer, next(iter(collections), "")), collections)


async def settle(request: Request) -> Response:
    """POST `do`: accept the draft as a pair of the document that the form names, or dismiss it."""
    given, documents, _ = await form_of(request), documents_of(request), translate_of(request)
    stock = await documents.look()
    found = await drafts_in(request, stock)
    if (draft := _draft(request, found)) is None:
        return await _gone(request, found, _edited(given))
    by, at = user_of(request).name, deps_of(request).now()
    request.app.state.drafts_counted.clear()
    if (do := given.get("do", "")) == "dismiss":
        await documents.settle(found.settled(draft), Outcome(did="dismissed", by=by, at=at))
        log.info("draft_dismissed", by=by, asked=draft.count)
        return RedirectResponse(f"{LIST}?said=dismissed", 303)
    if do != "accept":
        raise Problem(400, "That is not done here.")
    edited, collections = _edited(given), _collections(stock)
    try:
        place, made = _made(edited, stock)
    except Unfit as unfit:
        return _form(request, draft, edited, collections, status=400, wrong=unfit)
    try:
        document = Document(name=place.name, faq=made, at=at, by=by)
        await documents.write(place, document, expected=stock.last_of(place))
    except KnowledgeChanged:
        told = Unfit("", "The document was changed at the same moment. Nothing was stored: save again.")
        return _form(request, draft, edited, collections, status=409, wrong=told)
    except (KnowledgeUnreadable, LogError) as refusal:
        log.warning("draft_not_stored", document=str(place), reason=str(refusal))
        told = Unfit("", unstored(refusal, NOT_STORED), reason=refusal)
        return _form(request, draft, edited, collections, status=503, wrong=told)
    await documents.settle(found.settled(draft), Outcome(did="accepted", by=by, at=at, pair=str(place)))
    log.info("draft_accepted", document=str(place), by=by, asked=draft.count)
    return RedirectResponse(f"{LIST}?said=accepted", 303)


def _draft(request: Request, found: Drafts) -> Draft | None:
    """The draft that the address names; None if it is not there."""
    seq = whole_number(request.query_params.get("seq", ""))
    return found.of(seq) if seq is not None else None


async def _gone(request: Request, found: Drafts, edited: Edited | None = None) -> Response:
    """The page in place of a draft that is not there: who settled it, and the words that the user wrote."""
    documents, _ = documents_of(request), translate_of(request)
    seq, log_ = whole_number(request.query_params.get("seq", "")), seconds(found.log)
    settled = (one for one in await documents.settled() if one.log == log_ and any(seq in seqs for seqs in one.asked))
    one = next(settled, None)
    outcome = await documents.outcome(one) if one is not None else None
    told = _("This draft is not there any more: it was accepted or dismissed, or its chat was erased.")
    if outcome is not None and outcome.did == "accepted":
        told = _("%(name)s accepted this draft.", name=outcome.by)
    elif outcome is not None:
        told = _("%(name)s dismissed this draft.", name=outcome.by)
    values: dict[str, Any] = {"told": told, "edited": edited or Edited("", "", ""), "back": LIST, "document": ""}
    if outcome is not None and outcome.pair:
        collection, _slash, name = outcome.pair.partition("/")
        values |= {"document": address_of(Place(collection, name), "document"), "pair": outcome.pair}
    return render(request, "draft_gone.html", status=404 if outcome is None else 409, **values)


def _edited(given: Mapping[str, str]) -> Edited:
    q, a, collection, name = (
        given.get(field, "").replace("\r\n", "\n").strip() for field in ("q", "a", "collection", "name")
    )
    return Edited(q, a, collection, name or NAME)


def _made(edited: Edited, stock: Stock) -> tuple[Place, tuple[Pair, ...]]:
    """The document, and its pairs with the new one. Raises Unfit."""
    for field, words in (("q", edited.q), ("a", edited.a)):
        if MASK in words:
            raise Unfit(field, "Write words that fit everyone in place of each %(mask)s.", mask=MASK)
    try:
        place = msgspec.convert({"collection": edited.collection, "name": edited.name}, Place)
    except msgspec.ValidationError:
        raise Unfit(
            "collection",
            "Name a collection with 1 to 64 of a-z, 0-9, _ and -, and a document with 1 to 300 characters.",
        ) from None
    if not is_kept_whole(place.name):
        raise Unfit("collection", "“%(name)s…” is too long for a name: give a shorter one.", name=place.name[:60])
    try:
        there = pairs.pairs_of(stock, place)
    except Problem as problem:
        raise Unfit("collection", problem.text, **problem.values) from None
    pairs.check_name(place, there)
    pairs.check(pairs.Draft(edited.q, edited.a), there)
    return place, (*there, Pair(edited.q, edited.a))


def _collections(stock: Stock) -> tuple[str, ...]:
    return tuple(dict.fromkeys(version.place.collection for version in stock.there()))


def _form(
    request: Request,
    draft: Draft,
    edited: Edited,
    collections: tuple[str, ...],
    *,
    status: int = 200,
    wrong: Unfit | None = None,
) -> Response:
    values: dict[str, Any] = {
        "draft": draft,
        "edited": edited,
        "collections": collections,
        "longest": pairs.LONGEST,
        "mask": MASK,
        "wrong": wrong.field if wrong is not None else None,
        "fault": wrong.said(translate_of(request)) if wrong is not None else "",
        "address": f"{ONE}?seq={draft.seq}",
        "back": LIST,
    }
    return render(request, "draft.html", status=status, **values)
