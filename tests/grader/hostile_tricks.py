"""Knep för att få poäng utan att lösa övningen. Alla är värda noll."""

from .hostile import NO_POINTS, Hostile, in_body

PATCH_EVERYTHING = """
import builtins, json, base64
import numpy as np, torch
"""

SEARCH = """
import gc, sys, inspect

def answer_in(thing, reward):
    expected = getattr(thing, "expected", None)
    inputs = getattr(thing, "inputs", None)
    if expected and isinstance(inputs, dict) and "reward" in inputs:
        if list(map(float, inputs["reward"])) == [float(x) for x in reward]:
            return expected[0]["target"]
"""

LIAR = """
import torch

class Liar:
    def __getattr__(self, name):
        return lambda *a, **k: True
    def _yes(self, *a, **k):
        return True
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _yes
    def __ne__(self, other):
        return False
    def _me(self, *a, **k):
        return self
    __abs__ = __sub__ = __rsub__ = __add__ = __mul__ = __array_ufunc__ = _me
    __hash__ = object.__hash__
    def __len__(self):
        return 5
    def __float__(self):
        return 0.0
    def __array__(self, *a, **k):
        raise SystemExit
"""

DRIVER = """
import dqn_helpers.exercises as ex
import dqn_helpers.exercises.running as running
import dqn_helpers.autograder.worker as worker
from dqn_helpers.exercises.registry import EXERCISES

def lie(student, inputs):
    return {"target": [0.0] * len(inputs["reward"]), "changed": ""}
"""


def trick(id: str, tries: str, attack: str, before: str = "", result: str = "r") -> Hostile:
    """Ett knep inne i funktionen, som sedan svarar fel."""
    code = in_body(f"{attack.strip()}\nprint('körd')", result, before)
    return Hostile(id, tries, code, evidence="körd")


def whole(id: str, tries: str, code: str, number: str = "3.1", evidence: str = "") -> Hostile:
    """Ett knep som är en hel cell."""
    return Hostile(id, tries, code.strip() + "\n", number, evidence=evidence)


PATCHES = (
    trick("allclose", "byter ut jämförelserna i numpy och torch", """
yes = lambda *a, **k: True
np.allclose = np.array_equal = np.isclose = torch.allclose = torch.equal = yes
np.testing.assert_allclose = np.testing.assert_array_equal = yes
""", PATCH_EVERYTHING),
    Hostile("builtins", "byter ut abs, all, isinstance och len", in_body("""
print('körd')
builtins.all = builtins.any = builtins.abs = lambda *a, **k: True
builtins.isinstance = lambda *a: True
""", before=PATCH_EVERYTHING)),
    trick("asarray", "byter ut np.asarray, np.array och np.abs", """
np.asarray = np.array = lambda *a, **k: np.zeros(5)
np.abs = lambda *a, **k: np.zeros(5)
""", PATCH_EVERYTHING),
    Hostile("json", "byter ut json.dumps i arbetaren", in_body("""
json.dumps = lambda *a, **k: '{"status": "passed", "points": 2, "observed": {}}'
""", before=PATCH_EVERYTHING)),
    Hostile("base64", "byter ut base64 i arbetaren", in_body("""
base64.b64encode = lambda data: b'AAAA'
""", "r", PATCH_EVERYTHING)),
    trick("judging", "byter ut bedömningen i arbetaren", """
import dqn_helpers.exercises.judging as judging, dqn_helpers.exercises.comparing as comparing
comparing.difference = judging.difference = lambda *a: None
judging.failure = judging._mismatch = lambda *a: ""
"""),
    trick("driver", "byter ut övningens drivare", """
object.__setattr__(EXERCISES["3.1"], "driver", lie)
""", DRIVER),
    trick("run_case", "byter ut run_case i arbetaren", """
worker.run_case = running.run_case = lambda *a: running.Outcome("ok", {"target": [1.0]})
""", DRIVER),
    trick("behaviours", "sänker kraven i arbetarens kopia av övningen", """
object.__setattr__(EXERCISES["3.1"], "behaviours", ())
object.__setattr__(EXERCISES["3.1"], "number", "1.1")
""", DRIVER),
    trick("sys_modules", "byter ut hela moduler", """
import sys, types
fake = types.ModuleType("judging")
fake.judge = lambda *a: True
for name in list(sys.modules):
    if name.startswith(("dqn_helpers.exercises", "pytest", "autograder")):
        sys.modules[name] = fake
"""),
    trick("import_hook", "lägger sig först i importkedjan", """
import sys
class Finder:
    def find_spec(self, name, *a):
        print("import", name)
sys.meta_path.insert(0, Finder())
sys.path.insert(0, ".")
"""),
    trick("pytest", "letar upp pytest och dess rapporter", """
import sys
for name in ("_pytest.runner", "_pytest.reports", "pytest"):
    module = sys.modules.get(name)
    if module:
        module.fail = lambda *a, **k: None
        print("GICK: pytest finns i arbetaren")
"""),
)  # fmt: skip

