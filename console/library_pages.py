"""The desk's pages of files: an account's library of files and places, adding and removing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from chat.file_types import FileNotTaken
from chat.files import VOICE, file_part
from console.access import seen_of, user_of
from console.composing import Unfit, place_of
from console.desk import deps_of
from console.files import answer_with
from console.forms import form_of
from console.languages import translate_of
from console.problems import NOT_ADDED, NOT_REMOVED, Problem, unstored
from console.rendering import render
from console.uploads import Upload, upload_of
from events.library import Entry, Library, new_name_fault
from events.log import LogError
from events.parts import Part
from events.subjects import token, untoken

log = structlog.get_logger("recado.console")


def routes() -> list[Route]:
    return [
        Route("/desk/files", first),
        Route("/desk/files/{account}", listed),
        Route("/desk/files/{account}", add_file, methods=["POST"]),
        Route("/desk/files/{account}/places", again),
        Route("/desk/files/{account}/places", add_place, methods=["POST"]),
        Route("/desk/files/{account}/content", content),
        Route("/desk/files/{account}/remove", ask),
        Route("/desk/files/{account}/remove", remove, methods=["POST"]),
    ]


async def first(request: Request) -> Response:
    """GET: leads to the files of the first account."""
    accounts = await _accounts(request)
    if not accounts:
        raise Problem(404, "None of your accounts has a chat yet.")
    return RedirectResponse(address_of(accounts[0]), 303)


async def listed(request: Request) -> Response:
    """GET: the account's files and places, and the forms to add one."""
    return await _page(request)


async def again(request: Request) -> Response:
    """GET: the address of a form, reloaded."""
    return RedirectResponse(address_of(await _account(request)), 303)


async def add_file(request: Request) -> Response:
    """POST a form with `file`, `name`, `caption`, `voice` and `replace`: the file is checked, and added."""
    account = await _account(request)
    async with upload_of(request, request.app.state.uploads) as upload:
        given = upload.fields
        try:
            file = _chosen(upload)
            name = given.get("name", "").strip() or _own_name(file.filename or "")
            await _free(request, account, name, given)
            async with request.app.state.reading_files:
                bytes_ = await file.read()
                part = await asyncio.to_thread(_part_of, bytes_, file.filename or name, given)
                entry = Entry(
                    name=name, part=part, size=len(bytes_), at=deps_of(request).now(), by=user_of(request).name
                )
                return await _add(request, account, entry, bytes_)
        except Unfit as unfit:
            return await _page(request, status=400, draft=given, wrong=unfit)


async def add_place(request: Request) -> Response:
    """POST a form with `place_name`, `place`, `place_address` and `replace`: a place is added under its name."""
    account, given = await _account(request), await form_of(request)
    try:
        name = given.get("place_name", "").strip()
        part = place_of(given.get("place", "").strip(), name, given.get("place_address", "").strip())
        await _free(request, account, name, given, field="place_name")
        return await _add(
            request, account, Entry(name=name, part=part, at=deps_of(request).now(), by=user_of(request).name), None
        )
    except Unfit as unfit:
        return await _page(request, status=400, draft=given, wrong=unfit)


async def content(request: Request) -> Response:
    """GET: a file, to look at or to keep."""
    entry = await _entry(request)
    return await answer_with(request, entry.part)


async def ask(request: Request) -> Response:
    """GET: the page that asks before an entry is removed."""
    return render(request, "remove_file.html", entry=await _entry(request), address=address_of(await _account(request)))


async def remove(request: Request) -> Response:
    """POST: remove the entry. Its bytes stay, for replies that name them."""
    account, entry = await _account(request), await _entry(request)
    try:
        await _library(request).remove(account, entry.name)
    except LogError as error:
        raise Problem(503, unstored(error, NOT_REMOVED), reason=error) from error
    log.info("file_removed", account=account, name=entry.name, by=user_of(request).name)
    return RedirectResponse(f"{address_of(account)}?said=removed", 303)


