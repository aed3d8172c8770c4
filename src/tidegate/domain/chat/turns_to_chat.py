"""The system blocks and turns of a Messages request as messages of chat completions."""

from collections.abc import Sequence

import msgspec

from tidegate.domain.chat.fields import LIST, TOP, decoded, text, to_chat_refused
from tidegate.domain.raw_json import encoded, listed

_SYSTEM_ROLE = b'"system"'
"""Every server knows it; `developer` only OpenAI's own."""

_SYSTEM_ROLES = frozenset({"system", "developer"})
_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_BETWEEN = "\n\n"


class _Source(msgspec.Struct):
    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""


_SOURCE = msgspec.json.Decoder(_Source)


class _Citations(msgspec.Struct):
    enabled: bool | None = None


_CITATIONS = msgspec.json.Decoder(_Citations | None)


class _Block(msgspec.Struct):
    type: str
    text: str = ""
    source: msgspec.Raw = msgspec.Raw(b"")
    title: str | None = None
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")
    tool_use_id: str = ""
    content: str | list[msgspec.Raw] | None = None
    is_error: bool | None = None
    context: str | None = None
    citations: msgspec.Raw = msgspec.Raw(b"null")


_BLOCK = msgspec.json.Decoder(_Block)


_SYSTEM = msgspec.json.Decoder(str | list[_Block])


class _Turn(msgspec.Struct):
    role: str
    content: str | list[msgspec.Raw]


_TURN = msgspec.json.Decoder(_Turn)


_READ = frozenset({"role", "content"})


def messages(raw: bytes, system: bytes | None) -> list[bytes]:
    """The messages, system prompt first, as one message; raises InvalidInput."""
    made = [_system(system)] if system is not None else []
    turns = decoded(raw, LIST, "messages")
    for index, each in enumerate(turns):
        place = f"messages.{index}"
        turn = decoded(each, _TURN, place)
        _refuse_unknown(each, place)
        if turn.role == "assistant":
            if index == len(turns) - 1:
                raise to_chat_refused(place, "a half-written answer at the end cannot be gone on with")
            made.append(_assistant(turn, place))
        elif turn.role == "user":
            made += _user(turn, place)
        elif turn.role in _SYSTEM_ROLES:
            made.append(_message(turn.role, _parts(turn.content, place)))
        else:
            raise to_chat_refused(place, f"the role {turn.role!r} is not known")
    return [message for message in made if message]


def _refuse_unknown(raw: msgspec.Raw, place: str) -> None:
    for name in TOP.decode(raw):
        if name not in _READ:
            raise to_chat_refused(f"{place}.{name}")


def _system(raw: bytes) -> bytes:
    """One message, for some servers' templates take no second: all blocks, an empty line between them."""
    said = decoded(raw, _SYSTEM, "system")
    blocks = said if isinstance(said, str) else _BETWEEN.join(block.text for block in said)
    return encoded({"role": _SYSTEM_ROLE, "content": text(blocks)}) if blocks else b""


def _user(turn: _Turn, place: str) -> list[bytes]:
    """Results first, each a message; what stood beside them is the user's message after them."""
    if isinstance(turn.content, str):
        return [encoded({"role": b'"user"', "content": text(turn.content)})]
    made: list[bytes] = []
    parts: list[bytes] = []
    for index, raw in enumerate(turn.content):
        where = f"{place}.content.{index}"
        block = decoded(raw, _BLOCK, where)
        if block.type == "tool_result":
            answer, beside = _result(block, where)
            made.append(answer)
            parts += beside
        else:
            parts.append(_part(block, where))
    if parts:
        made.append(_message("user", parts))
    return made


