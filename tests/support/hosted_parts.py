"""For tests of the hosted loop: a skill with files and a script, and how a model is made to use them."""

import msgspec
from gateway_parts import Got, packed_skill

FILES = {
    "references/terms.md": b"A clause is a term. The answer is forty-two.",
    "references/picture.bin": b"\xff\xfe\x00\x01",
    "references/long.md": b"x" * 70_000,
    "scripts/count.py": b"print(42)",
    "evals/evals.json": b'{"secret": "the expected answer"}',
}
CONTRACTS, ARCHIVE = packed_skill("contracts", FILES, match=("contract",))

TIDE = {
    "name": "tide_table",
    "description": "Height of the tide.",
    "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
}
THEN = " [[then]] "
CLIENT_CALL = '[[tool: tide_table {"place": "Dover"}]]'


def read_call(path: str = "references/terms.md", skill: str = "contracts") -> str:
    """The directive that makes the model read a file."""
    given = msgspec.json.encode({"skill": skill, "path": path}).decode()
    return f"[[tool: tidegate_read_skill_file {given}]]"


def run_call(script: str = "scripts/count.py", **more: object) -> str:
    """The directive that makes the model run a script."""
    given = msgspec.json.encode({"skill": "contracts", "script": script, **more}).decode()
    return f"[[tool: tidegate_run_skill_script {given}]]"


def asked(*answers: str, **more: object) -> dict:
    """A request whose model answers so, one after the other."""
    return {
        "model": "claude-sonnet-4-5",
        "max_tokens": 2000,
        "messages": [{"role": "user", "content": "My contract. " + THEN.join(answers)}],
        **more,
    }


def events_of(got: Got) -> list[dict]:
    """The events of a streamed answer."""
    return [msgspec.json.decode(line[6:]) for line in got.body.split(b"\n") if line.startswith(b"data: ")]


def message_of(events: list[dict]) -> dict:
    """The message that a client puts together from a stream, which must be well formed."""
    assert [event["type"] for event in events].count("message_start") == 1
    message = dict(events[0]["message"])
    blocks: list[dict] = []
    for event in events:
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks.append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            _grow(blocks[event["index"]], event["delta"])
        elif event["type"] == "message_delta":
            message |= event["delta"]
            message["usage"] = {**message["usage"], **event["usage"]}
    assert events[-1]["type"] == "message_stop"
    for block in blocks:
        if block["type"] == "tool_use":
            block["input"] = msgspec.json.decode(block.pop("partial", "") or "{}")
    return {**message, "content": blocks}


def _grow(block: dict, delta: dict) -> None:
    for key, value in delta.items():
        if key == "partial_json":
            block["partial"] = block.get("partial", "") + value
        elif key != "type":
            block[key] = block.get(key, "") + value


def reply_to(request: dict, message: dict, *results: object, text: str = "") -> dict:
    """The next request of a client that ran its own tools; `text` is what the user adds to the results."""
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    answers = [
        {"type": "tool_result", "tool_use_id": call["id"], "content": str(result)}
        for call, result in zip(calls, results, strict=True)
    ]
    said = [{"type": "text", "text": text}] if text else []
    turns = [
        *request["messages"],
        {"role": "assistant", "content": message["content"]},
        {"role": "user", "content": [*answers, *said]},
    ]
    return {**request, "messages": turns}
