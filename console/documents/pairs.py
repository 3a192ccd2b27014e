"""The desk's form of a question with its answer: one is added to a document of them, changed, or removed."""

from __future__ import annotations

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
from console.documents.shelf import HOME, address_of, documents_of, place_of
from console.forms import form_of
from console.languages import translate_of
from console.problems import NOT_STORED, Problem, unstored
from console.rendering import render
from events.faq import same
from events.file_names import path_fault
from events.knowledge import MOST_PAIRS, Document, KnowledgeUnreadable, Pair, Place
from events.knowledge_log import KnowledgeChanged, Stock
from events.log import LogError
from events.numbers import whole_number

LONGEST = {"q": 1_000, "a": 4_096}
"""Characters of a question, and of an answer, as events.knowledge.Pair has them."""

log = structlog.get_logger("recado.console")


class Draft(msgspec.Struct, frozen=True):
    """A pair as the form has it.

    - `was`: the question of the pair that it replaces; empty: it is added.
    - `number`: the place of that pair, from 0, in the version that the form was opened with.
    - `base`: the document's version that the form was opened with; 0: there was none.
    """

    q: str = ""
    a: str = ""
    was: str = ""
    number: int = 0
    base: str = "0"


def routes() -> list[Route]:
    return [
        Route(HOME + "/{collection}/pair", edit),
        Route(HOME + "/{collection}/pair", change, methods=["POST"]),
    ]


async def edit(request: Request) -> Response:
    """GET: the form of the pair with the `?number=`, from 0, or of a new one."""
    place = place_of(request)
    stock = await documents_of(request).look(place.collection)
    pairs, asked = pairs_of(stock, place), request.query_params.get("number")
    base = str(stock.last_of(place))
    if asked is None:
        return _form(request, place, Draft(base=base), stock)
    number = whole_number(asked)
    if number is None or number >= len(pairs):
        raise Problem(404, "There is no such question here any more.")
    pair = pairs[number]
    return _form(request, place, Draft(pair.q, pair.a, pair.q, number, base), stock)


async def change(request: Request) -> Response:
    """POST `do`: save or remove. A draft with a fault, or one that another person overtook, comes back in its form."""
    place, given = place_of(request), await form_of(request)
    stock = await documents_of(request).look(place.collection)
    pairs, last = pairs_of(stock, place), stock.last_of(place)
    draft = _draft(given)
    if (do := given.get("do", "")) not in ("save", "remove"):
        raise Problem(400, "%(do)s is not done here.", do=f"{do[:40]!r}")
    try:
        if do == "save":
            check(draft, pairs)
        check_name(place, pairs)
        if draft.base != str(last):
            return _overtaken(request, place, draft, stock)
        made = _made(draft, pairs, removes=do == "remove")
        document = Document(
            name=place.name, faq=made, removed=not made, at=deps_of(request).now(), by=user_of(request).name
        )
        await documents_of(request).write(place, document, expected=last)
    except Unfit as unfit:
        return _form(request, place, draft, stock, status=400, wrong=unfit)
    except KnowledgeChanged:
        return _overtaken(request, place, draft, await documents_of(request).look(place.collection))
    except (KnowledgeUnreadable, LogError) as refusal:
        log.warning("pair_not_stored", document=str(place), reason=str(refusal))
        return _form(
            request, place, draft, stock, status=503, wrong=Unfit("", unstored(refusal, NOT_STORED), reason=refusal)
        )
    log.info("pairs_changed", document=str(place), pairs=len(made), by=user_of(request).name)
    if not made:
        return RedirectResponse(f"{HOME}/{place.collection}?said=removed", 303)
    said = "removed" if do == "remove" else "saved"
    return RedirectResponse(address_of(place, "document", said=said), 303)


def _draft(given: Mapping[str, str]) -> Draft:
    q, a, was = (given.get(name, "").replace("\r\n", "\n") for name in ("q", "a", "was"))
    return Draft(q.strip(), a.strip(), was, whole_number(given.get("number", "")) or 0, given.get("base", ""))


def check_name(place: Place, there: tuple[Pair, ...]) -> None:
    """Raises Unfit if the document is new, and cannot have its name."""
    if not there and (fault := path_fault(place.name)) is not None:
        raise Unfit("", "Not stored: %(reason)s.", reason=fault)


