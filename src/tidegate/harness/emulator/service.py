"""From a raw request to a reply: route, authenticate, answer, or refuse in the API's shape."""

import time
from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b
from secrets import token_hex
from urllib.parse import parse_qs, unquote
from uuid import UUID

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.harness.emulator.counts import RECENT_REQUESTS, Counts, RawRequest, Recent
from tidegate.harness.emulator.delivery import Delivery
from tidegate.harness.emulator.faults import FaultList, parse_faults
from tidegate.harness.emulator.native import SKILLS_BETA
from tidegate.harness.emulator.profile import Profile
from tidegate.harness.emulator.provider import Body, Provider, chat_models, get_model, list_models
from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.skills_api import SkillCall
from tidegate.harness.emulator.validation import NO_SAMPLING_VERSION, Dialect
from tidegate.harness.emulator.wire import Heads, Reply, chat_refusal_reply, json_reply, refusal_reply

VERSIONS = frozenset({"2023-01-01", "2023-06-01", NO_SAMPLING_VERSION})
CONTROL_PREFIX = "/emulator/"
"""Requests below it steer and ask the emulator itself; no count includes them."""

SKILLS_PATH = "/v1/skills"
CHAT_PATH = "/v1/chat/completions"
_CHAT_LIMITS = "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n"
MAX_BODY_BYTES = 32 * 1024 * 1024


class Call(msgspec.Struct, frozen=True):
    """A request as a handler sees it; header names in lower case."""

    raw: RawRequest
    path: str
    query: str
    headers: Mapping[bytes, bytes]

    def header(self, name: bytes) -> str:
        """The header's value, empty where it is absent."""
        return self.headers.get(name, b"").decode("latin-1").strip()


Handler = Callable[[Call], Body | object]


