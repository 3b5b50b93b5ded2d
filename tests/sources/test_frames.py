"""Packed files that were cut off: named, whatever the byte they end with."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import pytest

from sources.corpus import Options
from sources.counting import count_corpus
from sources.frames import Frames

zstandard = pytest.importorskip("zstandard")


def packed() -> list[bytes]:
    chance = random.Random(3)
    noise = bytes(chance.randrange(256) for _ in range(300))
    skippable = (0x184D2A53).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"12345"
    one = zstandard.ZstdCompressor(write_checksum=True, write_content_size=True).compress(noise)
    other = zstandard.ZstdCompressor(write_content_size=False).compress(b"a" * 400_000)
    return [one, skippable, other, one]


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_every_cut_but_those_between_frames_is_told(step: int) -> None:
    frames = packed()
    data = b"".join(frames)
    between = {sum(map(len, frames[:number])) for number in range(len(frames) + 1)}
    for end in range(len(data) + 1):
        file = Frames(io.BytesIO(data[:end]))
        try:
            while file.read(step):
                pass
            whole = True
        except EOFError:
            whole = False
        assert whole == (end in between), end


def test_a_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    chance = random.Random(4)
    rows = [json.dumps({"text": f"row {chance.random()} {at}"}) for at in range(20_000)]
    data = zstandard.ZstdCompressor().compress("\n".join(rows).encode())
    (tmp_path / "a.jsonl.zst").write_bytes(data[: len(data) * 9 // 10])
    (tmp_path / "b.txt.zst").write_bytes(data[: len(data) * 9 // 10])
    (tmp_path / "c.jsonl.zst").write_bytes(data)
    found = count_corpus([tmp_path], Options())
    assert found.documents == 20_000 and found.unreadable == 2
    assert all("is cut off: it ends inside a .zst frame" in each.problem for each in found.faults)
    assert found.duplicates > 10_000  # what stood before the cut counts
