"""A script's end as text for the model: its exit code, what it wrote and the files it left, as data."""

from tidegate.domain.script import ScriptLimit, ScriptResult, ScriptRun
from tidegate.serving.fence import data
from tidegate.serving.hosted.result import Result

_ERRORS = {
    ScriptLimit.TIME: "script_timeout",
    ScriptLimit.MEMORY: "script_memory",
    ScriptLimit.OUTPUT: "script_output",
}


def told(result: ScriptResult, run: ScriptRun) -> Result:
    """What is told, and the reason where it is an error."""
    parts = [_end(result, run)]
    for name, written, cut in (
        ("stdout", result.stdout, result.stdout_truncated),
        ("stderr", result.stderr, result.stderr_truncated),
    ):
        if written:
            note = f" (cut after {run.output_bytes:,} bytes)" if cut else ""
            parts.append(_shown(f"{name}{note}", written.decode(errors="replace")))
    parts += [_file(path, content) for path, content in result.files.items()]
    if result.files_left_out:
        parts.append("more files were written than are shown here")
    return Result("\n".join(parts), _error(result))


def _end(result: ScriptResult, run: ScriptRun) -> str:
    ends = {
        ScriptLimit.TIME: f"ended after {run.seconds:g} s, the time a script has",
        ScriptLimit.MEMORY: "ended: it took more memory than a script has",
        ScriptLimit.OUTPUT: "ended: it wrote far more than can be read",
    }
    return ends[result.limit] if result.limit else f"exit code: {result.exit_code}"


def _error(result: ScriptResult) -> str:
    return _ERRORS[result.limit] if result.limit else "script_failed" if result.exit_code else ""


def _file(path: str, content: bytes) -> str:
    """Text as it is; anything else by its size. The script chose the name too: it is data like the rest."""
    try:
        return _shown("file", f"{path}:\n{content.decode()}")
    except UnicodeDecodeError:
        return _shown("file", f"{path}: {len(content):,} bytes, not text")


def _shown(what: str, text: str) -> str:
    return f"{what}. {data(text)}"
