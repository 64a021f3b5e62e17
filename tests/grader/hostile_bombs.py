"""Resursbomber: tid, minne, djup, trådar, filer, utskrifter. Gränsen är en sekund."""

from .hostile import RIGHT, Hostile, in_body

SLOW = ("timeout",)

BURNERS = (
    Hostile("loop", "en loop som aldrig tar slut", in_body("while True: pass"), statuses=SLOW),
    Hostile("swallows", "fångar varje avbrott", in_body("""
while True:
    try:
        while True: pass
    except BaseException: pass
"""), statuses=SLOW),
    Hostile("ignores_signals", "stänger av alla signaler", in_body("""
import signal
for number in (signal.SIGALRM, signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
while True: pass
"""), statuses=SLOW),
    Hostile("in_c", "räknar 10**10**8 i ett enda steg",
            in_body("x = 10 ** 10 ** 8"), statuses=SLOW),
    Hostile("regex", "ett reguljärt uttryck som backar i evighet", in_body(
        "import re; re.match(r'(a+)+$', 'a' * 64 + 'b')"), statuses=SLOW),
    Hostile("at_definition", "en loop medan cellen körs", """
def build():
    while True:
        try:
            while True: pass
        except BaseException: pass
x = build()
def td_target(r, q, d, g): return x
""", statuses=("timeout", "error")),
    Hostile("slow_text", "ett undantag vars text aldrig blir klar", in_body("raise E", before="""
class E(Exception):
    def __str__(self):
        while True: pass
"""), statuses=SLOW),
    Hostile("threads_that_burn", "åtta trådar som räknar", in_body("""
import threading, hashlib
for _ in range(8):
    threading.Thread(target=lambda: hashlib.pbkdf2_hmac('sha512', b'x', b'y', 10**9)).start()
while True: pass
"""), statuses=SLOW),
    Hostile("crash_after_crash",
            "bränner nästan hela tiden och kraschar, i vart och ett av fallen", """
import os, time
class ReplayBuffer:
    def __init__(self, n):
        while time.process_time() - START < 0.9: pass
        os._exit(1)
START = time.process_time()
""", number="2.1", statuses=("timeout", "crashed")),
)  # fmt: skip

SLEEPERS = (
    Hostile("sleep", "sover", in_body("import time; time.sleep(10**6)"), statuses=SLOW),
    Hostile("sleep_masked", "sover med alla signaler stängda", in_body("""
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
time.sleep(10**6)
"""), statuses=SLOW),
    Hostile("drip", "skickar ett svar en byte i taget", in_body("""
import os, time
while True:
    os.write(3, b"\\0")
    time.sleep(0.7)
"""), statuses=("timeout", "crashed")),
    Hostile("drip_fast", "skickar byte så tätt att rättaren aldrig får vänta", in_body("""
import os, time
os.write(3, (10**6).to_bytes(8, "big"))
while True:
    os.write(3, b" ")
    time.sleep(0.02)
"""), statuses=("timeout", "crashed")),
)  # fmt: skip

MEMORY = ("memory", "error", "timeout", "crashed")

QUICK = (
    Hostile("numpy_memory", "8 GB i numpy", in_body("import numpy; numpy.zeros(2**30)"),
            statuses=("memory",)),
    Hostile("torch_memory", "8 GB i torch", in_body("import torch; torch.empty(2**31)"),
            statuses=("memory",)),
    Hostile("list_memory", "en lista som växer", in_body("""
import numpy
x = []
while True: x.append(numpy.zeros(10**8))
"""), statuses=("memory",)),
    Hostile("string_memory", "en text som fördubblas", in_body("""
x = 'x' * 2**28
while True: x += x
"""), statuses=("memory", "timeout")),
    Hostile("swallowed_memory", "fångar MemoryError och tar mer", in_body("""
x = []
for _ in range(200):
    try: x.append(numpy.zeros(10**8))
    except MemoryError: pass
"""), statuses=("failed", *MEMORY)),
    Hostile("recursion", "anropar sig själv", in_body("return td_target(r, q, d, g)"),
            statuses=("error",)),
    Hostile("deep_recursion", "anropar sig själv utan gräns", in_body("""
import sys
sys.setrecursionlimit(10**9)
return td_target(r, q, d, g)
"""), statuses=("crashed", *MEMORY)),
    Hostile("deep_in_c", "djup i C-kod", in_body("""
import sys
sys.setrecursionlimit(10**9)
x = None
for _ in range(10**6): x = [x]
str(x)
"""), statuses=("crashed", *MEMORY)),
    Hostile("fork_bomb", "avknoppar utan slut", in_body("""
import os
while True: os.fork()
"""), statuses=("forbidden",)),
    Hostile("thread_bomb", "startar trådar utan slut", in_body("""
import threading
while True: threading.Thread(target=threading.Event().wait, daemon=True).start()
"""), statuses=MEMORY),
    Hostile("file_bomb", "öppnar filer utan slut", in_body("""
import os
while True: os.dup(0)
"""), statuses=("error", "forbidden")),
    Hostile("pipe_bomb", "fyller rör", in_body("""
import os
for _ in range(20):
    a, b = os.pipe(); os.set_blocking(b, False); os.write(b, b'x' * 10**6)
"""), statuses=("failed",)),
    Hostile("huge_answer", "svarar med en array på 80 MB", in_body("import torch",
            "torch.zeros(10**7)"),
            statuses=("failed", "crashed", "timeout")),
    Hostile("chatty", "rätt, men skriver ut 50 MB", RIGHT.replace("return", """for _ in range(17):
        print('x' * 10**6)
    return"""), points=2, statuses=("passed",)),
    Hostile("warns", "rätt, men varnar och skriver på stderr", RIGHT.replace("return",
            """import warnings, sys
    warnings.warn("elak"); print("fel", file=sys.stderr); sys.stderr.flush()
    return"""), points=2, statuses=("passed",)),
)  # fmt: skip

BOMBS: tuple[Hostile, ...] = (*BURNERS, *SLEEPERS, *QUICK)
