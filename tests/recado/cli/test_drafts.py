"""`recado knowledge drafts`: no form of it, and no line of its log, has a word that tells of one person."""

from __future__ import annotations

from events.decisions import TurnStarted
from events.inbound import Message
from events.jetstream.log import JetStreamLog
from events.tool_calls import ToolCalled, ToolReturned
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, decide, reply

SAID = "sou o zequinha, meu zap é 11 98888-7777 e zeca@example.org: a kaylane pode retirar o bolo de aipim?"
SECRETS = ("zequinha", "8888", "zeca", "example", "kaylane", "krizia")


async def test_a_draft_is_masked(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    log = jetstream_log
    await log.publish(ANA, Message(id="m0", text="minha filha se chama kaylane", name="Krizia"), msg_id="m0")
    await log.publish(ANA, Message(id="m1", text=SAID, name="Krizia"), msg_id="m1")
    await decide(
        log,
        TurnStarted(turn="t1", messages=("m0", "m1"), backend="chat", at=AT),
        ToolCalled(turn="t1", call="c", name="look_up", arguments="{}", at=AT),
        ToolReturned(turn="t1", call="c", output="Nothing.", at=AT),
        reply("m0", "m1", text="Não sei.", id="t1.r", turn="t1"),
    )
    assert (await on_bus("replay")).code == 0
    for form in ((), ("--json",)):
        done = await on_bus("knowledge", "drafts", *form)
        assert (done.code, "meu zap" in done.out) == (0, True), done
        assert not [secret for secret in SECRETS if secret in f"{done.out}{done.err}".lower()], done
