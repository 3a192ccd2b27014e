"""The phase of a turn: a step of an answer has its own fields, and no other step has them."""

from __future__ import annotations

from typing import get_type_hints

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chat import fold_constants
from chat.changes import Changes
from chat.state import Chat
from chat.turn import (
    InTools,
    Phase,
    Reading,
    Running,
    Starting,
    called,
    reading,
    returned,
    run_of,
    run_started,
    thread_made,
    unread_of,
)

RUN = Running("run-1", ("run-1",))


def test_files_come_first() -> None:
    assert reading(("m1",)) == Reading(("m1",))
    assert reading(()) == Starting()


def test_a_run_that_goes_on_is_remembered_with_the_ones_before_it() -> None:
    assert run_started(Starting(), "run-1", continues=False) == RUN
    assert run_started(RUN, "run-2", continues=True) == Running("run-2", ("run-1", "run-2"))
    assert run_started(InTools(("c1",), RUN), "run-2", continues=True) == Running("run-2", ("run-1", "run-2"))
    assert run_started(RUN, "run-2", continues=False) == Running("run-2", ("run-2",))


def test_tools_interrupt_the_step_that_asked_for_them() -> None:
    waiting = called(called(RUN, "c1"), "c2")
    assert waiting == InTools(("c1", "c2"), RUN)
    assert returned(waiting, "c1") == InTools(("c2",), RUN)
    assert returned(returned(waiting, "c1"), "c2") == RUN
    assert returned(called(Starting(), "c1"), "c1") == Starting()


def test_a_run_is_lost_with_its_thread() -> None:
    assert thread_made(RUN) == thread_made(InTools(("c1",), RUN)) == Starting()
    assert thread_made(InTools(("c1",), Starting())) == InTools(("c1",), Starting())
    assert thread_made(Reading(("m1",))) == Reading(("m1",))


ids = st.text("abc", min_size=1, max_size=2)
steps = st.lists(
    st.one_of(
        st.builds(lambda call: lambda phase: called(phase, call), ids),
        st.builds(lambda call: lambda phase: returned(phase, call), ids),
        st.builds(lambda run, on: lambda phase: run_started(phase, run, continues=on), ids, st.booleans()),
        st.just(thread_made),
    )
)


@given(st.lists(ids, unique=True), steps)
def test_no_phase_without_its_fields(unread: list[str], steps: list) -> None:
    """Whatever the order of events: no phase is empty of what it waits for, and each survives its snapshot."""
    phase: Phase = reading(tuple(unread))
    for step in steps:
        phase = step(phase)
        match phase:
            case Reading(unread=left):
                assert left
            case InTools(open=calls):
                assert calls
            case Running(run=run, runs=runs):
                assert runs[-1] == run
        assert msgspec.json.decode(msgspec.json.encode(phase), type=Phase) == phase
        assert bool(unread_of(phase)) == isinstance(phase, Reading)
        assert run_of(phase) is None or not isinstance(phase, Reading | Starting)


def test_a_fold_changes_fields_of_the_chat() -> None:
    """Each with its type: `replace` itself takes anything."""
    of_chat = get_type_hints(Chat)
    assert get_type_hints(Changes) == {name: of_chat[name] for name in of_chat if not name.endswith("_seq")}


def test_each_constant_of_the_fold_is_in_its_fingerprint(monkeypatch) -> None:
    """A release that changes one rebuilds the projection, instead of a difference that `verify` reports."""
    names = [name for name in vars(fold_constants) if name.isupper()]
    assert names
    for name in names:
        before = fold_constants.fingerprint()
        with monkeypatch.context() as patch:
            patch.setattr(fold_constants, name, "another")
            assert fold_constants.fingerprint() != before
