"""The APIs for people's tools: their imports take long, so they are built beside serving."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import cast

from tidegate.bootstrap.packages import package_limits
from tidegate.bootstrap.scanning import scan_policy
from tidegate.config import Settings
from tidegate.control.caller import Authenticate, by_key
from tidegate.control.services import Services
from tidegate.control.switches import LocalSwitches
from tidegate.domain.access import KeyRecord
from tidegate.registry.reading import Reading
from tidegate.registry.scan.gate import Scan
from tidegate.serving.routing import SnapshotHolder
from tidegate.web.app import LazyApp
from tidegate.web.asgi import App
from tidegate.web.route_scopes import RouteScopes
from tidegate.web.upload_places import UploadPlaces
from tidegate.web.whose_skills import WhoseSkills


@dataclass(frozen=True, slots=True)
class LateApis:
    """What the two APIs are built of; `stack` waits for a build that is under way."""

    settings: Settings
    services: Services
    holder: SnapshotHolder
    stack: AsyncExitStack
    scopes: RouteScopes
    scan: Scan
    second: Scan | None
    reading: Reading
    places: UploadPlaces = field(default_factory=UploadPlaces)

    def control(self, local: LocalSwitches, *, after: Callable[[], None]) -> LazyApp:
        """The control API, whose imports take half a second: built in a thread, beside serving.

        Not before `after` has returned: a first answer waits for the price list, and these would hold it up.
        """

        def build() -> App:
            after()
            from tidegate.web.control_api import create_control_api  # noqa: PLC0415 (slow: see above)

            app = create_control_api(
                self.services,
                self._authenticate(),
                local,
                scan=self.scan,
                policy=scan_policy(self.settings),
                limits=package_limits(self.settings),
                scopes=self.scopes,
                second=self.second,
                places=self.places,
                reading=self.reading,
            )
            return cast(App, app)

        return self._late(build)

    def skills(self, gateway: App) -> WhoseSkills:
        """What serves `/v1/skills`; the registry's side is built for its first caller."""

        def build() -> App:
            from tidegate.web.skills_api import create_skills_api  # noqa: PLC0415 (slow, and seldom needed)

            app = create_skills_api(
                self.services,
                self._authenticate(),
                scan_policy(self.settings),
                scan=self.scan,
                limits=package_limits(self.settings),
                scopes=self.scopes,
                second=self.second,
                places=self.places,
            )
            return cast(App, app)

        return WhoseSkills(gateway, self._late(build), self._keys)

    def _keys(self) -> Mapping[str, KeyRecord]:
        return self.holder.current().keys

    def _authenticate(self) -> Authenticate:
        return by_key(self.services.store.keys, self._keys, self.services.clock.now)

    def _late(self, build: Callable[[], App]) -> LazyApp:
        app = LazyApp(build)
        self.stack.push_async_callback(app.close)
        return app
