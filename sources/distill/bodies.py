"""An HTTP client that follows nobody elsewhere, and reads no more than it can hold."""

from __future__ import annotations

import zlib
from typing import Any

MOST = 16 * 2**20  # bytes of an answer, unpacked
MOST_FILE = 512 * 2**20  # bytes of a batch's file: 50,000 answers
_PIECE = 2**16
_KEPT = ("retry-after", "retry-after-ms", "x-should-retry")
_PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class TooMuch(ValueError):
    """An answer that is too large, or packed in a way that was not asked for."""


def bounded_client() -> Any:
    """A client for openai. Of a server's headers only those come through that say when to ask
    again: the client's own log shows others, which may echo the key."""
    from openai import DefaultAsyncHttpxClient

    class Bounded(DefaultAsyncHttpxClient):  # type: ignore[misc]
        async def send(self, request: Any, **given: Any) -> Any:
            request.headers["accept-encoding"] = "gzip, deflate"
            given |= {"stream": True, "follow_redirects": False}
            answer = await super().send(request, **given)
            try:
                most = MOST_FILE if request.url.path.endswith("/content") else MOST
                body = await _body(answer, most)
            finally:
                await answer.aclose()
            headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
            headers["content-type"] = "application/json"
            return type(answer)(answer.status_code, headers=headers, content=body, request=request)

    return Bounded()


async def _body(answer: Any, most: int) -> bytes:
    """The whole body, unpacked piece by piece. Raises TooMuch, and zlib.error."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity", *_PACKED):
        raise TooMuch("the answer is packed in a way that was not asked for")
    unpacker = zlib.decompressobj(_PACKED[coding]) if coding in _PACKED else None
    found = bytearray()
    async for piece in answer.aiter_raw():
        while True:
            part = piece if unpacker is None else unpacker.decompress(piece, _PIECE)
            found += part
            if len(found) > most:
                raise TooMuch(f"the answer is larger than {most // 2**20} MB")
            piece = b"" if unpacker is None else unpacker.unconsumed_tail
            if not piece and (unpacker is None or len(part) < _PIECE):
                break
    return bytes(found)
