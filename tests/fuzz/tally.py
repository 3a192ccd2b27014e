"""The outcome of the inputs: their number by entrance, by reading, and by the stage that they reached."""

from __future__ import annotations

from collections import Counter

from events.subjects import ChatKey

STAGES = ("fold", "decide", "write", "send")


class Tally:
    """`reached` has the chats that got to each of STAGES: an event of theirs that could be read was folded, something
    was decided, that was appended, and a message was posted."""

    def __init__(self) -> None:
        self.inputs: Counter[str] = Counter()
        self.read: Counter[str] = Counter()
        self.waits: list[float] = []
        self.reached: dict[str, set[ChatKey]] = {stage: set() for stage in STAGES}
        self._of: list[ChatKey | None] = []
        self.got: Counter[str] = Counter()

    @property
    def count(self) -> int:
        return self.inputs.total()

    def put(self, entrance: str, key: ChatKey | None, *, read: bool) -> None:
        """An input came in at the entrance, for this chat if it is one's, and could be `read`."""
        self.inputs[entrance] += 1
        self.read[entrance] += read
        self._of.append(key if read else None)

    def close(self) -> None:
        """Count how far the inputs got, and forget their chats."""
        for stage, chats in self.reached.items():
            self.got[stage] += sum(key in chats for key in self._of)
            chats.clear()
        self._of.clear()

    def add(self, other: Tally) -> None:
        """What another one counted, which is closed."""
        self.inputs += other.inputs
        self.read += other.read
        self.got += other.got
        self.waits += other.waits

    def told(self) -> str:
        """For the person who runs it."""
        count = max(self.count, 1)
        lines = [f"{self.count:,} inputs, {self.read.total() / count:.0%} of them could be read"]
        lines += [f"  {name:18}{times:>8,}  {self.read[name] / times:4.0%} read" for name, times in self.inputs.items()]
        lines += [f"reached {stage:10}{self.got[stage]:>8,}  {self.got[stage] / count:4.0%}" for stage in STAGES]
        waits = sorted(self.waits) or [0.0]
        middle, longest = waits[len(waits) // 2], waits[-1]
        lines += [f"other chats: {len(waits):,} answered, {middle:.3f} s in the middle, {longest:.3f} s at most"]
        return "\n".join(lines)
