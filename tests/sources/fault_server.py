"""A small OpenAI-compatible server that fails on demand and keeps a ledger of what it charged."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

IN, OUT = 2e-6, 10e-6  # its prices [money/token]


@dataclass
class Act:
    """What the server does with one call."""

    text: str | None = '{"label": "yes"}'
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] | None = None  # of the body, with a status
    raw: bytes | None = None  # sent as it is
    delay: float = 0.0  # seconds before it answers
    half: bool = False  # charged, then the connection is cut in the middle of the answer
    tokens: tuple[int, int] | None = None  # in, out
    finish: str = "stop"
    refusal: str | None = None
    usage: bool = True
    echo: bool = False  # the Authorization header comes back in the body


class FaultServer:
    """Use it in a `with` block; `act(number, body)` decides on each call, numbered from 0."""

    def __init__(self, act: Callable[[int, dict[str, Any]], Act] = lambda n, body: Act()) -> None:
        self.act = act
        self.calls: list[str] = []  # prompts, as they came
        self.charged: list[float] = []  # of each answer that was made
        self.now = self.most = 0  # calls under way
        self.batches: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.after_create: Callable[[], None] = lambda: None
        self.polls_before_done = 1
        self.lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                self.body = self.rfile.read(int(self.headers["content-length"]))
                server.post(self)

            def do_GET(self) -> None:
                server.get(self)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def __enter__(self) -> FaultServer:
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.http.shutdown()
        self.http.server_close()

    def post(self, http: Any) -> None:
        body = http.body
        if http.path.endswith("/files"):
            content = re.search(rb'name="file".*?\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
            assert content
            name = f"file-{len(self.files)}"
            self.files[name] = content[1]
            send(http, 200, {"id": name, "object": "file"})
        elif http.path.endswith("/batches"):
            self.create(http, json.loads(body))
        else:
            self.chat(http, json.loads(body))

    def chat(self, http: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        with self.lock:
            number = len(self.calls)
            self.calls.append(body["messages"][0]["content"])
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            act = self.act(number, body)
            time.sleep(act.delay)
            self.answer(http, act, body)
        finally:
            with self.lock:
                self.now -= 1

    def answer(self, http: BaseHTTPRequestHandler, act: Act, body: dict[str, Any]) -> None:
        said = http.headers.get("authorization", "") if act.echo else ""
        if act.raw is not None:
            send_bytes(http, act.status, act.raw + said.encode(), act.headers)
        elif act.status != 200:
            error = {"message": f"no {said}", "code": None, **(act.error or {})}
            send(http, act.status, {"error": error}, act.headers)
        else:
            found = self.completion(act, body, said)
            if act.half:
                http.send_response(200)
                http.send_header("content-length", "100000")
                http.end_headers()
                http.wfile.write(json.dumps(found).encode()[:40])
                http.wfile.flush()
                http.close_connection = True
            else:
                send(http, 200, found)

    def completion(self, act: Act, body: dict[str, Any], said: str = "") -> dict[str, Any]:
        """An answer, charged as it is made."""
        prompt = body["messages"][0]["content"]
        sent, made = act.tokens or (len(prompt.split()) + 5, 7)
        with self.lock:
            self.charged.append(sent * IN + made * OUT)
        message = {"role": "assistant", "content": act.text, "refusal": act.refusal}
        if said:
            message["content"] = f"{act.text} {said}"
        usage = {"prompt_tokens": sent, "completion_tokens": made, "total_tokens": sent + made}
        return {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": act.finish, "message": message}],
            **({"usage": usage} if act.usage else {}),
        }

    def create(self, http: BaseHTTPRequestHandler, given: dict[str, Any]) -> None:
        name = f"batch-{len(self.batches)}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "status": "validating",
            "endpoint": given["endpoint"],
            "completion_window": given["completion_window"],
            "input_file_id": given["input_file_id"],
            "metadata": given.get("metadata"),
            "created_at": int(time.time()),
            "polls": 0,
        }
        self.after_create()
        send(http, 200, self.batches[name])

    def get(self, http: BaseHTTPRequestHandler) -> None:
        path = http.path.partition("?")[0]
        if path.endswith("/content"):
            send_bytes(http, 200, self.files[path.split("/")[-2]], {})
        elif path.endswith("/batches"):
            data = list(reversed(self.batches.values()))
            send(http, 200, {"object": "list", "data": data, "has_more": False})
        else:
            batch = self.batches[path.split("/")[-1]]
            with self.lock:
                batch["polls"] += 1
                ready = batch["status"] == "validating" and batch["polls"] >= self.polls_before_done
                batch["status"] = "in_progress" if ready else batch["status"]
            if ready:
                self.work(batch)
            send(http, 200, batch)

    def work(self, batch: dict[str, Any]) -> None:
        """Answers all of a batch: statuses but 200 go into its error file."""
        good, bad = [], []
        for number, line in enumerate(self.files[batch["input_file_id"]].splitlines()):
            row = json.loads(line)
            with self.lock:
                self.calls.append(row["body"]["messages"][0]["content"])
            act = self.act(number, row["body"])
            if act.status == 200:
                answer = {"status_code": 200, "body": self.completion(act, row["body"])}
                good.append({"custom_id": row["custom_id"], "response": answer, "error": None})
            elif act.status != 408:  # that one expires: it is in neither file
                answer = {"status_code": act.status, "body": {"error": {"message": "bad"}}}
                bad.append({"custom_id": row["custom_id"], "response": answer, "error": None})
        for key, rows in (("output_file_id", good), ("error_file_id", bad)):
            if rows:
                batch[key] = f"file-{len(self.files)}"
                self.files[batch[key]] = b"\n".join(json.dumps(r).encode() for r in rows)
        batch["status"] = "completed"


def send(
    http: BaseHTTPRequestHandler, status: int, body: Any, headers: dict[str, str] | None = None
) -> None:
    send_bytes(http, status, json.dumps(body).encode(), headers or {})


def send_bytes(
    http: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]
) -> None:
    http.send_response(status)
    for name, value in {"content-type": "application/json", **headers}.items():
        http.send_header(name, value)
    http.send_header("content-length", str(len(body)))
    http.end_headers()
    http.wfile.write(body)