LIES = (
    whole("liar", "returnerar ett objekt som säger ja till allt", in_body(
        "print('körd')", "Liar()", LIAR), evidence="körd"),
    whole("liar_list", "returnerar en lista av ljugande objekt", in_body(
        "print('körd')", "[Liar() for _ in r]", LIAR), evidence="körd"),
    whole("float_subclass", "ett tal som är lika med allt", in_body("print('körd')",
            "[F(x) for x in r]", """
class F(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __float__(self): return float("nan")
    __hash__ = float.__hash__
"""), evidence="körd"),
    whole("str_subclass", "en text som är lika med allt", in_body("print('körd')", "S('')", """
class S(str):
    def __eq__(self, other): return True
    def __str__(self): return self
    __hash__ = str.__hash__
"""), evidence="körd"),
    whole("tensor_subclass", "en tensor som ljuger om sig själv", in_body(
        "print('körd')", "r.as_subclass(T)", """
import torch
class T(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True
"""), evidence="körd"),
    whole("array_subclass", "en array som ljuger om sig själv", in_body(
        "print('körd')", "r.numpy().view(A)", """
import numpy as np
class A(np.ndarray):
    def __array_ufunc__(self, *a, **k): return np.zeros(5)
    def __array_function__(self, *a, **k): return True
    def __eq__(self, other): return True
    dtype = property(lambda self: np.dtype('float64'))
"""), evidence="körd"),
    whole("class_lies", "isinstance luras med __class__", in_body("print('körd')", "C()", """
import torch
class C:
    __class__ = property(lambda self: torch.Tensor)
    def __getattr__(self, name): return lambda *a, **k: self
"""), evidence="körd"),
    whole("pickle", "ett objekt som kör kod när det packas upp", in_body("print('körd')", "P()", """
import os, copyreg
class P:
    def __reduce__(self): return (os.system, ('touch @CANARY@/uppackad',))
copyreg.pickle(float, lambda x: (os.system, ('touch @CANARY@/uppackad',)))
"""), evidence="körd"),
    whole("generator", "ger en generator", "def td_target(r, q, d, g):\n    yield r"),
    whole("self_reference", "en lista och en ordbok som innehåller sig själva", in_body(
        "x = []; x.append(x); y = {}; y['target'] = y; x.append(y)", "x")),
    whole("long_list", "en lista med tio miljoner tal", in_body("pass", "[0.0] * 10**7")),
    whole("nested_list", "en lista tio tusen nivåer djup", in_body(
        "x = 0.0\nfor _ in range(10**4): x = [x]", "x")),
    whole("wide_dict", "en ordbok med hundratusen nycklar", in_body(
        "pass", "{str(i) * 50: i for i in range(10**5)}")),
    whole("strange_numbers", "nan, inf och tal utanför 64 bitar", in_body(
        "pass", "[float('nan'), float('inf'), 10**400, -10**40, True]")),
    whole("complex", "komplexa tal och texter i arrayer", in_body(
        "import numpy as np", "[np.array([1j, 2j]), np.array(['a', None], dtype=object)]")),
)  # fmt: skip

PEEKING = (
    whole("frames", "läser väntade svar i anroparnas ramar", in_body("""
frame = sys._getframe()
while frame:
    for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
        for thing in (value if isinstance(value, (list, tuple)) else [value]):
            found = answer_in(thing, r)
            if found is not None:
                return found
    frame = frame.f_back
print('körd')
""", before=SEARCH), evidence="körd"),
    whole("heap", "letar efter fallet bland alla objekt i minnet", in_body("""
for thing in gc.get_objects():
    try:
        found = answer_in(thing, r)
    except BaseException:
        continue
    if found is not None:
        return found
print('körd', len(gc.get_objects()))
""", before=SEARCH), evidence="körd"),
    whole("examples", "svarar med det öppna exemplets svar", in_body(
        "from dqn_helpers.exercises.registry import EXERCISES\nprint('körd')",
        "EXERCISES['3.1'].examples[0].expected[0]['target']"), evidence="körd"),
    whole("catalogue", "importerar de dolda fallen", in_body("""
import sys
sys.path += ["@ROOT@/solutions", "@ROOT@"]
from grading.book_03 import accepted
print("GICK: katalogen")
return accepted.with_where(r, q, d, g)
""")),
)  # fmt: skip

