"""`tidegate skill suggest`: have a model behind the gateway propose example requests for a skill."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, run, say
from tidegate.cli.package import limits_there
from tidegate.domain.errors import InvalidInput
from tidegate.registry.document import SKILL_MD
from tidegate.registry.suggestion import Suggestion, question, read_suggestion, with_suggestion
from tidegate.registry.validate import inspect_folder

_TOKENS_AT_MOST = 8_192
_HEADERS = {"anthropic-version": "2023-06-01"}


class _Block(msgspec.Struct):
    type: str
    text: str = ""


class _Message(msgspec.Struct):
    content: list[_Block]


def suggest(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A skill's folder.")],
    model: Annotated[str, typer.Option("--model", help="Which model is asked.")] = "claude-sonnet-4-5",
    *,
    write: Annotated[
        bool,
        typer.Option("--write", help=f"Put them into {SKILL_MD}, for your review, and change nothing else."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Have a model propose example requests and keywords, from name and description alone."""
    run(_suggest(path, model, write=write, as_json=as_json))


async def _suggest(path: Path, model: str, *, write: bool, as_json: bool) -> None:
    if not os.environ.get("TIDEGATE_URL"):
        raise InvalidInput("set TIDEGATE_URL and TIDEGATE_KEY (a client key): a gateway's model is asked")
    if not await asyncio.to_thread(path.is_dir):
        raise InvalidInput(f"{path}: is no folder; give a skill's folder")
    inspection = await asyncio.to_thread(inspect_folder, path, limits_there())
    if inspection.package is None:
        raise InvalidInput(f"{path} is not valid; `tidegate skill validate {path}` shows why")
    manifest = inspection.package.manifest
    suggestion = await _asked(question(manifest.name, manifest.description), model)
    if write:
        await asyncio.to_thread(_write, path / SKILL_MD, suggestion)
    if as_json:
        emit_json(suggestion)
        return
    for example in suggestion.examples:
        say(example)
    say(f"keywords: {', '.join(suggestion.keywords)}")
    if write:
        say(f"written to {path / SKILL_MD}: read them, remove what is not this skill's, then publish")


async def _asked(text: str, model: str) -> Suggestion:
    body = {"model": model, "max_tokens": _TOKENS_AT_MOST, "messages": [{"role": "user", "content": text}]}
    answer = await call("POST", "/v1/messages", json=body, headers=_HEADERS)
    try:
        blocks = msgspec.convert(answer, _Message).content
    except msgspec.ValidationError as error:
        raise InvalidInput(f"the gateway's answer is no message ({error}); see TIDEGATE_URL") from error
    return read_suggestion("".join(block.text for block in blocks if block.type == "text"))


def _write(path: Path, suggestion: Suggestion) -> None:
    path.write_bytes(with_suggestion(path.read_bytes(), suggestion, limits_there()))
