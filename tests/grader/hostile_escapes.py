"""Utbrytningar: filer, nät, processer, andras minne, egna gränser. Inget ska gå.

Varje försök skriver "nekad" eller "GICK". Systemanropens nummer gäller x86_64.
"""

from .hostile import Hostile, in_body

TOOLS = """
import ctypes, os, signal, socket, struct, subprocess, sys, tempfile

def attempt(what):
    try:
        result = what()
    except BaseException as error:
        print("nekad:", type(error).__name__)
    else:
        print("GICK:", repr(result)[:60])

libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    result = libc.syscall(ctypes.c_long(number), *(
        ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    if result == -1:
        raise OSError(ctypes.get_errno(), "nekat")
    return result

def touch(path):
    open(path, "w").close()
    return path

def connect(family, kind, address):
    with socket.socket(family, kind) as s:
        s.settimeout(0.2)
        s.connect(address)
        return s.send(b"hej")
"""


def escape(id: str, tries: str, *attempts: str) -> Hostile:
    """Försök efter försök; sedan ett rätt svar på noll rader."""
    lines = "\n".join(f"attempt(lambda: {one})" for one in attempts)
    return Hostile(id, tries, in_body(lines, before=TOOLS), evidence="nekad")


FILES = (
    escape("write", "skriver i mappar", *(
        f"touch({path})" for path in (
            "'@CANARY@/ny'", "'@CANARY@/hemligt.txt'", "'ny'", "os.path.expanduser('~/ny')",
            "tempfile.gettempdir() + '/ny-elak'", "'/dev/shm/ny-elak'", "'/var/tmp/ny-elak'",
            "sys.prefix + '/ny-elak'", "os.path.dirname(os.__file__) + '/ny_elak.py'"))),
    escape("temporary", "skapar tillfälliga filer", "tempfile.mkdtemp()",
           "tempfile.NamedTemporaryFile().write(b'x')", "tempfile.mkstemp()"),
    escape("remove", "tar bort", "os.remove('@CANARY@/hemligt.txt')",
           "os.rmdir('@CANARY@/mapp')", "__import__('shutil').rmtree('@CANARY@')",
           "os.truncate('@CANARY@/hemligt.txt', 0)"),
    escape("rename", "flyttar", "os.rename('@CANARY@/hemligt.txt', '@CANARY@/nytt.txt')",
           "os.replace('@CANARY@/mapp', '@CANARY@/mapp2')"),
    escape("chmod", "ändrar rättigheter, ägare och tider",
           "os.chmod('@CANARY@/hemligt.txt', 0o777)", "os.chown('@CANARY@/hemligt.txt', 1, 1)",
           "os.utime('@CANARY@/hemligt.txt', (0, 0))",
           "os.setxattr('@CANARY@/hemligt.txt', 'user.x', b'1')",
           "call(452, -100, b'@CANARY@/hemligt.txt', 0o777, 0)"),
    escape("links", "gör länkar och rör", "os.symlink('/etc/passwd', '@CANARY@/l')",
           "os.link('@CANARY@/hemligt.txt', '@CANARY@/l2')", "os.mkfifo('@CANARY@/ror')",
           "os.mknod('@CANARY@/nod')", "os.mkdir('@CANARY@/ny_mapp')"),
    escape("read", "läser det som är lärarens eller andras", *(
        f"open({path}).read(1)" for path in (
            "'@CANARY@/hemligt.txt'", "'@CANARY@/länk'", "'@CANARY@/mapp/annan_inlamning.ipynb'",
            "'@ROOT@/solutions/05_double_dqn.ipynb'",
            "'@ROOT@/solutions/grading/book_03/hidden.py'",
            "'@ROOT@/dqn_helpers/training.py'", "'/etc/passwd'", "'/etc/hostname'",
            "'/proc/self/environ'", "'/proc/self/maps'", "'/proc/1/environ'", "'/proc/1/cmdline'",
            "'/proc/@PID@/environ'", "'/proc/cpuinfo'", "os.path.expanduser('~/.bashrc')")),
           *(f"os.listdir({path})" for path in (
               "'/'", "'/proc'", "'/home'", "'/root'", "'/tmp'", "'@CANARY@'", "'@ROOT@'",
               "'.'"))),
    escape("memory_files", "läser och skriver andras minne", *(
        f"open('/proc/{pid}/mem', 'r+b')" for pid in ("@PID@", "1", "self"))),
    escape("libraries", "låter biblioteken spara",
           "__import__('numpy').save('@CANARY@/a.npy', [1])",
           "__import__('torch').save([1], '@CANARY@/a.pt')",
           "__import__('matplotlib.pyplot').pyplot.figure().canvas.print_png('@CANARY@/a.png')",
           "__import__('sqlite3').connect('@CANARY@/a.db').execute('create table t(x)')",
           "__import__('shelve').open('@CANARY@/a')"),
)  # fmt: skip

