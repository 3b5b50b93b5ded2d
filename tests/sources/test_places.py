"""Files in stores: the same count as on the disk, by fsspec's memory and by a web server."""

from __future__ import annotations

import functools
import gzip
import json
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from planner import cli
from sources import counting, places, sampling
from sources.base import SourceError
from sources.corpus import CorpusCount, Options
from sources.counting import count_corpus
from sources.journal import Journal
from sources.sampling import sample_corpus

fsspec = pytest.importorskip("fsspec")


class Server(SimpleHTTPRequestHandler):
    """A folder on the web, parts of its files too, as every object store has it."""

    def send_head(self) -> Any:
        wanted = self.headers.get("Range")
        path = Path(self.translate_path(self.path))
        if not wanted or not path.is_file():
            return super().send_head()
        first, last = wanted.removeprefix("bytes=").split("-")
        data = path.read_bytes()
        part = data[int(first) : int(last or len(data)) + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("Last-Modified", self.date_time_string(int(path.stat().st_mtime)))
        self.end_headers()
        self.wfile.write(part)
        return None

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rows = [{"text": f"row {at % 90} 数据越多，误差越小。" * 5} for at in range(100)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "deep").mkdir()
    (folder / "a.jsonl").write_text(lines)
    (folder / "deep" / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode() + b"{bad\n"))
    (folder / "deep" / "c.txt").write_text("one document\nof two lines\n" * 50)
    (folder / "d.csv").write_text('text,id\n"one, ""two""",1\nthree,2\n')
    (folder / ".hidden").write_bytes(b"\xff")
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"text": [f"parquet {at}" for at in range(50)]})
    parquet.write_table(table, folder / "e.parquet")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    handler = functools.partial(Server, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.fixture
def memory(folder: Path) -> Iterator[str]:
    store = fsspec.filesystem("memory")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            store.pipe(f"/corpus/{path.relative_to(folder)}", path.read_bytes())
    yield "memory://corpus"
    store.rm("/corpus", recursive=True)


def sums(found: CorpusCount) -> tuple[object, ...]:
    return (
        found.documents,
        found.tokens,
        found.duplicates,
        found.files,
        found.bytes,
        found.scripts,
    )


def test_the_same_count_as_on_the_disk(
    folder: Path, memory: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = count_corpus([folder], Options())
    assert whole.unreadable == 1 and whole.files == 5
    addresses = [server + name for name in ("/a.jsonl", "/d.csv", "/e.parquet")]
    addresses += [server + name for name in ("/deep/b.jsonl.gz", "/deep/c.txt")]
    for part in (8_000_000, 5000):
        monkeypatch.setattr(counting, "_PART", part)
        for where in ([memory], [f"file://{folder}"], addresses):
            found = count_corpus(where, Options())
            assert sums(found) == sums(whole)
            assert found.faults[0].problem == whole.faults[0].problem
            assert "://" in str(found.faults[0].value)


def test_what_has_not_changed_is_not_counted_again(
    memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    real = counting.count_part

    def spy(part: counting.Part, *rest: object) -> object:
        counted.append(places.name(part.path))
        return real(part, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(counting, "count_part", spy)
    with Journal(tmp_path) as kept:
        first = count_corpus([memory], Options(), journal=kept)
        assert len(counted) == 5
        counted.clear()
        assert count_corpus([memory], Options(), journal=kept) == first
        assert counted == ["b.jsonl.gz"]  # it has a fault, which may be mended
        counted.clear()
        fsspec.filesystem("memory").pipe("/corpus/deep/c.txt", b"two document\nof two lines\n" * 50)
        assert count_corpus([memory], Options(), journal=kept).tokens == first.tokens
        assert counted == ["b.jsonl.gz", "c.txt"]


def test_a_store_that_tells_nothing_of_changes_is_counted_anew(
    memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_MARKS", "")
    with Journal(tmp_path) as kept:
        count_corpus([f"{memory}/d.csv"], Options(), journal=kept)
        monkeypatch.setattr(counting, "count_part", None)
        with pytest.raises(TypeError):
            count_corpus([f"{memory}/d.csv"], Options(), journal=kept)


def test_time_of_change(server: str, folder: Path) -> None:
    found = count_corpus([f"{server}/a.jsonl"], Options(time="mtime")).growth
    assert found and found.undated == 0 and found.first == found.last


@pytest.mark.parametrize("where", ["memory", "http"])
def test_a_sample(where: str, server: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FEWEST", 10)
    text = " ".join(f"word{at % 1000}" for at in range(100_000))
    path = folder / "large.txt"
    path.write_text(text)
    fsspec.filesystem("memory").pipe("/large/large.txt", text.encode())
    place = "memory://large" if where == "memory" else f"{server}/large.txt"
    options = Options()
    found = sample_corpus([place], options, share=0.05, cell=300)
    assert found == sample_corpus([path], options, share=0.05, cell=300)
    far = sample_corpus([place], options, share=0.5)  # fewer and larger cells by itself
    assert far.interval is not None
    assert found.interval is not None and found.read is not None and found.read < 0.07 * len(text)
    path.unlink()


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("memory://nowhere", "there is no such file or folder"),
        ("s3://bucket/x", "its store needs a package; Install s3fs"),
        ("zz://bucket/x", "Protocol not known: zz; known: "),
        ("http://127.0.0.1:9/x.txt", "no such file|ClientConnector|Cannot connect"),
    ],
)
def test_what_is_not_there(place: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match=message):
        count_corpus([place], Options())
    assert cli.main(["count", place, "--no-cache"]) == 2
    assert capsys.readouterr().err.startswith("dataplan: count: 1 fault\n  PATH = ")


def test_a_store_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("Access Denied")

    monkeypatch.setattr(fsspec.filesystem("memory").__class__, "isfile", refuse)
    with pytest.raises(SourceError, match="memory://x': Access Denied"):
        count_corpus(["memory://x"], Options())


def test_without_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    assert cli.main(["count", "memory://x", "--no-cache"]) == 2
    assert 'needs the package fsspec; pip install "dataplan[remote]"' in capsys.readouterr().err
