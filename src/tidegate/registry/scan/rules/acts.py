"""What a sentence does: who does what with which data, where to, and who may know."""

from enum import IntFlag, auto


class Act(IntFlag):
    """The classes of words a sentence has."""

    SEND = auto()
    PLACE = auto()
    VISIT = auto()
    SINK = auto()
    ADDRESS = auto()
    WAY = auto()
    TALK = auto()
    PERSONAL = auto()
    WHOLE = auto()
    CONCEAL = auto()
    RUN = auto()
    FETCH = auto()
    OBEY_IT = auto()
    PRIOR = auto()
    VOID = auto()
    SELF = auto()
    PRECEDE = auto()
    SLOT = auto()
    IMAGE = auto()
    FILL = auto()
    ROLE = auto()
    ORDER_BY = auto()
    ARGUMENT = auto()
    TOOL = auto()
    RIVAL = auto()
    DISMISS = auto()
    PRESUME = auto()
    CONSENT = auto()
    NET_TOOL = auto()
    UNLOCK = auto()
    EXEMPT = auto()
    LINK_SLOT = auto()
    LASTING = auto()
    TRUST = auto()
    OTHERS_FILES = auto()
    ENTER = auto()
