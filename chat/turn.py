"""The turn of a chat, and the phase that its answer is in."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chat.choices import Chosen
from chat.spending import Used
from events.parts import Part
from events.tool_calls import Passage
from events.usage import TokenUsage


class Reading(msgspec.Struct, frozen=True, gc=False, tag="reading"):
    """Files of the turn's messages are read first.

    - `unread`: ids of the messages whose file is not read yet; at least one
    """

    unread: tuple[str, ...]


class Starting(msgspec.Struct, frozen=True, gc=False, tag="starting"):
    """No run is known. The next step is a thread where the chat has none that will do, else a run or a whole reply."""


class Running(msgspec.Struct, frozen=True, gc=False, tag="running"):
    """The provider works on the turn.

    - `run`: the provider's id of the run
    - `runs`: the runs of this attempt in order, each continued by the next; the last is `run`
    """

    run: str
    runs: tuple[str, ...]


class InTools(msgspec.Struct, frozen=True, gc=False, tag="in_tools"):
    """The model waits for tools.

    - `open`: ids of the calls without an output; at least one
    - `then`: the phase that follows
    """

    open: tuple[str, ...]
    then: Starting | Running


Phase = Reading | Starting | Running | InTools


class Call(msgspec.Struct, frozen=True, gc=False):
    """A tool that the model asked for.

    - `id`: as the model named the call
    - `name`, `arguments`: the tool and its arguments as JSON text
    - `by`: the incarnation that logged the call before making it
    - `run`: the run that asked; None in chat mode
    - `output`: the result for the model; None until there is one
    - `unfit`: the arguments did not fit the tool
    - `raw`: as in ToolCalled
    - `send`, `quote`: parts for the person, and whether the answer is to quote the message
    - `quiet`, `passages`, `failed`: as in ToolReturned
    """

    id: str
    name: str
    arguments: str
    by: str
    run: str | None = None
    output: str | None = None
    unfit: bool = False
    raw: str | None = None
    send: tuple[Part, ...] = ()
    quiet: bool = False
    passages: tuple[Passage, ...] = ()
    quote: bool = False
    failed: bool = False


class Turn(msgspec.Struct, frozen=True, gc=False):
    """The messages that are being answered.

    - `messages`: their ids, oldest first
    - `backend`: the mode that the turn began in
    - `seq`: sequence of its `turn_started`
    - `by`: the incarnation that may act on it
    - `newest`: time at which the last of its messages was sent
    - `phase`: the step that its answer is at
    - `attempt`: the attempt of its last run; 0 before the first
    - `calls`: the tools asked for, in every attempt
    - `threads`: threads made for the turn
    - `spent`: tokens of its finished requests; those of the current run come with its end
    - `used`: those of them whose model is known: of transcripts, of lost runs, of calls of tools
    - `void`: messages with no text whose file gave nothing
    - `void_reason`: why the first of those gave nothing
    - `read_at`: sequence of the last `media_read`; 0 if there was none
    - `reduced`: a message of it was deleted while it ran
    - `adoptions`: adoptions since its last own decision
    - `last_wrote`: time at which the person had written before these messages; None: never, or not known
    - `began`: time at which it was started, or the turn in whose place it goes on; None in older logs' states
    - `fallback`: the second model answers it, because of this failure of the first; empty: the first does
    - `profile`: the version of a profile by which it is answered; empty: the instance's own settings
    - `chosen`: the choices of our last question that its messages name by their words, or by a tap
    - `unheard`: a call of the model's last message has a result that the model has to hear
    """

    id: str
    messages: tuple[str, ...]
    backend: str
    seq: int
    by: str
    newest: datetime
    phase: Phase = Starting()
    attempt: int = 0
    calls: tuple[Call, ...] = ()
    threads: int = 0
    spent: TokenUsage = TokenUsage()
    used: tuple[Used, ...] = ()
    void: tuple[str, ...] = ()
    void_reason: str = ""
    read_at: int = 0
    reduced: bool = False
    adoptions: int = 0
    began: datetime | None = None
    last_wrote: datetime | None = None
    fallback: str = ""
    profile: str = ""
    chosen: tuple[Chosen, ...] = ()
    unheard: bool = False

    @property
    def is_void(self) -> bool:
        """True if nothing can be answered: every message is a file, and none could be read."""
        return bool(self.void) and not isinstance(self.phase, Reading) and set(self.messages) <= set(self.void)

    @property
    def withheld(self) -> frozenset[str]:
        """Tools that the model called with unfit arguments twice; the turn does not offer them again."""
        unfit = [call.name for call in self.calls if call.unfit]
        return frozenset(name for name in unfit if unfit.count(name) > 1) if unfit else frozenset()

    @property
    def sent(self) -> tuple[Part, ...]:
        """The parts that tools gave in this attempt, in the order of the calls."""
        runs = runs_of(self.phase) or (None,)
        return tuple(part for call in self.calls if call.send and call.run in runs for part in call.send)

    @property
    def quotes(self) -> bool:
        """True if a tool wants the message quoted."""
        runs = runs_of(self.phase) or (None,)
        return any(call.quote and call.run in runs for call in self.calls)

    @property
    def has_question(self) -> bool:
        """True if a quiet call has asked the person a question."""
        runs = runs_of(self.phase) or (None,)
        quiet = (call for call in self.calls if call.quiet and call.run in runs)
        return any(part.kind == "choices" for call in quiet for part in call.send)

    @property
    def is_asked(self) -> bool:
        """True if its reply is that question: the model has nothing to add."""
        return not self.unheard and not isinstance(self.phase, Reading | InTools) and self.has_question

    @property
    def current_calls(self) -> tuple[Call, ...]:
        """The calls of the current run; those of earlier runs are only remembered."""
        run = run_of(self.phase)
        return tuple(call for call in self.calls if call.run == run)


def run_of(phase: Phase) -> str | None:
    """The provider's id of the run that works on the turn; None if no run is known."""
    match phase:
        case Running(run=run) | InTools(then=Running(run=run)):
            return run
        case Reading() | Starting() | InTools():
            return None


