"""Every code of Meta's list has its class by decision; an unknown one has one of its own."""

from __future__ import annotations

from typing import get_args

import pytest

from gateways.cloud.error_table import SUBCODES, TABLE, FaultClass, twice
from gateways.cloud.errors import class_of_status, told
from gateways.cloud.graph import _read

META = (
    0, 1, 2, 3, 4, 10, 33, 100, 190, 200, 299, 368, 80007, 130403, 130429, 130472, 130497, 131000, 131005, 131008,
    131009, 131016, 131021, 131026, 131030, 131031, 131037, 131042, 131045, 131047, 131048, 131049, 131050, 131051,
    131052, 131053, 131055, 131056, 131057, 131060, 131062, 131063, 131064, 132000, 132001, 132005, 132007, 132012,
    132015, 132016, 132018, 132068, 132069, 133000, 133004, 133005, 133006, 133008, 133009, 133010, 133015, 133016,
    134011, 134100, 134101, 134102, 135000, 136024, 2494100,
)  # fmt: skip
"""The codes of a send and of its number in Meta's list of 2026-06-18, as the stored documentation has them."""

ACCOUNT = (0, 3, 10, 33, 190, 200, 250, 299, 368, 131005, 131031, 131037, 131042, 131045, 131048, 131064, 133010)


def test_every_code_of_metas_list_is_in_the_table() -> None:
    assert [code for code in META if code not in TABLE] == []
    assert list(twice()) == []
    assert {row.class_ for row in TABLE.values()} <= set(get_args(FaultClass)) - {"unknown", "unreached"}


@pytest.mark.parametrize("code", ACCOUNT)
def test_trouble_of_the_account_stops_the_account_and_says_what_to_do(code: int) -> None:
    error = told(code, "")
    assert error.class_ == "account_stop"
    assert error.do


def test_each_error_for_a_person_says_what_to_do() -> None:
    waits = ("account_throttle", "pair_throttle", "transient", "in_doubt")
    assert [code for code, row in TABLE.items() if not row.do and row.class_ not in waits] == []


@pytest.mark.parametrize(
    ("code", "class_"),
    [
        (4, "account_throttle"), (80007, "account_throttle"), (130429, "account_throttle"), (131056, "pair_throttle"),
        (2, "transient"), (131016, "transient"), (131057, "transient"), (1, "in_doubt"), (131000, "in_doubt"),
        (131047, "window_closed"), (131021, "recipient"), (131026, "recipient"), (131030, "recipient"),
        (131049, "recipient"), (131050, "recipient"), (130472, "recipient"), (137000, "recipient"),
        (130497, "recipient"), (131062, "recipient"), (130403, "recipient"), (100, "content"), (131008, "content"),
        (131009, "content"), (131051, "content"), (131053, "content"), (132000, "content"), (132015, "content"),
        (999_999, "unknown"), (131099, "unknown"), (-5, "unknown"), (300, "unknown"), (199, "unknown"),
    ],
)  # fmt: skip
def test_a_code_and_its_class(code: int, class_: str) -> None:
    assert told(code, "").class_ == class_
    assert told(str(code), "").class_ == (class_ if code >= 0 else "unknown")


def test_a_wrong_number_id_is_trouble_of_the_account() -> None:
    """100 alone is about the message, with the subcode 33 it is about the number."""
    assert [told(100, "", subcode=subcode).class_ for subcode in (None, 2494010, 33, "33")] == [
        "content", "content", "account_stop", "account_stop",
    ]  # fmt: skip
    assert "WHATSAPP_PHONE_NUMBER_ID" in str(told(100, "", subcode=33).do)
    assert all(row.do for row in SUBCODES.values())


def test_a_test_number_of_argentina_or_mexico_is_explained() -> None:
    do = str(told(131030, "").do)
    assert all(word in do for word in ("Argentina", "Mexico", "API Setup"))


@pytest.mark.parametrize("status", [500, 502, 503, 200])
def test_an_unknown_code_proves_nothing_unless_the_answer_is_a_4xx(status: int) -> None:
    assert told(999_999, "", status=status).class_ == "in_doubt"
    assert told(190, "", status=status).class_ == "account_stop"


@pytest.mark.parametrize(
    ("body", "class_", "code"),
    [
        (b'{"error":{"message":"(#190) x","code":190,"error_subcode":463}}', "account_stop", 190),
        (b'{"error":{"message":"x","code":"131026"}}', "recipient", 131026),
        (b'{"error":{"message":null,"code":131026,"error_data":null}}', "recipient", 131026),
        (b'{"error":{"code":131026,"error_data":["x"],"error_subcode":{}}}', "recipient", 131026),
        (b'{"error":{"message":"x"}}', "unknown", None),
        (b'{"error":{"code":null}}', "unknown", None),
        (b'{"error":{"code":1e300}}', "unknown", None),
        (b'{"error":{"code":true}}', "unknown", None),
        (b'{"error":{"code":99999999999999999999999}}', "unknown", None),
        (b'{"error":{}}', "unknown", None),
        (b"<html>", "account_stop", "http 400"),
    ],
)
def test_an_answer_in_another_form(body: bytes, class_: str, code: object) -> None:
    """A field that has another form costs no more than itself."""
    error = _read(400, body).error
    assert error is not None
    assert (error.class_, error.code) == (class_, code)


def test_an_answer_without_an_error_of_metas() -> None:
    assert [class_of_status(status) for status in (500, 429, 404)] == ["in_doubt", "account_throttle", "account_stop"]
