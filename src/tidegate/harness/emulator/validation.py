"""Reading a request body: strict shapes first, with messages in the API's style."""

from typing import TypeVar

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.rules import check_places, check_prompt, check_sampling
from tidegate.harness.emulator.schema import BETA_FIELDS, SAMPLING_FIELDS, MessagesRequest, Prompt

NO_SAMPLING_VERSION = "2026-10-21"
"""The API version from which on sampling parameters are refused, even at their defaults."""

T = TypeVar("T", bound=Prompt)


class Dialect(msgspec.Struct, frozen=True):
    """What a request's headers say of its body: the API version, and which betas are on."""

    version: str
    betas: frozenset[str] = frozenset()


def read_messages_request(body: bytes, dialect: Dialect) -> MessagesRequest:
    """Parse and check the body of `POST /v1/messages`; raises Refusal (400)."""
    request = _read(body, MessagesRequest, dialect)
    check_sampling(request)
    return request


def read_prompt(body: bytes, dialect: Dialect) -> Prompt:
    """Parse and check the body of `POST /v1/messages/count_tokens`; raises Refusal (400)."""
    return _read(body, Prompt, dialect)


def _read(body: bytes, shape: type[T], dialect: Dialect) -> T:
    try:
        prompt = shape.model_validate_json(body)
    except ValidationError as problem:
        raise Refusal(400, _message(problem.errors(include_url=False)[0])) from None
    _refuse_fields(prompt, dialect)
    check_prompt(prompt)
    if dialect.version == NO_SAMPLING_VERSION:
        check_places(prompt)
    return prompt


def _message(error: ErrorDetails) -> str:
    if error["type"] == "json_invalid":
        return "The request body is not valid JSON: " + error["msg"].removeprefix("Invalid JSON: ")
    place = ".".join(str(step) for step in error["loc"] if not str(step).startswith("@"))
    return f"{place}: {error['msg']}" if place else error["msg"]


def _refuse_fields(prompt: Prompt, dialect: Dialect) -> None:
    """Fields that are known, but not to this version or without a beta."""
    unknown = () if dialect.betas else BETA_FIELDS
    if dialect.version == NO_SAMPLING_VERSION:
        unknown += SAMPLING_FIELDS
    for name in unknown:
        if name in prompt.model_fields_set:
            raise Refusal(400, f"{name}: Extra inputs are not permitted")
