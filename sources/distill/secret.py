"""Keeps a key out of whatever a server sends back, however the key is written there."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from urllib.parse import quote

LEAST = 8  # characters of a key that can be told from ordinary text
SHOWN = 300  # characters of a server's message
DEEPEST = 100  # levels of an answer; a chat completion has five
_HIDDEN = "[key]"


def forms(key: str) -> tuple[str, ...]:
    """The key as it is, and in JSON, HTML, an address or base64, the longest first."""
    escaped = json.dumps(key)[1:-1]
    marked = html.escape(key)
    found = {key, escaped, escaped.replace("/", "\\/"), html.escape(key, quote=False), marked}
    found |= {marked.replace("&#x27;", "&#39;"), html.escape(escaped), quote(key, safe="")}
    found |= {quote(key), quote(key, safe="").lower()}
    for text in (key, escaped):
        for before in range(3):  # the key may begin at any of three places in a group
            raw = b"\0" * before + text.encode()
            coded = base64.b64encode(raw).decode().rstrip("=")
            whole = coded[(0, 2, 3)[before] : len(coded) - (len(raw) % 3 > 0)]
            found |= {whole, whole.replace("+", "-").replace("/", "_")}
    return tuple(sorted((each for each in found if len(each) >= LEAST), key=len, reverse=True))


def scrubbed(value: Any, hidden: tuple[str, ...], depth: int = 0) -> Any:
    """The same without what is hidden. Raises ValueError for what is nested too deeply."""
    if depth > DEEPEST:
        raise ValueError(f"the answer is nested more than {DEEPEST} deep")
    if isinstance(value, str):
        for secret in hidden:
            value = value.replace(secret, _HIDDEN)
        return value
    if isinstance(value, dict):
        return {
            scrubbed(name, hidden): scrubbed(each, hidden, depth + 1)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [scrubbed(each, hidden, depth + 1) for each in value]
    return value


def shown(text: str, hidden: tuple[str, ...]) -> str:
    """A server's message in one line, short, and without signs that a terminal would obey."""
    line = " ".join(str(scrubbed(text, hidden)).split())[:SHOWN]
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in line)
