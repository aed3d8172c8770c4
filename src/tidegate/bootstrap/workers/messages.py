"""What supervisor and workers say to each other; each message is one of these."""

import msgspec

from tidegate.domain.merging import Sample


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Worker: it serves from now on."""


class Reported(msgspec.Struct, frozen=True, tag="reported"):
    """Worker: its numbers; `asked` is the number of the question, 0 for the last words of one that ends."""

    asked: int
    samples: list[Sample]


class Scraped(msgspec.Struct, frozen=True, tag="scraped"):
    """Worker: somebody wants the numbers of all; `scrape` is the worker's number for the answer."""

    scrape: int


class Switched(msgspec.Struct, frozen=True, tag="switched"):
    """Either way: a switch was thrown on this machine alone, `off` or `on`."""

    way: str
    scope: str
    target: str


class Collect(msgspec.Struct, frozen=True, tag="collect"):
    """Supervisor: tell your numbers."""

    asked: int


class Merged(msgspec.Struct, frozen=True, tag="merged"):
    """Supervisor: the numbers of all, which `scrape` asked for."""

    scrape: int
    samples: list[Sample]


class Standing(msgspec.Struct, frozen=True, tag="standing"):
    """Supervisor: how many workers serve, and what ended the last that did not end as told."""

    serving: int
    wanted: int
    trouble: str = ""


class Died(msgspec.Struct, frozen=True, tag="died"):
    """Supervisor: a worker ended without a goodbye; what it left is to be taken over now."""


class Retire(msgspec.Struct, frozen=True, tag="retire"):
    """Supervisor: another has taken your place; accept no more, finish what you have, and end."""


FromWorker = Ready | Reported | Scraped | Switched
FromSupervisor = Collect | Merged | Standing | Died | Retire | Switched
