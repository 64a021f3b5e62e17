"""Inhägnaden runt studentens kod: filer, nät, processer, minne och tid.

Tre nivåer, den starkaste som datorn klarar:

- `full`: egna namnrymder (util-linux `unshare`: processer, nät, IPC) + Landlock + seccomp.
- `strong`: Landlock + seccomp.
- `basic`: egen process med tids- och minnesgräns. Filer och nät är inte skyddade.

Landlock sköts av paketet py-landlock och seccomp av pyseccomp (libseccomp); båda är Linux egna
spärrar och kräver inte root. Att ingen kan ge sig själv poäng beror inte på nivån: det följer av
att domen fälls i en annan process.
"""

import ctypes
import errno
import functools
import os
import shutil
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

Tier = Literal["full", "strong", "basic"]
TIERS: tuple[Tier, ...] = ("full", "strong", "basic")

MEMORY_BYTES = 4 * 2**30
OPEN_FILES = 64
CLONE_THREAD = 0x10000  # flaggan i clone(): en tråd i samma process, ingen ny process
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
F_SETOWN, F_SETSIG, F_SETOWN_EX, FIOSETOWN, SIOCSPGRP = 8, 10, 15, 0x8901, 0x8902
LOW_BITS = 0xFFFFFFFF

# Det som en lösning aldrig behöver: nya processer, nät, signaler, andras minne, filägare och
# filrättigheter (som Landlock inte vaktar), delat minne som lever kvar, och allt som rör kärnan.
DENIED_CALLS = """
    fork vfork execve execveat kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open
    pidfd_send_signal pidfd_getfd ptrace process_vm_readv process_vm_writev process_madvise kcmp
    socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg chmod fchmod
    fchmodat chown fchown lchown fchownat utime utimes utimensat futimesat truncate setxattr
    lsetxattr fsetxattr removexattr lremovexattr fremovexattr memfd_create memfd_secret shmget
    shmat shmctl msgget msgsnd semget semop mq_open mq_unlink inotify_init inotify_init1
    fanotify_init setns unshare mount umount2 pivot_root chroot fsopen fsmount move_mount
    open_tree mount_setattr swapon swapoff reboot sethostname setdomainname init_module
    finit_module delete_module kexec_load kexec_file_load bpf perf_event_open userfaultfd keyctl
    add_key request_key io_uring_setup io_uring_enter io_uring_register name_to_handle_at
    open_by_handle_at setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid
    setgroups capset personality prlimit64 setrlimit setpriority sched_setaffinity sched_setparam
    sched_setscheduler sched_setattr ioprio_set setsid setpgid acct quotactl settimeofday
    clock_settime clock_adjtime adjtimex syslog vhangup iopl ioperm lookup_dcookie nfsservctl
    uselib ustat sysfs vm86 modify_ldt
"""
# Systemanrop som är nyare än många libseccomp; numren är desamma på alla processorer.
DENIED_NUMBERS = {"fchmodat2": 452, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467}
# Anrop som bara nekas med vissa värden: (anropet, argumentets plats, värdena). De i fcntl och ioctl
# låter kärnan skicka signaler till andra; Landlock hindrar det först i Linux 6.12.
DENIED_VALUES = (
    ("prctl", 0, (PR_SET_PDEATHSIG, PR_SET_DUMPABLE)),
    ("fcntl", 1, (F_SETOWN, F_SETSIG, F_SETOWN_EX)),
    ("ioctl", 1, (FIOSETOWN, SIOCSPGRP)),
)


def server_command(tier: Tier, command: list[str]) -> list[str]:
    """Kommandot som startar verkstaden på nivån, med egna namnrymder i `full`.

    Raises:
        OSError: om programmet `unshare` saknas.
    """
    if tier != "full":
        return command
    unshare = shutil.which("unshare")
    if unshare is None:
        raise OSError("programmet unshare finns inte")
    own_spaces = ["--user", "--map-current-user", "--net", "--pid", "--ipc", "--uts", "--mount"]
    return [unshare, *own_spaces, "--fork", "--kill-child", *_without_powers(), *command]


