"""A run of a skill's script: what is asked of a sandbox, and how it ended."""

from collections.abc import Mapping

import msgspec


class ScriptRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a skill version's script: all `files` of the version by path, `script` is one of them.

    It ends after `seconds`; of each output `output_bytes` are kept. Runs of different tenants never meet.
    """

    tenant: str
    skill: str
    digest: str
    files: Mapping[str, bytes]
    script: str
    arguments: tuple[str, ...] = ()
    stdin: bytes = b""
    seconds: float
    output_bytes: int


class ScriptResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a script ended; `exit_code` is negative for a signal, `seconds` is what it took."""

    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    timed_out: bool = False
    seconds: float = 0.0
