"""Uploads as forms: audio to be transcribed, and files to be kept."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from aiohttp import web
from openai.types.audio.transcription_create_params import TranscriptionCreateParamsNonStreaming
from openai.types.file_create_params import FileCreateParams

from tests.doubles import openai_wire as wire
from tests.doubles.openai_wire import Json, WireError

HEARD = frozenset({"flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"})
MOST_BYTES = 25 * 1024 * 1024

_AUDIO = (
    TranscriptionCreateParamsNonStreaming.__required_keys__ | TranscriptionCreateParamsNonStreaming.__optional_keys__
)
_FILE = FileCreateParams.__required_keys__ | FileCreateParams.__optional_keys__


class Heard(msgspec.Struct):
    """Audio that was sent to be transcribed."""

    name: str
    model: str
    body: bytes


class UploadsDouble:
    """`words` says what is spoken in audio, `takes` are the endings of the files that are read, `refused` counts the
    others. Faults strike the next transcription each: an HTTP status, or `hang`."""

    def __init__(self, refusal: Callable[[web.Request], WireError | None]) -> None:
        self.heard: list[Heard] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.faults: list[int | Literal["hang"]] = []
        self.words: Callable[[bytes], str] = lambda audio: f"words of {len(audio)} bytes"
        self.transcribes = True
        self.takes = HEARD
        self.refused = 0
        self._refusal = refusal
        self._numbers = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/audio/transcriptions", self._transcribe), web.post("/v1/files", self._keep)]

    async def _transcribe(self, request: web.Request) -> web.Response:
        if not self.transcribes:
            return _json(*wire.unknown_url("POST", request.path))
        form = await request.post()
        file = form.get("file")
        if wrong := self._refusal(request) or _unknown(form, _AUDIO):
            return _json(*wrong)
        if not isinstance(file, web.FileField) or not form.get("model"):
            return _json(*wire.invalid("file", "a file and a model are required"))
        body = file.file.read()
        if file.filename.rpartition(".")[2] not in self.takes:
            self.refused += 1
            told = f"Invalid file format. Supported formats: {sorted(self.takes)}"
            return _json(*wire.error(400, told, "invalid_request_error"))
        if len(body) > MOST_BYTES:
            return _json(*wire.error(413, "Maximum content size limit exceeded", "server_error"))
        self.heard.append(Heard(file.filename, str(form["model"]), body))
        fault = self.faults.pop(0) if self.faults else None
        if fault == "hang":
            await asyncio.Event().wait()
        if isinstance(fault, int):
            told = "Audio file might be corrupted or unsupported" if fault == 400 else "The server had an error"
            return _json(*wire.error(fault, told, "invalid_request_error" if fault == 400 else "server_error"))
        text = self.words(body)
        usage = {"type": "tokens", "input_tokens": len(body) // 10, "output_tokens": len(text.split())}
        usage["total_tokens"] = usage["input_tokens"] + usage["output_tokens"]  # type: ignore[operator]
        return _json(200, {"text": text, "usage": usage})

    async def _keep(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form.get("file")
        if wrong := self._refusal(request) or _unknown(form, _FILE):
            return _json(*wrong)
        if not isinstance(file, web.FileField) or form.get("purpose") not in ("vision", "user_data", "assistants"):
            return _json(*wire.invalid("purpose", "a file and a purpose are required"))
        seconds = int(str(form.get("expires_after[seconds]", 0)))
        if seconds and not 3600 <= seconds <= 2592000:
            return _json(*wire.invalid("expires_after.seconds", "must be between 3600 and 2592000"))
        id_, now = f"file-double{next(self._numbers):06}", int(time.time())
        self.files[id_] = (file.filename, file.file.read())
        kept = {"id": id_, "object": "file", "bytes": len(self.files[id_][1]), "created_at": now, "status": "processed"}
        more = {"filename": file.filename, "purpose": form["purpose"], "expires_at": now + seconds if seconds else None}
        return _json(200, kept | more)


def _unknown(form: Any, known: frozenset[str]) -> WireError | None:
    for name in form:
        if name.partition("[")[0] not in known:
            return wire.unknown_parameter(name)
    return None


def _json(status: int, body: Json) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")
