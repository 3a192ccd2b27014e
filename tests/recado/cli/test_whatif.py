"""`recado whatif`: real chats against another setting, on a real bus, without a word to any person."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.leases.bucket import LeaseBucket
from events.decisions import ThreadCreated, TurnStarted
from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.profiles import JetStreamProfileLog
from events.profile import Profile
from events.usage import TokenUsage
from recado.wiring.backends import LENGTH_RULE
from tests.doubles.moment import without_moment
from tests.doubles.openai_server import API_KEY, OpenAIDouble
from tests.recado.command import Command, Done
from tests.recado.instance import ANA, BIA, decide, reply


@pytest.fixture
async def double() -> AsyncIterator[OpenAIDouble]:
    async with OpenAIDouble() as double:
        yield double


@pytest.fixture
async def told(on_bus: Command, jetstream_log: JetStreamLog, double: OpenAIDouble) -> Command:
    """Two chats, answered by another model; their events came just now. Both are told that they have a thread."""
    on_bus.variables |= {"OPENAI_API_KEY": API_KEY, "OPENAI_BASE_URL": double.base_url}
    for key, words in ((ANA, "rye bread?"), (BIA, "open today?")):
        at, turn = datetime.now(UTC), f"t-{words}"
        await jetstream_log.publish(key, Message(id=f"m-{words}", text=words), msg_id="")
        usage = TokenUsage(100, 50)
        answer = reply(f"m-{words}", text=f"old: {words}", key=key, turn=turn, model="old-model", usage=usage, at=at)
        await decide(
            jetstream_log,
            TurnStarted(turn=turn, messages=(f"m-{words}",), backend="chat", at=at),
            ThreadCreated(backend="responses", thread="conv_of_the_chat", reason="first", at=at),
            answer,
            key=key,
        )
    return on_bus


async def test_old_and_new_stand_side_by_side_and_nothing_is_written(
    told: Command, double: OpenAIDouble, jetstream_log: JetStreamLog, bus: Bus
) -> None:
    """The model gets the new prompt and the real history; the log, the outbound subject and RECADO_DATA get nothing."""
    before = await jetstream_log.head()
    heard = await bus.subscribe("wa.>")
    await bus.flush()
    (told.home / "prompt.txt").write_text("Be brief.\n")

    done = await told(
        "whatif", "--since", "1h", "--prompt", "prompt.txt", "--model", "new-model", "--html", "page.html"
    )

    assert done.code == 0, done.err
    assert "5511999990001" in done.out
    assert "then: old-model, 100 + 50 tokens" in done.out
    assert "now: new-model, 17 + 4 tokens" in done.out, "the prompt and the rule on length count"
    assert "reply to: rye bread?" in done.out
    assert "2 of 2 turns, 42 of 50,000 tokens" in done.err
    assert "5511999990001" not in done.err, "stderr is for progress and logs"
    asked = {without_moment(request.body["messages"][-1]["content"]): request.body for request in double.requests}
    assert asked["rye bread?"]["model"] == "new-model"
    assert asked["rye bread?"]["messages"][0] == {"role": "system", "content": f"Be brief.\n\n{LENGTH_RULE}"}
    after = await jetstream_log.head()
    assert (after.last, after.size) == (before.last, before.size)
    await bus.flush()
    assert heard.pending_msgs == 0
    assert not (told.home / "data").exists()
    page = told.home / "page.html"
    assert "reply to: open today?" in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600, "there are conversations in it"


async def test_one_document_says_all_of_it(told: Command) -> None:
    """Turns with both sides, sums, requests and turns left out."""
    document = (await told("whatif", "--since", "1h", "--max-turns", "1", "--json")).document
    (turn,) = document["turns"]
    assert turn["chat"] == ANA.chat
    assert turn["said"] == [{"text": "rye bread?"}]
    assert [side["text"] for side in turn["then"]] == ["old: rye bread?"]
    assert turn["now"]["text"] == "reply to: rye bread?"
    assert document["then"]["input_tokens"] == 100
    assert document["now"]["replies"] == 1
    assert document["left_out"] == {"turns": 0, "chats": 1, "because": ["--max-turns 1"]}
    assert document["asked"]["history"] == "as it was"
    of_one = (await told("whatif", "--since", "1h", "--chat", "5511999990002", "--json")).document
    assert [turn["chat"] for turn in of_one["turns"]] == [BIA.chat]


@pytest.mark.parametrize("mode", ["responses", "assistants", "agents"])
async def test_threads_made_for_it_are_named_and_the_chats_own_is_left_alone(
    told: Command, double: OpenAIDouble, mode: str
) -> None:
    """In the modes whose provider keeps conversations."""
    variables = {"OPENAI_ASSISTANT_ID": "asst_double", "OPENAI_MODEL": "gpt-double"}
    done = await told("whatif", "--since", "1h", "--mode", mode, "--json", **variables)
    assert done.code == 0, done.err
    assert [turn["now"]["text"] for turn in done.document["turns"]] == ["reply to: rye bread?", "reply to: open today?"]
    kept = {
        "responses": double.responses.conversations.all,
        "assistants": double.threads.threads,
        "agents": double.agents.sessions,
    }
    made = list(kept[mode])
    assert sorted(done.document["threads"]) == sorted(made)
    assert len(made) == 2
    assert "Made at the provider for this, and still there: " in done.err
    asked = [*double.responses.requests, *double.threads.requests, *double.agents.requests]
    assert asked
    assert all("conv_of_the_chat" not in f"{request.path} {request.body}" for request in asked)


async def store(bus: Bus, name: str, **fields: Any) -> None:
    """Store the next version of a profile."""
    await LeaseBucket(bus).ensure()
    profiles = await JetStreamProfileLog.open(bus)
    try:
        stored = await profiles.look()
        n = stored.newest[name].n + 1 if name in stored.newest else 1
        await profiles.write([Profile(name=name, n=n, at=datetime.now(UTC), **fields)], expected=stored.seq)
    finally:
        await profiles.close()


def by_chat(done: Done, double: OpenAIDouble) -> dict[str, tuple[str, str, str]]:
    """For each chat answered again: the profile, and the prompt and the model that were asked. Forgets the requests."""
    assert done.code == 0, done.err
    asked = {without_moment(one.body["messages"][-1]["content"]): one.body for one in double.requests}
    double.requests.clear()
    found = {}
    for turn in done.document["turns"]:
        body = asked[turn["said"][0]["text"]]
        prompt = body["messages"][0]["content"].partition("\n")[0]
        found[turn["chat"]] = turn["now"].get("profile", ""), prompt, body["model"]
    return found


@pytest.mark.slow("five commands, a process each")
async def test_chats_are_answered_by_their_profile_and_by_the_one_that_is_tried(
    told: Command, double: OpenAIDouble, bus: Bus
) -> None:
    """Each chat's own is in force, and an option counts more. With --profile, the chats are those for which it is
    meant, a stored version or a file, or those of --chat."""
    told.variables |= {"OPENAI_MODEL": "m", "AI_SYSTEM_PROMPT": "Own."}
    await store(bus, "ana", chats=(ANA.chat,), settings={"ai_system_prompt": "First."})
    await store(bus, "ana", chats=(ANA.chat,), settings={"ai_system_prompt": "Second.", "openai_model": "p"})
    await store(bus, "shop", accounts=("nobody",), settings={"ai_system_prompt": "Shop."})
    since = ("whatif", "--since", "1h", "--json")

    done = await told(*since)
    assert by_chat(done, double) == {ANA.chat: ("ana@2", "Second.", "p"), BIA.chat: ("", "Own.", "m")}
    assert (done.document["asked"]["model"], done.document["asked"]["profile"]) == ("p, m", "")

    done = await told(*since, "--model", "x")
    assert by_chat(done, double) == {ANA.chat: ("ana@2", "Second.", "x"), BIA.chat: ("", "Own.", "x")}

    done = await told(*since, "--profile", "ana@1")
    assert by_chat(done, double) == {ANA.chat: ("ana@1", "First.", "m")}
    assert done.document["asked"]["profile"] == "ana@1"

    (told.home / "shop.toml").write_text(f'accounts = ["{BIA.account}"]\n[settings]\nai_system_prompt = "Tried."\n')
    done = await told(*since, "--profile", "shop.toml", "--model", "x")
    assert by_chat(done, double) == {BIA.chat: ("shop.toml", "Tried.", "x")}, "ana keeps the other chat"

    done = await told(*since, "--profile", "shop", "--chat", ANA.chat)
    assert by_chat(done, double) == {ANA.chat: ("shop@1", "Shop.", "m")}, "whoever it is for"


@pytest.mark.slow("seven commands, a process each")
async def test_a_profile_that_this_machine_cannot_use_is_refused(told: Command, double: OpenAIDouble, bus: Bus) -> None:
    """In the words of `recado profile apply`, before a model is asked; also one that is in force for a chat."""
    told.variables |= {"RECADO_PROFILE_SERVERS": "https://api.shop.example/v1 SHOP_KEY"}
    key = {"openai_base_url": "https://api.shop.example/v1", "openai_api_key_name": "SHOP_KEY"}
    await store(bus, "gone", settings={})
    await store(bus, "gone", removed=True)
    await store(bus, "ana", chats=(ANA.chat,), settings=key)
    await store(bus, "elsewhere", settings={"openai_base_url": "https://evil.example/v1", "tools": "os"})
    (told.home / "wrong.toml").write_text('[settings]\nopenai_base_url = "https://evil.example/v1"\n')
    for options, says in (
        ((), "ana: set SHOP_KEY for every instance; they are unset here."),
        (("--profile", "ana"), "ana: set SHOP_KEY for every instance; they are unset here."),
        (("--profile", "wrong.toml"), "wrong.toml, line 2: openai_base_url is 'https://evil.example/v1', which is no"),
        (("--profile", "elsewhere"), "elsewhere: tools is 'os', which is no module that a profile may name"),
        (("--profile", "gone"), "there is no profile gone in force"),
        (("--profile", "gone@2"), "gone@2 ended the profile"),
        (("--profile", "./nowhere.toml"), "is no file, and no NAME or NAME@N of a profile"),
    ):
        done = await told("whatif", "--since", "1h", *options)
        assert (done.code in (1, 2), done.out) == (True, ""), done.err
        assert says in done.err
    assert double.requests == []


async def test_a_failure_is_shown_and_not_fatal(told: Command, double: OpenAIDouble) -> None:
    """The other turn is answered; with none answered by a reply the command still tells why."""
    double.fail("refusal")
    document = (await told("whatif", "--since", "1h", "--json")).document
    assert sorted(turn["now"]["ending"] for turn in document["turns"]) == ["failed", "reply"]


async def test_a_time_in_which_there_is_nothing(told: Command, double: OpenAIDouble) -> None:
    """The error is named, and no model is asked."""
    for times, says in (
        (("--since", "1h", "--until", "2h"), "--since is not before --until"),
        (("--since", "2000-01-01", "--until", "2000-01-02"), "nobody wrote in that time"),
    ):
        done = await told("whatif", *times)
        assert (done.code, done.out) == (1, "")
        assert says in done.err
    assert double.requests == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--since", "yesterday"), "neither a length of time (30m, 8h, 2d) nor a time"),
        (("--since", "1h", "--prompt", "nowhere.txt"), "nowhere.txt cannot be read: No such file or directory"),
        (("--since", "1h", "--mode", "assistants"), "OPENAI_ASSISTANT_ID is required in mode assistants"),
        (("--since", "1h", "--mode", "scripted", "--model", "m"), "--model has no effect"),
        (("--since", "1h", "--html", "nowhere/page.html"), "nowhere/page.html cannot be written"),
        (("--since", "1h"), "recado is not running"),
    ],
)
async def test_impossible_trials_are_said(recado: Command, options: tuple[str, ...], says: str) -> None:
    """Before anything is read or paid for."""
    done = await recado("whatif", *options)
    assert done.code in (1, 2)
    assert says in done.err


async def test_other_documents_are_looked_up(told: Command, double: OpenAIDouble, bus: Bus) -> None:
    """A folder of documents answers in place of the collections, and the stream is not touched; a folder with one that
    cannot be read is refused."""
    folder = told.home / "next-year"
    folder.mkdir()
    (folder / "prices.md").write_text("# Prices\n\nRye bread costs R$ 99 from January.")
    function = {"name": "look_up", "arguments": '{"query":"rye bread\\nrye loaf"}'}
    called = {"content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}
    double.speaks = lambda body: (
        {"content": "R$ 99."} if any(message["role"] == "tool" for message in body["messages"]) else called
    )
    asked = ("whatif", "--since", "1h", "--chat", ANA.chat, "--knowledge", str(folder), "--json")
    done = await told(*asked)
    assert done.code == 0, done.err
    (result,) = [message for message in double.requests[-1].body["messages"] if message["role"] == "tool"]
    assert "[1] folder/prices.md" in result["content"]
    assert "R$ 99 from January" in result["content"]
    (folder / "broken.pdf").write_bytes(b"%PDF- and no more")
    refused = await told(*asked)
    assert (refused.code, "broken.pdf: " in refused.err) == (1, True), refused


@pytest.mark.parametrize("named", ["shop", ""])
async def test_documents_are_looked_up_before_the_model_is_asked(
    told: Command, double: OpenAIDouble, named: str
) -> None:
    """As chats are answered with RECADO_KNOWLEDGE_MODE=front; also where no collection is named yet."""
    folder = told.home / "next-year"
    folder.mkdir()
    (folder / "prices.md").write_text("# Prices\n\nRye bread costs R$ 99 from January.")
    setting = {"RECADO_KNOWLEDGE_MODE": "front", **({"RECADO_KNOWLEDGE": named} if named else {})}
    asked = ("whatif", "--since", "1h", "--chat", ANA.chat, "--knowledge", str(folder), "--json")
    done = await told(*asked, **setting)
    assert done.code == 0, done.err
    (said,) = {request.body["messages"][-1]["content"] for request in double.requests}
    assert "[1] folder/prices.md" in said
    assert "R$ 99 from January" in said