NETWORK = (
    escape("tcp", "TCP till den egna datorn",
           "connect(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', @TCP@))",
           "__import__('urllib.request').request.urlopen('http://127.0.0.1:@TCP@/')"),
    escape("udp", "UDP till den egna datorn",
           "connect(socket.AF_INET, socket.SOCK_DGRAM, ('127.0.0.1', @UDP@))"),
    escape("unix", "unix-mottagare, med och utan fil",
           "connect(socket.AF_UNIX, socket.SOCK_STREAM, '@UNIX@')",
           "connect(socket.AF_UNIX, socket.SOCK_STREAM, '\\0@ABSTRACT@')"),
    escape("raw_socket", "nät utan Pythons socket", "call(41, 2, 1, 0)", "call(41, 16, 3, 0)",
           "call(53, 1, 1, 0, ctypes.create_string_buffer(8))", "socket.socketpair()"),
    escape("pass_files", "skickar filer genom kanalen",
           "socket.send_fds(socket.socket(fileno=os.dup(3)), [b'x'], [0])"),
)  # fmt: skip

PROCESSES = (
    escape("fork", "avknoppar", "os.fork()", "os.forkpty()", "call(57)",
           "call(56, 17, 0, 0, 0, 0)", "call(435, ctypes.create_string_buffer(88), 88)"),
    escape("subprocess", "startar program", "subprocess.run(['/bin/true'])",
           "subprocess.Popen(['sleep', '60'], start_new_session=True)",
           "os.posix_spawn('/bin/true', ['true'], {})", "os.popen('true').read() or 1 / 0",
           "1 / (os.system('touch @CANARY@/system') == 0)"),
    escape("multiprocessing", "startar processer genom biblioteken", *(
        f"__import__('multiprocessing').get_context('{way}').Process(target=print).start()"
        for way in ("fork", "spawn", "forkserver")),
        "__import__('torch.multiprocessing').multiprocessing.spawn(print)"),
    escape("execute", "byter program", "os.execv('/bin/true', ['true'])",
           "call(322, -100, b'/bin/true', 0, 0, 0)"),
    # SIGURG gör ingen skada om spärren skulle brista; SIGKILL till alla vore något annat.
    escape("kill", "skickar signaler till andra",
           *(f"os.kill({pid}, {sent})" for pid in ("os.getppid()", "@PID@", "1", "-1", "0")
             for sent in (0, 23)),
           "os.killpg(0, 23)", "call(200, @PID@, 23)", "call(234, @PID@, @PID@, 23)",
           "call(129, @PID@, 23, ctypes.create_string_buffer(128))", "os.pidfd_open(@PID@)"),
    escape("debug", "läser andras minne som en avlusare",
           *(f"call(101, 16, {pid}, 0, 0)" for pid in ("os.getppid()", "@PID@")),
           "call(310, @PID@, 0, 0, 0, 0, 0)", "call(311, @PID@, 0, 0, 0, 0, 0)"),
    escape("session", "lösgör sig", "os.setsid()", "os.setpgid(0, 0)", "os.setpriority(0, 0, -5)",
           "libc.prctl(1, 0) == 0 or 1 / 0", "libc.prctl(4, 1) == 0 or 1 / 0",
           "call(157, 2**32 + 1, 0, 0, 0, 0)", "call(157, 2**32 + 4, 1, 0, 0, 0)"),
    escape("signal_owner", "ber kärnan skicka signaler till andra",
           *(f"__import__('fcntl').fcntl(os.pipe()[0], 8, {owner})"
             for owner in ("os.getppid()", "@PID@")),
           "__import__('fcntl').fcntl(os.pipe()[0], 10, 23)",
           "__import__('fcntl').fcntl(os.pipe()[0], 15, struct.pack('ii', 1, os.getppid()))",
           "call(72, os.pipe()[0], 2**32 + 10, 23)",
           *(f"__import__('fcntl').ioctl(3, {request}, struct.pack('i', os.getppid()))"
             for request in (0x8901, 0x8902))),
)  # fmt: skip

