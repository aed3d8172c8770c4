"""`tidegate skill scan --stored`: today's rules on what was published under those of its day."""

import sys
from dataclasses import dataclass

import typer

from tidegate.cli.output import emit_json, run, say
from tidegate.cli.package import limits_there
from tidegate.cli.scan_judgement import Judge, Judgement, judge_here
from tidegate.cli.skill_versions import StoredVersion, archive_of, stored_versions
from tidegate.domain.errors import InvalidInput, NotFound, TidegateError
from tidegate.registry.limits import PackageLimits
from tidegate.registry.validate import validate_zip

_SERVED = ("published", "deprecated")


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A stored version and what the rules say of it now; `refused` is why it would not be read any more."""

    version: StoredVersion
    judgement: Judgement | None
    refused: str = ""

    @property
    def blocked(self) -> bool:
        """Whether it could not be published today."""
        return self.judgement is None or bool(self.judgement.blocking)

    def document(self) -> dict[str, object]:
        """For programs."""
        each = self.version
        known = {"name": each.name, "version": each.version, "state": each.state, "digest": each.digest}
        unread: dict[str, object] = {"blocked": True, "refused": self.refused, "scan": ()}
        return known | (unread if self.judgement is None else self.judgement.document())

    def tell(self) -> None:
        """For people."""
        each = self.version
        blocking = self.judgement.blocking if self.judgement else ()
        said = f"{len(blocking)} findings that block" if blocking else "passes"
        if self.judgement is None:
            said = "would be refused today, and is not scanned"
            sys.stderr.write(f"tidegate: {each.name} version {each.version}: {self.refused}\n")
        say(f"{each.name} version {each.version} ({each.state}): {said}")
        if self.judgement is not None:
            self.judgement.tell()


def scan_stored(which: str, *, as_json: bool) -> None:
    """Judge the versions that may be served: all, those of NAME, or NAME@VERSION; exit 1 where one blocks."""
    rejudged = run(_rejudged(which))
    if as_json:
        emit_json({"versions": [each.document() for each in rejudged]})
    else:
        for each in rejudged:
            each.tell()
    if any(each.blocked for each in rejudged):
        raise typer.Exit(1)


async def _rejudged(which: str) -> list[Rejudged]:
    judge, limits = judge_here(), limits_there()
    return [await _one(each, judge, limits) for each in _chosen(await stored_versions(), which)]


async def _one(version: StoredVersion, judge: Judge, limits: PackageLimits) -> Rejudged:
    """A version that is not read any more, or damaged, must not keep the others from being judged."""
    try:
        package = validate_zip(await archive_of(version.name, version.version), limits)
    except TidegateError as refusal:
        return Rejudged(version, None, str(refusal))
    return Rejudged(version, await judge.judged(package))


def _chosen(versions: list[StoredVersion], which: str) -> list[StoredVersion]:
    name, at, number = which.partition("@")
    if at and not number.isdecimal():
        raise InvalidInput(f"{which!r}: give NAME, or NAME@VERSION with the version's number")
    chosen = [
        each
        for each in versions
        if name in ("", each.name) and (each.version == int(number) if at else each.state in _SERVED)
    ]
    if not chosen and which:
        raise NotFound(f"nothing of {which!r} is stored; `tidegate skill list` shows what there is")
    return chosen
