"""Composing for an upstream of chat completions: spliced from the client's own bytes."""

from collections.abc import Sequence

import msgspec

from tidegate.domain.chat.fields import LIST, NULL, TOP, decoded
from tidegate.domain.errors import InvalidInput
from tidegate.domain.raw_json import encoded, listed
from tidegate.serving.assign import Assignment
from tidegate.serving.chat_request import ChatRequest

_SYSTEM_ROLES = frozenset({"system", "developer"})
_BLOCK = b'{"type":"text","text":'
_BETWEEN = b"\\n\\n"
"""An empty line, within a JSON string."""


class _Role(msgspec.Struct):
    role: str = ""


_ROLE = msgspec.json.Decoder(_Role)


def composed_chat(request: ChatRequest, assignment: Assignment) -> bytes:
    """The request with the assignment's skills and model; every other key keeps its bytes and its place.

    The skills end the client's system prompt, its last message before the conversation: templates of several
    open models take a system message at the very beginning alone, and only one.
    """
    top: dict[str, msgspec.Raw | bytes] = dict(request.top)
    if assignment.model is not None:
        top["model"] = msgspec.json.encode(assignment.model)
    if assignment.skills:
        messages = decoded(request.top["messages"], LIST, "messages")
        replaces = assignment.variant.replace_system and not assignment.reduced
        top["messages"] = listed(_with_skills(messages, _texts(assignment), replaces=replaces))
    return encoded(top)


def _texts(assignment: Assignment) -> list[bytes]:
    """The skills in selection order, each as a JSON string, the same bytes on every turn."""
    return [assignment.variant.skills[use.name].block.removeprefix(_BLOCK) for use in assignment.skills]


def _with_skills(messages: Sequence[msgspec.Raw], skills: Sequence[bytes], *, replaces: bool) -> list[bytes]:
    roles = [_ROLE.decode(message).role for message in messages]
    leading = next((place for place, role in enumerate(roles) if role not in _SYSTEM_ROLES), len(roles))
    role = roles[leading - 1] if leading else "system"
    rest = [bytes(message) for message in messages[leading:]]
    text = b'"%s"' % _BETWEEN.join(skill[1:-1] for skill in skills)
    if replaces or not leading:
        return [encoded({"role": msgspec.json.encode(role), "content": text}), *rest]
    before = [bytes(message) for message in messages[: leading - 1]]
    return [*before, _extended(messages[leading - 1], text, f"messages.{leading - 1}"), *rest]


def _extended(message: msgspec.Raw, text: bytes, place: str) -> bytes:
    """The system message with the skills after its own content; raises InvalidInput for one nobody knows."""
    top: dict[str, msgspec.Raw | bytes] = dict(TOP.decode(message))
    content = bytes(top.get("content", NULL)).strip()
    if content in (NULL, b'""'):
        top["content"] = text
    elif content.startswith(b'"'):
        top["content"] = content[:-1] + _BETWEEN + text[1:]
    elif content.startswith(b"["):
        own = content[1:-1].strip()
        top["content"] = b"[%s]" % b",".join(filter(None, (own, _BLOCK + text + b"}")))
    else:
        raise InvalidInput(f"{place}.content: must be a string or a list of parts")
    return encoded(top)