# Världens egna objekt: en semafor, ett delat minne och en kö, som lärarens program kunde ha. Utan
# namnrymd för IPC syns de för alla, och den som äger dem får ta bort dem.
SYSTEM_V = (
    escape("system_v", "tar bort och läser andras semaforer, minnen och köer (System V, POSIX)",
           "call(66, @SEM@, 0, 0)", "call(31, @SHM@, 0, 0)", "call(71, @MSG@, 0, 0)",
           "call(66, @SEM@, 0, 12, 0)", "call(65, @SEM@, struct.pack('HhH', 0, 1, 0), 1)",
           "call(30, @SHM@, 0, 0)", "call(69, @MSG@, struct.pack('l', 1) + b'x' * 8, 8, 0)",
           "call(70, @MSG@, ctypes.create_string_buffer(64), 8, 0, 0x800)",
           "call(64, 0, 1, 0o600)", "call(29, 0, 4096, 0o600)", "call(68, 0, 0o600)",
           "call(240, b'elak', 0x42, 0o600, 0)", "call(241, b'elak')"),
)  # fmt: skip

# Filen är tom och finns i varje installation, så det gör inget om försöket skulle lyckas.
EMPTY = "os.path.join(os.path.dirname(__import__('numpy').__file__), 'py.typed')"

TRUNCATION = (
    escape("truncate", "tömmer filer som öppnas för att läsas, eller inte ens det", *(
        f"os.open({path}, {flags})"
            for path in ("'@CANARY@/hemligt.txt'", EMPTY, "os.devnull")
            for flags in ("os.O_RDONLY | os.O_TRUNC", "os.O_TRUNC | os.O_ACCMODE",
                          "os.O_ACCMODE")),
        *(f"call(437, -100, os.fsencode({path}), struct.pack('QQQ', {flags}, 0, 0), 24)"
            for path in ("'@CANARY@/hemligt.txt'", EMPTY) for flags in (0, 0o1000)),
        f"call(2, os.fsencode({EMPTY}), 0o1000, 0)", f"call(85, os.fsencode({EMPTY}), 0o600)",
        f"os.truncate({EMPTY}, 0)", f"os.ftruncate(os.open({EMPTY}, os.O_RDONLY), 0)"),
)  # fmt: skip

SIDE_CHANNELS = (
    escape("page_cache", "frågar och styr vilka filer som ligger i datorns minne",
           "call(27, 0, 4096, ctypes.create_string_buffer(1))",
           f"os.preadv(os.open({EMPTY}, os.O_RDONLY), [bytearray(1)], 0, os.RWF_NOWAIT)",
           "call(451, 0, ctypes.create_string_buffer(16), ctypes.create_string_buffer(40), 0)",
           "os.posix_fadvise(os.open(os.__file__, 0), 0, 0, os.POSIX_FADV_DONTNEED)",
           "call(187, os.open(os.__file__, 0), 0, 4096)"),
    escape("open_files", "letar efter filer som någon annan har lämnat öppna",
           *(f"os.fstat({number})" for number in range(4, 64)),
           *(f"1 / (os.fstat({number}).st_rdev != os.stat(os.devnull).st_rdev)"
             for number in (0, 1, 2))),
    escape("host_environment", "tar reda på var lärarens program och mappar finns",
           "next(v for v in os.environ.values() if '@ROOT@' in v or '@HOME@' in v)",
           "1 / (os.environ['PATH'] != os.defpath)", "os.environ['PYTHONPATH']"),
)  # fmt: skip

KERNEL = (
    escape("namespaces", "byter namnrymd och monterar", "call(272, 0x10000000)", "call(308, 0, 0)",
           "call(165, b'x', b'@CANARY@/mapp', b'tmpfs', 0, 0)",
           "call(161, b'/')", "call(155, b'/', b'/')"),
    escape("kernel_calls", "vanliga vägar till fel i kärnan", *(
        f"call({number}, 1, 0, 0, 0, 0)"
            for number in (425, 323, 321, 298, 250, 248, 175, 313, 169))),
    escape("shared_memory", "delat minne som lever kvar", "call(319, b'x', 0)",
           "call(29, 0, 4096, 0o1666)", "call(240, b'x', 0x42, 0o600, 0)", "call(68, 0, 0o1666)",
           "__import__('multiprocessing.shared_memory').shared_memory.SharedMemory(None, 1, 10)"),
    escape("identity", "byter användare",
            "call(105, 0) + 1 / 0 if os.getuid() == 0 else os.setuid(0)",
           "os.setuid(1)", "os.setgroups([0])", "os.chroot('/')", "call(135, 0x40000)"),
    escape("limits", "höjer sina egna gränser", *(
        f"call(160, {which}, struct.pack('QQ', 2**62, 2**62))" for which in (0, 1, 7, 9)),
        "call(302, 0, 0, struct.pack('QQ', 2**62, 2**62), 0)",
        "__import__('resource').setrlimit(0, (1000, 1000))"),
    escape("processors", "binder andra till en processor",
            "os.sched_setaffinity(os.getppid(), {0})",
           "os.sched_setaffinity(@PID@, {0})",
           "os.sched_setscheduler(@PID@, os.SCHED_BATCH, os.sched_param(0))"),
)  # fmt: skip

