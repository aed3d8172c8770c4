"""Work for a client that may leave: it goes on only while the client is there."""

import asyncio

from tidegate.serving.client import Client, ClientGone


class attending:  # noqa: N801 (a context manager, named as those of the standard library)
    """Within it the work goes on while the client is there; once it is not, the work is cancelled.

    Raises ClientGone then. No generator stands behind it: every request enters it.
    """

    __slots__ = ("_client", "_task")

    def __init__(self, client: Client) -> None:
        self._client = client
        self._task = asyncio.current_task()

    def __enter__(self) -> None:
        self._client.watch(self._task.cancel)  # pyright: ignore[reportOptionalMemberAccess] awaited in a task

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        client = self._client
        client.unwatch()
        if kind is asyncio.CancelledError and client.gone:
            self._task.uncancel()  # pyright: ignore[reportOptionalMemberAccess] as above
            raise ClientGone from None
