"""The messages of a chat completions request as system blocks and turns of the Messages API."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from tidegate.domain.chat.fields import LIST, NULL, decoded, text, to_messages_refused
from tidegate.domain.errors import InvalidInput
from tidegate.domain.raw_json import encoded, listed

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,(.*)", re.DOTALL)
_SYSTEM = frozenset({"system", "developer"})


class _Url(msgspec.Struct):
    url: str
    detail: str | None = None


class _File(msgspec.Struct):
    file_data: str | None = None
    filename: str | None = None


class _Breakpoint(msgspec.Struct):
    ttl: str | None = None


class _Part(msgspec.Struct):
    type: str
    text: str = ""
    refusal: str = ""
    image_url: _Url | None = None
    file: _File | None = None
    cache_control: msgspec.Raw = msgspec.Raw(b"null")
    prompt_cache_breakpoint: _Breakpoint | None = None


_PART = msgspec.json.Decoder(_Part)


class _Function(msgspec.Struct):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct):
    id: str
    type: str = "function"
    function: _Function | None = None


_CALL = msgspec.json.Decoder(_Call)


class _Message(msgspec.Struct):
    role: str
    content: str | list[msgspec.Raw] | None = None
    tool_calls: list[msgspec.Raw] | None = None
    tool_call_id: str | None = None
    refusal: str | None = None
    function_call: msgspec.Raw = msgspec.Raw(b"null")
    audio: msgspec.Raw = msgspec.Raw(b"null")


_MESSAGE = msgspec.json.Decoder(_Message)


class _Turns:
    """The transcript as it grows: neighbouring messages of a role become one turn."""

    def __init__(self) -> None:
        self.system: list[bytes] = []
        self.done: list[tuple[str, list[bytes]]] = []
        self.waiting: list[str] = []
        """Calls of the last assistant turn that no tool message has answered yet."""

    def add(self, role: str, blocks: Sequence[bytes]) -> None:
        """Add blocks as a turn, to the last one where it is of this role."""
        if not blocks:
            return
        if self.done and self.done[-1][0] == role:
            self.done[-1][1].extend(blocks)
        else:
            self.done.append((role, list(blocks)))


class Transcript(msgspec.Struct, frozen=True):
    """System blocks and turns."""

    system: list[bytes]
    turns: list[bytes]


def turns(raw: msgspec.Raw | bytes) -> Transcript:
    """The transcript; raises InvalidInput for a message that is wrong or cannot be carried.

    Every system message goes to the front, in order, and neighbouring messages of a role become one turn.
    """
    found = _Turns()
    for index, each in enumerate(decoded(raw, LIST, "messages")):
        place = f"messages.{index}"
        message = decoded(each, _MESSAGE, place)
        if message.role in _SYSTEM:
            found.system.extend(_blocks(message.content, place))
        elif message.role == "user":
            _settled(found, place)
            found.add("user", _blocks(message.content, place))
        elif message.role == "assistant":
            _settled(found, place)
            _add_assistant(found, message, place)
        elif message.role == "tool":
            _add_result(found, message, place)
        else:
            raise to_messages_refused(place, f"the role {message.role!r} is not known")
    _settled(found, "messages")
    made = [encoded({"role": text(role), "content": listed(blocks)}) for role, blocks in found.done]
    return Transcript(found.system, made)


def _add_assistant(found: _Turns, message: _Message, place: str) -> None:
    for name in ("function_call", "audio"):
        if bytes(getattr(message, name)) != b"null":
            raise to_messages_refused(f"{place}.{name}")
    blocks = _blocks(message.content, place)
    if message.refusal:
        blocks.append(_text(message.refusal))
    for index, raw in enumerate(message.tool_calls or ()):
        where = f"{place}.tool_calls.{index}"
        call = decoded(raw, _CALL, where)
        blocks.append(_tool_use(call, where))
        if call.id in found.waiting:
            raise InvalidInput(f"{where}.id: {call.id} is the id of two calls; each needs its own")
        found.waiting.append(call.id)
    found.add("assistant", blocks)


def _tool_use(call: _Call, place: str) -> bytes:
    if call.type != "function" or call.function is None:
        raise to_messages_refused(place, f"a call of type {call.type} has no counterpart in the Messages API")
    arguments = call.function.arguments.strip() or "{}"
    try:
        msgspec.json.decode(arguments, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{place}.function.arguments: not a JSON object: {error}") from error
    return encoded(
        {
            "type": b'"tool_use"',
            "id": text(call.id),
            "name": text(call.function.name),
            "input": arguments.encode(),
        }
    )


def _add_result(found: _Turns, message: _Message, place: str) -> None:
    called = message.tool_call_id
    if called is None:
        raise InvalidInput(f"{place}.tool_call_id: Field required in a message of role tool")
    if called not in found.waiting:
        raise InvalidInput(
            f"{place}: {called} answers no call of the assistant message before it; a message of role tool "
            "follows the `tool_calls` it answers, once each"
        )
    found.waiting.remove(called)
    content = (
        text(message.content) if isinstance(message.content, str) else listed(_blocks(message.content, place))
    )
    block = {"type": b'"tool_result"', "tool_use_id": text(called), "content": content}
    found.add("user", [encoded(block)])


def _settled(found: _Turns, place: str) -> None:
    """Every call of the last assistant message has been answered; raises InvalidInput."""
    if found.waiting:
        raise InvalidInput(
            f"{place}: an assistant message with `tool_calls` must be followed by a message of role tool for "
            f"each `tool_call_id`; there is none for {', '.join(found.waiting)}"
        )


def _blocks(content: str | list[msgspec.Raw] | None, place: str) -> list[bytes]:
    if content is None:
        return []
    if isinstance(content, str):
        return [_text(content)] if content else []
    return list(_parts(content, place))


def _parts(content: Sequence[msgspec.Raw], place: str) -> Iterator[bytes]:
    for index, raw in enumerate(content):
        where = f"{place}.content.{index}"
        part = decoded(raw, _PART, where)
        made = _part(part, where)
        if made is not None:
            if made.get("text") != b'""':
                yield _marked(made, part)
        else:
            why = f"a part of type {part.type} in this form has no counterpart in the Messages API"
            raise to_messages_refused(where, why)


def _part(part: _Part, place: str) -> dict[str, bytes] | None:
    """The part's block; None for one without counterpart."""
    if part.type == "text":
        return {"type": b'"text"', "text": text(part.text)}
    if part.type == "refusal":
        return {"type": b'"text"', "text": text(part.refusal)}
    if part.type == "image_url":
        if part.image_url is None:
            raise InvalidInput(f"{place}.image_url: Field required")
        return _image(part.image_url, place)
    if part.type == "file" and part.file and part.file.file_data:
        return _document(part.file)
    return None


