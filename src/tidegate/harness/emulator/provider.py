"""The emulated Messages API: messages, token counts and models, from checked requests."""

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from tidegate.harness.emulator.answer import Author
from tidegate.harness.emulator.chat_answer import ChatAnswer, chat_bill, chat_error_event, chunks, completion
from tidegate.harness.emulator.chat_prompt import as_prompt
from tidegate.harness.emulator.chat_validation import read_chat_request
from tidegate.harness.emulator.code_execution import BashResultOut, ServerBlock, ViewResultOut, execute
from tidegate.harness.emulator.counts import Counts
from tidegate.harness.emulator.delivery import Delivery, Step, Told, damaged
from tidegate.harness.emulator.faults import Fault, striking
from tidegate.harness.emulator.message import (
    Event,
    MessageOut,
    error_event,
    events,
    message,
    usage,
)
from tidegate.harness.emulator.models import (
    CHAT_MODELS,
    MODELS,
    Model,
    ModelInfo,
    find_chat_model,
    find_model,
    model_info,
)
from tidegate.harness.emulator.native import NOT_NATIVE, Native, NativePart
from tidegate.harness.emulator.prefix_cache import PrefixCache
from tidegate.harness.emulator.profile import Pace, Profile, draw_pace, standing_faults, timings
from tidegate.harness.emulator.refusal import ERROR_TYPES, Refusal, standard_message
from tidegate.harness.emulator.schema import MessagesRequest, Prompt, ServerPart, Turn
from tidegate.harness.emulator.script import NO_SCRIPT, Script, directed_text, read_script
from tidegate.harness.emulator.skills_api import SkillCall, answer_skill_call
from tidegate.harness.emulator.tokens import Segment, segments, text_tokens
from tidegate.harness.emulator.validation import Dialect, read_messages_request, read_prompt

CHAT_CACHE_STEP = 128
"""OpenAI's automatic prompt cache counts in steps of so many tokens."""

_SKILL = re.compile(r'<skill name="([^"]+)"')
_STATUS_OF = {kind: status for status, kind in reversed(ERROR_TYPES.items())}


class Body(msgspec.Struct, frozen=True):
    """A response body before it has a head; `length` None for a stream."""

    delivery: Delivery
    length: int | None


class TokensCount(msgspec.Struct, frozen=True):
    """What `count_tokens` answers."""

    input_tokens: int


class ModelPage(msgspec.Struct, frozen=True):
    """What `GET /v1/models` answers."""

    data: list[ModelInfo]
    has_more: bool
    first_id: str | None
    last_id: str | None


class _Asked(msgspec.Struct, frozen=True):
    """A checked request with what was read out of it; `tokens` is the whole prompt's length, with what the
    tools said that the provider ran itself.
    """

    request: MessagesRequest
    model: Model
    script: Script
    prompt: Sequence[Segment]
    tokens: int
    native: NativePart
    ran: tuple[ServerBlock, ...]


