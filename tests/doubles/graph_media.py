"""Meta's media: asked for by id, loaded from a URL of its own, each with the token.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Literal

from aiohttp import web

from tests.doubles.graph_webhooks import PHONE_NUMBER_ID

Fault = Literal["gone", "token", "http", "cut", "other_bytes"]


class MediaDouble:
    """`faults` strike the next file each. gone: nobody knows the id. token: it is not accepted. http: the file's server
    fails. cut: the connection ends in the middle. other_bytes: they are not those that were sent. `told`: fields that
    it gives instead of the true ones."""

    def __init__(self, url: Callable[[], str], token: str) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.faults: list[Fault] = []
        self.told: dict[str, Any] = {}
        self.loaded: list[str] = []
        self._url = url
        self._token = token

    def routes(self, version: str) -> list[web.RouteDef]:
        return [web.get(f"/{version}/{{id:[0-9]+}}", self._show), web.get("/cdn/{id}", self._load)]

    def add(self, id_: str, body: bytes, mime: str) -> dict[str, Any]:
        """Somebody sends this file; what the webhook says of it."""
        self.files[id_] = (mime, body)
        digest = base64.b64encode(sha256(body).digest()).decode()
        return {"id": id_, "mime_type": mime, "sha256": digest}

    async def _show(self, request: web.Request) -> web.Response:
        id_ = request.match_info["id"]
        if not self._known(request) or self._struck("token"):
            return _error(401, 190, "Error validating access token")
        if id_ not in self.files or request.query.get("phone_number_id") != PHONE_NUMBER_ID or self._struck("gone"):
            return _error(400, 100, f"Unsupported get request. Object with ID '{id_}' does not exist")
        mime, body = self.files[id_]
        where = self._url().rpartition("/")[0] + f"/cdn/{id_}"
        shown = {"id": id_, "url": where, "mime_type": mime, "file_size": len(body), "messaging_product": "whatsapp"}
        return web.json_response({**shown, "sha256": sha256(body).hexdigest(), **self.told})

    async def _load(self, request: web.Request) -> web.StreamResponse:
        mime, body = self.files[request.match_info["id"]]
        if not self._known(request):
            return web.Response(status=401)
        self.loaded.append(request.match_info["id"])
        if self._struck("http"):
            return web.Response(status=500, text="<html>Internal Server Error</html>")
        if self._struck("other_bytes"):
            return web.Response(body=body[::-1] + b"!", content_type=mime.partition(";")[0])
        if self._struck("cut"):
            response = web.StreamResponse(headers={"Content-Length": str(len(body))})
            await response.prepare(request)
            await response.write(body[: len(body) // 2])
            assert request.transport is not None
            request.transport.abort()
            return response
        return web.Response(body=body, content_type=mime.partition(";")[0])

    def _known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self._token}"

    def _struck(self, fault: Fault) -> bool:
        if self.faults and self.faults[0] == fault:
            self.faults.pop(0)
            return True
        return False


def _error(status: int, code: int, message: str) -> web.Response:
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return web.json_response({"error": error}, status=status)
