"""`recado profile` on a real bus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.leases.bucket import LeaseBucket
from events.jetstream.connection import Bus
from events.jetstream.profiles import JetStreamProfileLog
from tests.recado.command import Command, Done

SHOP = """
accounts = ["5511988887777"]

[settings]
ai_system_prompt = \"\"\"
You work for a bakery.
We open at 7.\"\"\"
hours = ["Mon-Fri 09:00-18:00", "Sat 10:00-13:00"]
pairing = true
"""


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


@pytest.fixture
async def there(on_bus: Command, bus: Bus) -> Command:
    await LeaseBucket(bus).ensure()
    return on_bus


def ok(done: Done) -> Done:
    assert done.code == 0, done.err
    return done


@pytest.mark.slow("a dozen commands, a process each")
async def test_the_way_of_a_profile(there: Command, tmp_path: Path) -> None:
    """It is applied, shown, applied again without a change, changed, looked at in its history, rolled back, given
    another account, removed, and put back."""
    file = write(tmp_path / "profiles", shop=SHOP) / "shop.toml"
    assert "+accounts" in ok(await there("profile", "diff", str(file))).out
    assert ok(await there("profile", "list", "--json")).document == []
    assert "shop@1 is new." in ok(await there("profile", "apply", str(file))).out
    assert ok(await there("profile", "apply", str(file))).out == "Nothing to change.\n"
    shown = ok(await there("profile", "show", "shop")).out
    assert "We open at 7." in shown
    again = write(tmp_path / "again", shop=shown)
    assert ok(await there("profile", "apply", str(again), "--yes")).out == "Nothing to change.\n"
    file.write_text(SHOP.replace("7.", "8."))
    assert "shop@2 is changed." in ok(await there("profile", "apply", str(file))).out
    rows = ok(await there("profile", "history", "shop", "--json")).document
    assert [(row["n"], row["by"][:4]) for row in rows] == [(1, "cli:"), (2, "cli:")]
    assert "ai_system_prompt" in ok(await there("profile", "history", "shop")).out
    done = ok(await there("profile", "rollback", "shop", "1", "--json")).document
    assert [(one["action"], one["after"]) for one in done["changes"]] == [("changed", "shop@3")]
    assert "We open at 7." in ok(await there("profile", "show", "shop")).out
    assert "We open at 8." in ok(await there("profile", "show", "shop@2")).out
    ok(await there("profile", "use", "shop", "--account", "another"))
    (listed,) = ok(await there("profile", "list", "--json")).document
    assert (listed["n"], listed["accounts"]) == (4, ["5511988887777", "another"])
    ok(await there("profile", "remove", "shop"))
    assert (await there("profile", "show", "shop")).code == 1
    assert "We open at 7." in ok(await there("profile", "show", "shop@1")).out
    ok(await there("profile", "rollback", "shop", "4"))
    assert [one["n"] for one in ok(await there("profile", "list", "--json")).document] == [6]


async def test_a_folder_is_matched(there: Command, tmp_path: Path) -> None:
    """Profiles that it lacks are removed, in one write; it asks first, and without an answer nothing is written."""
    folder = write(tmp_path / "profiles", a='accounts = ["1"]', b='accounts = ["2"]')
    ok(await there("profile", "apply", str(folder), "--yes"))
    (folder / "a.toml").unlink()
    write(folder, b='accounts = ["1"]', c='accounts = ["2"]')
    asked = await there("profile", "apply", str(folder))
    assert (asked.code, "-accounts" in asked.out) == (1, True)
    assert [one["name"] for one in ok(await there("profile", "list", "--json")).document] == ["a", "b"]
    done = ok(await there("profile", "apply", str(folder), "--yes", "--json")).document
    assert [(one["name"], one["action"]) for one in done["changes"]] == [
        ("a", "removed"),
        ("b", "changed"),
        ("c", "created"),
    ]
    listed = ok(await there("profile", "list", "--json")).document
    assert {one["name"]: one["accounts"] for one in listed} == {"b": ["1"], "c": ["2"]}


async def test_wrong_files_are_told_by_line_and_change_nothing(there: Command, tmp_path: Path) -> None:
    good = 'accounts = ["9"]'
    wrong = """name = "shop"
accounts = ["1"]

