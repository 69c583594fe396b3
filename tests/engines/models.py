"""A model server on loopback, for the real agent CLIs: it speaks four protocols and says what a script says.

It looks like a local Ollama to a program that asks, and stands in for one: no real Ollama can be had from a package
registry. It only decides what the model would say. Which turn of its script is due is read from the request itself
(how many tool results the conversation holds), so it keeps no state between requests and serves several agents at once.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "scripted-1"
# tokens said of every answer: read, of these from the cache, written
READ, CACHED, WRITTEN = 1000, 200, 50


@dataclass(frozen=True)
class Shell:
    """A command, by the agent's own shell tool."""

    command: str


@dataclass(frozen=True)
class Write:
    """A whole file, by the agent's own file tool; `{cwd}` in the path is what the first `pwd` answered."""

    path: str
    text: str


@dataclass(frozen=True)
class Say:
    """Words, with which a turn of the conversation ends."""

    text: str


@dataclass(frozen=True)
class Fault:
    """An HTTP answer that is no model's."""

    status: int
    kind: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


Move = Shell | Write | Say | Fault
# What a shell tool, and one that writes files, is called, and the names of what it takes; the first that is offered.
SHELLS = {"bash": "command", "run_shell_command": "command", "shell": "command", "Bash": "command"}
WRITERS = {
    "write": ("filePath", "content"), "write_file": ("file_path", "content"), "create": ("path", "file_text"),
    "Write": ("file_path", "content"),
}  # fmt: skip
Script = Mapping[str, Sequence[Move]]
WHOLE_FILES = "*file listing*"  # aider asks for files as text, and offers no tools
ROLE = re.compile(r"You are the (planner|drafter|reviewer|tester|merger)\b")


@dataclass
class Talk:
    """One request, of whichever protocol: what it asked, what tools it offered and answered, and with which key."""

    protocol: str
    path: str
    text: str
    tools: tuple[str, ...]
    outputs: list[str]
    key: str

    @property
    def role(self) -> str:
        """Whose prompt it is."""
        found = ROLE.search(self.text)
        return found[1] if found else ""

    def next(self, script: Script) -> Move:
        """What the model says now. A request without tools is none of the agent's own work (a title, a summary)."""
        if not self.tools and WHOLE_FILES not in self.text:
            return Say("ok")
        moves = script.get(self.role) or script.get("", ())
        done = len(self.outputs)
        move = moves[done] if done < len(moves) else Say("The work is done.")
        if isinstance(move, Write) and self.outputs:
            found = re.search(r"^(?:Output: )?(/\S+)$", self.outputs[0], re.MULTILINE)
            move = Write(move.path.replace("{cwd}", found[1] if found else "?"), move.text)
        return move


# ---- the three protocols ---------------------------------------------------------------------------------------------


