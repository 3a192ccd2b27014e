"""The Responses and Conversations APIs: responses that take their time, in conversations that remember.

A response's items join its conversation when it has completed. `locks` and `background` (`taken`, `ignored` as by
servers that only know the foreground, or `refused`) say what kind of server it is; one that `keeps_input` puts the
input of a response that did not complete into the conversation all the same.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from aiohttp import web
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

from tests.doubles import openai_wire as wire
from tests.doubles.openai_conversations import Conversation, Conversations, Refused, checked, page, text_of
from tests.doubles.openai_parts import OFFICE, PDF, wrong_parts
from tests.doubles.openai_responses_faults import ResponsesFault, locked
from tests.doubles.openai_responses_model import Model
from tests.doubles.openai_responses_serving import ResponsesServing, json_response
from tests.doubles.openai_wire import Json, WireError

_PARAMS: TypeAdapter[Any] = TypeAdapter(ResponseCreateParamsNonStreaming)
_KNOWN = ResponseCreateParamsNonStreaming.__required_keys__ | ResponseCreateParamsNonStreaming.__optional_keys__
_ACTIVE = ("queued", "in_progress")


class Made(msgspec.Struct):
    """A response; `input` are its items as `conversation` will keep them."""

    object: Json
    input: list[Json]
    conversation: Conversation | None
    ended: asyncio.Event
    task: asyncio.Task[None] | None = None

    @property
    def active(self) -> bool:
        return self.object["status"] in _ACTIVE


class ResponsesDouble(ResponsesServing):
    """The two APIs of an OpenAIDouble; a response takes `latency` seconds, and is made after `held` is set."""

    def __init__(
        self, refusal: Callable[[web.Request], WireError | None], reply: Callable[[list[Json]], str], latency: float
    ) -> None:
        super().__init__(refusal)
        self.latency = latency
        self.held: asyncio.Event | None = None
        self.conversations = Conversations()
        self.made: dict[str, Made] = {}
        self.locks = True
        self.background: Literal["taken", "ignored", "refused"] = "taken"
        self.keeps_input = False
        self.refuses_open_calls = True
        self.names_conversation = True
        self.cancels_again = True
        self._model = Model(reply)
        self._numbers = itertools.count(1)

    def fail(self, kind: str, at: str | None = "responses.create", **fault: Any) -> None:
        """Queue a ResponsesFault: `fail("lost", at="items.create")`."""
        self.faults.add(msgspec.convert({"kind": kind, "at": at, **fault}, ResponsesFault))

    @property
    def active(self) -> list[str]:
        """The ids of responses that are being made."""
        return [id_ for id_, made in self.made.items() if made.active]

    def like_ogx(self) -> None:
        """As ogx 1.5, which nobody here wrote, was seen to differ: it locks nothing, lets open calls be, keeps text as
        it was sent, does not say to which conversation a response belongs, and refuses to cancel one that has ended."""
        self.locks = False
        self.refuses_open_calls = False
        self.conversations.bare = True
        self.names_conversation = False
        self.cancels_again = False

    def state(self) -> Json:
        """All that it holds, for whoever asks from another process."""
        return {
            "conversations": {id_: msgspec.to_builtins(one) for id_, one in self.conversations.all.items()},
            "responses": {id_: made.object for id_, made in self.made.items()},
            "active": self.active,
        }

    def routes(self, *, control: bool) -> list[web.RouteDef]:
        one, items, response = "/v1/conversations/{id}", "/v1/conversations/{id}/items", "/v1/responses/{id}"
        routes = [
            web.post("/v1/conversations", self.served("conversations.create", self._create_conversation)),
            web.get(one, self.served("conversations.retrieve", self._conversation)),
            web.delete(one, self.served("conversations.delete", self._delete_conversation)),
            web.post(items, self.served("items.create", self._add_items)),
            web.get(items, self.served("items.list", self._list_items)),
            web.delete(items + "/{item}", self.served("items.delete", self._delete_item)),
            web.post("/v1/responses", self.served("responses.create", self._create)),
            web.get(response, self.served("responses.retrieve", self._retrieve)),
            web.post(response + "/cancel", self.served("responses.cancel", self._cancel)),
            web.delete(response, self.served("responses.delete", self._delete)),
            web.get(response + "/input_items", self.served("responses.input_items", self._input_items)),
        ]
        return routes + self._control_routes() if control else routes

    def _control_routes(self) -> list[web.RouteDef]:
        async def add(request: web.Request) -> web.Response:
            try:
                asked = msgspec.json.decode(await request.read(), type=list[ResponsesFault] | ResponsesFault)
            except msgspec.DecodeError as error:
                return web.Response(status=400, text=str(error))
            self.faults.add(*(asked if isinstance(asked, list) else [asked]))
            return web.Response(status=204)

        async def state(_: web.Request) -> web.Response:
            return json_response(200, self.state())

        return [web.post("/_double/responses/faults", add), web.get("/_double/responses", state)]

    async def _create_conversation(self, _: web.Request, body: Json, __: ResponsesFault | None) -> Json:
        return self.conversations.create(body).object()

    async def _conversation(self, request: web.Request, _: Json, __: ResponsesFault | None) -> Json:
        return self.conversations.find(request.match_info["id"]).object()

    async def _delete_conversation(self, request: web.Request, _: Json, __: ResponsesFault | None) -> Json:
        return self.conversations.delete(self._unlocked(request.match_info["id"]))

    async def _add_items(self, request: web.Request, body: Json, _: ResponsesFault | None) -> Json:
        return self.conversations.add(self._unlocked(request.match_info["id"]), body)

    async def _list_items(self, request: web.Request, _: Json, __: ResponsesFault | None) -> Json:
        return self.conversations.list_items(self.conversations.find(request.match_info["id"]), dict(request.query))

    async def _delete_item(self, request: web.Request, _: Json, __: ResponsesFault | None) -> Json:
        return self.conversations.delete_item(self._unlocked(request.match_info["id"]), request.match_info["item"])

    async def _create(self, _: web.Request, body: Json, fault: ResponsesFault | None) -> Json:
        checked(_PARAMS, body, _KNOWN, "input")
        if body.get("background") and self.background == "refused":
            raise Refused(wire.unknown_parameter("background"))
        if body.get("conversation") and body.get("previous_response_id"):
            raise Refused(wire.invalid("previous_response_id", "mutually exclusive with 'conversation'"))
        conversation = self._unlocked(body["conversation"]) if body.get("conversation") else None
        sent = body.get("input") or []
        if wrong := wrong_parts(sent if isinstance(sent, list) else (), PDF | OFFICE):
            raise Refused(wrong)
        given = self.conversations.stored([{"role": "user", "content": sent}] if isinstance(sent, str) else sent)
        context = [*(conversation.items if conversation else self._chain(body)), *given]
        if self.refuses_open_calls:
            _refuse_open_calls(context)
        made = Made(self._object(body), given, conversation, asyncio.Event())
        self.made[made.object["id"]] = made
        if conversation is not None:
            conversation.active.append(made.object["id"])
        made.task = asyncio.create_task(self._bring_on(made, conversation, context, fault))
        if not made.object["background"]:
            await asyncio.shield(made.ended.wait())
        return dict(made.object)

    async def _retrieve(self, request: web.Request, _: Json, __: ResponsesFault | None) -> Json:
        return self._find(request).object

    async def _cancel(self, request: web.Request, _: Json, __: ResponsesFault | None) -> Json:
        made = self._find(request)
        if not made.object["background"]:
            raise Refused(wire.error(400, "Cannot cancel a synchronous response.", "invalid_request_error"))
        if made.active:
            await self._end(made, "cancelled", [])
        elif not self.cancels_again:
            message = f"Cannot cancel response '{made.object['id']}' with status '{made.object['status']}'"
            raise Refused(wire.error(409, message, "invalid_request_error"))
        return made.object

    async def _delete(self, request: web.Request, _: Json, __: ResponsesFault | None) -> Json:
        made = self._find(request)
        del self.made[made.object["id"]]
        return {"id": made.object["id"], "object": "response", "deleted": True}

    async def _input_items(self, request: web.Request, _: Json, __: ResponsesFault | None) -> Json:
        return page(self._find(request).input[::-1], has_more=False)

    async def _bring_on(
        self, made: Made, conversation: Conversation | None, context: list[Json], fault: ResponsesFault | None
    ) -> None:
        await asyncio.sleep(self.latency / 4)
        if made.active:
            made.object["status"] = "in_progress"
        await asyncio.sleep(self.latency * 3 / 4)
        if self.held is not None:
            await self.held.wait()
        kind = fault.kind if fault is not None else ""
        if kind == "stuck" or not made.active:
            return
        output = self._model.says(context)
        match kind:
            case "failed":
                code, message = fault.code if fault else None, fault.message if fault else None
                made.object["error"] = {"code": code or "server_error", "message": message or "Something went wrong."}
                await self._end(made, "failed", [])
            case "incomplete":
                reason = (fault.code if fault else None) or "max_output_tokens"
                made.object["incomplete_details"] = {"reason": reason}
                await self._end(made, "incomplete", output if reason == "max_output_tokens" else [])
            case "cancelled" | "expired":
                await self._end(made, kind, [])
            case "refusal":
                output[0]["content"] = [{"type": "refusal", "refusal": "I cannot help with that."}]
                await self._end(made, "completed", output)
            case "blank":
                output[0]["content"][0]["text"] = " "
                await self._end(made, "completed", output)
            case _:
                await self._end(made, "completed", output)

    async def _end(self, made: Made, status: str, output: list[Json]) -> None:
        done = made.object
        read = sum(len(text_of(item).split()) for item in made.input)
        wrote = sum(len(text_of(item).split()) for item in output)
        done |= {"status": status, "output": output, "completed_at": time.time() if status == "completed" else None}
        if status in ("completed", "incomplete"):
            done["usage"] = _usage(read, wrote)
        if made.conversation is not None:
            made.conversation.active.remove(done["id"])
            if status in ("completed", "incomplete"):
                made.conversation.items += [*made.input, *output]
            elif self.keeps_input:
                made.conversation.items += made.input
        made.ended.set()
        await self.tell()

    def _object(self, body: Json) -> Json:
        background = bool(body.get("background")) and self.background == "taken"
        conversation = body.get("conversation") if self.names_conversation else None
        return {
            "id": f"resp_double{next(self._numbers):06}",
            "object": "response",
            "created_at": time.time(),
            "status": "queued" if background else "in_progress",
            "background": background,
            "conversation": {"id": conversation} if conversation else None,
            "error": None,
            "incomplete_details": None,
            "instructions": body.get("instructions"),
            "max_output_tokens": None,
            "metadata": body.get("metadata") or {},
            "model": body["model"],
            "output": [],
            "parallel_tool_calls": True,
            "previous_response_id": body.get("previous_response_id"),
            "temperature": 1.0,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": body.get("tools") or [],
            "top_p": 1.0,
            "truncation": body.get("truncation", "disabled"),
            "usage": None,
        }

    def _chain(self, body: Json) -> list[Json]:
        before = body.get("previous_response_id")
        if not before:
            return []
        if before not in self.made:
            raise Refused(wire.error(400, f"Previous response with id '{before}' not found.", "invalid_request_error"))
        made = self.made[before]
        return [*self._chain(made.object), *made.input, *made.object["output"]]

    def _unlocked(self, id_: str) -> Conversation:
        conversation = self.conversations.find(id_)
        if self.locks and conversation.active:
            raise Refused(locked())
        return conversation

    def _find(self, request: web.Request) -> Made:
        made = self.made.get(request.match_info["id"])
        if made is None:
            message = f"Response with id '{request.match_info['id']}' not found."
            raise Refused(wire.error(404, message, "invalid_request_error"))
        return made


def _refuse_open_calls(context: list[Json]) -> None:
    calls = [item["call_id"] for item in context if item["type"] == "function_call"]
    outputs = [item["call_id"] for item in context if item["type"] == "function_call_output"]
    for call in calls:
        if call not in outputs:
            message = f"No tool output found for function call {call}."
            raise Refused(wire.error(400, message, "invalid_request_error", param="input"))
    for output in outputs:
        if output not in calls:
            message = f"No tool call found for function call output with call_id {output}."
            raise Refused(wire.error(400, message, "invalid_request_error", param="input"))


def _usage(read: int, wrote: int) -> Json:
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": wrote,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + wrote,
    }