def _without_powers() -> list[str]:
    """Root behåller annars sina förmågor (*capabilities*) i den nya namnrymden."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        return []
    return [setpriv, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


# --- i verkstaden, en gång -----------------------------------------------------------------------


def confine_files() -> None:
    """Bara Pythons egna mappar går att läsa och inget att skriva, för processen och dess barn.

    Raises:
        Exception: om py-landlock saknas eller kärnan inte kan Landlock.
    """
    from py_landlock import AccessFs, Landlock

    system_call_filter()  # letar upp libseccomp med ett program, och det går inte efteråt
    rules = Landlock(strict=False)
    for path in _readable():
        if path.is_dir():
            rules.allow_read(path)
        elif path.exists():
            rules.add_path_rule(path, access=AccessFs.READ_FILE)
    rules.add_path_rule(os.devnull, access=AccessFs.READ_FILE | AccessFs.WRITE_FILE)
    rules.apply()
    make_private()


def _readable() -> list[Path]:
    """Det som Python behöver för att importera: inget av det är lärarens eller en students."""
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    system = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo"]
    devices = ["/dev/zero", "/dev/urandom", "/dev/random", "/etc/localtime"]
    return [Path(path) for path in sorted({*folders, *system, *devices})]


def make_private() -> None:
    """Ingen annan process med samma användare får läsa processens minne."""
    _prctl(PR_SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


# --- i varje arbetsprocess -----------------------------------------------------------------------


def confine_process(tier: Tier, cpu_seconds: int, memory_bytes: int = MEMORY_BYTES) -> None:
    """Tid, minne och systemanrop för den här processen. Går inte att ångra."""
    if sys.platform == "win32":
        return
    limit_resources(cpu_seconds, memory_bytes)
    if tier != "basic":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        deny_system_calls()


def limit_resources(cpu_seconds: int, memory_bytes: int) -> None:
    """Gränser som kärnan vaktar: processortid, minne, filstorlek, öppna filer, minnesdump."""
    import resource

    limits = {
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for which, value in limits.items():
        try:
            resource.setrlimit(which, (value, value))
        except (ValueError, OSError):  # macOS känner inte alla; gränsen är redan lägre
            continue


@functools.cache
def system_call_filter() -> Any:
    """Filtret i `deny_system_calls`. Verkstaden gör det en gång; arbetarna ärver det."""
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    denied = seccomp.ERRNO(errno.EPERM)
    for call in (*DENIED_CALLS.split(), *DENIED_NUMBERS.values()):
        try:
            rules.add_rule(denied, call)
        except (ValueError, OSError):  # finns inte på den här processorn
            continue
    not_a_thread = seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0)
    rules.add_rule(denied, "clone", not_a_thread)
    # clone3 har sina flaggor i minnet, där ett filter inte ser dem; utan det tar glibc clone.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for call, place, values in DENIED_VALUES:
        for value in values:  # kärnan läser bara de lägsta 32 bitarna
            chosen = seccomp.Arg(place, seccomp.MASKED_EQ, LOW_BITS, value)
            rules.add_rule(denied, call, chosen)
    return rules


def deny_system_calls() -> None:
    """Systemanropen i `DENIED_CALLS` ger PermissionError (EPERM) i stället för att göra något."""
    system_call_filter().load()


def escapes(tier: Tier) -> list[str]:
    """Pröva inhägnaden inifrån: det som inte borde gå men gick. Körs i en arbetsprocess."""
    if tier == "basic":
        return []
    attempts = {
        "läsa utanför": lambda: os.listdir("/"),
        "skriva": lambda: open(Path(sys.prefix) / "rattaren-prov", "w").close(),
        "nät": lambda: socket.socket().close(),
        "ny process": _fork_once,
    }
    return [name for name, attempt in attempts.items() if not _is_denied(attempt)]


def _fork_once() -> None:
    if os.fork() == 0:
        os._exit(0)


def _is_denied(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False