def _flat(content: Any) -> str:
    """The text of a message's content, in any of the shapes it comes in."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return _flat(content.get("text") or content.get("output") or content.get("content") or "")
    return "\n".join(map(_flat, content)) if isinstance(content, list) else str(content or "")


def read_anthropic(path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Talk:
    """`POST /v1/messages`."""
    parts = [
        part
        for message in body.get("messages", ())
        for part in (message["content"] if isinstance(message["content"], list) else [message])
    ]
    outputs = [_flat(part.get("content")) for part in parts if part.get("type") == "tool_result"]
    asked = "\n".join(_flat(part) for part in parts if part.get("type") != "tool_result")
    names = tuple(tool.get("name", "") for tool in body.get("tools", ()))
    key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    return Talk("anthropic", path, asked, names, outputs, key)


def read_openai(path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Talk:
    """`POST /v1/responses`."""
    items = body.get("input") or []
    outputs = [_flat(item["output"]) for item in items if str(item.get("type", "")).endswith("_call_output")]
    asked = "\n".join(_flat(item.get("content")) for item in items if item.get("type") == "message")
    names = tuple(tool.get("name") or tool.get("type", "") for tool in body.get("tools", ()))
    return Talk("openai", path, asked, names, outputs, headers.get("authorization", "").removeprefix("Bearer "))


def read_gemini(path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Talk:
    """`POST /v1beta/models/M:streamGenerateContent`."""
    parts = [part for message in body.get("contents", ()) for part in message.get("parts", ())]
    outputs = [_flat(part["functionResponse"]["response"]) for part in parts if "functionResponse" in part]
    asked = "\n".join(part["text"] for part in parts if "text" in part)
    names = tuple(one["name"] for tool in body.get("tools", ()) for one in tool.get("functionDeclarations", ()))
    return Talk("gemini", path, asked, names, outputs, headers.get("x-goog-api-key", ""))


def read_chat(path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Talk:
    """`POST /v1/chat/completions`."""
    messages = body.get("messages", ())
    outputs = [_flat(message.get("content")) for message in messages if message.get("role") == "tool"]
    asked = "\n".join(_flat(message.get("content")) for message in messages if message.get("role") != "tool")
    names = tuple(tool["function"]["name"] for tool in body.get("tools") or ())
    return Talk("chat", path, asked, names, outputs, headers.get("authorization", "").removeprefix("Bearer "))


Event = tuple[str, dict[str, Any]]


def say_anthropic(talk: Talk, move: Move) -> Iterator[Event]:
    """A message as server-sent events."""
    usage = {"input_tokens": READ - CACHED, "cache_read_input_tokens": CACHED, "cache_creation_input_tokens": 0}
    message = {"id": f"msg_{len(talk.outputs)}", "type": "message", "role": "assistant", "model": MODEL, "content": []}
    head = {**message, "stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 1}}
    block: dict[str, Any] = {"type": "text", "text": ""}
    delta: dict[str, Any] = {}
    if isinstance(move, Say):
        delta = {"type": "text_delta", "text": move.text}
    else:
        name, args = {
            "Shell": lambda: ("Bash", {"command": move.command, "description": "the next step"}),  # type: ignore[union-attr]
            "Write": lambda: ("Write", {"file_path": move.path, "content": move.text}),  # type: ignore[union-attr]
        }[type(move).__name__]()
        block = {"type": "tool_use", "id": f"toolu_{len(talk.outputs)}", "name": name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(args)}
    stop = "end_turn" if isinstance(move, Say) else "tool_use"
    yield "message_start", {"message": head}
    yield "content_block_start", {"index": 0, "content_block": block}
    yield "content_block_delta", {"index": 0, "delta": delta}
    yield "content_block_stop", {"index": 0}
    yield "message_delta", {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": WRITTEN}}
    yield "message_stop", {}


def say_openai(talk: Talk, move: Move) -> Iterator[Event]:
    """A response as server-sent events."""
    item: dict[str, Any]
    if isinstance(move, Say):
        content = [{"type": "output_text", "text": move.text, "annotations": []}]
        item = {"type": "message", "role": "assistant", "id": "m1", "content": content}
    else:
        if isinstance(move, Shell):
            command = move.command
        else:
            assert isinstance(move, Write)
            lines = "".join(f"+{line}\n" for line in move.text.splitlines())
            patch = f"*** Begin Patch\n*** Add File: {move.path}\n{lines}*** End Patch"
            command = f"apply_patch <<'EOF'\n{patch}\nEOF"
        call = f"call_{len(talk.outputs)}"
        arguments = json.dumps({"cmd": command})
        item = {
            "type": "function_call",
            "id": f"f{call}",
            "call_id": call,
            "name": "exec_command",
            "arguments": arguments,
        }
    usage = {
        "input_tokens": READ,
        "input_tokens_details": {"cached_tokens": CACHED},
        "output_tokens": WRITTEN,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": READ + WRITTEN,
    }
    yield "response.created", {"response": {"id": "r1"}}
    yield "response.output_item.done", {"output_index": 0, "item": item}
    yield "response.completed", {"response": {"id": "r1", "output": [item], "usage": usage}}


def say_gemini(talk: Talk, move: Move) -> Iterator[Event]:
    """A generated content as one server-sent event."""
    part: dict[str, Any]
    if isinstance(move, Say):
        part = {"text": move.text}
    elif isinstance(move, Shell):
        part = {"functionCall": {"name": "run_shell_command", "args": {"command": move.command}}}
    else:
        assert isinstance(move, Write)
        part = {"functionCall": {"name": "write_file", "args": {"file_path": move.path, "content": move.text}}}
    usage = {
        "promptTokenCount": READ,
        "cachedContentTokenCount": CACHED,
        "candidatesTokenCount": WRITTEN,
        "totalTokenCount": READ + WRITTEN,
    }
    content = {"role": "model", "parts": [part]}
    yield (
        "",
        {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": usage,
            "modelVersion": MODEL,
        },
    )


def say_chat(talk: Talk, move: Move) -> Iterator[Event]:
    """A chat completion as server-sent events; the last is not JSON, and the server adds it."""
    head = {"id": f"c{len(talk.outputs)}", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    if isinstance(move, Say):
        delta: dict[str, Any] = {"role": "assistant", "content": move.text}
    else:
        if isinstance(move, Shell):
            name = next(tool for tool in SHELLS if tool in talk.tools)
            args = {SHELLS[name]: move.command, "description": "the next step", "is_background": False}
        else:
            assert isinstance(move, Write)
            name = next(tool for tool in WRITERS if tool in talk.tools)
            args = dict(zip(WRITERS[name], (move.path, move.text), strict=True))
        call = {"name": name, "arguments": json.dumps(args)}
        made = {"index": 0, "id": f"call_{len(talk.outputs)}", "type": "function", "function": call}
        delta = {"role": "assistant", "content": None, "tool_calls": [made]}
    stop = "stop" if isinstance(move, Say) else "tool_calls"
    usage = {"prompt_tokens": READ, "completion_tokens": WRITTEN, "total_tokens": READ + WRITTEN}
    yield "", {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield "", {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": stop}]}
    yield "", {**head, "choices": [], "usage": usage}


# ---- the server ------------------------------------------------------------------------------------------------------


@dataclass
class Models:
    """A running server: its address, its script, and what it was asked."""

    url: str = ""
    script: Script = field(default_factory=dict)
    asked: list[Talk] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def outputs(self, role: str) -> list[str]:
        """What the tools of a role answered, as far as its longest conversation told."""
        return max((talk.outputs for talk in self.asked if talk.role == role), key=len, default=[])


Reader = Callable[[str, Mapping[str, Any], Mapping[str, str]], Talk]
Sayer = Callable[[Talk, Move], Iterator[Event]]
PROTOCOLS: tuple[tuple[str, Reader, Sayer], ...] = (
    (r"/v1/messages$", read_anthropic, say_anthropic),
    (r"/v1/responses$", read_openai, say_openai),
    (r"/chat/completions$", read_chat, say_chat),
    (r"/v1beta/models/[^/]+:(streamGenerateContent|generateContent)$", read_gemini, say_gemini),
)


# What a local Ollama says of itself (https://docs.ollama.com/api).
OF_OLLAMA: Mapping[str, Any] = {
    "/": "Ollama is running",
    "/api/version": {"version": "0.13.0"},
    "/api/tags": {"models": [{"name": MODEL, "model": MODEL}]},
    "/v1/models": {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "library"}]},
}


class _Handler(BaseHTTPRequestHandler):
    models: Models
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        for pattern, read, say in PROTOCOLS:
            if re.search(pattern, path):
                lower = {name.lower(): value for name, value in self.headers.items()}
                body = json.loads(raw)
                talk = read(self.path, body, lower)
                self.models.asked.append(talk)
                whole = talk.protocol == "gemini" and "streamGenerateContent" not in path and "alt=sse" not in query
                self._answer(talk, say, streamed=not (whole or (talk.protocol == "chat" and not body.get("stream"))))
                return
        self._nothing()

    def do_GET(self) -> None:
        found = OF_OLLAMA.get(self.path.partition("?")[0])
        if found is None:
            self._nothing()
        else:
            self._send(200, "application/json", json.dumps(found))

    def do_HEAD(self) -> None:
        self._nothing()

    def _answer(self, talk: Talk, say: Sayer, streamed: bool) -> None:
        move = talk.next(self.models.script)
        if isinstance(move, Fault):
            error = {"type": move.kind, "status": move.kind, "code": move.status, "message": move.message}
            self._send(move.status, "application/json", json.dumps({"type": "error", "error": error}), move.headers)
            return
        events = list(say(talk, move))
        if not streamed:
            self._send(200, "application/json", json.dumps(_whole(events) if talk.protocol == "chat" else events[0][1]))
            return
        lines = []
        for name, data in events:
            if name:
                data = {"type": name, **data}
                lines.append(f"event: {name}\n")
            lines.append(f"data: {json.dumps(data)}\n\n")
        if talk.protocol == "chat":
            lines.append("data: [DONE]\n\n")
        self._send(200, "text/event-stream", "".join(lines))

    def _nothing(self) -> None:
        self.models.others.append(f"{self.command} {self.path}")
        self._send(404, "application/json", '{"error": {"message": "not here"}}')

    def _send(self, status: int, kind: str, text: str, more: Mapping[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def _whole(events: Sequence[Event]) -> dict[str, Any]:
    """A chat completion in one piece."""
    first, last, bill = (event for _, event in events)
    choice = {"index": 0, "message": first["choices"][0]["delta"], **last["choices"][0]}
    return {**first, "object": "chat.completion", "choices": [choice], "usage": bill["usage"]}


@contextmanager
def serving(script: Script) -> Iterator[Models]:
    """A model server on a free port of loopback, as long as the context lasts."""
    models = Models(script=script)
    handler = type("Handler", (_Handler,), {"models": models})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        models.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield models
        finally:
            server.shutdown()
            thread.join(5)
