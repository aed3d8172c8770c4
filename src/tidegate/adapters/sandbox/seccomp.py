"""The system calls a script may not make, as a BPF program for bubblewrap's `--seccomp`.

A deny list: what a kernel's namespaces do not hold apart, what only attacks or administrators use, and
whatever is newer than this list. Numbers: the kernel's `syscall_64.tbl` and `asm-generic/unistd.h`; layout:
seccomp(2).
"""

import errno
import platform
import struct
from collections.abc import Sequence

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_… of the machines the tables below are for."""

_NUMBERS = {
    # looking into other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # further namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    # parts of the kernel with a history of holes, or that namespaces do not part
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "vmsplice": (278, 75),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, None),
    "personality": (135, 92),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "set_mempolicy_home_node": (450, 450),
    # memory that neither the work folder's size nor a limit of address space counts
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    # administration
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "nfsservctl": (180, 42),
    "iopl": (172, None),
    "ioperm": (173, None),
    "uselib": (134, None),
    "_sysctl": (156, None),
}
"""Refused with EPERM; by name, on x86_64 and on aarch64 (None: it has no such call)."""

_NEWEST = 456
"""Calls with higher numbers are newer than this list: ENOSYS, as on a kernel that has none of them."""

_CLONE, _CLONE3, _SOCKET, _SOCKETPAIR, _PRCTL, _IOCTL, _SETRLIMIT, _PRLIMIT = (
    (56, 220),
    (435, 435),
    (41, 198),
    (53, 199),
    (157, 167),
    (16, 29),
    (160, 164),
    (302, 261),
)
_NEW_NAMESPACES = 0x7E02_0000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""

_FAMILIES = (1, 2, 10)
"""AF_UNIX, AF_INET, AF_INET6: these a network namespace holds apart. AF_VSOCK, for one, it does not."""

_SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG: who unsets it outlives a gateway that is killed."""

_CORE_LIMIT = 4
"""RLIMIT_CORE: who changes it from 1 has a crash start a program outside, where `core_pattern` names one."""

_TERMINAL_INJECTION = (0x5412, 0x541C)
"""TIOCSTI, TIOCLINUX."""

_LOAD, _EQUAL, _AT_LEAST, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x25, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF_0000, 0x8000_0000
_NUMBER, _ARCH, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_THIRD_ARGUMENT, _THIRD_ARGUMENT_HIGH = 32, 36
_X32 = 0x4000_0000

Instruction = tuple[int, int, int, int]
"""Operation, jump where true, jump where false, operand."""


def deny_list(machine: str | None = None) -> bytes:
    """The program for a machine (default: this one); raises ValueError for one without a table."""
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        raise ValueError(f"there is no list of system calls for {machine}; there is one for {known}")
    column = list(_ARCHITECTURES).index(machine)
    refused = [numbers[column] for numbers in _NUMBERS.values()]
    program = [
        *_foreign(_ARCHITECTURES[machine], x32=machine == "x86_64"),
        *(step for number in refused if number is not None for step in _when(number, _refusal(errno.EPERM))),
        *_when(_CLONE3[column], _refusal(errno.ENOSYS)),  # its flags are out of reach; libraries take clone
        *_of(_CLONE[column], _FIRST_ARGUMENT, [(_ANY_BIT, 0, 1, _NEW_NAMESPACES), _refusal(errno.EPERM)]),
        *_of(_SOCKET[column], _FIRST_ARGUMENT, _unless(_FAMILIES, errno.EAFNOSUPPORT)),
        *_of(_SOCKETPAIR[column], _FIRST_ARGUMENT, _unless(_FAMILIES, errno.EAFNOSUPPORT)),
        *_of(_PRCTL[column], _FIRST_ARGUMENT, _when(_SET_PARENT_DEATH_SIGNAL, _refusal(errno.EPERM))),
        *_of(_SETRLIMIT[column], _FIRST_ARGUMENT, _when(_CORE_LIMIT, _refusal(errno.EPERM))),
        *_of(_PRLIMIT[column], _SECOND_ARGUMENT, _where_it_sets(_CORE_LIMIT, _refusal(errno.EPERM))),
        *_of(
            _IOCTL[column], _SECOND_ARGUMENT, [s for c in _TERMINAL_INJECTION for s in _when(c, _refusal(1))]
        ),
        (_ABOVE, 0, 1, _NEWEST),
        _refusal(errno.ENOSYS),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in program)


def _foreign(architecture: int, *, x32: bool) -> list[Instruction]:
    """Kill what comes by another architecture's calls (i386, x32), whose numbers mean other things."""
    kill = (_RETURN, 0, 0, _KILL)
    by_x32: list[Instruction] = [(_AT_LEAST, 0, 1, _X32), kill] if x32 else []
    return [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, architecture), kill, (_LOAD, 0, 0, _NUMBER), *by_x32]


def _refusal(number: int) -> Instruction:
    return (_RETURN, 0, 0, 0x0005_0000 | number)


def _when(value: int, then: Instruction) -> list[Instruction]:
    return [(_EQUAL, 0, 1, value), then]


def _where_it_sets(limit: int, then: Instruction) -> list[Instruction]:
    """`prlimit64` of this limit, where it gives a new value and does not only ask: its third argument."""
    return [
        (_EQUAL, 0, 5, limit),
        (_LOAD, 0, 0, _THIRD_ARGUMENT),
        (_EQUAL, 0, 2, 0),
        (_LOAD, 0, 0, _THIRD_ARGUMENT_HIGH),
        (_EQUAL, 1, 0, 0),
        then,
    ]


def _unless(values: Sequence[int], error: int) -> list[Instruction]:
    """Refuse where the loaded value is none of these."""
    last = len(values)
    return [*((_EQUAL, last - place, 0, value) for place, value in enumerate(values)), _refusal(error)]


def _of(number: int, argument: int, checks: Sequence[Instruction]) -> list[Instruction]:
    """Checks on the low half of a call's argument (they are ints); the number is loaded again after them."""
    return [
        (_EQUAL, 0, len(checks) + 2, number),
        (_LOAD, 0, 0, argument),
        *checks,
        (_LOAD, 0, 0, _NUMBER),
    ]