[settings]
ai_system_prompt = \"\"\"
hours = "never"
\"\"\"
hours = ["Mon-Fri 18:00-09:00"]
openai_modle = "gpt-6-sol"
openai_api_key = "sk-secret-1"
openai_base_url = "https://evil.example/v1"
retention = "1d"
groups = "allways"
"""
    folder = write(tmp_path / "profiles", good=good, shop=wrong, other='accounts = ["1"]\nhours = "x"', no="a = [")
    done = await there("profile", "apply", str(folder), "--yes")
    assert done.code == 1
    for said in (
        "no.toml, line 1: this is no TOML",
        "shop.toml, line 10: openai_api_key is a key",
    ):
        assert said in done.err, done.err
    assert "sk-secret-1" not in done.err
    (folder / "no.toml").unlink()
    write(folder, shop=wrong.replace('openai_api_key = "sk-secret-1"\n', ""))
    done = await there("profile", "apply", str(folder), "--yes")
    assert done.code == 1
    for said in (
        "shop.toml, line 8: hours is ",
        "shop.toml, line 9: openai_modle is no field of a profile; did you mean openai_model?",
        "shop.toml, line 10: openai_base_url is 'https://evil.example/v1', which is no server that a profile may name",
        "shop.toml, line 11: retention cannot be set by a profile: set RECADO_RETENTION for the instance",
        "shop.toml, line 12: groups is 'allways', which is none of off, mentioned, always",
        "other.toml, line 2: hours is a setting: put it under a line [settings]",
        "shop.toml, line 2: 1 is in accounts of other.toml too: take it out of one",
        "Nothing was written.",
    ):
        assert said in done.err, done.err
    assert ok(await there("profile", "list", "--json")).document == []


async def test_an_account_is_in_one_profile(there: Command, tmp_path: Path) -> None:
    """`apply` refuses a second one; `use` moves it, and `use default` takes it out."""
    folder = write(tmp_path / "profiles", a='accounts = ["1"]', b='chats = ["x/5511999990001", "5511999990002"]')
    ok(await there("profile", "apply", str(folder), "--yes"))
    write(folder, c='accounts = ["1"]')
    done = await there("profile", "apply", str(folder / "c.toml"))
    assert (done.code, "c.toml, line 1: 1 is in accounts of the profile a too" in done.err) == (1, True), done.err
    done = ok(await there("profile", "use", "b", "--account", "1", "--json")).document
    assert [one["after"] for one in done["changes"]] == ["a@2", "b@2"]
    ok(await there("profile", "use", "a", "--chat", "+55 11 99999-0002"))
    ok(await there("profile", "use", "default", "--chat", "5511999990001", "--account", "x"))
    ok(await there("profile", "use", "a", "--chat", "120363041234567890@g.us", "--account", "x"))
    listed = {one["name"]: one for one in ok(await there("profile", "list", "--json")).document}
    assert listed["a"].get("accounts", []) == []
    assert listed["a"]["chats"] == ["5511999990002@s.whatsapp.net"]
    assert listed["a"]["groups"] == ["x/120363041234567890@g.us"]
    assert (listed["b"]["accounts"], listed["b"]["chats"]) == (["1"], [])


async def test_an_older_instance_is_told(there: Command, tmp_path: Path, bus: Bus) -> None:
    """While an instance is there that reads no profiles, none is written; afterwards the log is marked."""
    leases = LeaseBucket(bus)
    older = {"instance": "blue-1", "incarnation": "x", "reads": 2}
    revision = await leases.write("m.blue-1", json.dumps(older).encode(), 0)
    assert revision is not None
    folder = write(tmp_path / "profiles", a='accounts = ["1"]')
    done = await there("profile", "apply", str(folder), "--yes")
    assert (done.code, "blue-1" in done.err, "older_instance" in done.err) == (1, True, True), done.err
    assert (await JetStreamProfileLog(bus, None).look()).seq == 0  # type: ignore[arg-type]
    await leases.write("m.blue-1", json.dumps(older | {"reads": 3}).encode(), revision)
    ok(await there("profile", "apply", str(folder), "--yes"))
    info = json.loads((await bus.request("$JS.API.STREAM.INFO.EVENTS")).data)
    assert info["config"]["metadata"]["recado.reads"] == "3"


async def test_a_newer_release_wrote_more(there: Command, tmp_path: Path, bus: Bus) -> None:
    """Its fields are shown and kept, through `apply` of a file with and without them, and through `rollback`."""
    body = {"name": "shop", "n": 1, "at": "2026-01-01T00:00:00Z", "tone": {"warm": 1}, "settings": {"mood": "good"}}
    await bus.request("profile.shop", json.dumps(body).encode())
    done = ok(await there("profile", "show", "shop"))
    assert "mood" in done.err
    folder = write(tmp_path / "profiles", shop=done.out)
    assert ok(await there("profile", "apply", str(folder), "--yes")).out == "Nothing to change.\n"
    write(folder, shop='accounts = ["1"]')
    ok(await there("profile", "apply", str(folder), "--yes"))
    ok(await there("profile", "rollback", "shop", "1"))
    (_, second, third) = ok(await there("profile", "history", "shop", "--json")).document
    for one in (second, third):
        assert (one["more"], one["settings"]) == ({"tone": {"warm": 1}}, {"mood": "good"})
    write(folder, shop=done.out.replace("good", "bad"))
    done = await there("profile", "apply", str(folder), "--yes")
    assert (done.code, "mood is no field of a profile" in done.err) == (1, True), done.err


async def test_a_version_that_no_instance_may_use_any_more(there: Command, bus: Bus) -> None:
    """Given an old version with a server that the environment allows no more, then it is not put in force again."""
    body = {
        "name": "shop",
        "n": 1,
        "at": "2026-01-01T00:00:00Z",
        "settings": {"openai_base_url": "https://gone.example"},
    }
    await bus.request("profile.shop", json.dumps(body).encode())
    await bus.request("profile.shop", json.dumps(body | {"n": 2, "settings": {}}).encode())
    done = await there("profile", "rollback", "shop", "1")
    assert (done.code, "no server that a profile may name" in done.err) == (1, True), done.err
    assert [one["n"] for one in ok(await there("profile", "list", "--json")).document] == [2]


async def test_doctor_tells_what_a_profile_lacks(there: Command, tmp_path: Path) -> None:
    """A key that is unset, what may not be named here, and what only a newer release knows."""
    shop = """accounts = ["1"]
