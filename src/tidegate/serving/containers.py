"""The provider's containers belong to the gateway's workspace: a tenant can name only those it was given.

An id goes to a client with a tag, and comes back with it. No id is rewritten where a tenant's own credential
opens the upstream: the workspace is its own.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.ports import Header
from tidegate.serving.client import Client
from tidegate.serving.id_tags import IdTags
from tidegate.serving.request import TIDEGATE_SKILL, MessagesRequest, distinct
from tidegate.serving.workspace_files import FileTags, names_file, told_files

_MARK = b'"container"'
_SERVER_TOOL = b"_20"
"""The provider's own tools are named by date, as in `code_execution_20250825`."""


class _Skill(msgspec.Struct):
    type: str = ""
    skill_id: str = ""


_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SKILLS = msgspec.json.Decoder(list[msgspec.Raw] | None)
_SKILL = msgspec.json.Decoder(_Skill)
_ID = msgspec.json.Decoder(str | None)


class ContainerTags(IdTags):
    """Tags the ids of containers."""

    person = b"container id"
    kind = "container"
    instead = "leave `container` out for a new one"


def opened_request(
    request: MessagesRequest, tags: ContainerTags, tenant: str, ours: Collection[str]
) -> MessagesRequest:
    """The request with its container as the provider knows it; the same one where nothing is to change.

    `ours` are ids of provider skills that the gateway itself puts in: an answer names them, so a client may
    send them back; they are left out, since selection says what is served. Raises NotFound for a container,
    and InvalidInput for a custom skill, that is not the tenant's to name, or for a repeated key.
    """
    raw = bytes(request.top["container"]).strip()
    if raw.startswith(b'"'):
        opened = msgspec.json.encode(tags.opened(tenant, _id(raw)))
    elif raw.startswith(b"{"):
        opened = _opened_object(raw, tags, tenant, ours)
    else:
        return request
    return request if opened == raw else _with_container(request, opened)


def without_synced(request: MessagesRequest, ours: Collection[str]) -> MessagesRequest:
    """The request without the skills that the gateway has put into a tenant's own workspace.

    An answer names them, so a client may send them back; selection says what is served of them. Everything
    else in that workspace is the tenant's to name. Raises InvalidInput for what is no container.
    """
    raw = bytes(request.top.get("container", b"")).strip()
    if not ours or not raw.startswith(b"{"):
        return request
    given = distinct(raw, "container")
    skills = _skills(given.get("skills"))
    kept = [skill for skill in skills if _id_of(skill) not in ours]
    if len(kept) == len(skills):
        return request
    rest = {**given, "skills": msgspec.Raw(msgspec.json.encode(kept))}
    if not kept:
        del rest["skills"]
    return _with_container(request, msgspec.json.encode(rest))


def _id_of(raw: msgspec.Raw) -> str:
    skill = _skill(raw)
    return skill.skill_id if skill.type == "custom" else ""


def _with_container(request: MessagesRequest, opened: bytes) -> MessagesRequest:
    """The request with this one in place of its container; an empty one goes."""
    top = {key: msgspec.Raw(opened) if key == "container" else value for key, value in request.top.items()}
    if opened == b"{}":
        del top["container"]
    return msgspec.structs.replace(request, top=top, raw=msgspec.json.encode(top))


def _opened_object(raw: bytes, tags: ContainerTags, tenant: str, ours: Collection[str]) -> bytes:
    given = distinct(raw, "container")
    changed: dict[str, msgspec.Raw] = {}
    named = _id(given["id"]) if "id" in given else ""
    if named:
        changed["id"] = msgspec.Raw(msgspec.json.encode(tags.opened(tenant, named)))
    skills = _skills(given.get("skills"))
    kept = [skill for skill in skills if not _left_out(skill, ours)]
    if len(kept) < len(skills):
        changed["skills"] = msgspec.Raw(msgspec.json.encode(kept))
        if not kept:
            del given["skills"], changed["skills"]
            return msgspec.json.encode({**given, **changed})
    return msgspec.json.encode({**given, **changed}) if changed else raw


def _id(raw: bytes | msgspec.Raw) -> str:
    try:
        return _ID.decode(raw) or ""
    except msgspec.DecodeError as error:
        raise InvalidInput(f"container.id: {error}") from error


