"""What is fuzzed: each target takes any bytes, and comes to a value or to the refusal that it promises."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tidegate.control.spec import parse
from tidegate.domain.errors import InvalidInput
from tidegate.harness.fuzz.largest import largest_archives, largest_skill_mds, largest_specs
from tidegate.harness.fuzz.recipe import baked
from tidegate.harness.fuzz.seeds import archives, recipes, skill_mds, specs
from tidegate.registry.validate import Inspection, inspect_files, inspect_zip

Inputs = Callable[[], Iterable[tuple[str, bytes]]]
"""Inputs by name, made one by one: some are as large as may be."""


@dataclass(frozen=True, slots=True)
class Target:
    """One reader. `run` raises whatever is a defect; `seeds` are what fuzzing begins with.

    `largest` are inputs up to the limits, which no fuzzer comes upon; `most_bytes` those that it may make.
    """

    name: str
    what: str
    run: Callable[[bytes], None]
    seeds: Inputs
    largest: Inputs
    most_bytes: int


def _archive(data: bytes) -> None:
    _judge(inspect_zip(data))


def _baked(recipe: bytes) -> None:
    _judge(inspect_zip(baked(recipe)))


def _skill_md(data: bytes) -> None:
    _judge(inspect_files([("tide-table/SKILL.md", data)]))


def _spec(data: bytes) -> None:
    try:
        parse(data.decode("utf-8", "surrogateescape"))
    except InvalidInput as refusal:
        if not str(refusal):
            raise AssertionError("a spec is refused without a word") from refusal


def _judge(inspection: Inspection) -> None:
    """A package, which its own archive gives again, or findings; nothing between."""
    package = inspection.package
    if (package is None) != bool(inspection.findings):
        raise AssertionError(f"neither a package nor findings, or both: {inspection}")
    if package is None:
        return
    again = inspect_zip(package.archive)
    if again.package is None or again.package.digest != package.digest:
        raise AssertionError(f"the archive of an accepted package is refused, or another: {again.findings}")


TARGETS = (
    Target("archive", "a zip, as uploaded", _archive, archives, largest_archives, 65_536),
    Target("baked", "a sound zip of any entries", _baked, recipes, tuple, 4_096),
    Target("skill-md", "SKILL.md, as uploaded", _skill_md, skill_mds, largest_skill_mds, 8_192),
    Target("spec", "a rollout spec", _spec, specs, largest_specs, 8_192),
)


def target(name: str) -> Target:
    """The target of that name; raises InvalidInput."""
    for each in TARGETS:
        if each.name == name:
            return each
    raise InvalidInput(f"there is no target {name!r}; there are {', '.join(each.name for each in TARGETS)}")
