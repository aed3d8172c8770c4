"""Work for a client that may leave: it goes on only while the client is there."""

import asyncio
from collections.abc import Coroutine
from typing import cast

from tidegate.serving.client import Client, ClientGone


async def attended(client: Client, work: Coroutine[object, object, None]) -> None:
    """Do the work while the client is there; raises ClientGone, the work cancelled, once it is not."""
    task = cast("asyncio.Task[object]", asyncio.current_task())
    client.watch(task.cancel)
    try:
        await work
    except asyncio.CancelledError:
        if not client.gone:
            raise
        task.uncancel()
        raise ClientGone from None
    finally:
        client.unwatch()
