"""Pictures and documents in each mode: sent as its API takes them, once, and only while they are there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from msgspec.structs import replace
from openai.types.audio import Transcription as TheirTranscription

from backends.agents.backend import Agents
from backends.assistants.backend import Assistants
from backends.chat_completions import ChatCompletions
from backends.content.attachments import GONE, NOT_TAKEN
from backends.protocol import Answer
from chat.context import Attachment, Line
from tests.backends.asking import asked
from tests.backends.kept_threads import turns as thread_turns
from tests.backends.kept_threads.provider import AgentsProvider, AssistantsProvider
from tests.backends.responses.turns import Turn, backend_of, place
from tests.doubles.openai_parts import data_of
from tests.doubles.openai_server import OpenAIDouble

JPEG = b"\xff\xd8\xff\xe0 a cake"
CAKE = Line("user", "[picture]\nhow much?", attachments=(Attachment("meta:1", "image/jpeg", "cake.jpg"),))
BILL = Line("user", "[document bill.pdf]", attachments=(Attachment("meta:2", "application/pdf", "bill.pdf"),))


class Shelf:
    """Files by their names."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("_", ":"): body for name, body in files.items()}
        self.read_so_far: list[str] = []

    async def read(self, name: str) -> bytes | None:
        self.read_so_far.append(name)
        return self.files.get(name)


BOTH = {"meta_1": JPEG, "meta_2": b"%PDF-1.7 a bill"}


@pytest.fixture
async def client(double: OpenAIDouble) -> AsyncIterator[openai.AsyncOpenAI]:
    """The real library."""
    made = openai.AsyncOpenAI(
        api_key=double.api_key, base_url=double.base_url, max_retries=0, _strict_response_validation=True
    )
    yield made
    await made.close()


async def test_chat_completions(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """A picture is an image part and a PDF a file part, each after its message's words; history is words alone."""
    past = (Line("user", "[picture, which was shown to you before]"), Line("assistant", "A cake."))
    request = replace(asked(CAKE, BILL, "?", history=past), files=Shelf(**BOTH))
    answer = await backend.reply(request)
    assert isinstance(answer, Answer)
    *_, said = double.requests[0].body["messages"]
    words, cake, of_bill, bill, last = said["content"]
    assert words == {"type": "text", "text": "[picture]\nhow much?"}
    assert (cake["type"], data_of(cake)) == ("image_url", JPEG)
    assert of_bill["text"] == "[document bill.pdf]"
    assert (bill["file"]["filename"], data_of(bill)) == ("bill.pdf", BOTH["meta_2"])
    assert last["text"] == "?"


async def test_a_server_that_does_not_take_files_is_asked_without_them(
    backend: ChatCompletions, double: OpenAIDouble
) -> None:
    """The model is told of a file that it cannot be shown."""
    word = Line("user", "[document]", attachments=(Attachment("meta:1", "application/msword", "a.doc"),))
    await backend.reply(replace(asked(word), files=Shelf(**BOTH)))
    refused, taken = double.requests
    assert refused.outcome == "400"
    assert taken.body["messages"][-1]["content"] == f"[document]\n{NOT_TAKEN}"


async def test_a_file_that_is_gone(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """It may have expired; the model is told so."""
    await backend.reply(replace(asked(CAKE), files=Shelf()))
    assert double.requests[0].body["messages"][-1]["content"][1] == {"type": "text", "text": GONE}


async def test_a_retry_reads_files_once(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """Another attempt sends the same bytes."""
    shelf = Shelf(**BOTH)
    double.fail("server_error")
    await backend.reply(replace(asked(CAKE), files=shelf))
    assert shelf.read_so_far == ["meta:1"]
    assert data_of(double.requests[1].body["messages"][-1]["content"][1]) == JPEG


class FilesTurn(Turn):
    """A turn in responses mode whose messages have files."""

    shelf = Shelf(**BOTH)

    def request(self) -> Any:
        return replace(super().request(), files=self.shelf)


async def test_responses(double: OpenAIDouble) -> None:
    """input_image and input_file, beside input_text, in the conversation."""
    backend = backend_of(double)
    thread = await backend.create_thread(place())
    answer = await FilesTurn(thread, CAKE, BILL).answered(backend)
    assert answer.text == "reply to: [document bill.pdf]"
    cake, bill = double.responses.conversations.find(thread).items[:2]
    assert [part["type"] for part in cake["content"]] == ["input_text", "input_image"]
    assert data_of(cake["content"][1]) == JPEG
    assert (bill["content"][1]["filename"], data_of(bill["content"][1])) == ("bill.pdf", BOTH["meta_2"])
    await backend.close()


@pytest.mark.parametrize("fault", ["lost", "drop"])
async def test_responses_after_a_lost_answer(double: OpenAIDouble, fault: str) -> None:
    """The message with its picture is found by its words in the conversation, and is not sent twice."""
    backend = backend_of(double, known=True)
    thread = await backend.create_thread(place())
    double.responses.fail(fault)
    await FilesTurn(thread, CAKE).answered(backend)
    said = [item for item in double.responses.conversations.find(thread).items if item.get("role") == "user"]
    assert len(said) == 1
    await backend.close()


async def test_assistants(double: OpenAIDouble) -> None:
    """A picture is uploaded, is shown by its id, and the server forgets it in time."""
    backend: Assistants = AssistantsProvider(double).backend()
    thread = await backend.create_thread(thread_turns.place())
    answer = await thread_turns.answered(backend, thread_turns.asked(thread, CAKE, "well?", files=Shelf(**BOTH)))
    assert answer.text == "reply to: well?"
    ((file, kept),) = double.uploads.files.items()
    assert kept == ("cake.jpg", JPEG)
    cake = double.threads.only.messages[0]
    assert cake["content"][0]["text"]["value"] == "[picture]\nhow much?"
    assert cake["content"][1] == {"type": "image_file", "image_file": {"file_id": file}}
    await backend.close()


async def test_agents(double: OpenAIDouble) -> None:
    """input_image with a data URL; the message is found again by its words."""
    backend: Agents = AgentsProvider(double).backend()
    thread = await backend.create_thread(thread_turns.place())
    request = thread_turns.asked(thread, CAKE, files=Shelf(**BOTH))
    run = await backend.start_run(request)
    assert await backend.start_run(request) == run
    answer = await backend.await_run(request, run)
    assert isinstance(answer, Answer)
    (session,) = double.agents.sessions.values()
    cake = [item for item in session.items if item.get("role") == "user"][-1]
    assert [part["type"] for part in cake["content"]] == ["input_text", "input_image"]
    assert data_of(cake["content"][1]) == JPEG
    await backend.close()


async def test_the_double_speaks_as_the_real_library_does(client: openai.AsyncOpenAI, double: OpenAIDouble) -> None:
    """Its answers validate strictly; it takes the requests of the library, and refuses those that OpenAI refuses."""
    heard = await client.audio.transcriptions.create(file=("voice.ogg", b"x", "audio/ogg"), model="gpt-transcribe")
    assert isinstance(heard, TheirTranscription)
    assert heard.usage is not None
    with pytest.raises(openai.BadRequestError, match="Invalid file format"):
        await client.audio.transcriptions.create(file=("voice.opus", b"x", "audio/ogg"), model="gpt-transcribe")
    kept = await client.files.create(
        file=("cake.jpg", JPEG, "image/jpeg"),
        purpose="vision",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert (kept.bytes, kept.expires_at) == (len(JPEG), kept.created_at + 3600)
    picture: Any = {"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AAAA"}}
    with pytest.raises(openai.BadRequestError, match="unsupported MIME type"):
        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": [picture]}])
