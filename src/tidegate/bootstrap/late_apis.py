"""The APIs for people's tools: their imports take long, so they are built beside serving."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import cast

from tidegate.config import Settings
from tidegate.control.caller import by_key
from tidegate.control.services import Services
from tidegate.control.switches import LocalSwitches
from tidegate.domain.access import KeyRecord
from tidegate.serving.routing import SnapshotHolder
from tidegate.web.app import LazyApp
from tidegate.web.asgi import App
from tidegate.web.whose_skills import WhoseSkills


def control_api(
    settings: Settings,
    services: Services,
    holder: SnapshotHolder,
    local: LocalSwitches,
    stack: AsyncExitStack,
    *,
    after: Callable[[], None],
) -> LazyApp:
    """The control API, whose imports take half a second: built in a thread, beside serving.

    Not before `after` has returned: a first answer waits for the price list, and these would hold it up.
    """

    def build() -> App:
        after()
        from tidegate.registry.scan.policy import policy_of  # noqa: PLC0415 (slow: see above)
        from tidegate.web.control_api import create_control_api  # noqa: PLC0415 (slow: see above)

        authenticate = by_key(services.store.keys, lambda: holder.current().keys)
        return cast(
            App, create_control_api(services, authenticate, local, policy=policy_of(settings.scan.block))
        )

    control = LazyApp(build)
    stack.push_async_callback(control.close)
    return control


def skills_api(
    settings: Settings, services: Services, holder: SnapshotHolder, gateway: App, stack: AsyncExitStack
) -> WhoseSkills:
    """What serves `/v1/skills`; the registry's side is built for its first caller."""

    def keys() -> Mapping[str, KeyRecord]:
        return holder.current().keys

    def build() -> App:
        from tidegate.registry.scan.policy import policy_of  # noqa: PLC0415 (as below)
        from tidegate.web.skills_api import create_skills_api  # noqa: PLC0415 (slow, and seldom needed)

        authenticate = by_key(services.store.keys, keys)
        return cast(App, create_skills_api(services, authenticate, policy_of(settings.scan.block)))

    registry = LazyApp(build)
    stack.push_async_callback(registry.close)
    return WhoseSkills(gateway, registry, keys)
