"""A Messages request read at the edge: the top level as raw spans, and the few fields serving acts on."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.domain.transcript import Turn
from tidegate.serving.recordable import asked_model

T = TypeVar("T")

TIDEGATE_SKILL = "tidegate:"
"""Prefix of a `container.skills` entry's `skill_id` that asks for a skill of this gateway."""


class _Key:
    """A top-level key that equals only itself, so that a repeated one stays visible."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Block(msgspec.Struct):
    """A block, or a part, of a message: its text where it has one."""

    type: str = ""
    text: msgspec.Raw = msgspec.Raw(b"")


class _Message(msgspec.Struct):
    role: str
    content: str | list[Block]


class _Metadata(msgspec.Struct):
    user_id: str | None = None


class _Skill(msgspec.Struct):
    skill_id: str = ""


class _Container(msgspec.Struct):
    skills: list[_Skill] | None = None


class _Fields(msgspec.Struct):
    model: str
    messages: list[_Message]
    stream: bool | None = None
    metadata: _Metadata | None = None
    container: _Container | str | None = None


def _key(_: type, text: object) -> _Key:
    return _Key(str(text))


_TOP = msgspec.json.Decoder(dict[_Key, msgspec.Raw], dec_hook=_key)
_DISTINCT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FIELDS = msgspec.json.Decoder(_Fields)
_TEXT = msgspec.json.Decoder(str)
_FLAG = msgspec.json.Decoder(bool | None)
_MESSAGES = msgspec.json.Decoder(list[_Message])
_METADATA = msgspec.json.Decoder(_Metadata | None)
_CONTAINER = msgspec.json.Decoder(_Container | str | None)


class MessagesRequest(msgspec.Struct, frozen=True):
    """One request body: `raw` as it came, `top` its top-level values as raw JSON in the client's order."""

    raw: bytes
    top: Mapping[str, msgspec.Raw]
    model: str
    stream: bool
    user_id: str | None
    turns: tuple[Turn, ...]
    named: tuple[str, ...]
    """Skills asked for in `container.skills`."""


def read_request(body: bytes) -> MessagesRequest:
    """Read a body; raises InvalidInput where it is no JSON object, repeats a key, or has a field amiss."""
    top = top_level(body, "`model`, `max_tokens` and `messages`")
    fields = _fields(body, top)
    metadata, container = fields.metadata, fields.container
    return MessagesRequest(
        raw=body,
        top=top,
        model=asked_model(fields.model),
        stream=fields.stream is True,
        user_id=metadata.user_id if metadata is not None else None,
        turns=tuple([_turn(message, place) for place, message in enumerate(fields.messages)]),
        named=_named(container) if isinstance(container, _Container) else (),
    )


def _fields(body: bytes, top: Mapping[str, msgspec.Raw]) -> _Fields:
    """The fields serving acts on, in one pass; where one is amiss, one by one, so that it is named."""
    try:
        return _FIELDS.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _Fields(
            model=required(top, "model", _TEXT),
            stream=optional(top, "stream", _FLAG),
            metadata=optional(top, "metadata", _METADATA),
            messages=required(top, "messages", _MESSAGES),
            container=optional(top, "container", _CONTAINER),
        )


def top_level(body: bytes, needed: str) -> dict[str, msgspec.Raw]:
    """The top level of a body as raw values, in the client's order; `needed` names what it must have.

    Raises InvalidInput where it is no JSON object or repeats a key.
    """
    try:
        if not body.isascii():
            body.decode()
        return members_of(body)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the body is not UTF-8: byte {error.start} cannot be read; encode it") from error
    except msgspec.ValidationError as error:
        raise InvalidInput(f"the body must be a JSON object, with {needed}") from error
    except msgspec.DecodeError as error:
        raise InvalidInput(f"the body is not JSON: {error}; mend it and send it again") from error
    except RecursionError as error:
        raise InvalidInput("the body is nested too deeply to be read; flatten it") from error


def members_of(raw: bytes) -> dict[str, msgspec.Raw]:
    """The members of a JSON object, in their order; raises DecodeError, InvalidInput for a repeated key."""
    top = _DISTINCT.decode(raw)
    if _is_all(top, raw):
        return top
    entries = _TOP.decode(raw)
    top = {key.text: value for key, value in entries.items()}
    if len(top) < len(entries):
        names = [key.text for key in entries]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"{twice}: this key is in the body more than once; keep one of them")
    return top


def distinct(raw: bytes, where: str) -> dict[str, msgspec.Raw]:
    """The members of an object within a body; raises InvalidInput where it repeats a key.

    Two readers may take different ones of those, so what is judged here might not be what a provider obeys.
    """
    members = _DISTINCT.decode(raw)
    if not _is_all(members, raw):
        names = [key.text for key in _TOP.decode(raw)]
        if len(names) > len(members):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidInput(f"{where}: it has `{twice[:80]}` more than once; keep one of them")
    return members


def _is_all(top: dict[str, msgspec.Raw], body: bytes) -> bool:
    """Whether these members are for sure all of the body: their lengths, quotes, colons and commas add up.

    A repeated key, which is kept once, leaves a gap; so do blanks and escapes, and then it is not known.
    """
    return sum(map(len, top)) + sum(map(len, top.values())) + 4 * len(top) + 1 == len(body)


def required(top: Mapping[str, msgspec.Raw], name: str, decoder: msgspec.json.Decoder[T]) -> T:
    """A top-level value; raises InvalidInput where it is missing or of another type."""
    if name not in top:
        raise InvalidInput(f"{name}: Field required")
    return _decoded(top[name], name, decoder)


def optional(top: Mapping[str, msgspec.Raw], name: str, decoder: msgspec.json.Decoder[T]) -> T | None:
    """A top-level value, None where it is missing; raises InvalidInput where it is of another type."""
    return _decoded(top[name], name, decoder) if name in top else None


def _decoded(raw: msgspec.Raw, name: str, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{name}: {error}, counted from `{name}` as `$`") from error


def _turn(message: _Message, place: int) -> Turn:
    content = message.content
    if isinstance(content, str):
        return Turn(message.role, (content,))
    if message.role != "user":
        return Turn(message.role)
    return Turn(message.role, texts(content, place))


def texts(content: Sequence[Block], place: int) -> tuple[str, ...]:
    """The text blocks of the message at that place; raises InvalidInput."""
    return tuple(_text(block, place, number) for number, block in enumerate(content) if block.type == "text")


def _text(block: Block, place: int, number: int) -> str:
    if not block.text:
        return ""
    try:
        return _TEXT.decode(block.text)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"messages.{place}.content.{number}.text: {error}") from error


def _named(container: _Container) -> tuple[str, ...]:
    return tuple(
        skill.skill_id.removeprefix(TIDEGATE_SKILL)
        for skill in container.skills or ()
        if skill.skill_id.startswith(TIDEGATE_SKILL)
    )
