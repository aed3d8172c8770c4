"""Many rehearsals: on all cores, and going on where an earlier run of the same ended."""

import gc
import hashlib
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import msgspec

from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.rollout import Plan
from tidegate.rehearsal.compare import compare
from tidegate.rehearsal.course import Course
from tidegate.rehearsal.run import rehearse
from tidegate.rehearsal.scenario import Scenario

_PIECES_PER_WORKER = 8
"""So that no core waits long for another at the end."""


_COLLECTED_AFTER = 200_000
"""Objects by which a worker looks for circles among them: a rehearsal makes many objects and no circles."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What every repetition has in common; `times` are a trace's arrivals, `against` names of RIVALS."""

    plan: Plan
    scenario: Scenario
    seed: int = 1
    approve: bool = True
    times: tuple[float, ...] = ()
    against: tuple[str, ...] = ()
    revisions: tuple[float, ...] = ()

    @property
    def digest(self) -> str:
        """Tells one work from another."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class _Head(msgspec.Struct, frozen=True):
    """The first line of a file of courses."""

    rehearsal: str
    start: float = 0.0


def repeat(work: Work, reps: int, *, workers: int | None = None, kept: Path | None = None) -> list[Course]:
    """The courses of repetitions 0 to reps - 1, in that order, the same however many workers there are.

    With `kept` each is appended to that file as it ends, and those that are there are not run again; raises
    Conflict for the file of another work.
    """
    done = _read(kept, work) if kept else {}
    left = [number for number in range(reps) if number not in done]
    crew = min(workers or os.cpu_count() or 1, max(1, len(left)))
    for courses in _run(work, left, crew):
        done |= {course.number: course for course in courses}
        if kept:
            _append(kept, courses)
    return [done[number] for number in range(reps)]


def start_of(kept: Path) -> float | None:
    """When the rehearsals of that file start (epoch seconds); None where there is none, or no schedule."""
    try:
        with kept.open("rb") as file:
            return msgspec.json.decode(file.readline(), type=_Head).start or None
    except (OSError, msgspec.DecodeError):
        return None


def _run(work: Work, numbers: Sequence[int], crew: int) -> Iterator[list[Course]]:
    if crew == 1:
        for number in numbers:
            yield _rehearse(work, [number])
        return
    size = max(1, len(numbers) // (crew * _PIECES_PER_WORKER))
    pieces = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(crew, mp_context=context, initializer=_collect_seldom) as pool:
        for piece in as_completed([pool.submit(_rehearse, work, piece) for piece in pieces]):
            yield piece.result()


def _collect_seldom() -> None:
    gc.set_threshold(_COLLECTED_AFTER, 20, 100)


def _rehearse(work: Work, numbers: Iterable[int]) -> list[Course]:
    return [_one(work, number) for number in numbers]


def _one(work: Work, number: int) -> Course:
    own = rehearse(
        work.plan,
        work.scenario,
        seed=work.seed,
        number=number,
        approve=work.approve,
        times=work.times,
        revisions=work.revisions,
    )
    if not work.against:
        return own
    rivals = compare(work.plan, work.scenario, work.against, seed=work.seed, number=number, times=work.times)
    return msgspec.structs.replace(own, rivals=dict(rivals))


def _read(path: Path, work: Work) -> dict[int, Course]:
    """What the file has of this work; begins it where there is none."""
    if not path.exists():
        path.write_bytes(msgspec.json.encode(_Head(work.digest, work.plan.schedule.origin)) + b"\n")
        return {}
    head, *lines = path.read_bytes().split(b"\n")
    try:
        if msgspec.json.decode(head, type=_Head).rehearsal != work.digest:
            raise Conflict(f"{path} holds rehearsals of another plan, scenario or seed; name another file")
        courses = [msgspec.json.decode(line, type=Course) for line in lines[:-1]]
    except msgspec.DecodeError as wrong:
        raise InvalidInput(f"{path} is no file of rehearsals ({wrong}); name another file") from wrong
    if lines and lines[-1]:
        path.write_bytes(b"\n".join([head, *lines[:-1], b""]))  # a run that was killed left half a line
    return {course.number: course for course in courses}


def _append(path: Path, courses: Iterable[Course]) -> None:
    with path.open("ab") as file:
        file.write(b"".join(msgspec.json.encode(course) + b"\n" for course in courses))
