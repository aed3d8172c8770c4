"""One script in its namespaces: started, held at a gate until its limits are set, waited for, killed."""

import asyncio
import fcntl
import os
import re
import resource
import signal
import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from tidegate.adapters.sandbox.command import WORK, Descriptors
from tidegate.adapters.sandbox.unfit import SandboxUnfit

GATE_SECONDS = 10.0
"""Namespaces and mounts take some 10 ms; a machine that needs so long starts no script."""

DEATH_SECONDS = 1.0
"""Between the gate that a dying bubblewrap lets go of, and its end."""

_SETPRIV = "/usr/bin/setpriv"
"""Of util-linux; where there is none, it goes without."""

_PIPE = 4096
"""The least that a pipe can hold: the gate is full until bubblewrap reads it."""

_CHILD = re.compile(rb'"child-pid": *(\d+)')
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What one start takes: `arguments` makes the command line from the descriptors' numbers."""

    arguments: Callable[[Descriptors], Sequence[str]]
    stdin: bytes
    seccomp: bytes
    uid: int | None
    environment: dict[str, str]
    niceness: int
    admit: Callable[[int], None]
    """Puts the process, by its pid, under the limits of its place; raises OSError."""


class Confined:
    """The process that runs a script, process 1 of its own world, and the bubblewrap that watches it.

    `work` is its work folder, open beyond its end. `ended` is called once: when nothing of it runs any more
    and it is closed, since until then its files take of the memory of its place.
    """

    def __init__(self, watcher: subprocess.Popen[bytes], ended: Callable[[], None]) -> None:
        """Raises OSError where it cannot be watched; `ended` is the caller's to call then."""
        assert watcher.stdout is not None and watcher.stderr is not None  # noqa: S101 (both are asked for: PIPE)
        self.stdout, self.stderr = watcher.stdout.fileno(), watcher.stderr.fileno()
        self.work: int | None = None
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._watcher = watcher
        self._ended = ended
        self._closed = False
        self._said = b""
        self._child: int | None = None
        with ExitStack() as undone:
            self._exit = os.pidfd_open(watcher.pid)
            undone.callback(os.close, self._exit)
            asyncio.get_running_loop().add_reader(self._exit, self._bury)
            undone.pop_all()

    @classmethod
    async def start(cls, start: Start, ended: Callable[[], None]) -> "Confined":
        """Start one: it runs when this returns. Raises SandboxUnfit, and calls `ended` then too."""
        with ExitStack() as gate_kept:
            confined, gate, info = cls._at_the_gate(start, ended, gate_kept)
            try:
                await confined._admitted(start, gate, info)
            except BaseException:
                _abandon(confined._watcher)  # before the gate, once closed, lets it go
                confined.close()
                raise
        return confined

    @classmethod
    def _at_the_gate(
        cls, start: Start, ended: Callable[[], None], ours: ExitStack
    ) -> tuple["Confined", int, int]:
        """One that is held, our end of its gate, and what it tells of itself by; `ours` closes both."""
        with ExitStack() as failed:
            failed.callback(ended)
            try:
                with ExitStack() as theirs:
                    gate, gate_end = _full_pipe(ours, theirs)
                    info, info_end = _pipe(read=ours, write=theirs, flags=os.O_NONBLOCK)
                    seccomp, stdin = sealed(start.seccomp, theirs), sealed(start.stdin, theirs)
                    inherited = Descriptors(gate=gate_end, info=info_end, seccomp=seccomp)
                    watcher = _spawn(start, inherited, stdin)
                try:
                    confined = cls(watcher, ended)
                except BaseException:
                    _abandon(watcher)
                    _close_streams(watcher)
                    raise
            except OSError as wrong:
                raise SandboxUnfit(f"a script cannot be started: {wrong}") from wrong
            failed.pop_all()
        return confined, gate, info

    def kill(self) -> None:
        """End it and everything that it has started, at once; safe to call again, and after its end.

        Its process 1 it is, which takes all others with it and then has bubblewrap end: the other way round
        leads by a signal that a process may unset.
        """
        if not self.exited.done():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._exit if self._child is None else self._child, signal.SIGKILL)

    def close(self) -> None:
        """Let go of the work folder and the outputs, and kill what is still running; once is enough."""
        if self._closed:
            return
        self._closed = True
        self.kill()
        _close_streams(self._watcher)
        if self.work is not None:
            os.close(self.work)
            self.work = None
        if self.exited.done():
            self._ended()

    async def _admitted(self, start: Start, gate: int, info: int) -> None:
        """Wait until bubblewrap stands at the gate with everything mounted, and set the limits."""
        try:
            async with asyncio.timeout(GATE_SECONDS):
                pid = await self._pid(info)
                self._child = os.pidfd_open(pid)
                await self._unless_over(_ready(gate, write=True))
                self.work = os.open(
                    f"/proc/{pid}/root/newroot{WORK}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
                )
            with suppress(PermissionError):  # root without CAP_SYS_NICE: the control group has to do
                os.setpriority(os.PRIO_PROCESS, pid, start.niceness)
            await asyncio.to_thread(start.admit, pid)  # the kernel may take some 10 ms for it
        except TimeoutError as late:
            raise SandboxUnfit(f"bubblewrap was not ready within {GATE_SECONDS:g} s") from late
        except OSError as wrong:
            await asyncio.wait((self.exited,), timeout=DEATH_SECONDS)
            if self.exited.done():  # its death also opens the gate, and may be seen later than that
                raise await self._failure() from wrong
            raise SandboxUnfit(f"a script's limits cannot be set: {wrong}") from wrong

    async def _pid(self, info: int) -> int:
        while (found := _CHILD.search(self._said)) is None or not self._said.rstrip().endswith(b"}"):
            await self._unless_over(_ready(info, write=False))
            piece = os.read(info, 4096)
            if not piece:
                raise await self._failure()
            self._said += piece
        return int(found[1])

    async def _unless_over(self, ready: "asyncio.Future[None]") -> None:
        """Wait for it, or raise what bubblewrap died of."""
        try:
            await asyncio.wait((ready, self.exited), return_when=asyncio.FIRST_COMPLETED)
        finally:
            over = not ready.done()
            ready.cancel()
        if over or self.exited.done():
            raise await self._failure()

    async def _failure(self) -> SandboxUnfit:
        """What bubblewrap said before it died."""
        self.kill()
        await self.exited
        with suppress(BlockingIOError):
            os.set_blocking(self.stderr, False)
            said = os.read(self.stderr, 2000).decode(errors="replace").strip()
            return SandboxUnfit(f"bubblewrap does not start: {said or 'it says nothing'}")
        return SandboxUnfit("bubblewrap does not start: it says nothing")

    def _bury(self) -> None:
        """The watcher has ended, and with it, since it waits for process 1, everything it watched."""
        asyncio.get_running_loop().remove_reader(self._exit)
        _end_group(self._watcher)
        code = self._watcher.wait()
        os.close(self._exit)
        if self._child is not None:
            os.close(self._child)
            self._child = None
        self.exited.set_result(code)
        if self._closed:
            self._ended()


