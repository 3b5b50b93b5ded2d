"""Addresses of a Dask scheduler, told by their form."""

from __future__ import annotations

import re

SHOWN = "give the address that dask scheduler shows, such as tcp://10.0.0.1:8786"
_ADDRESS = re.compile(
    r"(?:(?:tcp|tls|ucx|ucxx|wss?)://)?(?:[\w.-]+|\[[\da-fA-F:.%]+\]):\d{1,5}(?:/\S*)?"
)


def is_address(text: str) -> bool:
    """Whether it may be one."""
    return _ADDRESS.fullmatch(text) is not None
