"""One planned request, and what came of it."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What kind of skill a request calls for."""

    PLAIN = "plain"
    INSTRUCTIONS = "instructions"
    REFERENCES = "references"
    SCRIPT = "script"
    NATIVE = "native"


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """Due `at` seconds after the start; lengths in tokens, None where the question's own length will do."""

    at: float
    kind: Kind
    user: int
    stream: bool
    input_tokens: int | None = None
    output_tokens: int | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One request as its client saw it; seconds count from when it was due, `late` is how late it was begun.

    `failure` is empty for a whole answer, else: `status`, `refused` (no connection), `reset` (it broke before
    the answer was whole), `error_event`, `truncated` (a stream without its end), or `timeout`.
    """

    shot: Shot
    late: float
    seconds: float
    first_token_seconds: float | None = None
    status: int = 0
    failure: str = ""
    request_id: str = ""
    skills: str = ""
    fallback: str = ""
