"""The provider's files belong to the gateway's workspace: a tenant can name only those it was given.

Code that runs at the provider leaves files, and answers name them. Like a container's, such an id goes to a
client with a tag that is bound to its tenant. What stands in the input of a tool is the client's own matter.
"""

import re
from collections.abc import Callable, Mapping

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.domain.raw_json import encoded, listed
from tidegate.serving.chat_request import ChatRequest
from tidegate.serving.id_tags import IdTags
from tidegate.serving.request import MessagesRequest, members_of

_KEY = "file_id"
_MARK = b'"file_id"'
_ESCAPE = b"\\u00"
_ESCAPED = re.compile(rb"\\u00(?:6[4569cC]|5[fF])")
"""A letter of the key, spelt so that the mark is not seen."""

_FREE = frozenset({"tools", "functions", "metadata", "tool_choice", "output_config", "output_format",
                   "response_format"})  # fmt: skip
"""Top-level fields with words of the client's own, such as schemas: no file is used by them."""

_CALL = "tool_use"
"""How the types of blocks end whose `input` is a tool's."""

_DEPTH = 16
"""Of JSON within JSON at most; what the API knows has ten."""

_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ID = msgspec.json.Decoder(str | None)


class FileTags(IdTags):
    """Tags the ids of files."""

    person = b"file id"
    kind = "file_id"
    instead = "send the file's content in its place"


def names_file(raw: bytes) -> bool:
    """Whether the JSON may name a file; a look at its bytes, so that others cost next to nothing."""
    return _MARK in raw or (_ESCAPE in raw and _ESCAPED.search(raw) is not None)


def uses_file(request: MessagesRequest | ChatRequest) -> bool:
    """Whether the request names a file of its provider's; raises InvalidInput where none can tell."""
    if not names_file(request.raw):
        return False
    named: list[str] = []

    def noted(given: str) -> str:
        named.append(given)
        return given

    _searched(request, noted)
    return bool(named)


def opened_files(
    request: MessagesRequest | ChatRequest, tags: FileTags, tenant: str
) -> MessagesRequest | ChatRequest:
    """The request with its files as the provider knows them; the same one where it names none.

    Raises NotFound for a file that is not the tenant's to name, and InvalidInput where none can tell.
    """
    changed = _searched(request, lambda named: tags.opened(tenant, named))
    if not changed:
        return request
    top = {**request.top, **changed}
    return msgspec.structs.replace(request, top=top, raw=encoded(top))


def _searched(request: MessagesRequest | ChatRequest, change: Callable[[str], str]) -> dict[str, msgspec.Raw]:
    """The top-level values that are others with each file's id changed."""
    made: dict[str, msgspec.Raw] = {}
    try:
        for name, value in request.top.items():
            given = bytes(value)
            changed = given if name in _FREE else _changed(given, change)
            if changed != given:
                made[name] = msgspec.Raw(changed)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidInput(
            f"file_id: the body cannot be looked through for files ({error}); write its keys and ids plainly"
        ) from error
    return made


def told_files(raw: bytes, tags: FileTags, tenant: str) -> bytes:
    """A JSON text of an answer with its files as the tenant gets them; as it is where there are none."""
    try:
        return _changed(raw, lambda given: tags.tagged(tenant, given))
    except (msgspec.DecodeError, UnicodeError, RecursionError, InvalidInput):
        return raw  # an id without a tag is of no use to anybody


def _changed(raw: bytes, change: Callable[[str], str], depth: int = _DEPTH) -> bytes:
    """The JSON text with the id of every file changed."""
    if not names_file(raw):
        return raw
    text = raw.strip()
    if not text.startswith((b"{", b"[")):
        return raw
    if not depth:
        raise InvalidInput(
            "file_id: the body is nested too deeply to be looked through for files; flatten it"
        )
    if text.startswith(b"["):
        each = [bytes(part) for part in _LIST.decode(text)]
        changed = [_changed(part, change, depth - 1) for part in each]
        return raw if changed == each else listed(changed)
    members = {name: bytes(value) for name, value in members_of(text).items()}
    made = {
        name: _renamed(value, change) if name == _KEY
        else value if name == "input" and _is_call(members)
        else _changed(value, change, depth - 1)
        for name, value in members.items()
    }  # fmt: skip
    return raw if made == members else encoded(made)


def _renamed(raw: bytes, change: Callable[[str], str]) -> bytes:
    """The id, changed; a citation of what is no file has null."""
    try:
        named = _ID.decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"file_id: {error}") from error
    return raw if named is None else msgspec.json.encode(change(named))


def _is_call(members: Mapping[str, bytes]) -> bool:
    try:
        kind = _ID.decode(members.get("type", b"null"))
    except msgspec.DecodeError:
        return False
    return kind is not None and kind.endswith(_CALL)
