"""`tidegate skill match --evaluate`: how well labelled prompts are served."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from tidegate.cli.call import call
from tidegate.cli.output import emit_json, emit_table
from tidegate.domain.errors import InvalidInput
from tidegate.domain.evaluation import Case, Evaluation, evaluate
from tidegate.domain.lexical import THRESHOLD, Description
from tidegate.domain.ranking import Ranking
from tidegate.domain.selection import Selectable, select
from tidegate.serving.variant import PatternSet

T = TypeVar("T")


class _Skill(msgspec.Struct):
    """A skill as `--descriptions` and the control API have it."""

    name: str
    description: str
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    match: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    version: int = 1
    state: str = "published"


class _Strict(_Skill, forbid_unknown_fields=True):
    pass


class _Listed(msgspec.Struct):
    skills: list[_Skill]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Skills to choose from."""

    selectable: Mapping[str, Selectable]
    patterns: PatternSet
    index: Ranking

    def choose(self, text: str) -> Sequence[str]:
        """The names that a text alone chooses, in serving order."""
        return [
            use.name for use in select(self.selectable, (), [text], self.patterns.match, self.index.choose)
        ]


async def catalogue_of(descriptions: Path | None, only: Sequence[str], threshold: float | None) -> Catalogue:
    """The skills of a file, or else those published on the home; raises InvalidInput."""
    if descriptions is not None:
        skills: Sequence[_Skill] = _decoded(await _read(descriptions), list[_Strict], str(descriptions))
        twice = next((name for name, times in Counter(s.name for s in skills).items() if times > 1), None)
        if twice is not None:
            raise InvalidInput(f"{descriptions}: {twice!r} is there twice; keep one")
    else:
        listed = msgspec.convert(await call("GET", "/api/skills"), _Listed).skills
        skills = list({each.name: each for each in listed if each.state == "published"}.values())
    unknown = [name for name in only if name not in {each.name for each in skills}]
    if unknown:
        raise InvalidInput(
            f"no skill {', '.join(map(repr, unknown))}; `tidegate skill list` shows what there is"
        )
    known = {each.name: each for each in skills if not only or each.name in only}
    return _catalogue(known, THRESHOLD if threshold is None else threshold)


async def catalogues_of(versions: Mapping[str, int], thresholds: Iterable[float]) -> list[Catalogue]:
    """For each threshold the catalogue of these skills in these versions; raises InvalidInput."""
    listed = msgspec.convert(await call("GET", "/api/skills"), _Listed).skills
    known = {each.name: each for each in listed if versions.get(each.name) == each.version}
    lost = sorted(versions.keys() - known.keys())
    if lost:
        raise InvalidInput(f"{', '.join(lost)}: of the rollout's versions these are no longer listed")
    return [await asyncio.to_thread(_catalogue, known, threshold) for threshold in thresholds]


def _catalogue(known: Mapping[str, _Skill], threshold: float) -> Catalogue:
    return Catalogue(
        {name: Selectable(name, each.version, each.requires, each.excludes) for name, each in known.items()},
        PatternSet({name: each.match for name, each in known.items()}),
        Ranking(
            (
                Description(each.name, each.description, each.keywords, each.examples)
                for each in known.values()
            ),
            threshold=threshold,
        ),
    )


async def judge(
    files: Sequence[Path],
    descriptions: Path | None,
    only: Sequence[str],
    threshold: float | None,
    *,
    as_json: bool,
) -> None:
    """Print the figures of each file of labelled prompts, and of all of them together."""
    catalogue = await catalogue_of(descriptions, only, threshold)
    cases = await labelled(files, catalogue)
    judged = {name: evaluate(each, catalogue.choose) for name, each in cases.items()}
    if len(cases) > 1:
        judged["together"] = evaluate([case for each in cases.values() for case in each], catalogue.choose)
    if as_json:
        emit_json(
            {"skills": len(catalogue.selectable), "threshold": catalogue.index.threshold, "files": judged}
        )
        return
    columns = ("prompts", "need none", "top-1", "none kept none", "precision", "recall")
    rows = [(name, *_figures(each)) for name, each in judged.items()]
    title = f"{len(catalogue.selectable)} skills, threshold {catalogue.index.threshold:g}"
    emit_table(title, ("file", *columns), rows, empty="no file was judged")


async def labelled(files: Sequence[Path], catalogue: Catalogue) -> dict[str, list[Case]]:
    """The prompts of each file; raises InvalidInput, also for a label that no skill has."""
    cases = {str(file): await _cases(file) for file in files}
    _refuse_unknown(cases, catalogue)
    return cases


def _refuse_unknown(cases: Mapping[str, Sequence[Case]], catalogue: Catalogue) -> None:
    """A label that no skill has would count as a miss for ever; raises InvalidInput."""
    for file, each in cases.items():
        labels = {name for case in each for name in (*case.skills, *case.acceptable)}
        unknown = sorted(labels - catalogue.selectable.keys())
        if unknown:
            raise InvalidInput(
                f"{file}: prompts name {', '.join(map(repr, unknown))}, which is no skill here"
            )


async def _cases(file: Path) -> list[Case]:
    """One case a line."""
    lines = (await _read(file)).splitlines()
    found = [_decoded(line, Case, f"{file}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise InvalidInput(f'{file}: holds no prompt; each line is {{"text": "…", "skills": ["…"]}}')
    return found


async def _read(path: Path) -> bytes:
    try:
        return await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read ({error.strerror})") from error


def _decoded(data: bytes, shape: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{where}: {error}") from error


def _figures(each: Evaluation) -> tuple[str, ...]:
    ratios = (each.top1, each.none, each.precision, each.recall)
    return (
        str(each.prompts),
        str(each.needing_none),
        *("–" if ratio is None else f"{ratio:.1%}" for ratio in ratios),
    )
