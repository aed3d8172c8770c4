"""A run of a skill's script: what is asked of a sandbox, and how it ended."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class ScriptLimit(StrEnum):
    """What a script was ended for."""

    TIME = "time"
    MEMORY = "memory"
    OUTPUT = "output"


class ScriptRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a skill version's script: all `files` of the version by path, `script` is one of them.

    It ends after `seconds`; of each output `output_bytes` are kept, and of the files that it leaves in its
    work folder so many bytes together, `output_files` at most. Runs never meet, whosever they are.
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
    output_files: int = 20


class ScriptResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a script ended; `exit_code` is 128 + n where signal n ended it, `seconds` is what it took.

    `files` are what it left in its work folder, by path; `files_left_out` says that there were more.
    """

    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    files: Mapping[str, bytes] = {}
    files_left_out: bool = False
    limit: ScriptLimit | None = None
    seconds: float = 0.0
