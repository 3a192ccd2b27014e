"""Who asks for a page, and what they may see of it."""

from __future__ import annotations

from starlette.requests import Request

from events.users import User


def user_of(request: Request) -> User:
    """Who sent the request."""
    user: User = request.scope["user"]
    return user
