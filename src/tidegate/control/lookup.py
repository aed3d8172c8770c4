"""Find a rollout by its name."""

from tidegate.control.services import Services
from tidegate.domain.errors import NotFound
from tidegate.domain.rollout import Rollout


async def find_rollout(services: Services, name: str) -> Rollout:
    """The rollout of that name; raises NotFound."""
    found = await services.store.rollouts.get(name)
    if found is None:
        raise NotFound(f"no rollout {name!r}; `tidegate rollout list` shows the rollouts there are")
    return found
