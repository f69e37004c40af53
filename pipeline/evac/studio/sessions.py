"""Who may use a studio: whoever opened it by its address, which holds a token that works once.

The page gives the token back for a key, keeps the key in the browser's storage of this address, and sends it in a
header with every question. A cookie would not do: browsers send those of one port to every other port of the machine,
so that another user's server could be given it. Keys end with the server.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@dataclass
class Sessions:
    """The tokens that have not been used, and the keys that they were given for (as digests)."""

    _tokens: set[bytes] = field(default_factory=set)
    _keys: set[bytes] = field(default_factory=set)
    _tickets: dict[bytes, str] = field(default_factory=dict)

    def new_token(self) -> str:
        """Return a token for one address to open the page by."""
        token = secrets.token_urlsafe(32)
        self._tokens.add(_digest(token))
        return token

    def key_for(self, token: str) -> str | None:
        """Return a key for a token; None when it is none, or has been used."""
        if _digest(token) not in self._tokens:
            return None
        self._tokens.discard(_digest(token))
        key = secrets.token_urlsafe(32)
        self._keys.add(_digest(key))
        return key

    def ticket_for(self, place: str) -> str:
        """Return what lets a browser read the report of a place, without a key."""
        ticket = secrets.token_urlsafe(32)
        self._tickets[_digest(ticket)] = place
        return ticket

    def place_of(self, ticket: str) -> str | None:
        """Return the place whose report a ticket is for; None when it is none."""
        return self._tickets.get(_digest(ticket))

    def knows(self, key: str) -> bool:
        """Tell whether a key is one that was given."""
        return _digest(key) in self._keys