MANY_THREADS = Hostile(
    "many_threads",
    "startar tusentals små trådar som bara väntar",
    in_body("""
import threading
threading.stack_size(2**15)
started, wait = 0, threading.Event().wait
try:
    while started < 3000:
        threading.Thread(target=wait, daemon=True).start()
        started += 1
except RuntimeError:
    pass
print("GICK" if started > 1000 else "nekad:", started)
""", before=TOOLS),
    evidence="nekad",
)  # fmt: skip

SIGNAL_BY_FILE = Hostile(
    "signal_by_file",
    "ber kärnan skicka en signal till rättaren när ett rör får innehåll (F_SETOWN)",
    in_body("""
reading, writing = os.pipe()
for owner in (@PID@, os.getppid()):
    attempt_quietly(lambda: fcntl.fcntl(reading, fcntl.F_SETOWN, owner))
    attempt_quietly(lambda: fcntl.fcntl(reading, 10, signal.SIGURG))
    attempt_quietly(lambda: fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK))
    os.write(writing, b"x")
print("körd")
""", before=TOOLS + """
import fcntl
def attempt_quietly(what):
    try: what()
    except OSError: pass
"""),
    evidence="körd",
)  # fmt: skip

OTHER_ARCHITECTURE = Hostile(
    "int80",
    "gör systemanrop som ett 32-bitarsprogram, förbi ett filter för 64 bitar",
    in_body("""
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes([0xB8, 2, 0, 0, 0, 0xCD, 0x80, 0xC3]))  # mov eax, 2 (fork); int 0x80; ret
start = ctypes.addressof(ctypes.c_char.from_buffer(code))
child = ctypes.CFUNCTYPE(ctypes.c_int)(start)()
if child == 0: os._exit(0)
print("GICK: int 0x80" if child > 0 else "nekad")
""", before=TOOLS),
    statuses=("failed", "crashed"),
)  # fmt: skip

ENVIRONMENT = Hostile(
    "environment",
    "letar efter hemligheter i miljövariablerna och ändrar dem",
    in_body("""
for name, value in os.environ.items():
    if "hemlig" in value or name in ("SSH_AUTH_SOCK", "HISTFILE", "USER", "KANARIE"):
        print("GICK:", name)
os.environ["LD_PRELOAD"] = "/tmp/elak.so"
os.environ.clear()
print("nekad")
""", before=TOOLS),
    evidence="nekad",
)  # fmt: skip

# Det som bara ett eget filträd och ett eget datornamn kan hindra, alltså i nivån full.
METADATA = (
    escape("metadata", "ser vilka filer som finns, hur stora de är och när de lästes", *(
        f"os.stat({path})" for path in (
            "'@CANARY@/hemligt.txt'", "'@ROOT@/kurs.py'", "'@ROOT@/solutions'", "'/etc/passwd'",
            "'/proc/1'", "'/proc/self/fd/3'", "'/sys'", "'/bin/sh'", "'/dev/shm'")),
        "os.readlink('@CANARY@/länk')", "os.access('@CANARY@/mapp', os.F_OK) or 1 / 0",
        "1 / ('@HOST@' == os.uname().nodename)"),
    Hostile("access_times", "lämnar spår i tiden då en fil senast lästes", in_body("""
import glob
for path in glob.glob(os.path.dirname(os.__file__) + "/test*/**", recursive=True)[:200]:
    if os.path.isfile(path):
        before = os.stat(path).st_atime_ns
        open(path, "rb").read(1)
        if os.stat(path).st_atime_ns != before:
            print("GICK:", path)
            break
print("nekad")
""", before=TOOLS), evidence="nekad"),
)  # fmt: skip

ESCAPES: tuple[Hostile, ...] = (
    *FILES,
    *TRUNCATION,
    *NETWORK,
    *PROCESSES,
    *SYSTEM_V,
    *SIDE_CHANNELS,
    *KERNEL,
    MANY_THREADS,
    SIGNAL_BY_FILE,
    OTHER_ARCHITECTURE,
    ENVIRONMENT,
)
