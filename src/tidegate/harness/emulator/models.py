"""The models the emulator answers as, with the limits that the API enforces for them."""

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model: `id` is the dated snapshot an answer names, `aliases` are what a request may say instead."""

    id: str
    display_name: str
    created_at: str
    aliases: tuple[str, ...] = ()
    lifecycle: str = "active"
    max_input_tokens: int = 200_000
    max_tokens: int = 64_000
    prefill: bool = True
    """Whether a request may end with the assistant's half-written turn."""


_UNKNOWN_DATE = "1970-01-01T00:00:00Z"
"""What the API itself gives where a model's release date is not known."""

MODELS = (
    Model(id="claude-sonnet-5-5", display_name="Claude Sonnet 5.5", created_at=_UNKNOWN_DATE, prefill=False),
    Model(id="claude-opus-5-5", display_name="Claude Opus 5.5", created_at=_UNKNOWN_DATE, prefill=False),
    Model(id="claude-haiku-5-5", display_name="Claude Haiku 5.5", created_at=_UNKNOWN_DATE, prefill=False),
    Model(
        id="claude-sonnet-4-6",
        display_name="Claude Sonnet 4.6",
        created_at="2026-02-17T00:00:00Z",
        prefill=False,
    ),
    Model(
        id="claude-opus-4-6",
        display_name="Claude Opus 4.6",
        created_at="2026-02-04T00:00:00Z",
        max_tokens=128_000,
        prefill=False,
    ),
    Model(
        id="claude-opus-4-5-20251101",
        display_name="Claude Opus 4.5",
        created_at="2025-11-24T00:00:00Z",
        aliases=("claude-opus-4-5",),
    ),
    Model(
        id="claude-haiku-4-5-20251001",
        display_name="Claude Haiku 4.5",
        created_at="2025-10-15T00:00:00Z",
        aliases=("claude-haiku-4-5",),
    ),
    Model(
        id="claude-sonnet-4-5-20250929",
        display_name="Claude Sonnet 4.5",
        created_at="2025-09-29T00:00:00Z",
        aliases=("claude-sonnet-4-5",),
        lifecycle="deprecated",
    ),
    Model(
        id="claude-opus-4-1-20250805",
        display_name="Claude Opus 4.1",
        created_at="2025-08-05T00:00:00Z",
        aliases=("claude-opus-4-1",),
        lifecycle="deprecated",
        max_tokens=32_000,
    ),
)
"""Newest first, as the API lists them; where a limit of a model is not known, the default stands."""

CHAT_MODELS = tuple(
    Model(id=name, display_name=name, created_at=_UNKNOWN_DATE, max_tokens=limit, max_input_tokens=window)
    for name, window, limit in (
        ("gpt-5", 272_000, 128_000),
        ("gpt-5-mini", 272_000, 128_000),
        ("gpt-4.1", 1_000_000, 32_768),
        ("gpt-4o", 128_000, 16_384),
        ("gpt-4o-mini", 128_000, 16_384),
        ("llama-3.3-70b-instruct", 131_072, 32_768),
        ("qwen3-8b", 40_960, 32_768),
    )
)
"""Models of the chat completions side: some of OpenAI's, some that people serve themselves."""

_CHAT_BY_NAME = {model.id: model for model in CHAT_MODELS}


def find_chat_model(name: str) -> Model | None:
    """The model a chat completions request names."""
    return _CHAT_BY_NAME.get(name)


_BY_NAME = {name: model for model in MODELS for name in (model.id, *model.aliases)}


def find_model(name: str) -> Model | None:
    """The model a request names by its id or by an alias."""
    return _BY_NAME.get(name)


class ModelInfo(msgspec.Struct, frozen=True, tag="model", tag_field="type"):
    """A model as `GET /v1/models` shows it."""

    id: str
    display_name: str
    created_at: str
    lifecycle: str
    max_input_tokens: int
    max_tokens: int


def model_info(model: Model) -> ModelInfo:
    """What the models endpoint says of one model."""
    return ModelInfo(
        model.id,
        model.display_name,
        model.created_at,
        model.lifecycle,
        model.max_input_tokens,
        model.max_tokens,
    )