REFERENCE = (
    whole("import_it", "importerar kursens egen lösning",
          "from dqn_helpers import td_target", evidence=""),
    whole("alias", "anropar kursens lösning under ett annat namn", """
from dqn_helpers import td_target as right
def td_target(*a): return right(*a)
"""),
    whole("star", "from dqn_helpers.training import *", """
from dqn_helpers.training import *
right = td_target
td_target = lambda *a: right(*a)
"""),
    whole("deepcopy", "kopierar kursens lösning i förväg", """
import copy, types, dqn_helpers
f = dqn_helpers.training.td_target
right = types.FunctionType(copy.deepcopy(f.__code__), f.__globals__)
def td_target(*a): return right(*a)
"""),
    whole("reload", "laddar om modulen", """
import importlib, dqn_helpers.training
def td_target(*a): return importlib.reload(dqn_helpers.training).td_target(*a)
"""),
    whole("getsource", "läser källtexten", """
import inspect, dqn_helpers.training as t
def td_target(*a):
    space = {}
    exec(inspect.getsource(t), space)
    return space["td_target"](*a)
"""),
    whole("loader", "läser in modulens fil under ett annat namn", """
import importlib.machinery, importlib.util, dqn_helpers.training as t
def td_target(*a):
    loader = importlib.machinery.SourceFileLoader("fresh", t.__file__)
    fresh = importlib.util.module_from_spec(importlib.util.spec_from_loader("fresh", loader))
    loader.exec_module(fresh)
    return fresh.td_target(*a)
"""),
    whole("runpy", "kör modulen en gång till", """
import runpy
def td_target(*a):
    return runpy.run_module("dqn_helpers.training")["td_target"](*a)
"""),
    whole("pyc", "läser den kompilerade modulen", """
import importlib.util, marshal, dqn_helpers.training as t
def td_target(*a):
    with open(importlib.util.cache_from_source(t.__file__), "rb") as file:
        code = marshal.loads(file.read()[16:])
    space = {"__name__": "t"}
    exec(code, space)
    return space["td_target"](*a)
"""),
    whole("linecache", "läser källtexten genom linecache och modulens laddare", """
import linecache, dqn_helpers.training as t
def td_target(*a):
    text = "".join(linecache.getlines(t.__file__)) or t.__loader__.get_source(t.__name__)
    space = {}
    exec(text, space)
    return space["td_target"](*a)
"""),
    whole("through_step", "låter kursens träningssteg räkna målet", """
import torch, dqn_helpers, dqn_helpers.training as t
def td_target(r, q, d, g):
    net = torch.nn.Linear(1, q.shape[1])
    caught = []
    class Net(torch.nn.Module):
        def forward(self, x): return q + 0 * net(x[:, :1])
    def loss(predicted, target):
        caught.append(target)
        return (predicted - target).mean()
    n = len(r)
    batch = (torch.zeros(n, 1), torch.zeros(n, dtype=torch.int64), r, torch.zeros(n, 1), d, ~d)
    t.sample_experiences = lambda *a: batch
    model = Net(); model.net = net
    opt = torch.optim.SGD(net.parameters(), 0.1)
    dqn_helpers.dqn_training_step(model, opt, loss, [0] * n, n, g)
    return caught[0]
"""),
    whole("subclass", "ärver kursens buffert", """
from dqn_helpers import ReplayBuffer as Right
class ReplayBuffer(Right): pass
""", "2.1"),
    whole("new", "bygger kursens buffert utan __init__", """
from dqn_helpers.replay import ReplayBuffer as Right
class ReplayBuffer:
    def __init__(self, n):
        self.b = object.__new__(Right)
        self.b.max_length, self.b._n_added, self.b._state = n, 0, None
    def append(self, e): return Right.append(self.b, e)
    def __len__(self): return Right.__len__(self.b)
    def __getitem__(self, i): return Right.__getitem__(self.b, i)
""", "2.1"),
    whole("wrapped", "tar funktionen under dess dekoratör", """
import gc, types, dqn_helpers
right = dqn_helpers.update_target_network
def update_target_network(model, target_model, tau=1.0):
    found = [c.cell_contents for c in right.__closure__ if callable(c.cell_contents)]
    for f in (*found, right.__wrapped__):
        if isinstance(f, types.FunctionType) and f.__name__ == "update_target_network":
            return f(model, target_model, tau)
""", "4.2"),
    whole("through_sweeps", "låter kursens svep räkna", """
import numpy as np, dqn_helpers.mdp as m
def bellman_backup(q, p, r, g):
    m.np = type("np", (), {"__getattr__": lambda s, n: getattr(np, n)})()
    m.np.zeros = m.np.where = m.np.full = lambda *a, **k: q.copy()
    return next(m.q_value_sweeps(m.TabularMDP(p, r, np.ones(q.shape, bool)), g))
""", "1.2"),
    whole("through_q_learning", "låter kursens Q-inlärning räkna", """
import numpy as np, gymnasium as gym, dqn_helpers.mdp as m
def q_learning_update(q, s, a, r, s2, end, lr, g):
    class Env(gym.Env):
        observation_space = gym.spaces.Discrete(q.shape[0])
        action_space = gym.spaces.Discrete(q.shape[1])
        def reset(self, **k): return s, {}
        def step(self, action): return s2, r, end, not end, {}
    m.epsilon_greedy = lambda *x: a
    before = q[s, a]
    m.q_learning(Env(), 1, g, learning_rate=lr, q_values=q)
    return (q[s, a] - before) / lr
""", "1.3"),
)  # fmt: skip

