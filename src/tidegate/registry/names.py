"""The rules for a skill's name, by the specification of agentskills.io and Anthropic's reserved words."""

import re

MAX_NAME = 64
RESERVED = ("anthropic", "claude")

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def name_problem(name: str) -> str | None:
    """Why this is not a skill's name, with what to do; None where it is one."""
    if len(name) > MAX_NAME:
        return f"has {len(name)} characters, at most {MAX_NAME} are allowed"
    if not _NAME.fullmatch(name):
        return "is not a skill's name; use a-z, 0-9 and single '-' between them, such as 'csv-profile'"
    taken = next((word for word in RESERVED if word in name), None)
    return f"contains the reserved word {taken!r}; choose another name" if taken else None
