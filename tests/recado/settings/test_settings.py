"""Settings: a valid text becomes a value; an invalid one is named, with advice."""

from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from openai.types import ChatModel

from recado.settings.environment import SettingsInvalid, unknown_names
from recado.settings.settings import NAMES, VARIABLES, Settings, doubts, load, settings_of

NOWHERE = Path("no-such.env")

RESPONSES = {"OPENAI_API_MODE": "responses", "OPENAI_API_KEY": "sk-1"}
THREADS = {"OPENAI_API_MODE": "assistants", "OPENAI_ASSISTANT_ID": "asst_1", "OPENAI_BASE_URL": "http://localhost/v1"}
AGENTS = {"OPENAI_API_MODE": "agents", "OPENAI_API_KEY": "sk-1"}

WRONG = [
    ("OPENAI_API_MODE", "assistant", "none of chat, responses, assistants, agents, scripted; did you mean assistants?"),
    ("OPENAI_API_MODE", "Chat", "did you mean chat?"),
    ("OPENAI_API_MODE", "soap", "is 'soap', which is none of chat, responses, assistants, agents, scripted"),
    ("OPENAI_API_MODE", "assistants", "shut down on 2026-08-26. Use OPENAI_API_MODE=responses or agents"),
    ("OPENAI_API_KEY", "sk-one two", "copy it again"),
    ("OPENAI_API_KEY", "sk-“quoted”", "copy it again"),
    ("OPENAI_BASE_URL", "localhost:11434/v1", "write one like http://localhost:11434/v1"),
    ("OPENAI_BASE_URL", "http://", "write one like http://localhost:11434/v1"),
    ("OPENAI_BASE_URL", "http://[::1", "write one like http://localhost:11434/v1"),
    ("OPENAI_BASE_URL", "http://host:99999/v1", "Port out of range"),
    ("MAX_CONVERSATION_HISTORY", "many", "not a whole number of messages from 0 to 1000"),
    ("MAX_CONVERSATION_HISTORY", "-1", "not a whole number of messages from 0 to 1000"),
    ("MAX_CONVERSATION_HISTORY", "1001", "not a whole number of messages from 0 to 1000"),
    ("MAX_CONVERSATION_HISTORY", "1.5", "not a whole number of messages from 0 to 1000"),
    ("NATS_URL", "localhost:4222", "write one like nats://localhost:4222"),
    ("NATS_URL", "http://localhost:4222", "starts with nats:// or tls:// or ws:// or wss://"),
    ("NATS_URL", "nats://one:4222,two:4222", "write one like nats://localhost:4222"),
    ("NATS_CREDS", "/no/such/file.creds", "which is no file"),
    ("RECADO_ACCOUNT", "", "which is no name"),
    ("RECADO_ACCOUNT", "  ", "which is no name"),
    ("RECADO_ACCOUNT", "x" * 129, "which is no name"),
    ("RECADO_ACCOUNT", "two\nlines", "which is no name"),
    ("RECADO_DATA", __file__, "which is a file: give the path of a folder"),
    ("RECADO_PORT", "http", "not a whole number from 0 to 65535"),
    ("RECADO_PORT", "65536", "not a whole number from 0 to 65535"),
    ("RECADO_PORT", "-1", "not a whole number from 0 to 65535"),
    ("RECADO_PORT", "٨٠", "not a whole number from 0 to 65535"),
    ("RECADO_DEBOUNCE", "nan", "not a number of seconds from 0 to 300"),
    ("RECADO_DEBOUNCE", "0,5", "such as 2 or 0.5"),
    ("RECADO_DEBOUNCE", "301", "not a number of seconds from 0 to 300"),
    ("RECADO_RUN_TIMEOUT", "inf", "not a number of seconds from 0.1 to 3600"),
    ("RECADO_RUN_TIMEOUT", "0", "not a number of seconds from 0.1 to 3600"),
    ("RECADO_STALE_AFTER", "tomorrow", "write seconds, or 90m, 24h, 7d"),
    ("RECADO_STALE_AFTER", "1w", "write seconds, or 90m, 24h, 7d"),
    ("RECADO_STALE_AFTER", "nan", "write seconds, or 90m, 24h, 7d"),
    ("RECADO_STALE_AFTER", "0", "out of range: give 1 seconds to 3650 days"),
    ("RECADO_STALE_AFTER", "99999999d", "out of range"),
    ("RECADO_INSTANCE", "blue one", "no name of an instance"),
    ("RECADO_MAX_TOKENS_PER_CHAT_PER_DAY", "many", "not a whole number of tokens"),
    (
        "RECADO_BUILT_IN_TOOLS",
        "ask_choise",
        "is none of ask_choice, send_file, send_location; did you mean ask_choice?",
    ),
    ("RECADO_BUILT_IN_TOOLS", "ask_choice; send_file", "is none of ask_choice, send_file, send_location"),
    ("RECADO_BUILT_IN_TOOLS", "all", "is none of ask_choice, send_file, send_location"),
    ("RECADO_SERVICE_TOOLS", "tools.arrival", "'tools.arrival' is no name of a tool: write names like arrival"),
    ("RECADO_SERVICE_TOOLS", "*, arrival", "* stands beside names: write * alone, or the names alone"),
    ("RECADO_SERVICE_TOOLS", "a" * 65, "is no name of a tool"),
    ("RECADO_HOSTED_TOOLS", "web_search", 'is no JSON list of tools, such as [{"type": "web_search"}]'),
    ("RECADO_HOSTED_TOOLS", '{"type": "web_search"}', "is no JSON list of tools"),
    ("RECADO_HOSTED_TOOLS", '[{"kind": "web_search"}]', "is no JSON list of tools"),
    ("RECADO_HOSTED_TOOLS", '[{"type": "function"}]', "name them in RECADO_TOOLS"),
    ("RECADO_HOSTED_TOOLS", '[{"type": "web_search"}]', "mode chat has none: use OPENAI_API_MODE=responses"),
]