def _skills(raw: msgspec.Raw | None) -> list[msgspec.Raw]:
    try:
        return _SKILLS.decode(raw or b"null") or []
    except msgspec.DecodeError as error:
        raise InvalidInput(f"container.skills: {error}") from error


def _skill(raw: msgspec.Raw) -> _Skill:
    try:
        skill = _SKILL.decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"container.skills: {error}") from error
    distinct(bytes(raw), "container.skills: one of the skills")
    return skill


def _left_out(raw: msgspec.Raw, ours: Collection[str]) -> bool:
    """Whether a skill is one of the gateway's; raises InvalidInput for a stranger of the workspace."""
    skill = _skill(raw)
    if skill.type != "custom" or skill.skill_id.startswith(TIDEGATE_SKILL):
        return False
    if skill.skill_id in ours:
        return True
    raise InvalidInput(
        f"container.skills: the custom skill {skill.skill_id[:80]!r} belongs to the provider workspace of "
        "this gateway; ask for a skill of the gateway (`skill_id` `tidegate:NAME`), or have your operator "
        "configure a credential of your own"
    )


def involves_containers(top: Mapping[str, msgspec.Raw]) -> bool:
    """Whether an answer may speak of a container: the request names one, or has a tool of the provider."""
    return "container" in top or ("tools" in top and _SERVER_TOOL in bytes(top["tools"]))


class TaggingClient:
    """A client whose answers have tagged ids of containers and files; pieces of a stream are whole events."""

    __slots__ = ("_client", "_files", "_tags", "_tenant")

    def __init__(self, client: Client, tags: ContainerTags, files: FileTags, tenant: str) -> None:
        self._client = client
        self._tags = tags
        self._files = files
        self._tenant = tenant

    @property
    def deadline(self) -> float | None:
        """Event-loop time until which a client that does not read is waited for."""
        return self._client.deadline

    @deadline.setter
    def deadline(self, value: float | None) -> None:
        self._client.deadline = value

    @property
    def gone(self) -> bool:
        """The connection is lost."""
        return self._client.gone

    async def body(self, limit: int) -> bytes:
        """The whole body."""
        return await self._client.body(limit)

    async def answer(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Send the whole answer, its container and files tagged."""
        if _MARK in body:
            body = self._retold(body, ("container",))
        if names_file(body):
            body = told_files(body, self._files, self._tenant)
        await self._client.answer(status, headers, body)

    async def start(self, status: int, headers: Sequence[Header]) -> None:
        """Send the head of a stream."""
        await self._client.start(status, headers)

    async def send(self, data: bytes, *, more: bool) -> None:
        """Send events, their containers and files tagged."""
        if _MARK in data or names_file(data):
            data = b"\n".join(map(self._line, data.split(b"\n")))
        await self._client.send(data, more=more)

    def watch(self, lost: Callable[[], object]) -> None:
        """Call `lost` when the connection is lost."""
        self._client.watch(lost)

    def unwatch(self) -> None:
        """Leaving no longer matters."""
        self._client.unwatch()

    def _line(self, line: bytes) -> bytes:
        """A line of an event; `message_start` tells of it in the message, `message_delta` in the delta."""
        if not line.startswith(b"data:"):
            return line
        given = told = line[5:].strip()
        if _MARK in line:
            told = self._retold(self._retold(told, ("message", "container")), ("delta", "container"))
        if names_file(line):
            told = told_files(told, self._files, self._tenant)
        return line if told == given else b"data: " + told

    def _retold(self, raw: bytes, path: tuple[str, ...]) -> bytes:
        """The JSON object with the id below `path` tagged; as it is where there is none."""
        try:
            return self._changed(raw, path)
        except msgspec.DecodeError:
            return raw  # an id without a tag is of no use to anybody

    def _changed(self, raw: bytes, path: tuple[str, ...]) -> bytes:
        if not raw.startswith(b"{"):
            return raw
        fields = _OBJECT.decode(raw)
        name, *rest = (*path, "id") if path[-1] == "container" else path
        inner = fields.get(name)
        if inner is None:
            return raw
        value = bytes(inner).strip()
        if rest:
            changed = self._changed(value, tuple(rest))
        else:
            named = _ID.decode(value)
            changed = msgspec.json.encode(self._tags.tagged(self._tenant, named)) if named else value
        if changed == value:
            return raw
        return msgspec.json.encode({**fields, name: msgspec.Raw(changed)})