def _result(block: _Block, place: str) -> tuple[bytes, list[bytes]]:
    """A tool's answer, which may only be text there; images in it go beside it."""
    content = block.content if block.content is not None else ""
    texts: list[str] = [content] if isinstance(content, str) else []
    beside: list[bytes] = []
    for index, raw in enumerate(() if isinstance(content, str) else content):
        where = f"{place}.content.{index}"
        part = decoded(raw, _BLOCK, where)
        if part.type == "text":
            texts.append(part.text)
        else:
            beside.append(_part(part, where))
    said = ("Error: " if block.is_error else "") + "\n".join(texts)
    message = {"role": b'"tool"', "tool_call_id": text(block.tool_use_id), "content": text(said)}
    return encoded(message), beside


def _assistant(turn: _Turn, place: str) -> bytes:
    if isinstance(turn.content, str):
        return encoded({"role": b'"assistant"', "content": text(turn.content)})
    parts: list[bytes] = []
    calls: list[bytes] = []
    for index, raw in enumerate(turn.content):
        where = f"{place}.content.{index}"
        block = decoded(raw, _BLOCK, where)
        if block.type == "tool_use":
            calls.append(_call(block))
        elif block.type not in _THOUGHTS:
            parts.append(_part(block, where))
    if not parts and not calls:
        return b""
    tool_calls = {"tool_calls": listed(calls)} if calls else {}
    return encoded({"role": b'"assistant"', "content": _content(parts), **tool_calls})


def _call(block: _Block) -> bytes:
    arguments = text(bytes(block.input).decode())
    function = encoded({"name": text(block.name), "arguments": arguments})
    return encoded({"id": text(block.id), "type": b'"function"', "function": function})


def _message(role: str, parts: Sequence[bytes]) -> bytes:
    return encoded({"role": text(role), "content": _content(parts)})


_TEXT = b'{"type":"text","text":'


def _content(parts: Sequence[bytes]) -> bytes:
    """A lone text as a string, which every server takes; null for nothing."""
    if not parts:
        return b"null"
    if len(parts) == 1 and parts[0].startswith(_TEXT):
        return parts[0][len(_TEXT) : -1]
    return listed(list(parts))


def _parts(content: str | Sequence[msgspec.Raw], place: str) -> list[bytes]:
    if isinstance(content, str):
        return [_TEXT + text(content) + b"}"]
    return [
        _part(decoded(raw, _BLOCK, where := f"{place}.content.{index}"), where)
        for index, raw in enumerate(content)
    ]


def _part(block: _Block, place: str) -> bytes:
    if block.type == "text":
        return _TEXT + text(block.text) + b"}"
    if block.type == "image" and block.source:
        return _image(decoded(block.source, _SOURCE, f"{place}.source"), place)
    if block.type == "document" and block.source:
        return _document(block, decoded(block.source, _SOURCE, f"{place}.source"), place)
    raise to_chat_refused(place, f"a block of type {block.type} has no counterpart in chat completions")


def _image(source: _Source, place: str) -> bytes:
    if source.type == "base64":
        address = _data_url(source)
    elif source.type == "url":
        address = source.url
    else:
        raise to_chat_refused(f"{place}.source", f"an image by {source.type} is known to Anthropic alone")
    return encoded({"type": b'"image_url"', "image_url": encoded({"url": text(address)})})


def _document(block: _Block, source: _Source, place: str) -> bytes:
    if block.context:
        raise to_chat_refused(f"{place}.context", "a document's context has no counterpart")
    cites = decoded(block.citations, _CITATIONS, f"{place}.citations")
    if cites is not None and cites.enabled:
        raise to_chat_refused(f"{place}.citations", "citations have no counterpart in chat completions")
    if source.type == "text":
        return _TEXT + text(source.data) + b"}"
    if source.type != "base64":
        raise to_chat_refused(f"{place}.source", f"a document by {source.type} has no counterpart")
    file = {"filename": text(block.title or "document.pdf"), "file_data": text(_data_url(source))}
    return encoded({"type": b'"file"', "file": encoded(file)})


def _data_url(source: _Source) -> str:
    return f"data:{source.media_type};base64,{source.data}"