@pytest.mark.parametrize(("variable", "value", "said"), WRONG)
def test_a_wrong_value_is_named_with_what_to_do(variable: str, value: str, said: str) -> None:
    """The problem begins with the variable, shows its value, and gives a valid one."""
    with pytest.raises(SettingsInvalid) as caught:
        load({variable: value}, NOWHERE)
    problem = next(problem for problem in caught.value.problems if said in problem)
    assert problem.startswith(f"{variable} is ")


def test_all_problems_are_told_at_once() -> None:
    """One start names all mistakes."""
    with pytest.raises(SettingsInvalid) as caught:
        load({"RECADO_PORT": "x", "RECADO_DEBOUNCE": "y", "OPENAI_API_MODE": "z"}, NOWHERE)
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "OPENAI_API_MODE",
        "RECADO_PORT",
        "RECADO_DEBOUNCE",
    ]


def test_responses_mode_needs_a_model() -> None:
    """The small local model keeps no conversations: a key, or another server, is needed."""
    with pytest.raises(SettingsInvalid, match="OPENAI_API_KEY is required in mode responses: set it, or OPENAI_BASE"):
        load({"OPENAI_API_MODE": "responses"}, NOWHERE)
    for given in ({"OPENAI_API_KEY": "sk-1234567890"}, {"OPENAI_BASE_URL": "http://localhost:8321/v1"}):
        assert load({"OPENAI_API_MODE": "responses", **given}, NOWHERE).openai_api_mode == "responses"


AGENTS = {"OPENAI_API_MODE": "agents", "OPENAI_API_KEY": "sk-1234567890"}


def test_agents_mode_wants_an_agent_or_a_model() -> None:
    """A saved agent, or a model that somebody chose for one: the default model alone is nobody's choice."""
    with pytest.raises(
        SettingsInvalid, match=r"OPENAI_AGENT_ID or OPENAI_MODEL is required .*GET /v1/agents"
    ) as caught:
        load(AGENTS, NOWHERE)
    assert len(caught.value.problems) == 1
    for given in ({"OPENAI_AGENT_ID": "agent_1"}, {"OPENAI_MODEL": "gpt-6-sol"}):
        assert load(AGENTS | given, NOWHERE).openai_api_mode == "agents"