def _image(image: _Url, place: str) -> dict[str, bytes]:
    made = {"type": b'"image"'}
    if found := _DATA_URL.fullmatch(image.url):
        made["source"] = _base64(found[1], found[2])
    elif image.url.startswith(("https://", "http://")):
        made["source"] = encoded({"type": b'"url"', "url": text(image.url)})
    else:
        raise InvalidInput(f"{place}.image_url.url: neither a data: URL in base64 nor an http(s) URL")
    return made


def _document(file: _File) -> dict[str, bytes] | None:
    found = _DATA_URL.fullmatch(file.file_data or "")
    if found is None or found[1] != "application/pdf":
        return None
    made = {"type": b'"document"', "source": _base64(found[1], found[2])}
    if file.filename:
        made["title"] = text(file.filename)
    return made


def _base64(media_type: str, data: str) -> bytes:
    return encoded({"type": b'"base64"', "media_type": text(media_type), "data": text(data)})


def _marked(block: dict[str, bytes], part: _Part) -> bytes:
    """With the part's cache breakpoint: OpenAI's own, or Anthropic's, as some clients put it."""
    if bytes(part.cache_control) != NULL:
        block["cache_control"] = bytes(part.cache_control)
    elif part.prompt_cache_breakpoint is not None:
        block["cache_control"] = _LONG if part.prompt_cache_breakpoint.ttl else _SHORT
    return encoded(block)


_SHORT = b'{"type":"ephemeral"}'
_LONG = b'{"type":"ephemeral","ttl":"1h"}'
"""The longest there is, for OpenAI's are of half an hour and more."""


def _text(value: str) -> bytes:
    return encoded({"type": b'"text"', "text": text(value)})
