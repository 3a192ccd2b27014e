"""The cost that one person can cause is bounded without any setting."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from chat.fold_constants import MOST_HEARD
from chat.gates import Gates
from chat.work import Refuse
from events.decisions import Ignored
from events.inbound import Message
from recado.cli.running import gateway
from recado.settings.settings import settings_of
from tests.actors.house import ANA, house
from tests.chat.story import SETTING, Story, text

DEFAULT = settings_of({"OPENAI_API_MODE": "scripted"}).gates


def refused(story: Story) -> list[tuple[str, str]]:
    return [(one.messages[0], one.reason) for one in story.pending() if isinstance(one, Refuse)]


def test_a_person_has_120_messages_an_hour() -> None:
    """The next one is not paid for, with nothing set."""
    story = Story(type(SETTING)(SETTING.incarnation, "chat", SETTING.stale_after, gates=DEFAULT))
    story.given(*[text(f"m{n}") for n in range(1, 121)])
    assert refused(story) == []
    assert refused(story.given(text("m121"))) == [("m121", "rate_limited")]


@pytest.mark.parametrize(("value", "per_hour"), [("0", 0), ("5", 5)])
def test_it_is_a_setting(value: str, per_hour: int) -> None:
    """0 switches it off."""
    assert settings_of({"RECADO_MESSAGES_PER_HOUR": value, "OPENAI_API_MODE": "scripted"}).gates.per_hour == per_hour


def test_only_the_account_of_the_simulated_phones_is_not_counted() -> None:
    """At any RECADO_ACCOUNT: a number may have that one."""
    given = {"RECADO_ACCOUNT": "shop", "OPENAI_API_MODE": "scripted"}
    assert settings_of(given).gates.uncounted == DEFAULT.uncounted == {"local"}


@pytest.mark.parametrize(("uncounted", "limited"), [(frozenset({ANA.account}), False), (frozenset(), True)])
async def test_an_actor_counts_by_its_account(uncounted: frozenset[str], limited: bool) -> None:
    """Those of another account are limited by the same instance."""
    async with house(gates=Gates(per_hour=1, uncounted=uncounted)) as home:
        await home.log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
        home.model.answer(await home.model.asked(1))
        await home.log.publish(ANA, Message(id="m2", text="hello"), msg_id="m2")
        if limited:
            assert (await home.decided(Ignored)).reason == "rate_limited"
        else:
            assert (await home.model.asked(2)).ids == ("m2",)


def test_every_person_in_a_large_group_is_counted() -> None:
    """However many others write, one who writes much is limited; and others are not for that."""
    story = Story(type(SETTING)(SETTING.incarnation, "chat", SETTING.stale_after, gates=Gates(per_hour=20)))
    others = [text(f"o{n}", sender=f"{n}@s.whatsapp.net", group=True) for n in range(2 * MOST_HEARD)]
    loud = [text(f"m{n}", sender="loud@s.whatsapp.net", group=True) for n in range(30)]
    story.given(*others, *loud)
    ended = [one for refusal in story.pending() if isinstance(refusal, Refuse) for one in refusal.messages]
    assert ended
    assert ended[-1] == "m29"
    assert len(ended) >= 10
    assert all(id_.startswith("m") for id_ in ended)


@pytest.mark.parametrize("kind", ["cloud", "device"])
def test_no_number_writes_into_the_account_that_is_not_counted(kind: str) -> None:
    """Its gateway refuses the name."""
    done = CliRunner().invoke(gateway, [kind, "--account", "local"])
    assert done.exit_code == 2
    assert "simulated phones" in done.output
