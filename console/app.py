"""The page as an ASGI app, with the addresses for supervisors and Prometheus."""

from __future__ import annotations

import asyncio
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from console import (
    api,
    attached,
    desk,
    desk_list,
    desk_views,
    files,
    language_choice,
    library_pages,
    login,
    looking,
    orders,
    own_login,
    template_form,
    uploads,
)
from console.access import guard
from console.answers import Answers
from console.deps import Deps
from console.documents import drafts as draft_pages
from console.documents import pages as document_pages
from console.documents import pairs as pair_pages
from console.guard import Guard
from console.guesses import Guesses
from console.languages import translate_of
from console.open_streams import OpenStreams
from console.problems import (
    Problem,
    answer,
    answer_client_gone,
    answer_http_error,
    answer_log_error,
    answer_problem,
    answer_projection_missing,
)
from console.profiles import pages as profile_pages
from console.profiles.trials import Trials
from console.rendering import render
from console.sign_in import pages as sign_in_pages
from console.wording import tables_of
from events.log import LogError
from projections.reads.reader import ProjectionMissing

STATIC = Path(__file__).with_name("static")


def make_app(deps: Deps) -> Starlette:
    """The app. Setting `app.state.closing` (an asyncio.Event) ends the streams of open pages."""
    guesses = Guesses()
    app = Starlette(
        routes=[
            Route("/", page),
            Route("/desk", desk_list.chats),
            Route("/desk/chats/{account}/{chat}", desk.chat),
            Route("/desk/chats/{account}/{chat}/template", template_form.ask),
            Route("/desk/chats/{account}/{chat}/template", template_form.give, methods=["POST"]),
            Route("/desk/chats/{account}/{chat}/orders", orders.give_order, methods=["POST"]),
            Route("/desk/chats/{account}/{chat}/looking", looking.look, methods=["POST"]),
            Route("/desk/chats/{account}/{chat}/why/{id:path}", desk_views.story),
            Route("/desk/chats/{account}/{chat}/parts/{seq:int}/{number:int}", files.of_part),
            Route("/desk/chats/{account}/{chat}/media/{seq:int}", files.of_message),
            Route("/desk/chats/{account}/{chat}/{command}", orders.ask),
            Route("/desk/numbers", desk_views.numbers),
            Route("/desk/instances", desk_views.instances),
            Route("/desk/settings", desk_views.settings),
            *library_pages.routes(),
            *draft_pages.routes(),
            *document_pages.routes(),
            *pair_pages.routes(),
            *profile_pages.routes(),
            *own_login.routes(),
            *sign_in_pages.routes(),
            Route("/login", login.ask),
            Route("/login", login.log_in, methods=["POST"]),
            Route("/logout", login.log_out, methods=["POST"]),
            Route("/language", language_choice.choose, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/api/overview", api.overview),
            Route("/api/messages", api.write, methods=["POST"]),
            Route("/api/chats/{chat}/history", api.history),
            Route("/api/chats/{chat}/files/{seq:int}/{number:int}", files.sent),
            Route("/api/chats/{chat}/seen", api.seen, methods=["POST"]),
            Route("/api/chats/{chat}/stream", api.stream),
            Route("/static/words/{tag}.js", language_choice.words),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(Guard, locked=lambda: deps.entrance.mode != "open"),
            Middleware(login.Locked, entrance=deps.entrance, guesses=guesses),
            Middleware(Answers),
        ],
        exception_handlers={
            Problem: answer_problem,
            ProjectionMissing: answer_projection_missing,
            LogError: answer_log_error,
            ClientDisconnect: answer_client_gone,
            HTTPException: answer_http_error,
        },
    )
    guard(app.routes)
    app.state.deps = deps
    app.state.guesses = guesses
    app.state.open_streams = OpenStreams()
    app.state.closing = asyncio.Event()
    app.state.templates = {}
    app.state.drafts_counted = {}
    app.state.uploads = asyncio.Semaphore(uploads.AT_ONCE)
    app.state.reading_files = asyncio.Semaphore(uploads.WHOLE_AT_ONCE)
    app.state.converting = asyncio.Semaphore(attached.CONVERTED_AT_ONCE)
    app.state.reading_pieces = asyncio.Semaphore(files.AT_ONCE)
    app.state.trials = Trials(app.state.closing)
    return app


def make_probes(deps: Deps) -> Starlette:
    """The addresses for supervisors and Prometheus without the page: safe on a network, since they show no chat."""
    app = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
    app.state.deps = deps
    app.state.closing = asyncio.Event()
    return app


async def page(request: Request) -> Response:
    """The page of the phones, which fetches all other data itself."""
    return render(request, "phones.html", tables=tables_of(translate_of(request)))


async def healthz(_request: Request) -> Response:
    """200: the process runs."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """200 once recado has caught up and takes work, else 503 with the reasons."""
    reasons = tuple(map(str, request.app.state.deps.not_ready()))
    return answer({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)


async def metrics(_request: Request) -> Response:
    """Prometheus's text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