def test_agents_mode_needs_an_agent_or_a_model() -> None:
    """The small local model has no agents."""
    given = {"OPENAI_API_MODE": "agents", "OPENAI_AGENT_ID": "agent_1"}
    with pytest.raises(SettingsInvalid, match="OPENAI_API_KEY is required in mode agents"):
        load(given, NOWHERE)
    assert load({**given, "OPENAI_BASE_URL": "http://localhost:8321/v1"}, NOWHERE).openai_agent_id == "agent_1"


def test_a_prompt_beside_a_saved_agent_is_doubted() -> None:
    """The agent has its own instructions: what is set for recado would silently do nothing."""
    saved = AGENTS | {"OPENAI_AGENT_ID": "agent_1"}
    told = doubts(load(saved | {"AI_SYSTEM_PROMPT": "Be brief."}, NOWHERE))
    assert ["has no effect with OPENAI_AGENT_ID" in doubt for doubt in told] == [True]
    assert doubts(load(saved, NOWHERE)) == []
    assert doubts(load(AGENTS | {"OPENAI_MODEL": "m", "AI_SYSTEM_PROMPT": "Be brief."}, NOWHERE)) == []


ELSEWHERE = {"OPENAI_API_MODE": "assistants", "OPENAI_BASE_URL": "http://localhost:8080/v1"}


def test_assistants_mode_wants_an_assistant() -> None:
    """The id is asked for by its name, and where it stands is told."""
    with pytest.raises(SettingsInvalid, match=r"OPENAI_ASSISTANT_ID is required .*GET /v1/assistants") as caught:
        load(ELSEWHERE, NOWHERE)
    assert len(caught.value.problems) == 1
    assert load({**ELSEWHERE, "OPENAI_ASSISTANT_ID": "asst_1"}, NOWHERE).openai_assistant_id == "asst_1"


@pytest.mark.parametrize("base_url", [None, "https://api.openai.com/v1", "https://eu.api.openai.com/v1"])
def test_assistants_mode_does_not_start_at_openai(base_url: str | None) -> None:
    """OpenAI has shut that API down: what to use instead is told, and that the conversations come along."""
    given = {"OPENAI_API_MODE": "assistants", "OPENAI_ASSISTANT_ID": "asst_1"}
    with pytest.raises(SettingsInvalid, match="your conversations come along") as caught:
        load(given | ({"OPENAI_BASE_URL": base_url} if base_url else {}), NOWHERE)
    assert len(caught.value.problems) == 1


def test_an_id_of_another_kind_is_doubted_elsewhere_and_refused_at_openai() -> None:
    """Compatible servers have ids of their own; at OpenAI everything else than asst_… is a mistake."""
    doubtful = load({**ELSEWHERE, "OPENAI_ASSISTANT_ID": "helper-1"}, NOWHERE)
    assert ["does not begin with asst_" in doubt for doubt in doubts(doubtful)] == [True]
    assert doubts(load({**ELSEWHERE, "OPENAI_ASSISTANT_ID": "asst_1"}, NOWHERE)) == []
    with pytest.raises(SettingsInvalid, match="OPENAI_ASSISTANT_ID is 'helper-1', which is no assistant's id"):
        load({"OPENAI_API_MODE": "assistants", "OPENAI_ASSISTANT_ID": "helper-1"}, NOWHERE)


