"""Ending a streamed response so that its connection can serve again."""

import asyncio

from tidegate.ports import UpstreamFailure, UpstreamResponse

END_SECONDS = 0.25
"""How long an upstream may take from `message_stop` to the end of its body, to keep the connection."""


async def finish(response: UpstreamResponse) -> None:
    """Read to the body's end, which is due; one that does not end costs the connection and nothing else."""
    try:
        async with asyncio.timeout(END_SECONDS):
            while await response.chunk():
                pass
    except (TimeoutError, UpstreamFailure):
        pass  # the answer is complete and released: only the connection is lost
