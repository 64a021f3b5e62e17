"""Systemanropen som en lösning får göra, och grinden som räknar dess trådar (Linux).

Det är en lista över vad som är tillåtet: allt annat ger PermissionError, också det som kärnan lär
sig i framtiden. Listan är vad torch, numpy, gymnasium, matplotlib och Pythons egna moduler använder
för att räkna, läsa sina egna filer och hålla ordning på trådar.
"""

import contextlib
import errno
import functools
import math
import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

MAX_THREADS = 256  # nya trådar i en arbetare under hela dess liv

ALLOWED_CALLS = """
    read write readv writev pread64 pwrite64 preadv pwritev lseek close close_range
    dup dup2 dup3 pipe pipe2 eventfd eventfd2 poll ppoll select pselect6
    epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
    stat fstat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat
    getdents getdents64 getcwd chdir fchdir umask
    mmap munmap mprotect mremap madvise brk membarrier
    futex set_robust_list get_robust_list rseq set_tid_address gettid sched_yield getcpu
    arch_prctl exit exit_group wait4 waitid restart_syscall
    sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_min
    sched_get_priority_max getpriority
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait
    sigaltstack pause alarm getitimer setitimer
    time times gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep
    getpid getppid getpgrp getpgid getsid getuid geteuid getgid getegid getresuid getresgid
    getgroups getrlimit getrusage sysinfo uname getrandom
"""
# Nyare anrop som glibc provar först: svaret "finns inte" får den att ta det gamla. clone3 och
# openat2 har sina flaggor i minnet, där ett filter inte ser dem.
MISSING_CALLS = """
    clone3 openat2 epoll_pwait2 futex_waitv futex_wait futex_wake futex_requeue map_shadow_stack
    mseal
"""
# Tillåtna bara med de här värdena: (anropet, argumentets plats, värdena). Andra fcntl och ioctl kan
# låta kärnan skicka signaler till andra processer.
ALLOWED_VALUES = (
    # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC
    ("fcntl", 1, (0, 1, 2, 3, 4, 1030)),
    # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
    ("ioctl", 1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),
    # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA
    ("prctl", 0, (15, 16, 0x53564D41)),
)
LOW_BITS = 0xFFFFFFFF  # kärnan läser bara de lägsta 32 bitarna i de argumenten
CLONE_THREAD = 0x10000  # flaggan i clone(): en tråd i samma process, ingen ny process
CLONE_NEW_SPACES = 0x7E020080  # alla CLONE_NEW…: egna namnrymder

# Anropen i linux/seccomp.h som lyssnar på ett filter: _IOWR('!', 0, 80 byte), _IOWR('!', 1, 24).
NOTICE_BYTES, ANSWER = 80, struct.Struct("=QqiI")
RECEIVE_NOTICE, SEND_ANSWER, GO_AHEAD = 0xC0502100, 0xC0182101, 1


@functools.cache
def allowed_calls() -> Any:
    """Filtret med det tillåtna. Verkstaden gör det en gång; arbetarna ärver det.

    Raises:
        RuntimeError: om libseccomp saknas.
    """
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    add_rules(rules)
    return rules


def add_rules(rules: Any) -> None:
    """Reglerna, för alla processorer som filtret `rules` gäller."""
    import pyseccomp as seccomp

    missing = seccomp.ERRNO(errno.ENOSYS)
    for action, calls in ((seccomp.ALLOW, ALLOWED_CALLS), (missing, MISSING_CALLS)):
        for call in calls.split():
            with contextlib.suppress(ValueError, OSError):  # okänt här, eller på en ny processor
                rules.add_rule(action, call)
    for call, place, values in ALLOWED_VALUES:
        for value in values:
            chosen = seccomp.Arg(place, seccomp.MASKED_EQ, LOW_BITS, value)
            rules.add_rule(seccomp.ALLOW, call, chosen)
    thread = seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD | CLONE_NEW_SPACES, CLONE_THREAD)
    rules.add_rule(seccomp.ALLOW, "clone", thread)
    own_limits = (seccomp.Arg(0, seccomp.EQ, 0), seccomp.Arg(2, seccomp.EQ, 0))  # läsa, inte ändra
    rules.add_rule(seccomp.ALLOW, "prlimit64", *own_limits)
    _allow_opening(rules, seccomp)