def test_credentials_without_a_server_are_refused(tmp_path: Path) -> None:
    """They would be ignored in silence otherwise; with a wrong NATS_URL only that is told."""
    creds = tmp_path / "recado.creds"
    creds.touch()
    with pytest.raises(SettingsInvalid, match="NATS_CREDS is set and NATS_URL is not"):
        load({"NATS_CREDS": str(creds)}, NOWHERE)
    with pytest.raises(SettingsInvalid) as caught:
        load({"NATS_CREDS": str(creds), "NATS_URL": "nowhere"}, NOWHERE)
    assert len(caught.value.problems) == 1
    assert load({"NATS_CREDS": str(creds), "NATS_URL": "nats://host"}, NOWHERE).nats_creds == creds


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        ("RECADO_STALE_AFTER", "90", "stale_after", timedelta(seconds=90)),
        ("RECADO_STALE_AFTER", "90m", "stale_after", timedelta(minutes=90)),
        ("RECADO_STALE_AFTER", "24h", "stale_after", timedelta(days=1)),
        ("RECADO_STALE_AFTER", " 7d ", "stale_after", timedelta(days=7)),
        ("RECADO_STALE_AFTER", "1.5h", "stale_after", timedelta(minutes=90)),
        ("RECADO_PORT", "0", "port", 0),
        ("RECADO_DEBOUNCE", "0", "debounce", 0.0),
        ("RECADO_DEBOUNCE", "0.25", "debounce", 0.25),
        ("MAX_CONVERSATION_HISTORY", "0", "max_conversation_history", 0),
        ("RECADO_APOLOGY", "", "apology", ""),
        ("AI_SYSTEM_PROMPT", "", "ai_system_prompt", ""),
        ("OPENAI_MODEL", "", "openai_model", "gpt-6-luna"),
        ("NATS_URL", "tls://a:1,nats://b", "nats_url", "tls://a:1,nats://b"),
        ("RECADO_DATA", "~", "data", Path.home()),
    ],
)
def test_a_right_value_is_taken(variable: str, value: str, field: str, expected: object) -> None:
    """Empty counts as unset, but where nothing is a value of its own."""
    assert getattr(load({variable: value}, NOWHERE), field) == expected


def test_nothing_set_is_the_local_model() -> None:
    """No key and no server is no mistake: the small local model answers then."""
    assert load({}, NOWHERE) == Settings()
    assert Settings().wants_local_model
    assert not load({"OPENAI_API_KEY": "sk-1"}, NOWHERE).wants_local_model
    assert not load({"OPENAI_BASE_URL": "http://localhost:1"}, NOWHERE).wants_local_model
    assert not load({"OPENAI_API_MODE": "scripted"}, NOWHERE).wants_local_model


def test_the_default_model_is_one_that_openai_names() -> None:
    """A name with a slip of the pen would fail for everybody who sets only a key."""
    assert Settings().openai_model in get_args(ChatModel)


def test_every_default_is_a_value_that_could_be_set() -> None:
    """The struct's defaults are those that the documentation shows."""
    assert set(VARIABLES) == {field.name for field in fields(Settings)} - {"secrets"}
    for field in ("max_conversation_history", "port", "debounce", "run_timeout", "account", "openai_api_mode"):
        default = getattr(Settings(), field)
        assert VARIABLES[field].value(str(default)) == default


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """Comments, quotes, `export`, a byte order mark: the file is read as people write it. Nothing is expanded."""
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "\ufeff# recado\nexport RECADO_PORT=1234\nRECADO_ACCOUNT='shop'  # the number\n"
        'AI_SYSTEM_PROMPT="First line\\nsecond ${HOME}"\n',
        encoding="utf-8",
    )
    settings = load({"RECADO_PORT": "4321"}, dotenv)
    assert (settings.port, settings.account) == (4321, "shop")
    assert settings.ai_system_prompt == "First line\nsecond ${HOME}"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"RECADO_PORT=1\nRECADO_ACCOUNT='open\n", "line 2, is no NAME=value"), (b"A=\xff\n", "is not UTF-8 text")],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    """A line that is silently passed over would be a setting that silently has no effect."""
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(content)
    with pytest.raises(SettingsInvalid, match=said):
        load({}, dotenv)
    dotenv.unlink()
    dotenv.mkdir()
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load({}, dotenv)


def test_an_unknown_name_is_told_with_the_near_one() -> None:
    """A slip of the pen has no effect, and that is said."""
    assert unknown_names({"RECADO_PRT": "1", "RECADO_XYZZY": "1", "RECADO_DATA": ".", "PATH": ""}, NAMES) == [
        "RECADO_PRT is no setting of recado and has no effect; did you mean RECADO_PORT?",
        "RECADO_XYZZY is no setting of recado and has no effect",
    ]