class Provider:
    """One emulated provider; `faults` is replaced while it runs."""

    def __init__(
        self, profile: Profile, counts: Counts, *, now: Callable[[], float], new_id: Callable[[str], str]
    ) -> None:
        self.faults: tuple[Fault, ...] = ()
        self._profile = profile
        self._counts = counts
        self._now = now
        self._new_id = new_id
        self._standing = standing_faults(profile)
        self._timings = timings(profile)
        self._author = Author(profile.seed, profile.output)
        self._cache = PrefixCache(profile.minimum_cacheable_tokens)
        self._native = Native(only_beta=profile.only_beta, now=now, new_id=new_id)
        self._number = 0

    def messages(self, body: bytes, owner: str, *, dialect: Dialect) -> Body:
        """Answer `POST /v1/messages` for a key's owner; raises Refusal."""
        request = read_messages_request(body, dialect)
        asked = self._ask(request, self._native.read(request, owner, dialect))
        struck = self._strike(request, asked.model, asked.script, asked.native)
        return self._delivered(asked, self._whole(asked, owner), struck)

    def chat(self, body: bytes, owner: str) -> Body:
        """Answer `POST /v1/chat/completions` for a key's owner; raises Refusal."""
        request = read_chat_request(body)
        model = find_chat_model(request.model)
        if model is None:
            raise Refusal(404, f"The model `{request.model}` does not exist or you do not have access to it.")
        asked = self._ask(as_prompt(request, model), NOT_NATIVE, model)
        struck = self._strike(asked.request, model, asked.script, NOT_NATIVE)
        answer = self._author.answer(asked.request, asked.script, self._new_id)
        cached = self._cache.use(owner, model.id, asked.prompt, self._now()).read
        told = ChatAnswer(
            request,
            answer,
            self._new_id("chatcmpl-"),
            model.id,
            int(self._now()),
            asked.tokens,
            cached - cached % CHAT_CACHE_STEP,
        )
        self._counts.bill(model.id, chat_bill(told))
        return self._delivered_chat(told, struck)

    def _delivered_chat(self, told: ChatAnswer, struck: Sequence[Fault]) -> Body:
        pace = draw_pace(
            self._timings.get(told.model, self._profile.timing), self._profile.seed, self._number
        )
        if not told.request.stream:
            wait = pace.first_token + pace.token * told.answer.tokens
            return _json(completion(told), wait, struck, Told(told.model, chat_bill(told)))
        delivery = Delivery(_steps(chunks(told), told.model, pace))
        for fault in struck:
            status = _STATUS_OF.get(fault.error, 500)
            delivery = damaged(delivery, fault, chat_error_event(status, standard_message(status)))
        return Body(delivery, None)

    def count_tokens(self, body: bytes, *, dialect: Dialect) -> Body:
        """Answer `POST /v1/messages/count_tokens`; raises Refusal."""
        prompt = read_prompt(body, dialect)
        self._native.check_tools(prompt, dialect)
        struck = self._strike(prompt, _model(prompt.model), NO_SCRIPT, NOT_NATIVE)
        counted = TokensCount(sum(segment.tokens for segment in segments(prompt)))
        return _json(msgspec.json.encode(counted), 0.0, struck)

    def skills(self, call: SkillCall, owner: str) -> Body:
        """Answer a call of the Skills API for a key's owner; raises Refusal."""
        if self._native.only_beta and not call.beta:
            raise Refusal(404, "Not found")
        self._number += 1
        struck = self._struck(
            striking(self.faults, seed=self._profile.seed, request=self._number, route="skills")
        )
        return _json(msgspec.json.encode(answer_skill_call(self._native.shelf(owner), call)), 0.0, struck)

    def _strike(self, prompt: Prompt, model: Model, script: Script, native: NativePart) -> list[Fault]:
        """The faults of this request, counted; raises Refusal where one is an error status."""
        self._number += 1
        skills = carried_skills(prompt).union(native.skills, (one.skill_id for one in native.loaded))
        for name in skills:
            self._counts.skills[name] = self._counts.skills.get(name, 0) + 1
        faults = (*script.faults, *self.faults, *self._standing)
        if not faults:
            return []
        struck = striking(
            faults,
            seed=self._profile.seed,
            request=self._number,
            models=(model.id, *model.aliases),
            skills=skills,
        )
        return self._struck(struck, stream=isinstance(prompt, MessagesRequest) and bool(prompt.stream))

    def _struck(self, struck: list[Fault], *, stream: bool = False) -> list[Fault]:
        for fault in struck:
            self._counts.faults[fault.kind] = self._counts.faults.get(fault.kind, 0) + 1
            _raise_status(fault, stream=stream)
        return struck

    def _ask(self, request: MessagesRequest, native: NativePart, model: Model | None = None) -> _Asked:
        model = model or _model(request.model)
        prompt = _with_skills(segments(request), native.described)
        tokens = sum(segment.tokens for segment in prompt)
        _check_limits(request, model, tokens)
        script = read_script(directed_text(request.messages))
        ran: tuple[ServerBlock, ...] = ()
        if native.runs:
            ran = execute(request.messages, script.commands, native.skills, self._new_id)
        return _Asked(request, model, script, prompt, tokens + _said(ran), native, ran)

    def _whole(self, asked: _Asked, owner: str) -> MessageOut:
        """The complete message, billed."""
        answer = self._author.answer(asked.request, asked.script, self._new_id, asked.ran)
        cache = self._cache.use(owner, asked.model.id, asked.prompt, self._now())
        bill = usage(asked.tokens, cache, answer.tokens, ran=bool(asked.ran))
        self._counts.bill(asked.model.id, bill)
        container = self._native.use(asked.native, owner, ran=bool(asked.ran))
        return message(answer, self._new_id("msg_"), asked.model.id, bill, container)

    def _delivered(self, asked: _Asked, whole: MessageOut, struck: Sequence[Fault]) -> Body:
        timing = self._timings.get(asked.model.id, self._profile.timing)
        pace = draw_pace(timing, self._profile.seed, self._number)
        if not asked.request.stream:
            wait = pace.first_token + pace.token * whole.usage.output_tokens
            return _json(msgspec.json.encode(whole), wait, struck, Told(whole.model, whole.usage))
        return Body(_faulty(Delivery(_paced(whole, pace)), struck), None)


