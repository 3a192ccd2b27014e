"""The settings that the three bots share: their subjects, the model and the prompt."""

from __future__ import annotations

from nats.js import JetStreamContext
from nats.js.api import RePublish, StreamConfig

ACCOUNT = "bench"
MODEL = "gpt-4.1-mini"
SYSTEM_PROMPT = "You answer for a small shop that repairs bicycles. Be short and friendly."


async def bot_streams(jetstream: JetStreamContext) -> None:
    """Make the streams of the two bots beside recado. A reply reaches `wa.out` once it is stored, as with recado."""
    await jetstream.add_stream(StreamConfig(name="IN", subjects=["wa.in.*.*"]))
    republish = RePublish(src="reply.*.*", dest="wa.out.{{wildcard(1)}}.{{wildcard(2)}}")
    await jetstream.add_stream(StreamConfig(name="OUT", subjects=["reply.*.*"], republish=republish))


def out_subject(in_subject: str) -> str:
    """The subject of the reply to a message on `wa.in.<account>.<chat>`."""
    return "reply." + in_subject.split(".", 2)[2]