def sealed(content: bytes, closing: ExitStack) -> int:
    """A file in memory that nobody can change, to be read from its beginning; raises OSError.

    Whoever shares it shares its position, so each start has its own.
    """
    handle = os.memfd_create("tidegate", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    closing.callback(os.close, handle)
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]
    fcntl.fcntl(handle, fcntl.F_ADD_SEALS, _SEALS)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def _abandon(watcher: "subprocess.Popen[bytes]") -> None:
    """End what stands at its gate, whether or not anybody watches it yet."""
    _end_group(watcher)
    watcher.wait()


def _end_group(watcher: "subprocess.Popen[bytes]") -> None:
    """Kill bubblewrap and its process 1, which is of its group until right before it becomes the script.

    Only there does process 1 ask to end with bubblewrap: until then it outlives it, and waits for ever.
    """
    if watcher.returncode is None:  # else it is buried, and its number may be another's
        with suppress(ProcessLookupError):
            os.killpg(watcher.pid, signal.SIGKILL)


def _close_streams(watcher: "subprocess.Popen[bytes]") -> None:
    for stream in (watcher.stdout, watcher.stderr):
        if stream is not None:
            stream.close()


def _pipe(*, read: ExitStack, write: ExitStack, flags: int = 0) -> tuple[int, int]:
    """Its two ends, closed by a stack each; raises OSError."""
    reading, writing = os.pipe2(os.O_CLOEXEC | flags)
    read.callback(os.close, reading)
    write.callback(os.close, writing)
    return reading, writing


def _full_pipe(ours: ExitStack, theirs: ExitStack) -> tuple[int, int]:
    """Our end, to write to, and the other's; full: it can be written to again once that one has read."""
    reading, writing = _pipe(read=theirs, write=ours)
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
    os.write(writing, bytes(_PIPE))
    return writing, reading


def _ready(handle: int, *, write: bool) -> "asyncio.Future[None]":
    """Done once the descriptor can be read from, or written to."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)

    def come() -> None:
        if not future.done():
            future.set_result(None)

    add(handle, come)
    future.add_done_callback(lambda _: remove(handle))
    return future


def _spawn(start: Start, inherited: Descriptors, stdin: int) -> "subprocess.Popen[bytes]":
    """In this thread, on purpose: bubblewrap dies with the thread that started it."""
    prefix, other = _becoming(start.uid)
    try:
        with _undumped():
            return subprocess.Popen(  # noqa: S603 (an argument list; the script's own are its end, after "--")
                [*prefix, *start.arguments(inherited)],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
                env=start.environment,
                pass_fds=(inherited.gate, inherited.info, inherited.seccomp),
                start_new_session=True,
                **other,  # pyright: ignore[reportArgumentType, reportCallIssue] (as Popen names them)
            )
    except (OSError, ValueError, subprocess.SubprocessError) as wrong:
        raise SandboxUnfit(f"bubblewrap cannot be started: {wrong}") from wrong


@contextmanager
def _undumped() -> Generator[None]:
    """What is started meanwhile leaves no dump when it crashes, and has none made outside.

    With a core limit of 1 the kernel writes no file and starts no program that `core_pattern` pipes to, which
    would run outside of every limit; 0 keeps it from the file alone (core(5)). The seccomp filter keeps a
    script from changing it. Where this process may not have 1, the sandbox's trial says what comes of that.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    with suppress(OSError, ValueError):  # a hard limit of 0 is not everybody's to raise
        resource.setrlimit(resource.RLIMIT_CORE, (1, hard or 1))
    try:
        yield
    finally:
        with suppress(OSError, ValueError):  # as above
            resource.setrlimit(resource.RLIMIT_CORE, (soft, hard or 1))


def _becoming(uid: int | None) -> tuple[Sequence[str], dict[str, object]]:
    """What comes before the command line, and what Popen is told, to be another user.

    By a program, since Popen itself would copy this process's page tables for it while all else waits.
    """
    if uid is None:
        return (), {}
    if os.access(_SETPRIV, os.X_OK):
        return (_SETPRIV, f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"), {}
    return (), {"user": uid, "group": uid, "extra_groups": []}