def list_models(lifecycles: Sequence[str], limit: int, after: str | None, before: str | None) -> ModelPage:
    """One page of the models, newest first; an unknown cursor begins at the start, as an empty one does."""
    shown = [model for model in MODELS if model.lifecycle in lifecycles]
    ids = [model.id for model in shown]
    start = ids.index(after) + 1 if after in ids else 0
    stop = ids.index(before) if before in ids else len(ids)
    if before in ids and after is None:
        start = max(stop - limit, 0)
    page = shown[start:stop][:limit]
    more = start > 0 if before in ids and after is None else start + len(page) < stop
    return ModelPage(
        [model_info(model) for model in page],
        more,
        page[0].id if page else None,
        page[-1].id if page else None,
    )


def chat_models(name: str) -> object:
    """The models of the chat completions side, or one by its name; raises Refusal (404)."""
    shown = [
        {"id": model.id, "object": "model", "created": 0, "owned_by": "emulator"} for model in CHAT_MODELS
    ]
    if not name:
        return {"object": "list", "data": shown}
    for model in shown:
        if model["id"] == name:
            return model
    raise Refusal(404, f"The model '{name}' does not exist")


def get_model(name: str) -> ModelInfo:
    """One model by id or alias; raises Refusal (404)."""
    return model_info(_model(name))


def carried_skills(prompt: Prompt) -> frozenset[str]:
    """The skills a request carries in its system prompt."""
    names: set[str] = set()
    if isinstance(prompt.system, str):
        names.update(_SKILL.findall(prompt.system))
    else:
        for block in prompt.system or ():
            names.update(_SKILL.findall(block.text))
    return frozenset(names)


def _with_skills(prompt: list[Segment], described: Sequence[str]) -> list[Segment]:
    """The prompt with a line of each skill in the container, before the client's own system prompt."""
    if not described:
        return prompt
    tools = sum(segment.section == "tools" for segment in prompt)
    lines = [Segment("system", text, text_tokens(text), None) for text in described]
    return [*prompt[:tools], *lines, *prompt[tools:]]


def _said(ran: Sequence[ServerBlock]) -> int:
    """The tokens of what the provider's own tools answered: the model reads it within the turn."""
    results = (block for block in ran if isinstance(block, BashResultOut | ViewResultOut))
    return sum(text_tokens(msgspec.json.encode(block).decode()) for block in results)


def _model(name: str) -> Model:
    model = find_model(name)
    if model is None:
        raise Refusal(404, f"model: {name}")
    return model


def _check_limits(request: MessagesRequest, model: Model, total: int) -> None:
    if request.max_tokens > model.max_tokens:
        raise Refusal(
            400,
            f"max_tokens: {request.max_tokens} > {model.max_tokens}, which is the maximum allowed number of"
            f" output tokens for {model.id}",
        )
    if total > model.max_input_tokens:
        raise Refusal(400, f"prompt is too long: {total} tokens > {model.max_input_tokens} maximum")
    if request.messages[-1].role == "assistant" and not model.prefill and not _paused(request.messages[-1]):
        raise Refusal(
            400,
            "This model does not support assistant message prefill. The conversation must end with a user"
            " message.",
        )


def _paused(turn: Turn) -> bool:
    """An assistant's turn that ends with what the provider ran: it is to be gone on with."""
    last = turn.content[-1] if turn.content else None
    return isinstance(last, ServerPart)


def _raise_status(fault: Fault, *, stream: bool) -> None:
    if fault.kind == "status":
        raise Refusal(fault.status, standard_message(fault.status), retry_after=fault.retry_after)
    if fault.kind == "stream_error" and not stream:
        status = _STATUS_OF.get(fault.error, 500)
        raise Refusal(status, standard_message(status), retry_after=fault.retry_after)


def _json(body: bytes, wait: float, struck: Sequence[Fault], told: Told | None = None) -> Body:
    return Body(_faulty(Delivery((Step(wait, body, told),)), struck), len(body))


def _faulty(delivery: Delivery, struck: Sequence[Fault]) -> Delivery:
    for fault in struck:
        status = _STATUS_OF.get(fault.error, 500)
        delivery = damaged(delivery, fault, error_event(fault.error, standard_message(status)))
    return delivery


def _paced(whole: MessageOut, pace: Pace) -> tuple[Step, ...]:
    return _steps(events(whole), whole.model, pace)


def _steps(stream: Iterable[Event], model: str, pace: Pace) -> tuple[Step, ...]:
    """A stream's events, each after the time its tokens take; the first after the first token."""
    steps = [
        Step(pace.token * event.tokens, event.data, Told(model, event.reports) if event.reports else None)
        for event in stream
    ]
    return (steps[0]._replace(wait=pace.first_token), *steps[1:])
