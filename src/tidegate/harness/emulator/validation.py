"""Reading a request body: strict shapes first, with messages in the API's style."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.rules import check_prompt, check_sampling
from tidegate.harness.emulator.schema import BETA_FIELDS, MessagesRequest, Prompt

T = TypeVar("T", bound=Prompt)


def read_messages_request(body: bytes, *, beta: bool) -> MessagesRequest:
    """Parse and check the body of `POST /v1/messages`; raises Refusal (400)."""
    request = _read(body, MessagesRequest, beta=beta)
    check_sampling(request)
    return request


def read_prompt(body: bytes, *, beta: bool) -> Prompt:
    """Parse and check the body of `POST /v1/messages/count_tokens`; raises Refusal (400)."""
    return _read(body, Prompt, beta=beta)


def _read(body: bytes, shape: type[T], *, beta: bool) -> T:
    try:
        prompt = shape.model_validate_json(body)
    except ValidationError as problem:
        raise Refusal(400, _message(problem.errors(include_url=False)[0])) from None
    if not beta:
        _refuse_beta_fields(prompt)
    check_prompt(prompt)
    return prompt


def _message(error: ErrorDetails) -> str:
    if error["type"] == "json_invalid":
        return "The request body is not valid JSON: " + error["msg"].removeprefix("Invalid JSON: ")
    place = ".".join(str(step) for step in error["loc"] if not str(step).startswith("@"))
    return f"{place}: {error['msg']}" if place else error["msg"]


def _refuse_beta_fields(prompt: Prompt) -> None:
    for name in BETA_FIELDS:
        if name in prompt.model_fields_set:
            raise Refusal(400, f"{name}: Extra inputs are not permitted")
