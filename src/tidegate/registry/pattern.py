"""The patterns of `tidegate.match`: RE2 syntax, judged before a gateway has to compile them."""

import re2

MAX_PATTERN = 1_000

_MEMORY_BYTES = 1 << 15
"""What one compiled pattern may take: a gateway holds 500 such."""


def pattern_problem(pattern: str) -> str | None:
    """Why the pattern cannot be served, with what to do; None where it can."""
    if len(pattern) > MAX_PATTERN:
        return f"has {len(pattern)} characters, at most {MAX_PATTERN} are allowed"
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    try:
        compiled = re2.compile(pattern, options)
        matches_nothing = compiled.search("") is not None
    except re2.error as error:
        reason = error.args[0] if error.args else error
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        if "too large" in said:
            return "is too large once compiled; use fewer or smaller repetitions and character classes"
        return f"is not RE2 syntax ({said}); lookaround and backreferences do not exist there"
    if matches_nothing:
        return (
            "matches the empty text, so it would select the skill for every request; make it require a word"
        )
    return None
