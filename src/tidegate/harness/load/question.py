"""What a planned request says: a question of its kind, and material below it."""

import msgspec

from tidegate.harness.load.shot import Kind, Shot

MODEL = "claude-sonnet-4-6"

_QUESTIONS = {
    Kind.PLAIN: "What is a good name for a small harbour cafe?",
    Kind.INSTRUCTIONS: "Write an incident summary: checkout failed from 10:02 to 10:31 after a change.",
    Kind.REFERENCES: "Review this contract and list the risky clauses.",
    Kind.SCRIPT: "Summarize this log: 10:02:11 ERROR pool exhausted; 10:02:12 WARN retrying; 10:02:14 ERROR.",
    Kind.NATIVE: "Write release notes for version 2.4: pumps restart by themselves, the old API is gone.",
}
"""Each but the first calls for one of the sample skills."""

_LINE = (
    "The harbour office keeps the gate register and the supplier keeps the pumps; either side may ask for a "
    "reading of the water level at any hour. "
)
_DEFAULT_BYTES = 1100
_MOST_TOKENS = 150_000
_MOST_OUTPUT = 4_000


def body(shot: Shot, *, emulated: bool) -> bytes:
    """The request's JSON; for the emulator the length of the answer is said in the question."""
    length = _DEFAULT_BYTES if shot.input_tokens is None else min(shot.input_tokens, _MOST_TOKENS) * 4
    asked = _QUESTIONS[shot.kind]
    text = f"{asked}\n\n{_LINE * (length // len(_LINE) + 1)}"[: max(length, len(asked))]
    answer = 300 if shot.output_tokens is None else max(1, min(shot.output_tokens, _MOST_OUTPUT))
    if emulated and shot.output_tokens is not None:
        text += f"\n[[tokens: {answer}]]"
    return msgspec.json.encode(
        {
            "model": MODEL,
            "max_tokens": answer,
            "stream": shot.stream,
            "metadata": {"user_id": f"user-{shot.user}"},
            "messages": [{"role": "user", "content": text}],
        }
    )