def runs_of(phase: Phase) -> tuple[str, ...]:
    """The runs of this attempt; none if no run is known."""
    match phase:
        case Running(runs=runs) | InTools(then=Running(runs=runs)):
            return runs
        case Reading() | Starting() | InTools():
            return ()


def unread_of(phase: Phase) -> tuple[str, ...]:
    """Ids of the messages whose file is still to be read."""
    return phase.unread if isinstance(phase, Reading) else ()


def reading(unread: tuple[str, ...]) -> Reading | Starting:
    """The phase of a turn with these files left."""
    return Reading(unread) if unread else Starting()


def run_started(phase: Phase, run: str, *, continues: bool) -> Running:
    """The phase once the provider began `run`; `continues` if it carries on the run before it in the same attempt."""
    before = phase.then if isinstance(phase, InTools) else phase
    runs = before.runs if continues and isinstance(before, Running) else ()
    return Running(run, (*runs, run))


def thread_made(phase: Phase) -> Phase:
    """The phase once the turn goes on in a new thread: a run lives in its thread, so another run is needed."""
    match phase:
        case Running() | InTools(then=Running()):
            return Starting()
        case Reading() | Starting() | InTools():
            return phase


def called(phase: Phase, call: str) -> Phase:
    """The phase once the model asked for `call`."""
    match phase:
        case InTools(open=calls, then=then):
            return InTools((*calls, call), then)
        case Starting() | Running():
            return InTools((call,), phase)
        case Reading():
            return phase


def returned(phase: Phase, call: str) -> Phase:
    """The phase once `call` has its output."""
    if not isinstance(phase, InTools) or call not in phase.open:
        return phase
    left = tuple(one for one in phase.open if one != call)
    return InTools(left, phase.then) if left else phase.then
