"""The users of the desk: the people who log in to the page, each with a role and the accounts that they may see."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Role = Literal["owner", "agent", "viewer"]
"""- `owner`: may do everything.
- `agent`: writes and gives orders in chats, and reads files and documents.
- `viewer`: reads."""

LONGEST_NAME = 64
MOST_ACCOUNTS = 200

Name = Annotated[str, msgspec.Meta(pattern=rf"^[a-z0-9][a-z0-9._@+-]{{0,{LONGEST_NAME - 1}}}\Z")]
"""Small ASCII letters, digits, and . _ @ + - alone, so that no name looks like another one."""

Account = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class User(msgspec.Struct, frozen=True):
    """Who asks for a page.

    - `name`: `by` of their orders.
    - `accounts`: those that they may see; None: all.
    """

    name: str
    role: Role
    accounts: tuple[str, ...] | None = None

    def sees(self, account: str) -> bool:
        """Whether they may see what is of the account."""
        return self.accounts is None or account in self.accounts

    @property
    def acts(self) -> bool:
        """Whether they may write and give orders in the chats that they see."""
        return self.role != "viewer"


PAGE = User("page", "owner")
"""The one user of a page that has no users: who opens it on this machine, or knows its password."""