class Service:
    """One emulated endpoint with its control surface; holds no socket."""

    def __init__(
        self, profile: Profile, *, keys: Collection[str] = (), now: Callable[[], float] = time.time
    ) -> None:
        self.counts = Counts()
        self.recent = Recent()
        self.provider = Provider(profile, self.counts, now=now, new_id=self._new_id)
        self._keys = frozenset(keys)
        self._now = now
        self._heads = Heads()
        # ids differ from start to start: whoever keeps them (a ledger) must not see one twice
        self._nonce = token_hex(6)
        self._ids = 0
        self._api: dict[str, dict[str, Handler]] = {
            "/v1/messages": {"POST": self._messages},
            "/v1/messages/count_tokens": {"POST": self._count_tokens},
            "/v1/models": {"GET": self._models},
            CHAT_PATH: {"POST": self._chat},
        }
        self._control: dict[str, dict[str, Handler]] = {
            "/emulator/faults": {
                "GET": self._get_faults,
                "PUT": self._put_faults,
                "DELETE": self._delete_faults,
            },
            "/emulator/counts": {"GET": self._get_counts, "DELETE": self._delete_counts},
            "/emulator/recent": {"GET": self._get_recent},
        }

    def reply(self, raw: RawRequest) -> Reply:
        """Answer one request; every refusal becomes a reply."""
        path, _, query = raw.target.partition("?")
        headers = {name.lower(): value for name, value in raw.headers}
        call = Call(raw, path, query, headers)
        if path.startswith(CONTROL_PREFIX):
            return self._control_reply(call)
        self.counts.requests += 1
        self.recent.add(raw)
        return self._api_reply(call)

    def bad_request(self, status: int, message: str) -> Reply:
        """The reply to bytes that are no HTTP request."""
        return self._refuse(Refusal(status, message), "", self._new_id("req_"))

    def _api_reply(self, call: Call) -> Reply:
        request_id = self._new_id("req_")
        if speaks_chat(call):
            return self._chat_reply(call, request_id)
        lines = f"request-id: {request_id}\r\n"
        try:
            handler = self._handler(call, self._api)
            lines += f"anthropic-organization-id: {_organization(self._owner(call))}\r\n"
            self._check_envelope(call)
            return self._ok(call, handler(call), lines, limits=True)
        except Refusal as refusal:
            return _without_body(call, self._refuse(refusal, lines, request_id))

    def _chat_reply(self, call: Call, request_id: str) -> Reply:
        """The side that speaks OpenAI's API: other headers, other errors."""
        lines = f"x-request-id: {request_id}\r\nopenai-version: 2020-10-01\r\n"
        try:
            handler = self._chat_models if call.path != CHAT_PATH else self._handler(call, self._api)
            self._owner(call)
            _check_size(call)
            return self._ok(call, handler(call), lines + _CHAT_LIMITS, limits=False)
        except Refusal as refusal:
            return _without_body(call, chat_refusal_reply(refusal, self._heads, lines, self._now()))

    def _chat(self, call: Call) -> Body:
        return self.provider.chat(call.raw.body, self._owner(call))

    def _chat_models(self, call: Call) -> object:
        if call.raw.method not in ("GET", "HEAD"):
            raise Refusal(405, f"Not allowed to {call.raw.method} on {call.path}.")
        name = unquote(call.path.removeprefix("/v1/models").removeprefix("/"))
        return chat_models(name)

    def _control_reply(self, call: Call) -> Reply:
        try:
            return self._ok(call, self._handler(call, self._control)(call), "", limits=False)
        except InvalidInput as problem:
            return self._refuse(Refusal(400, str(problem)), "", self._new_id("req_"))
        except Refusal as refusal:
            return _without_body(call, self._refuse(refusal, "", self._new_id("req_")))

    def _ok(self, call: Call, result: Body | object, lines: str, *, limits: bool) -> Reply:
        streamed = isinstance(result, Body) and result.length is None
        kind = "text/event-stream; charset=utf-8" if streamed else "application/json"
        if streamed:
            lines += "cache-control: no-cache\r\n"
        head = self._heads.head(200, kind, lines, self._now(), limits=limits)
        if isinstance(result, Body):
            return Reply(200, head, result.delivery, result.length)
        return _without_body(call, json_reply(200, head, msgspec.json.encode(result)))

    def _refuse(self, refusal: Refusal, lines: str, request_id: str) -> Reply:
        return refusal_reply(refusal, self._heads, lines, request_id, self._now())

    def _handler(self, call: Call, routes: Mapping[str, Mapping[str, Handler]]) -> Handler:
        methods = routes.get(call.path)
        if methods is None and routes is self._api:
            if call.path.startswith("/v1/models/"):
                methods = {"GET": self._model}
            elif call.path == SKILLS_PATH or call.path.startswith(f"{SKILLS_PATH}/"):
                return self._skills
        if methods is None:
            raise Refusal(404, "Not found")
        method = "GET" if call.raw.method == "HEAD" else call.raw.method
        handler = methods.get(method)
        if handler is None:
            raise Refusal(405, f"Method Not Allowed: {call.path} takes {', '.join(sorted(methods))}")
        return handler

    def _owner(self, call: Call) -> str:
        """The key that pays; raises Refusal (401)."""
        key = call.header(b"x-api-key")
        scheme, _, token = call.header(b"authorization").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        if not key and not bearer:
            raise Refusal(401, "x-api-key header is required")
        if self._keys and (key or bearer) not in self._keys:
            raise Refusal(401, "invalid x-api-key" if key else "Invalid bearer token")
        return key or bearer

    def _check_envelope(self, call: Call) -> None:
        version = call.header(b"anthropic-version")
        if not version:
            raise Refusal(400, "anthropic-version: header is required")
        if version not in VERSIONS:
            raise Refusal(400, f"anthropic-version: {version!r} is not a valid version")
        _check_size(call)

    def _messages(self, call: Call) -> Body:
        return self.provider.messages(call.raw.body, self._owner(call), dialect=_dialect(call))

    def _count_tokens(self, call: Call) -> Body:
        return self.provider.count_tokens(call.raw.body, dialect=_dialect(call))

    def _models(self, call: Call) -> object:
        query = parse_qs(call.query)
        lifecycles = query.get("lifecycle", []) + query.get("lifecycle[]", [])
        limit = _number(query.get("limit", ["20"])[-1], "limit", 1, 1000)
        after, before = query.get("after_id", [None])[-1], query.get("before_id", [None])[-1]
        return list_models(lifecycles or ["active", "deprecated"], limit, after, before)

    def _skills(self, call: Call) -> Body:
        rest = call.path.removeprefix(SKILLS_PATH).removeprefix("/")
        asked = SkillCall(
            call.raw.method,
            tuple(unquote(step) for step in rest.split("/")) if rest else (),
            {name: values[-1] for name, values in parse_qs(call.query).items()},
            call.header(b"content-type"),
            call.raw.body,
            SKILLS_BETA in _dialect(call).betas,
        )
        return self.provider.skills(asked, self._owner(call))

    def _model(self, call: Call) -> object:
        return get_model(unquote(call.path.removeprefix("/v1/models/")))

    def _get_faults(self, _: Call) -> object:
        return FaultList(self.provider.faults)

    def _put_faults(self, call: Call) -> object:
        self.provider.faults = parse_faults(call.raw.body).faults
        return FaultList(self.provider.faults)

    def _delete_faults(self, _: Call) -> object:
        self.provider.faults = ()
        return FaultList()

    def _get_counts(self, _: Call) -> object:
        return self.counts

    def _delete_counts(self, _: Call) -> object:
        self.counts.reset()
        self.recent.clear()
        return self.counts

    def _get_recent(self, call: Call) -> object:
        count = parse_qs(call.query).get("n", [str(RECENT_REQUESTS)])[-1]
        return {"requests": self.recent.latest(_number(count, "n", 1, RECENT_REQUESTS))}

    def _new_id(self, prefix: str) -> str:
        self._ids += 1
        return f"{prefix}01{self._nonce}{self._ids:010d}"


def _check_size(call: Call) -> None:
    if call.raw.too_large:
        raise Refusal(413, "Request exceeds the maximum size")


def speaks_chat(call: Call) -> bool:
    """Whether a call is one of OpenAI's API; of `/v1/models`, which both have, the SDKs' headers tell."""
    if call.path == CHAT_PATH:
        return True
    models = call.path == "/v1/models" or call.path.startswith("/v1/models/")
    return models and not call.header(b"anthropic-version") and bool(call.header(b"authorization"))


def _organization(owner: str) -> UUID:
    """The owner of a key, the same for the same key."""
    return UUID(bytes=blake2b(owner.encode(), digest_size=16).digest(), version=4)


def _dialect(call: Call) -> Dialect:
    betas = call.header(b"anthropic-beta")
    named = frozenset(name.strip() for name in betas.split(",")) if betas else _NO_BETAS
    return Dialect(call.header(b"anthropic-version"), named)


_NO_BETAS: frozenset[str] = frozenset()


def _number(text: str, name: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise Refusal(400, f"{name}: {text!r} is not a number from {low} to {high}")
    return int(text)


def _without_body(call: Call, reply: Reply) -> Reply:
    """For HEAD: the same head, no body."""
    return msgspec.structs.replace(reply, delivery=Delivery(())) if call.raw.method == "HEAD" else reply