def address_of(account: str) -> str:
    """The address of an account's files."""
    return f"/desk/files/{token(account)}"


async def _add(request: Request, account: str, entry: Entry, bytes_: bytes | None) -> Response:
    try:
        await _library(request).add(account, entry, bytes_)
    except ValueError as error:
        raise Unfit("place_name" if bytes_ is None else "name", "Not added: %(reason)s.", reason=error) from error
    except LogError as error:
        log.warning("file_not_added", account=account, reason=str(error))
        raise Unfit("", unstored(error, NOT_ADDED), reason=error) from error
    log.info("file_added", account=account, name=entry.name, size=entry.size)
    return RedirectResponse(f"{address_of(account)}?said=added", 303)


async def _free(request: Request, account: str, name: str, given: Mapping[str, str], field: str = "name") -> None:
    """Refuse a name that cannot be one, or that another entry has, unless it is to be replaced. Raises Unfit."""
    if (fault := new_name_fault(name)) is not None:
        raise Unfit(field, "Not added: %(reason)s.", reason=fault)
    try:
        there = await _library(request).entry(account, name)
    except LogError as error:
        raise Unfit("", "Not added: %(reason)s.", reason=error) from error
    if there is not None and not given.get("replace"):
        raise Unfit(field, "There is “%(name)s” already: take another name, or tick “Replace”.", name=there.name)


def _chosen(upload: Upload) -> UploadFile:
    if upload.file is None:
        raise Unfit("file", "Choose a file.")
    if len(upload.files) > 1:
        raise Unfit("file", "Choose one file.")
    return upload.file


def _part_of(bytes_: bytes, filename: str, given: Mapping[str, str]) -> Part:
    caption = given.get("caption", "").strip() or None
    try:
        return file_part(bytes_, _own_name(filename), kind=VOICE if given.get("voice") else None, caption=caption)
    except FileNotTaken as refusal:
        raise Unfit("file", "This cannot be sent: %(reason)s.", reason=refusal.reason) from refusal


def _own_name(filename: str) -> str:
    """A file's name without the folders that some browsers send."""
    return filename.replace("\\", "/").rpartition("/")[2].strip()


async def _page(
    request: Request, *, status: int = 200, draft: Mapping[str, str] | None = None, wrong: Unfit | None = None
) -> Response:
    account, entries, unread = await _account(request), list[Entry](), ""
    try:
        entries = await _library(request).entries(account)
    except LogError as error:
        unread = translate_of(request).say(error)
    values: dict[str, Any] = {
        "account": account,
        "accounts": [(one, address_of(one)) for one in await _accounts(request)],
        "address": address_of(account),
        "entries": entries,
        "unread": unread,
        "draft": draft or {},
        "wrong": wrong.field if wrong is not None else None,
        "fault": wrong.said(translate_of(request)) if wrong is not None else "",
        "said": request.query_params.get("said", "") if draft is None else "",
    }
    return render(request, "files.html", status=status, **values)


async def _entry(request: Request) -> Entry:
    name = request.query_params.get("name", "")
    found = await _library(request).entry(await _account(request), name)
    if found is None:
        raise Problem(404, "There is no file “%(name)s” here any more.", name=name[:80])
    return found


async def _accounts(request: Request) -> list[str]:
    deps = deps_of(request)
    there = [*await deps.read(deps.queries.accounts), *sorted(deps.gateways() or ()), deps.account]
    return list(dict.fromkeys(seen_of(user_of(request), there)))


async def _account(request: Request) -> str:
    """The account that the address names. Raises Problem."""
    account = untoken(request.path_params["account"])
    if account not in await _accounts(request):
        raise Problem(404, "There is no account %(account)s.", account=f"{account[:60]!r}")
    return account


def _library(request: Request) -> Library:
    library = deps_of(request).library
    if library is None:
        raise Problem(404, "This process has no files.")
    return library