def _allow_opening(rules: Any, seccomp: Any) -> None:
    """Öppna för att läsa, utan O_TRUNC, eller för att skriva, som Landlock nekar utom /dev/null.

    Landlock före Linux 6.2 ser inte att en fil töms genom O_TRUNC när den öppnas för läsning, och
    ingen version ser åtkomsten 3 (varken läsa eller skriva, men tömma).
    """
    for call, place in (("open", 1), ("openat", 2)):
        for mask, value in (
            (os.O_ACCMODE | os.O_TRUNC, os.O_RDONLY),
            (os.O_ACCMODE, os.O_WRONLY),
            (os.O_ACCMODE, os.O_RDWR),
        ):
            flags = seccomp.Arg(place, seccomp.MASKED_EQ, mask, value)
            rules.add_rule(seccomp.ALLOW, call, flags)


def prepare() -> None:
    """Gör filtren i verkstaden, en gång för alla arbetare."""
    allowed_calls()
    _thread_filter()


def deny_the_rest() -> None:
    """Från och med nu går bara de tillåtna anropen. Det går inte att ångra."""
    allowed_calls().load()


# --- trådarna ------------------------------------------------------------------------------------


@functools.cache
def _thread_filter() -> Any:
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    rules.add_rule(seccomp.NOTIFY, "clone")
    return rules


def hand_over_threads(gate: int) -> None:
    """Låt verkstaden svara på varje clone() här i arbetaren. Det går inte att ångra.

    Args:
        gate: filnumret på `ThreadGate.theirs`; den stängs.
    """
    import pyseccomp

    rules = _thread_filter()
    rules.load()
    # pyseccomp lyssnar bara själv; filnumret, som verkstaden ska ha, finns hos libseccomp.
    listener = pyseccomp._libseccomp.seccomp_notify_fd(rules._filter)
    with socket.socket(fileno=gate) as stream:
        socket.send_fds(stream, [b"x"], [listener])
    os.close(listener)  # annars kunde arbetaren svara sig själv


class ThreadGate:
    """Verkstadens grind för en arbetares nya trådar: de första `MAX_THREADS` släpps fram.

    Kärnans egen gräns för antalet processer gäller inte root, och hos andra räknar den också allt
    annat som läraren har i gång. I stället väntar varje clone() i arbetaren på svar härifrån.

    Attributes:
        theirs: arbetarens ände, till `hand_over_threads`.
    """

    def __init__(self) -> None:
        self._mine, self.theirs = socket.socketpair()
        self._watched = [self._mine.fileno()]  # sedan filen där trådarna anmäls, till sist inget
        self._left = MAX_THREADS

    def wait(self, files: Sequence[int], seconds: float = math.inf) -> list[int]:
        """De av filerna som går att läsa, som `select`; svarar under tiden på nya trådar."""
        deadline = time.monotonic() + seconds
        while True:
            poll = select.poll()
            for file in (*files, *self._watched):
                poll.register(file, select.POLLIN)
            left = max(0.0, 1000 * (deadline - time.monotonic()))
            events = dict(poll.poll(None if math.isinf(left) else left))
            ready = [file for file in files if file in events]
            if ready or not events:
                return ready
            self._serve(events)

    def _serve(self, events: dict[int, int]) -> None:
        (file,) = self._watched
        if file == self._mine.fileno():
            self._watched = list(socket.recv_fds(self._mine, 1, 1)[1])
        elif events[file] & select.POLLIN:
            self._answer(file)
        else:  # arbetaren är död
            self.close()

    def _answer(self, listener: int) -> None:
        import fcntl  # finns inte i Windows

        notice = bytearray(NOTICE_BYTES)
        with contextlib.suppress(FileNotFoundError):  # den som frågade hann avbrytas
            fcntl.ioctl(listener, RECEIVE_NOTICE, notice)
            (number,) = struct.unpack_from("=Q", notice)
            answer = (0, GO_AHEAD) if self._left > 0 else (-errno.EAGAIN, 0)
            self._left -= 1
            fcntl.ioctl(listener, SEND_ANSWER, ANSWER.pack(number, 0, *answer))

    def close(self) -> None:
        """Stäng verkstadens filer; arbetaren får inga fler trådar."""
        for file in self._watched:
            if file != self._mine.fileno():
                os.close(file)
        self._watched = []
        self._mine.close()