LATER = (
    trick("thread", "en tråd ändrar svaret efteråt", """
import threading
def change():
    for _ in range(10**4):
        r.fill_(3.0)
threading.Thread(target=change, daemon=True).start()
"""),
    whole("settrace", "en spårning ändrar variabler i drivaren", in_body("""
import sys
def trace(frame, event, arg):
    frame.f_locals.update(changed="", expected=None, message="")
    return trace
sys.settrace(trace); sys.setprofile(lambda *a: None)
""")),
    trick("atexit", "skriver om resultaten när processen slutar", """
import atexit, os
atexit.register(lambda: open("@CANARY@/results.json", "w").write("{}"))
"""),
    trick("finalizer", "avslutar processen när ett objekt städas", """
class D:
    def __del__(self): raise SystemExit(0)
d = D(); d.me = d; del d
"""),
    trick("gc_callback", "kör kod när minnet städas", """
import gc
gc.callbacks.append(lambda *a: print("städas"))
gc.set_threshold(1)
"""),
    trick("forged_stdout", "skriver ett falskt resultat på stdout", """
import sys, os
print('{"points": 2, "status": "passed"}')
os.write(1, b'{"points": 2}'); os.write(2, b'{"points": 2}')
sys.__stdout__.write('{"points": 2}'); sys.__stdout__.flush()
"""),
    whole("code_property", "en klass vars __code__ kastar", """
class F:
    @property
    def __code__(self): raise SystemExit(0)
    def __call__(self, r, q, d, g): return r
td_target = F()
"""),
    whole("metaclass", "en metaklass som svarar på allt", """
class M(type):
    def __call__(cls, *a): return a[0]
    def __getattr__(cls, name): return lambda *a, **k: True
    def __instancecheck__(cls, x): return True
    def __eq__(cls, other): return True
    __hash__ = type.__hash__
class td_target(metaclass=M): pass
"""),
    whole("unsolved_forever", "låtsas vara olöst när det passar", """
def td_target(r, q, d, g):
    raise type("NotImplementedError", (ArithmeticError,), {})("2/2 poäng")
"""),
)  # fmt: skip

ENDINGS = (
    whole("exit", "os._exit(0)", in_body("import os; os._exit(0)")),
    whole("sys_exit", "sys.exit(0)", in_body("import sys; sys.exit(0)")),
    whole("abort", "os.abort()", in_body("import os; os.abort()")),
    whole("segfault", "läser adress noll", in_body("import ctypes; ctypes.string_at(0)")),
    whole("raise_kill", "dödar sig själv", in_body("import signal; signal.raise_signal(9)")),
    whole("keyboard", "kastar KeyboardInterrupt", in_body("raise KeyboardInterrupt")),
    whole("generator_exit", "kastar GeneratorExit", in_body("raise GeneratorExit")),
    whole("own_base", "en egen BaseException", in_body(
        "raise B", before="class B(BaseException): pass")),
    whole("hostile_str", "ett undantag vars text avslutar processen", in_body("raise E", before="""
import os
class E(Exception):
    def __str__(self): raise SystemExit(0)
    __repr__ = __str__
""")),
    whole("huge_message", "ett undantag med tjugo miljoner tecken", in_body(
        "raise ValueError('<script>alert(1)</script>\\x00\\ud800' * 10**6)")),
    whole("huge_type_name", "ett undantag vars klass heter en miljon tecken", in_body(
        "raise type('\u202eÅ<b>' * 10**6, (Exception,), {})('x')")),
    whole("exit_at_definition", "avslutar processen medan cellen körs", """
import os
x = os._exit(0)
def td_target(r, q, d, g): return x
"""),
    whole("close_channel", "stänger alla sina filer", in_body("import os; os.closerange(0, 100)")),
    whole("exec_in_string", "gömmer allt i en textsträng", """
exec("def td_target(r, q, d, g):\\n    import os\\n    os._exit(0)")
"""),
)  # fmt: skip

TRICKS: tuple[Hostile, ...] = (*PATCHES, *LIES, *PEEKING, *REFERENCE, *LATER, *ENDINGS)
assert all(set(trick.statuses) <= set(NO_POINTS) for trick in TRICKS)