def pairs_of(stock: Stock, place: Place) -> tuple[Pair, ...]:
    """The document's pairs; none if it is to be made. Raises Problem if it is a file."""
    version = stock.newest.get(place)
    if version is None or version.document.removed:
        return ()
    if not version.document.faq:
        raise Problem(409, "“%(name)s” is a file: take another name for questions and answers.", name=place.name[:80])
    return version.document.faq


def _number(pairs: tuple[Pair, ...], draft: Draft) -> int | None:
    """The place of the pair that the draft replaces: of those with its question the nearest, since a file may have
    brought it twice. None: there is none."""
    those = (number for number, pair in enumerate(pairs) if draft.was and _lines(pair.q) == _lines(draft.was))
    return min(those, key=lambda number: abs(number - draft.number), default=None)


def _lines(text: str) -> str:
    """The text with the ends of lines that a browser keeps."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check(draft: Draft, pairs: tuple[Pair, ...]) -> None:
    """Raises Unfit if the draft is no pair for the document."""
    for field, longest in LONGEST.items():
        length = len(getattr(draft, field))
        if not length:
            raise Unfit(field, "Write the question.") if field == "q" else Unfit(field, "Write the answer.")
        if length > longest:
            raise Unfit(
                field,
                "This has %(length)s characters, and at most %(longest)s are kept.",
                length=f"{length:,}",
                longest=f"{longest:,}",
            )
    is_other = not draft.was or same(draft.q) != same(draft.was)
    if is_other and any(same(pair.q) == same(draft.q) for pair in pairs):
        raise Unfit("q", "This question is there already: change its answer instead.")
    if not draft.was and len(pairs) >= MOST_PAIRS:
        raise Unfit(
            "", "A document has at most %(most_pairs)s questions: begin another one.", most_pairs=f"{MOST_PAIRS:,}"
        )


def _made(draft: Draft, pairs: tuple[Pair, ...], *, removes: bool) -> tuple[Pair, ...]:
    """The pairs after the change. Raises Problem if the pair to be changed is not there."""
    if not draft.was and not removes:
        return (*pairs, Pair(draft.q, draft.a))
    number = _number(pairs, draft)
    if number is None:
        raise Problem(404, "There is no such question here any more.")
    return (*pairs[:number], *(() if removes else (Pair(draft.q, draft.a),)), *pairs[number + 1 :])


def _overtaken(request: Request, place: Place, draft: Draft, stock: Stock) -> Response:
    """The draft again, beside the pair as it is now: saved once more, it takes that one's place."""
    pairs, version = pairs_of(stock, place), stock.newest.get(place)
    by = version.document.by if version is not None else None
    _ = translate_of(request)
    number = _number(pairs, draft)
    is_gone = bool(draft.was) and number is None
    told = _("The document was changed after you opened it. Nothing was stored: look, and save again.")
    if by:
        told = _(
            "The document was changed by %(name)s after you opened it. Nothing was stored: look, and save again.",
            name=by,
        )
    if is_gone:
        told += " " + _("The question that you changed is not there any more: saved again, yours is added.")
    again = msgspec.structs.replace(
        draft, base=str(stock.last_of(place)), was="" if is_gone else draft.was, number=number or 0
    )
    now = pairs[number] if number is not None else None
    return _form(request, place, again, stock, status=409, wrong=Unfit("", "%(told)s", told=told), now=now)


def _form(
    request: Request,
    place: Place,
    draft: Draft,
    stock: Stock,
    *,
    status: int = 200,
    wrong: Unfit | None = None,
    now: Pair | None = None,
) -> Response:
    values: dict[str, Any] = {
        "place": place,
        "draft": draft,
        "longest": LONGEST,
        "wrong": wrong.field if wrong is not None else None,
        "fault": wrong.said(translate_of(request)) if wrong is not None else "",
        "now": now,
        "address": address_of(place, "pair"),
        "back": address_of(place, "document") if pairs_of(stock, place) else f"{HOME}/{place.collection}",
    }
    return render(request, "pair.html", status=status, **values)
