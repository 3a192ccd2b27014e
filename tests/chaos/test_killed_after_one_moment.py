"""Kill -9 after the person was told to wait: whoever goes on does not say it again, and tells the model the same."""

from __future__ import annotations

from pathlib import Path

from chat.words import WORDS
from events.decisions import Reply
from events.subjects import ChatKey
from tests.chaos.stage import stage
from tests.waiting import until

ANA = ChatKey("local", "5511999990001@s.whatsapp.net")


async def test_killed_after_the_word_and_before_the_answer(tmp_path: Path) -> None:
    """In Portuguese, since the number is Brazilian; the answer comes once, and `why` tells of both."""
    async with stage(tmp_path, RECADO_ONE_MOMENT_AFTER="1s", RECADO_TIMEZONE="America/Sao_Paulo") as on:
        on.model.fail("hang")
        await on.recado.started()
        await on.outsider.write(ANA, "m1", "good morning")
        await on.log.seen("reply")
        on.recado.kill()
        await on.recado.restarted()
        ending = await on.log.ended(ANA, "m1")
        assert ending.event.text == "reply to: good morning"
        await on.kept_its_promises()
        said = [one.event for one in on.log.events if isinstance(one.event, Reply)]
        assert [(reply.author, reply.about) for reply in said] == [("system", said[1].turn), ("assistant", None)]
        assert said[0].text == WORDS["one_moment"]["pt"]
        first, *again = (request.body["messages"] for request in on.model.requests)
        assert again  # more than once where a lease was lost, as on a busy machine
        assert all(messages == first for messages in again)
        assert "(America/Sao_Paulo, UTC-03:00)" in first[-1]["content"]

        async def is_told() -> bool:
            told = await on.recado.run("why", "m1")
            return "the person was told to wait" in told.out and "took the turn over" in told.out

        await until(is_told)
        word = await on.recado.run("why", said[0].id)
        assert word.out.count(WORDS["one_moment"]["pt"]) == 1, word.out
