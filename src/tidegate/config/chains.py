"""Fallback chains: `[fallback.models]`, for each model the models to ask in turn where it fails."""

from collections.abc import Collection
from typing import cast

from tidegate.config.document import Document
from tidegate.config.values import names

_LONGEST = 8
_DEFAULT = "default"

Chain = tuple[tuple[str | None, str], ...]
"""Upstream (None: the one that the model goes to anyway) and model, in order."""


def read_chains(document: Document, upstreams: Collection[str], problems: list[str]) -> dict[str, Chain]:
    """Each model's chain; what is wrong is added to `problems`.

    An entry is a model, or `UPSTREAM:MODEL` where UPSTREAM is the name of one of these.
    """
    table = document.section("fallback").get("models", {})
    if not isinstance(table, dict):
        problems.append(f"{document.source('fallback', 'models')}: `fallback.models` is a table of lists")
        return {}
    chains: dict[str, Chain] = {}
    for model, value in cast(dict[str, object], table).items():
        try:
            chains[model] = _chain(model, names(value), {_DEFAULT, *upstreams})
        except ValueError as wrong:
            source = document.source("fallback.models", model)
            problems.append(f"{source}: `fallback.models` of `{model}` must be {wrong}; found {value!r}")
    return chains


def _chain(model: str, entries: tuple[str, ...], upstreams: Collection[str]) -> Chain:
    if not entries or len(entries) > _LONGEST or len(set(entries)) != len(entries) or not all(entries):
        raise ValueError(f"a list of 1 to {_LONGEST} different models")
    chain = tuple(_hop(entry, upstreams) for entry in entries)
    if (None, model) in chain:
        raise ValueError("a list of other models: this one has failed already where it is asked")
    return chain


def _hop(entry: str, upstreams: Collection[str]) -> tuple[str | None, str]:
    upstream, colon, model = entry.partition(":")
    if colon and upstream in upstreams:
        if not model:
            raise ValueError(f"a list of models: `{entry}` names an upstream without one")
        return upstream, model
    return None, entry
