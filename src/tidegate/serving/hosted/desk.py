"""Answering the gateway's calls of one exchange: files from memory, scripts in the sandbox."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec

from tidegate.domain import metrics
from tidegate.domain.exchange import Outcome
from tidegate.domain.script import ScriptRun
from tidegate.ports import Meter, Sandbox, ScriptRefused
from tidegate.serving.hosted.archives import Archives
from tidegate.serving.hosted.blocks import Block
from tidegate.serving.hosted.naming import names
from tidegate.serving.hosted.plan import Round
from tidegate.serving.hosted.reading import read_file
from tidegate.serving.hosted.result import Result
from tidegate.serving.hosted.results import ScriptResults, result_key
from tidegate.serving.hosted.seal import Seals
from tidegate.serving.hosted.settings import HostedSettings
from tidegate.serving.hosted.telling import told
from tidegate.serving.hosted.tools import READ, RESERVED
from tidegate.serving.metering import Draft
from tidegate.serving.variant import ServedSkill

_log = logging.getLogger("tidegate.hosted")

LOAD_SECONDS = 2.0
"""How long a call waits for files that are being loaded."""


class _Input(msgspec.Struct):
    """What either tool takes."""

    skill: str = ""
    path: str = ""
    script: str = ""
    arguments: list[str] = []
    stdin: str = ""


class _Call(msgspec.Struct):
    input: _Input


_CALL = msgspec.json.Decoder(_Call)


class Counter(msgspec.Struct, frozen=True):
    """What all desks of a process share."""

    settings: HostedSettings
    archives: Archives
    sandbox: Sandbox
    results: ScriptResults
    seals: Seals
    meter: Meter


class SkillDesk:
    """`plan.Desk` for the skills of one request; `allowed` is asked again before each script."""

    def __init__(
        self, counter: Counter, draft: Draft, skills: Mapping[str, ServedSkill], allowed: Callable[[], bool]
    ) -> None:
        self._counter = counter
        self._draft = draft
        self.skills = skills
        self._allowed = allowed

    def ours(self, block: Block) -> bool:
        """Whether the block calls one of the gateway's tools."""
        return block.kind == "tool_use" and block.name in RESERVED

    async def answers(self, calls: Sequence[Block], seconds: float, *, again: bool = False) -> list[bytes]:
        """A `tool_result` block for each call, in their order, all within so many seconds.

        `again`: known results of scripts will do. Those beyond `hosted.calls` get an error.
        """
        settings = self._counter.settings
        room = asyncio.Semaphore(settings.parallel)
        clock = asyncio.get_running_loop().time
        until = clock() + seconds

        async def one(call: Block) -> bytes:
            async with room:
                return self._noted(call, await self._answer(call, until - clock(), again), again).block(
                    call.id
                )

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(call)) for call in calls[: settings.calls]]
        return [*(task.result() for task in tasks), *self._beyond(calls[settings.calls :], again)]

    def _beyond(self, calls: Sequence[Block], again: bool) -> list[bytes]:
        """What the calls of a turn are told that are too many."""
        told = (
            f"not done: of the calls of one turn {self._counter.settings.calls} are answered, and this one "
            "comes after them; call again for what you still need"
        )
        return [self._noted(call, Result(told, "limit_calls"), again).block(call.id) for call in calls]

    def refusals(self, calls: Sequence[Block], limit: str) -> list[bytes]:
        """A `tool_result` block for each call that says which limit kept it from being answered."""
        told = f"not done: this answer has used up its {limit} for skill tools. Answer now with what you have"
        return [self._noted(call, Result(told, f"limit_{limit}")).block(call.id) for call in calls]

    def sealed(self, rounds: Sequence[Round]) -> tuple[str, str]:
        """The id of the last round's first client call, and the same with the gateway's calls sealed in."""
        first = next(
            block for block in rounds[-1].blocks if block.kind == "tool_use" and not self.ours(block)
        )
        digests = {name: skill.digest for name, skill in self.skills.items()}
        sealed = self._counter.seals.seal(self._draft.key.tenant, first.id, rounds, digests)
        self._counter.meter.add(metrics.SEALS, ("too_large" if sealed is None else "sealed",))
        if sealed is None:
            _log.warning(
                "skill tool calls dropped: too large to be sealed", extra={"request_id": self._draft.id}
            )
            self._draft.note_skill_error("seal_too_large")
        return first.id, sealed or first.id

    async def _answer(self, call: Block, seconds: float, again: bool) -> Result:
        try:
            asked = _CALL.decode(call.raw).input
        except msgspec.DecodeError as wrong:
            return Result(f"the call cannot be read: {wrong}; see the tool's input_schema", "bad_input")
        skill = self.skills.get(asked.skill)
        if skill is None:
            known = ", ".join(self.skills)
            return Result(f"there is no skill {asked.skill!r} here; there is {known}", "unknown_skill")
        files = await self._counter.archives.ready(skill.digest, min(seconds, LOAD_SECONDS))
        if files is None:
            return Result(f"the files of {skill.name} are not here now; go on without them", "not_loaded")
        if call.name == READ:
            return read_file(skill, asked.path, files, limit=self._counter.settings.file_bytes)
        return await self._script(skill, asked, files, seconds, again)

    async def _script(
        self, skill: ServedSkill, asked: _Input, files: Mapping[str, bytes], seconds: float, again: bool
    ) -> Result:
        script = asked.script.removeprefix("./")
        if script not in skill.scripts:
            known = names(skill.scripts) or "none"
            return Result(
                f"the skill {skill.name} has no script {asked.script!r}; its scripts: {known}",
                "no_such_script",
            )
        key = result_key(self._draft.key.tenant, skill.digest, asked)
        known_result = self._counter.results.get(key) if again else None
        if known_result is not None:
            return known_result
        if not self._allowed():
            return Result("not done: the skill has just been switched off", "switched_off")
        settings = self._counter.settings
        result = await self._run(
            ScriptRun(
                tenant=self._draft.key.tenant,
                skill=skill.name,
                digest=skill.digest,
                files={path: content for path, content in files.items() if not path.startswith("evals/")},
                script=script,
                arguments=tuple(asked.arguments),
                stdin=asked.stdin.encode(),
                seconds=min(settings.script_seconds, seconds),
                output_bytes=settings.output_bytes,
            )
        )
        self._counter.results.put(key, result)
        return result

    async def _run(self, run: ScriptRun) -> Result:
        if run.seconds <= 0:
            return Result("not done: the time for skill tools is used up", "limit_seconds")
        try:
            return told(await self._counter.sandbox.run(run, self._allowed), run)
        except ScriptRefused as refused:
            return Result(str(refused), "script_refused" if self._allowed() else "switched_off")
        except Exception:  # a defect of one script's run is no reason to lose the whole answer
            _log.exception(
                "a script's run failed",
                extra={"request_id": self._draft.id, "skill": run.skill, "script": run.script},
            )
            return Result("the script could not be run here; go on without it", "script_refused")

    def _noted(self, call: Block, result: Result, again: bool = False) -> Result:
        """Count the answer; what is only told once more is no new error of this exchange."""
        tool = "read" if call.name == READ else "run"
        self._counter.meter.add(metrics.SKILL_TOOL_CALLS, (tool, result.error or "ok"))
        if result.error and not again:
            self._draft.note_skill_error(result.error)
            self._draft.skill_outcome = Outcome.SKILL_ERROR
        return result