[settings]
openai_base_url = "http://localhost:11434/v1"
openai_api_key_name = "SHOP_NORTH"
"""
    folder = write(tmp_path / "profiles", shop=shop, good='accounts = ["2"]')
    allowed = {"RECADO_PROFILE_SERVERS": "http://localhost:11434/v1 SHOP_*", "OPENAI_API_MODE": "scripted"}
    done = ok(await there("profile", "apply", str(folder), "--yes", **allowed))
    assert "shop: set SHOP_NORTH for every instance" in done.err
    for given, said in (
        (allowed, "shop@1: openai_api_key_name names SHOP_NORTH, which is unset here"),
        ({"OPENAI_API_MODE": "scripted"}, "shop@1: openai_base_url is 'http://localhost:11434/v1', which is no server"),
        (allowed | {"SHOP_NORTH": "sk-1"}, "2 can be applied here"),
    ):
        found = (await there("doctor", "--json", **given)).document
        assert said in " ".join(one["says"] for one in found if one["what"] == "profiles")


async def test_a_backup_has_every_version(there: Command, tmp_path: Path, bus: Bus) -> None:
    """What is put back has the same versions, and the next one counts on."""
    file = write(tmp_path / "profiles", shop=SHOP) / "shop.toml"
    ok(await there("profile", "apply", str(file)))
    ok(await there("profile", "use", "shop", "--account", "another"))
    before = ok(await there("profile", "history", "shop", "--json")).document
    ok(await there("backup", str(tmp_path / "log.recado")))
    for stream in await bus.jetstream().streams_info():
        await bus.request(f"$JS.API.STREAM.DELETE.{stream.config.name}")
    ok(await there("restore", str(tmp_path / "log.recado")))
    assert ok(await there("profile", "history", "shop", "--json")).document == before
    done = ok(await there("profile", "use", "shop", "--account", "third", "--json")).document
    assert [one["after"] for one in done["changes"]] == ["shop@3"]


async def test_doctor_tells_of_two_profiles_for_one(there: Command, bus: Bus) -> None:
    """A program that writes past recado can make them; the first name in the alphabet decides."""
    for name in ("b", "a"):
        body = {"name": name, "n": 1, "at": "2026-01-01T00:00:00Z", "accounts": ["551"]}
        await bus.request(f"profile.{name}", json.dumps(body).encode())
    found = (await there("doctor", "--json", OPENAI_API_MODE="scripted")).document
    assert "551 is in accounts of a and b: a has it" in " ".join(one["says"] for one in found)
