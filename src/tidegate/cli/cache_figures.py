"""The cache's figures, read from a gateway's metrics."""

import httpx2

from tidegate.domain import metrics
from tidegate.domain.errors import TidegateError

_NAMES = (
    metrics.CACHE_LOOKUPS,
    metrics.CACHE_ANSWERS,
    metrics.CACHE_ENTRIES,
    metrics.CACHE_BYTES,
    metrics.CACHE_EVICTIONS,
    metrics.VALKEY_UP,
)
_LOOKUP = metrics.CACHE_LOOKUPS.name


async def figures(url: str) -> dict[str, float]:
    """Each sample by name and labels, and `hit_ratio` where anything was looked up. Raises TidegateError."""
    try:
        async with httpx2.AsyncClient(timeout=10) as client:
            response = await client.get(f"{url}/metrics")
    except httpx2.TransportError as error:
        raise TidegateError(f"cannot reach {url}: {error}; is `tidegate up` running there?") from error
    if response.status_code != 200:
        raise TidegateError(f"{url}/metrics answered {response.status_code}; see TIDEGATE_URL")
    found = read_figures(response.text)
    counts = [found.get(f'{_LOOKUP}{{result="{result}"}}', 0.0) for result in ("hit", "shared", "miss")]
    return found | ({"hit_ratio": (counts[0] + counts[1]) / sum(counts)} if sum(counts) else {})


def read_figures(text: str) -> dict[str, float]:
    """The cache's samples in Prometheus' text format."""
    names = tuple(metric.name for metric in _NAMES)
    samples = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(names))
    return {name: float(value) for name, value in samples}
