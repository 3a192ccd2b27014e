"""`recado replay` and `recado verify`, on a projection of a real log."""

import asyncio
import os
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite3

from projections import files
from tests.recado.cli.told import told
from tests.recado.command import RECADO, Command
from tests.recado.instance import ANA

__all__ = ["told"]


async def test_replay_and_verify_agree(told: Command) -> None:
    """A rebuild is what the live file is, table by table."""
    replayed = await told("replay", "--json")
    assert (replayed.document["events"], replayed.document["checkpoint"]) == (15, 15)
    assert "Replaying" in replayed.err
    verified = await told("verify")
    assert verified.code == 0
    assert "is what the log says up to sequence 15" in verified.out
    assert all(line.endswith("same") for line in verified.out.splitlines()[1:-1])


async def test_a_disk_that_is_full_is_told(told: Command) -> None:
    """The live projection stays as it is."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f"ulimit -f 40; exec {RECADO} replay"),
        cwd=told.home,
        env={"PATH": os.environ["PATH"], **told.variables},
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    assert process.returncode == 1
    assert "cannot be written" in err.decode()
    assert "Traceback" not in err.decode()
    assert (await told("chats")).code == 0


async def test_verify_finds_a_difference(told: Command) -> None:
    """Exit 1, with the first row that differs, as it is and as it should be."""
    path = files.live(Path(told.variables["RECADO_DATA"]))
    assert path is not None
    with sqlite3.connect(str(path)) as db:
        db.execute("UPDATE chats SET messages = 77 WHERE chat = ?", (ANA.chat,))
    done = await told("verify")
    assert done.code == 1
    assert "is NOT what the log says" in done.out
    assert [line.split()[0] for line in done.out.splitlines() if "DIFFERS" in line] == ["chats", "totals"]
    verified = await told("verify", "--json")
    assert verified.code == 1
    assert [table["table"] for table in verified.document["tables"] if table["difference"]] == ["chats", "totals"]
