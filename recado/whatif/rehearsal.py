"""Answers planned turns with another setting, in a projection of their own, without any effect on the real chat.

Each step is the chat actor's: compute the pending work, do it, decide, fold the decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain

import msgspec
import structlog
from msgspec.structs import replace

from actors.effects import Work, perform
from actors.facts import facts_for
from actors.instance import Instance
from actors.moments import history_with, moment_of
from actors.tools.toolbox import Toolbox
from backends.protocol import Tool
from chat.commands import Command
from chat.context import Line, window
from chat.decide import decide
from chat.evolve import evolve
from chat.moment import told
from chat.pending import pending
from chat.state import Chat, Thread
from chat.work import AwaitRun, Due, StartRun, WriteReply
from events.decisions import TYPE_OF, Attention, Decision, Ignored, Reply, ThreadCreated, TurnFailed, TurnStarted
from events.recorded import Recorded
from events.usage import TokenUsage
from projections.in_memory import InMemoryProjection
from recado.whatif.past import Ending, MadeCall, Past
from recado.whatif.plan import Plan, PlannedTurn, Step
from recado.whatif.recorded import CallSeen, RecordedTools
from recado.whatif.spending import ANSWER, PICTURE, CapReached, Purse, Spending, tokens_of

log = structlog.get_logger("recado.whatif")


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a planned turn.

    - `turn`: the planned turn.
    - `lines`: its messages, as the model got them.
    - `moment`: what the model was told of the moment; empty: nothing.
    - `ending`: its ending; None if it has none.
    - `note`: the reason for no ending.
    - `is_left_out`: whether that reason is the token limit.
    - `seconds`: the time that the model and its provider took.
    - `usage`: the tokens that it cost.
    - `calls`: the tool calls of the model.
    - `threads`: the threads that were made at the provider.
    """

    turn: PlannedTurn
    lines: tuple[Line, ...]
    ending: Ending | None
    note: str = ""
    is_left_out: bool = False
    seconds: float = 0.0
    usage: TokenUsage = TokenUsage()
    calls: tuple[CallSeen, ...] = ()
    threads: tuple[str, ...] = ()
    moment: str = ""


class Rehearsal:
    """Answers turns of one chat that follow one another.

    - `past`: the chat's past.
    - `plan`: the plan of its turns.
    - `cut`: the sequence before which the log is known when the first turn begins.
    - `known`: the projection of that part of the log; `instance` reads from it.
    - `instance`: the instance that answers.
    - `spending`: the token budget.
    - `prompt`: the model's instructions, for the estimate of tokens.
    """

    def __init__(
        self,
        past: Past,
        plan: Plan,
        *,
        cut: int,
        known: InMemoryProjection,
        instance: Instance,
        spending: Spending,
        prompt: str,
    ) -> None:
        self.past = past
        self.instance = instance
        self.answering = instance.profiles.of(past.key)
        self._tools = self.answering.tools
        self._offered: tuple[Tool, ...] = ()
        self._plan = plan
        self._cut = cut
        self.known = known
        self._spending = spending
        self._prompt = prompt
        self._seq = known.checkpoint
        self._numbers: dict[int, int] = {}  # from the log's sequences to those in `known`
        self._done = 0  # steps of the plan that are in `known`
        self._answered: set[str] = set()
        self._rehearsed: set[str] = set()
        self._thread: Thread | None = None

    async def answer(self, turn: PlannedTurn) -> Rehearsed:
        """Answer the turn. Errors are returned in the result's `note`, not raised."""
        self._arrive_at(turn)
        self._offered = await self._tools.offered(self.past.key.account)
        box = self._tools if isinstance(self._tools, Toolbox) else None
        built_in, look_up = (box.built_in, box.look_up) if box is not None else (None, None)
        tools = self.answering.tools = RecordedTools(self._offered, self._calls(turn), built_in, look_up)
        run = _Run(self, turn)
        note, is_left_out = "", False
        async with self._spending.purse() as purse:
            try:
                await run.to_its_end(purse)
            except CapReached as reached:
                note, is_left_out = str(reached), True
            except Exception as defect:  # a defect in one turn must not lose the paid results of the others
                log.exception("turn_broke", chat=self.past.key.chat, turn=turn.id)
                note = f"{type(defect).__name__}: {defect}"
            is_told = run.usage != TokenUsage() or not isinstance(run.ending, Reply)
            purse.cost = run.usage.input_tokens + run.usage.output_tokens if is_told else None
        self._thread = run.chat.thread
        self._answered.update(turn.messages)
        self._rehearsed.add(turn.id)
        lines = self.instance.reads.lines_of(self.past.key, turn.messages)
        return Rehearsed(
            turn=turn,
            lines=lines,
            moment=self._moment(turn, lines),
            ending=run.ending,
            note=note,
            is_left_out=is_left_out,
            seconds=run.seconds,
            usage=run.usage,
            calls=tuple(tools.calls),
            threads=tuple(run.threads),
        )

    def _moment(self, turn: PlannedTurn, lines: Sequence[Line]) -> str:
        begun = turn.chat.turn
        moment = moment_of(self.answering, self.past.key, begun, lines) if begun is not None else None
        return told(moment) if moment is not None else ""

    def _calls(self, turn: PlannedTurn) -> list[MadeCall]:
        turns = {former.id: former for id_ in turn.messages for former in self.past.turns_about(id_)}
        return [call for former in turns.values() for call in former.calls]

    def _arrive_at(self, turn: PlannedTurn) -> None:
        """Fold the plan's steps up to the beginning of the turn."""
        is_first = not self._rehearsed
        for step in self._plan.steps[self._done : turn.step + 1]:
            if step.recorded.side == "i":
                if step.recorded.seq >= self._cut:
                    self._numbers[step.recorded.seq] = self.put(step.recorded).seq
            elif not is_first and self._still_holds(step):
                self.put(step.recorded)
        if is_first:
            self.put(self._plan.steps[turn.step].recorded)
        self._done = turn.step + 1

    def _still_holds(self, step: Step) -> bool:
        """True if a decision of the plan stays valid after the new endings of the rehearsed turns."""
        event = step.recorded.event
        ends_again = isinstance(event, Ignored) and not self._answered.isdisjoint(event.messages)
        return step.outcome_of not in self._rehearsed and not ends_again

    def put(self, recorded: Recorded) -> Recorded:
        """Fold the event under the next sequence."""
        self._seq += 1
        here = replace(recorded, seq=self._seq)
        self.known.fold([here])
        return here

    def number(self, seq: int) -> int:
        return self._numbers.get(seq, seq)

    def begun(self, turn: PlannedTurn) -> Chat:
        """The chat at the beginning of the turn, with the rehearsal's thread and no other pending work."""
        chat = turn.chat
        assert chat.turn is not None  # noqa: S101 - a planned turn has begun
        return Chat(
            inbound_seq=chat.inbound_seq,
            decision_seq=self._seq,
            turn=replace(chat.turn, seq=self._seq),
            thread=self._thread,
            reset_upto=self.number(chat.reset_upto),
            rewritten=chat.rewritten,
        )

    def estimate(self, turn: PlannedTurn, work: Work) -> int:
        """The tokens that the model call of `work` may cost; 0 if it makes no call."""
        if not isinstance(work, WriteReply | StartRun | AwaitRun):
            return 0
        done = [call for call in work.turn.current_calls if call.output is not None]
        if isinstance(work, AwaitRun) and not done:
            return 0
        reads, key, limit = self.instance.reads, self.past.key, self.answering.history
        lines = (*window(reads.context(key, limit, work.reset_upto), limit), *reads.lines_of(key, work.turn.messages))
        tools = [msgspec.json.encode(tool).decode() for tool in self._offered]
        dated = history_with(self.answering, lines)
        texts = [self._prompt, *tools, self._moment(turn, lines), *(f"{line.when}{line.text}" for line in dated)]
        asked = tokens_of([*texts, *(f"{call.arguments}{call.output}" for call in done)])
        asked += PICTURE * sum(len(line.attachments) for line in lines)
        former = turn.former.ending if turn.former is not None else None
        then = former.usage if isinstance(former, Reply) else TokenUsage()
        return max(asked, then.input_tokens) + max(ANSWER, then.output_tokens)