def test_secrets_are_never_shown() -> None:
    """Not by repr, not by rich, not in the message about a wrong one."""
    settings = Settings(openai_api_key="sk-verysecret", nats_url="nats://bot:hunter2@host:4222")
    for shown in (repr(settings), repr(settings.__rich_repr__()), f"{settings}"):
        assert "verysecret" not in shown
        assert "hunter2" not in shown
    with pytest.raises(SettingsInvalid) as caught:
        load({"OPENAI_API_KEY": "sk very secret", "NATS_URL": "htp://bot:hunter2@host"}, NOWHERE)
    assert "secret" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("mode", "type_", "said"),
    [
        (RESPONSES, "anything_new", None),
        (THREADS, "file_search", None),
        (THREADS, "web_search", "has web_search, which mode assistants does not have: use OPENAI_API_MODE=responses"),
        (AGENTS | {"OPENAI_MODEL": "m"}, "web_search", None),
        (AGENTS | {"OPENAI_MODEL": "m"}, "file_search", "has file_search, which mode agents does not have"),
        (AGENTS | {"OPENAI_AGENT_ID": "agent_1"}, "web_search", "has tools of its own: add them there"),
    ],
)
def test_tools_of_the_provider_where_it_has_them(mode: dict[str, str], type_: str, said: str | None) -> None:
    """Each API has its own; what one does not have is said at start, and shown to nobody: a key may stand in it."""
    given = mode | {"RECADO_HOSTED_TOOLS": f'[{{"type": "{type_}", "authorization": "hush"}}]'}
    if said is None:
        settings = load(given, NOWHERE)
        assert settings.hosted_tools == ({"type": type_, "authorization": "hush"},)
        assert "hush" not in repr(settings)
        return
    with pytest.raises(SettingsInvalid, match=said) as caught:
        load(given, NOWHERE)
    assert "hush" not in str(caught.value)


def test_the_table_has_the_facts_of_each_setting() -> None:
    """Its topic is its module, its default that of the field, and each name is in the table once."""
    assert len(NAMES) == len(VARIABLES)
    assert {variable.topic for variable in VARIABLES.values()} == {
        part.__module__.rpartition(".")[2] for part in Settings.__bases__
    }
    assert VARIABLES["hours"].topic == "people"
    assert {field: variable.default for field, variable in VARIABLES.items()} == {
        field: getattr(Settings(), field) for field in VARIABLES
    }


def test_a_profile_sets_no_key_and_no_place() -> None:
    """Profiles decide how a chat is answered; keys, addresses to listen on, the bus and the disk are the instance's."""
    may = {field for field, variable in VARIABLES.items() if variable.profile}
    assert {VARIABLES[field].topic for field in may} == {
        *("model", "turns", "people", "texts", "media", "knowledge", "money"),
    }
    assert {field for field in may if VARIABLES[field].secret} == {"hosted_tools"}
    assert {"ai_system_prompt", "openai_model", "hours", "apology", "transcription_model"} <= may
    assert may.isdisjoint({"openai_api_key", "retention", "media_kept"})


@pytest.mark.parametrize("emoji", ["👀", "✅", "👍🏽", "❤️", "🇧🇷", "👨‍👩‍👧"])
def test_an_emoji(emoji: str) -> None:
    """Also those of several characters."""
    assert settings_of({"RECADO_ACKNOWLEDGE": emoji}).acknowledge == emoji


@pytest.mark.parametrize("words", ["ok", "👀 👀", "á", "1", ":eyes:", "👀ok", "👀" * 17, "\u200d", "—"])
def test_no_emoji(words: str) -> None:
    """WhatsApp refuses it as a reaction, with every message."""
    with pytest.raises(SettingsInvalid, match="RECADO_ACKNOWLEDGE"):
        settings_of({"RECADO_ACKNOWLEDGE": words})
