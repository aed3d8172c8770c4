"""How the emulated provider behaves: latency per model, answer lengths, error rates; all from one seed."""

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.harness.emulator.draws import lognormal, uniform
from tidegate.harness.emulator.faults import Fault, fault_problem
from tidegate.harness.emulator.models import find_model


class Timing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lognormal latency: medians in seconds, spreads on the log scale; one pace per answer."""

    first_token_seconds: float = 0.0
    first_token_sigma: float = 0.0
    token_seconds: float = 0.0
    token_sigma: float = 0.0


class OutputLength(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lognormal length of an answer in tokens, drawn from the conversation's text."""

    median_tokens: int = 48
    sigma: float = 0.4
    max_tokens: int = 4000


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider's behaviour; `models` (by id or alias) takes the place of `timing` where it names a model.

    `errors` maps an HTTP status to its rate; all rates are shares of the requests, drawn independently.
    """

    seed: int = 0
    timing: Timing = Timing()
    models: dict[str, Timing] = {}
    output: OutputLength = OutputLength()
    errors: dict[str, float] = {}
    hang_rate: float = 0.0
    cut_rate: float = 0.0
    slow_rate: float = 0.0
    slow_seconds: float = 20.0
    minimum_cacheable_tokens: int = 1024
    only_beta: bool = False
    """Knows skills and code execution only by their beta headers, as before they left beta."""


class Pace(msgspec.Struct, frozen=True):
    """What one answer takes: seconds to the first token, and for each token after it."""

    first_token: float
    token: float


INSTANT = Pace(0.0, 0.0)

REALISTIC = Profile(
    timing=Timing(first_token_seconds=0.9, first_token_sigma=0.4, token_seconds=0.013, token_sigma=0.25),
    models={
        "claude-haiku-4-5": Timing(
            first_token_seconds=0.45, first_token_sigma=0.35, token_seconds=0.007, token_sigma=0.2
        ),
        "claude-opus-4-1": Timing(
            first_token_seconds=1.4, first_token_sigma=0.45, token_seconds=0.022, token_sigma=0.25
        ),
    },
    output=OutputLength(median_tokens=180, sigma=0.7),
    errors={"529": 0.003, "500": 0.001},
    hang_rate=0.0002,
    cut_rate=0.0003,
    slow_rate=0.001,
)
"""Orders of magnitude of a hosted model, for rehearsals; not a measurement of any provider."""

PROFILES = {"instant": Profile(), "realistic": REALISTIC}


def parse_profile(text: bytes, source: str) -> Profile:
    """Read a profile from TOML; `source` names the file in messages. Raises InvalidInput."""
    try:
        profile = msgspec.toml.decode(text, type=Profile)
    except msgspec.DecodeError as problem:
        raise InvalidInput(f"{source}: {problem}") from problem
    for name in profile.models:
        if find_model(name) is None:
            raise InvalidInput(f"{source}: models.{name}: no such model; `GET /v1/models` lists them")
    for fault in standing_faults(profile):
        wrong = fault_problem(fault)
        if wrong:
            raise InvalidInput(f"{source}: {fault.kind} rate: {wrong}")
    return profile


def standing_faults(profile: Profile) -> tuple[Fault, ...]:
    """The profile's rates as faults; rates of zero leave none. Raises InvalidInput for a wrong status."""
    rates = [
        *(Fault(kind="status", status=_status(text), share=rate) for text, rate in profile.errors.items()),
        Fault(kind="hang", share=profile.hang_rate),
        Fault(kind="cut", share=profile.cut_rate),
        Fault(kind="slow", share=profile.slow_rate, seconds=profile.slow_seconds),
    ]
    return tuple(fault for fault in rates if fault.share != 0)


def _status(text: str) -> int:
    if not text.isdecimal():
        raise InvalidInput(f"errors.{text}: not a status; name an HTTP status from 400 to 599")
    return int(text)


def timings(profile: Profile) -> dict[str, Timing]:
    """The profile's timings by dated model id."""
    found = {name: find_model(name) for name in profile.models}
    return {model.id: profile.models[name] for name, model in found.items() if model is not None}


def draw_pace(timing: Timing, seed: int, request: int) -> Pace:
    """How fast this one request is answered."""
    if timing.first_token_seconds <= 0 and timing.token_seconds <= 0:
        return INSTANT
    return Pace(
        lognormal(
            timing.first_token_seconds, timing.first_token_sigma, uniform(seed, request, "first token")
        ),
        lognormal(timing.token_seconds, timing.token_sigma, uniform(seed, request, "token")),
    )