class _Run:
    """One turn while it runs."""

    def __init__(self, rehearsal: Rehearsal, turn: PlannedTurn) -> None:
        self._rehearsal = rehearsal
        self._instance = rehearsal.instance
        self._answering = rehearsal.answering
        self._key = rehearsal.past.key
        self._turn = turn
        self.chat = rehearsal.begun(turn)
        self.ending: Ending | None = None
        self.usage = TokenUsage()
        self.seconds = 0.0
        self.threads: list[str] = []

    async def to_its_end(self, purse: Purse) -> None:
        """Do the turn's work until it has its ending. Raises CapReached."""
        while self.ending is None and self.chat.turn is not None:
            todo = pending(self.chat, self._turn.at, self._instance.rules_of(self._answering, self._key.account))
            due = [work for work in todo if isinstance(work, Due)]
            works = [work for work in todo if isinstance(work, Work)]
            commands = due[:1] or await self._perform(works, purse)
            if not [True for command in commands if self._decide(command)]:
                raise RuntimeError("no work is pending, and the turn has no ending")

    async def _perform(self, works: Sequence[Work], purse: Purse) -> list[Command]:
        for work in works:
            if tokens := self._rehearsal.estimate(self._turn, work):
                await purse.hold(tokens)
        begun = asyncio.get_running_loop().time()
        done = await asyncio.gather(*(perform(self._instance, self._answering, self._key, work, 0) for work in works))
        self.seconds += asyncio.get_running_loop().time() - begun
        return list(chain.from_iterable(done))

    def _decide(self, command: Command) -> bool:
        decision = decide(
            self.chat, command, facts_for(self._instance, self._answering, self._key, command, self._turn.at)
        )
        if decision is None:
            return False
        msg_id = f"{self._instance.incarnation}:0"
        type_ = TYPE_OF[type(decision)]
        here = self._rehearsal.put(Recorded(0, self._key, "o", type_, self._turn.at, msg_id, decision))
        if self.chat.turn is not None:
            self.usage = self.chat.turn.spent
        self.chat = evolve(self.chat, here)
        self._note(decision)
        return True

    def _note(self, decision: Decision) -> None:
        if self.chat.turn is not None:
            self.usage = self.chat.turn.spent
        match decision:
            case Reply(usage=usage):
                self.ending, self.usage = decision, usage
            case TurnFailed() | Ignored() | Attention():
                self.ending = decision
            case ThreadCreated(thread=thread) if self._answering.rules.keeps_threads:
                self.threads.append(thread)
            case TurnStarted():
                raise RuntimeError("a turn that is rehearsed starts again")
            case _:
                pass
