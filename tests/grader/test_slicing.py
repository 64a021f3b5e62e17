"""Skivaren: bara det en övning behöver, genom alla celler, och aldrig mer än en cell förlorad."""

import ast
import json
import sys
from typing import Any

import pytest
from everyday import every, only

from dqn_helpers.autograder.messages import from_data, to_data
from dqn_helpers.submission.cells import CellSource, parse_cell
from dqn_helpers.submission.extract import Slices, read_cell, slice_notebook, touched_in
from dqn_helpers.submission.notebook import MAX_CODE

WANTED = ("f", "g", "Klass")


def sliced(*cells: str) -> Slices:
    return slice_notebook([CellSource(f"cell {i}", c) for i, c in enumerate(cells, 1)], WANTED)


def run(slices: Slices, name: str = "f") -> dict:
    """Kör skivan sats för sats; ingen sats får gå fel, annat än i väntan på ett namn."""
    namespace: dict = {"__name__": "__main__"}
    lacking = [
        compile(ast.Module([statement], []), f"<{cell.name}>", "exec")
        for cell in slices.needed[name]
        for statement in ast.parse(cell.text).body
    ]
    while lacking:
        waiting, lacking = lacking, []
        for code in waiting:
            try:
                exec(code, namespace)
            except NameError:
                lacking.append(code)
        assert len(lacking) < len(waiting)
    return namespace


def value(*cells: str) -> object:
    """Det f() ger efter att bara skivan har körts."""
    return run(sliced(*cells))["f"]()


NEVER = "raise SystemExit('det här skulle inte köras')"
TRAINING = "history = train(input('hur länge?'))\nfor episode in range(10**9):\n    f()"


@pytest.mark.parametrize(
    "cells",
    [
        # Allt i en cell, delat på flera, i andra celler
        ["def f():\n    return 7"],
        ["import math", NEVER, "def f():\n    return round(math.sqrt(49))"],
        ["def help():\n    return g2()\ndef g2():\n    return 7", "def f():\n    return help()"],
        ["def f():\n    return help()", NEVER, "def help():\n    return 7"],
        ["class Hjälp:\n    värde = 7", "def f():\n    return Hjälp().värde"],
        ["class A:\n    x = 7", "class B(A):\n    pass", "def f():\n    return B.x"],
        ["def deco(g):\n    return lambda: g() + 1", "@deco\ndef f():\n    return 6"],
        ["import functools\nSTEG = 7", "@functools.cache\ndef f(n=STEG):\n    return n"],
        ["T = int", "def f(x: T = 7) -> T:\n    return x"],
        ["f = lambda: g(7)", "g = lambda x: x"],
        ["def other():\n    return 7", TRAINING, "f = other"],
        ["async def g():\n    return 7", "import asyncio", "def f():\n    return asyncio.run(g())"],
        # Konstanter och tabeller
        ["def make(n):\n    return [n] * n", "TABLE = make(7)", "def f():\n    return len(TABLE)"],
        ["d = {}", "for i in range(8):\n    d[i] = i", "def f():\n    return d[7]"],
        ["d = {}", "i = 0\nwhile i < 8:\n    d[i] = i\n    i += 1", "def f():\n    return d[7]"],
        ["d = {}", "d['x'] = 7", "def f():\n    return d['x']"],
        ["d = dict(x=1)", "d.update(x=7)", "def f():\n    return d['x']"],
        ["lista = []", "lista.append(7)", "def f():\n    return lista[0]"],
        ["lista = [8, 7]", "första = lista.pop(0)", "def f():\n    return lista[0]"],
        ["import bisect\nlista = []", "bisect.insort(lista, 7)", "def f():\n    return lista[0]"],
        ["class K:\n    def sätt(self, n):\n        self.n = n", "k = K()", "k.sätt(7)",
         "def f():\n    return k.n"],
        ["n = 7", "class K:\n    x = n", "def f():\n    return K.x"],
        ["d = {}", "def fyll(t):\n    t['x'] = 7", "fyll(d)", "def f():\n    return d['x']"],
        ["d = {}", "def fyll():\n    d['x'] = 7", "fyll()", "def f():\n    return d['x']"],
        ["d = {}", "def a():\n    b()\ndef b():\n    d[0] = 7", "a()", "def f():\n    return d[0]"],
        ["d = {}", "def a():\n    b()\ndef b():\n    c()\ndef c():\n    d[0] = 7", "a()",
         "def f():\n    return d[0]"],
        ["def s():\n    global n\n    n = 7", "s()", "def f():\n    return n"],
        ["def s():\n    global f\n    def f():\n        return 7", "s()"],
        ["def s():\n    global n\n    n = 7", "x = s()", "def f():\n    return n"],
        ["reg = {}\ndef r(g):\n    reg['g'] = g\n    return g", "@r\ndef h():\n    return 7",
         "def f():\n    return reg['g']()"],
        ["from functools import singledispatch", "@singledispatch\ndef h(x):\n    return 0",
         "@h.register(int)\ndef _(x):\n    return x", "def f():\n    return h(7)"],
        ["from functools import singledispatch", "@singledispatch\ndef h(x):\n    return 0",
         "@h.register\ndef _(x: int):\n    return x", "def f():\n    return h(7)"],
        ["n = 6", "n += 1", "def f():\n    return n"],
        ["n = 7", "def f(n=n):\n    return n", "n = 1"],
        ["n = 7", "m = n", "n = 1", "def f():\n    return m"],
        ["n = 7\ndef h():\n    return n", "m = h()", "n = 1", "def f():\n    return m"],
        ["n = 1\ndef h():\n    return n", "m = [h]", "n = 7", "def f():\n    return m[0]()"],
        ["a = []", "b = a", "a.append(7)", "def f():\n    return b[0]"],
        ["a, (b, *c) = 1, (2, 7)", "def f():\n    return c[0]"],
        ["a = b = 7", "def f():\n    return b"],
        ["if (n := 7) > 3:\n    pass", "def f():\n    return n"],
        ["n = [m := x for x in (1, 7)]", "def f():\n    return m"],
        ["sum = 5", "del sum", "def f():\n    return sum([3, 4])"],
        ["tal = 7", "del tal", "def f():\n    return 7"],
        ["x: int = 7", "def f():\n    return x"],
        # Klasser som byggs på efteråt
        ["class K: pass", "def m(self):\n    return 7", "K.m = m", "def f():\n    return K().m()"],
        ["class K:\n    pass", "setattr(K, 'm', lambda self: 7)", "def f():\n    return K().m()"],
        ["class K:\n    pass", "k = K()", "K.m = lambda self: 7", "def f():\n    return k.m()"],
        ["class K:\n    pass", "k = K()", "k.x = [0]", "k.x[0] = 7", "def f():\n    return k.x[0]"],
        # Block
        ["if True:\n    def f():\n        return 7\nelse:\n    def f():\n        return 8"],
        ["try:\n    import finns_inte as m\nexcept ImportError:\n    import math as m",
         "def f():\n    return m.floor(7.5)"],
        ["import contextlib\nwith contextlib.nullcontext(7) as n: k = n", "def f():\n    return k"],
        ["for n in (1, 7):\n    k = n", "def f():\n    return k"],
        ["match 7:\n    case n:\n        pass", "def f():\n    return n"],
        # Importer
        ["from math import *", "def f():\n    return floor(7.5)"],
        ["import os.path", "def f():\n    return 7 if os.path.sep else 0"],
        ["import math as m, json", "def f():\n    return m.floor(7.2)"],
        ["def f():\n    import math\n    return math.floor(7.1)"],
        # Flera versioner
        ["def f():\n    return 1", "def f():\n    return 7"],
        ["def f():\n    return 7", "def f():\n    '''Mall.'''\n    raise NotImplementedError('x')"],
        ["def f():\n    return 7", "def f():\n    pass", "def f():\n    ..."],
        ["def f():\n    pass", "def f():\n    return 7"],
        ["def f():\n    return 7", "f = f()"],
        ["def f():\n    return 7", "from math import floor as f"],
        ["def f():\n    return 7", "from math import *\nfrom json import dumps as f, loads",
         "def g():\n    return loads"],
        ["def f():\n    return loads('7')", "from json import dumps as f, loads"],
        ["def f():\n    return floor(7.5)", "from math import *"],
        # Celler i annan ordning än den de kördes i
        ["T = make(7)", "def make(n):\n    return n", "def f():\n    return T"],
        ["class B(A):\n    pass", "b = B()", "class A:\n    x = 7", "def f():\n    return b.x"],
        ["T = make()", "U = T + 0", "def make():\n    return rest()", "def f():\n    return U",
         "def rest():\n    return 7"],
        # Samma namn lokalt och globalt: det lokala drar inte in träningen
        [TRAINING + "\nmodel = history", "def f():\n    model = 7\n    return model"],
        [TRAINING + "\nx = history", "def f():\n    return max(x for x in (3, 7))"],
        # Radslut, former och tecken
        ["def f():\r\n    return 7\r\n"],
        ["def f():\r    return 7"],
        ["n = 1; m = 7; " + "k = input(); r = 2", "def f():\n    return m"],
        ["x = '''a\n'''; y = 7", "def f():\n    return y + len(x) - 2"],
        ["x = 7; print('å', input()); y = 0", "def f():\n    return x + y"],
        ["å = 'ä'; ö = 7", "def f():\n    return ö"],
        ["\x0cdef f():\n    return 7"],
        ["s = 'a\x0cb\x1c\u2028'\ndef f():\n    return len(s) + 2"],
        ["def f():\n\treturn 7"],
        ["def f():\n  if True:\n        return 7"],
        ["x = 7 # kommentar \\", "def f():\n    return x"],
        ["n = 1; \\\n  m = 7; \\\n  k = 2", "def f():\n    return m"],
        ["x = 7  # mitt; tal\n", "def f():\n    return x"],
        # En typ utan värde ger inget
        ["n = 7", "n: int", "def f():\n    return n"],
        # Träningen anropar lösningen, men lösningen bygger inte på träningen
        ["n = 6", "def f():\n    global n\n    n += 1\n    return n"],
        ["anrop = []", "def f():\n    anrop.append(1)\n    return 6 + len(anrop)"],
    ],
)  # fmt: skip
def test_the_slice_is_enough(cells: list[str]) -> None:
    assert value(*cells) == 7
    # Och det gör ingenting om det står annat runt omkring, som aldrig får köras.
    around = [NEVER, *[part for cell in cells for part in (cell, TRAINING)], NEVER]
    assert value(*around) == 7


@pytest.mark.parametrize(
    ("cells", "absent"),
    [
        (["import torch\ntorch.manual_seed(0)", "def f():\n    return torch"], "manual_seed"),
        (["d = {}", "print(d)\ncheck('3.1', d)", "def f():\n    return d"], "check"),
        (["n = 1", "n = input()", "n = 2", "def f():\n    return n"], "input"),
        (["def f():\n    return 1", "def f():\n    return 2"], "return 1"),
        (["x = input(); y = 2", "def f():\n    return y"], "input"),
        (
            ["log = []", "def train():\n    log.append(1)", "train()", "def f():\n    log = 3"],
            "train()",
        ),
        (["import torch\ndef t():\n    torch.rand(1)", "t()", "def f():\n    return torch"], "t()"),
        (
            ["log = []", "def t():\n    log = []\n    log.append(1)", "t()", "def f():\n    log"],
            "t()",
        ),
        (["def f():\n    return 1", "def prova(g):\n    return g()", "prova(f)"], "prova"),
        (["import math", "def f():\n    return 2"], "import"),
        (["f = 3", "def g():\n    pass"], "def g"),
        (["m = []", "def g(m):\n    m.append(1)", "g(m)", "def f():\n    return m"], "g(m)"),
        (
            [
                "d = {}\nfor i in range(8):\n    d[i] = i",
                "for i in input():\n    pass",
                "f = d.get",
            ],
            "input",
        ),
    ],
)
def test_the_slice_is_no_more(cells: list[str], absent: str) -> None:
    text = "\n".join(cell.text for cell in sliced(*cells).needed["f"])
    assert absent not in text


def test_line_numbers_are_the_students_own() -> None:
    cell = "%%time\n\n# en kommentar\n!pip install \\\n  torch\nx = input()\n\n@staticmethod\n" + (
        "def f():  # mitt svar\n    %timeit 1\n    text = '''\n%inte magi\n'''\n    return 1 / 0\n"
    )
    (only,) = sliced(cell).needed["f"]
    ours, theirs = only.text.split("\n"), cell.rstrip().split("\n")
    assert len(ours) == len(theirs)
    for number in (7, 8, 10, 11, 12, 13):
        assert ours[number] == theirs[number]
    assert ours[9] == "    pass"
    assert not any(ours[:7])
    with pytest.raises(ZeroDivisionError) as error:
        run(sliced(cell))["f"]()
    assert error.traceback[-1].lineno + 1 == 14


@pytest.mark.parametrize(
    "cell",
    [
        "!pip install x\nn = 7",
        "%matplotlib inline\nn = 7",
        "%time n = 7",
        "\n\n%%time\nn = 7",
        "%%time\n%%capture ut\nn = 7",
        "%load_ext autoreload\n%autoreload 2\nfiles = !ls\nn = 7 if files is None else 0",
        "print?\nn = 7\nlen??",
        "if True:\n    !ls\n    %cd ..\nn = 7",
        ">>> n = 3\n>>> n = 7",
        "    !ls\n    n = 7",
        # Giltig Python rörs inte, vad IPython än skulle ha gjort med den.
        "s = '''\nIn [3]: x'''\nn = 7 if s[1:3] == 'In' else 0",
        # Så ser en ringbuffert ut; inget av detta är magi.
        "n = (107\n% 10)",
        "!ls\nn = (107\n% 10)",
        "!ls\nn = 107 \\\n% 10",
        "s = '''\n%time x\n!ls\n'''\n!ls\nn = 7 if '%time' in s and '!ls' in s else 0",
    ],
)
def test_magics(cell: str) -> None:
    assert value(cell, "def f():\n    return n") == 7


@pytest.mark.parametrize("magic", ["bash", "html", "writefile f.py", "javascript", "!", "SQL"])
def test_cells_in_other_languages_are_dropped(magic: str) -> None:
    slices = sliced(f"%%{magic}\ndef f():\n    return 1")
    assert not slices.names
    assert not slices.syntax_errors
    assert "körs inte" in slices.notes[0]


def test_what_ipython_would_run_is_noted_with_its_line() -> None:
    assert sliced("\nx = 1\n!pip install torch").notes == (
        "cell 1, rad 3: `!pip install torch` körs inte",
    )


def test_await_is_skipped_but_costs_nothing_else() -> None:
    slices = sliced("import asyncio\nawait asyncio.sleep(1)\nx = await g()\ndef f():\n    return 7")
    assert run(slices)["f"]() == 7
    assert "await" in slices.notes[0]
    assert "await" not in slices.needed["f"][0].text


def test_a_comprehension_that_awaits_is_skipped_too() -> None:
    slices = sliced("x = [i async for i in g()]\ndef f():\n    return 7")
    assert run(slices)["f"]() == 7
    assert "await" in slices.notes[0]


def test_a_value_that_needs_await_is_not_the_last_one() -> None:
    assert value("x = 7", "x = await g()", "def f():\n    return x") == 7


def test_a_star_import_afterwards_does_not_replace_the_solution() -> None:
    cells = [
        CellSource("cell 1", "def floor(x):\n    return 7"),
        CellSource("cell 2", "from math import *"),
    ]
    assert run(slice_notebook(cells, ["floor"]), "floor")["floor"](1.5) == 7


def test_future_import_follows_with_every_slice() -> None:
    cells = ["from __future__ import annotations", "class Klass:\n    def m(self) -> Klass: ..."]
    assert "annotations" in sliced(*cells).needed["Klass"][0].text


@pytest.mark.parametrize(
    ("cell", "line", "words"),
    [
        ("x = (1 + 2\ny = 3", 1, "`(` stängs aldrig: `x = (1 + 2`"),
        ("x = 1)", 1, "`)` har ingen början"),
        ("x = (1]", 1, "`]` stänger inte `(`"),
        ("def g()\n    return 1", 1, "kolon (`:`) saknas"),
        ("def g():\nreturn 1", 2, "saknas indragen kod"),
        ("x = 1\n  y = 2", 2, "indragen utan anledning"),
        ("if x:\n        y = 1\n    z = 2", 3, "indraget stämmer inte"),
        ("if x:\n        y = 1\n\tz = 2", 3, "tabbar och mellanslag"),
        ("x = 'hej\ny = 2", 1, "citattecken saknas"),
        ("x = 1\ny = '''hej", 2, "aldrig tar slut"),
        ("x =\N{NO-BREAK SPACE}1", 1, "hårt mellanslag"),
        ("x = \N{LEFT DOUBLE QUOTATION MARK}hej\N{RIGHT DOUBLE QUOTATION MARK}", 1, "tecknet"),
        ("x = 3 \N{EN DASH} 2", 1, "klistrades in"),
        ("print 3", 1, "parenteser saknas efter `print`"),
        ("x = [1 2]", 1, "komma"),
        ("if x = 3:\n    pass", 1, "=="),
        ("return 3", 1, "`return` står utanför"),
        ("for x in y:\n    pass\nbreak", 3, "`break` står utanför"),
        ("x +", 1, "Python förstår inte raden"),
        ("try:\n    x = 1\ny = 2", 3, "`try` står utan `except`"),
        ("def g(a=1, b):\n    pass", 1, "standardvärde"),
        ("<SKRIV DIN KOD HÄR>", 1, "Python förstår inte raden"),
        ("!ls\nx = (", 2, "`(` stängs aldrig"),
        ("x = 1\0", 1, "nolltecken"),
        ("from __future__ import finns_inte", 1, "Python förstår inte raden"),
    ],
)
def test_a_syntax_error_costs_its_cell_only(cell: str, line: int, words: str) -> None:
    slices = sliced("def f():\n    return 7", cell, "def g():\n    return f()")
    (error,) = slices.syntax_errors
    assert error.startswith(f"cell 2, rad {line}: ")
    assert words in error
    assert run(slices)["f"]() == 7
    assert [c.name for c in slices.everything] == ["cell 1", "cell 3"]


BOMBS = {
    "terms": "x=" + "+".join(["1"] * 60_000),
    "parens": "x=" + "(" * 10_000 + "1" + ")" * 10_000,
    "unclosed": "[" * 10_000,
    "minus": "x=" + "-" * 100_000 + "1",
    "attributes": "x=a" + ".b" * 100_000,
    "calls": "x=f" + "()" * 100_000,
    "lambdas": "x=" + "lambda:" * 5000 + "1",
    "elif": "if a:\n b=1\n" + "elif a:\n b=1\n" * 20_000,
    "indents": "".join(" " * i + "if a:\n" for i in range(200)),
    "digits": "x=" + "9" * 100_000,
    "surrogate": "x='\ud800'",
    "statements": "a\n" * 30_000,
    "magics": "!ls\n" * 300,
}


@pytest.mark.parametrize("bomb", every(3, BOMBS))
def test_bombs_cost_their_cell_only(bomb: str) -> None:
    slices = sliced("def f():\n    return 7", BOMBS[bomb], "x = 1")
    assert len(slices.syntax_errors) == 1
    assert len(slices.syntax_errors[0]) <= 300
    assert run(slices)["f"]() == 7


def joined(pattern: str, n: int, between: str = "\n") -> str:
    """Mönstret n gånger, med $ utbytt mot 0, 1, … och £ mot 1, 2, …"""
    return between.join(pattern.replace("$", str(i)).replace("£", str(i + 1)) for i in range(n))


LARGE = {
    "names": lambda n: f"def h():\n {joined('b$', 10 * n, ';')}\nx = 7 if h else 0",
    "reads": lambda n: f"{joined('a$', n, '=')} = lambda: ({joined('b$', n, ',')})\nx = 7",
    "changes": lambda n: f"{joined('a$', n, '=')} = lambda: ({joined('a$.sort()', n, ',')})\nx = 7",
    "one row": lambda n: f"x = []; {joined('x.append(1)', n, ';')}; x = 7 + len(x) - {n}",
    "forwards": lambda n: f"{joined('def a$(): return a£()', n)}\na{n} = lambda: 7\nx = a0()",
    "aliases": lambda n: f"{joined('a$ = a£', n)}\na{n} = 7\nx = a0",
    "uncertain": lambda n: "x = 0\n" + joined("if x < 7: x += 1", n),
    "results": lambda n: "x = 7\ndef g(): pass\n" + joined("g = g()", n),
    "stubs": lambda n: "x = 7\ndef g(): x\n" + joined("def g(a$): pass", n),
    "checks": lambda n: "x = 7\n" + joined("check('3.1', x)", n),
    "globals": lambda n: f"x = 0\ndef s():\n global x, {joined('b$', n, ',')}\n x = b0 = 7\ns()",
}


def sliced_and_counted(*cells: str) -> tuple[Slices, int]:
    """Skivorna, och hur många rader Python som kördes; till skillnad från tid är de alltid lika."""
    n_lines = 0

    def counting(frame: object, event: str, argument: object) -> Any:
        nonlocal n_lines
        n_lines += 1
        return counting

    read_cell.cache_clear()
    touched_in.cache_clear()
    before = sys.gettrace()
    sys.settrace(counting)
    try:
        slices = sliced(*cells)
    finally:
        sys.settrace(before)
    return slices, n_lines


@pytest.mark.parametrize("kind", only(("reads", "globals"), LARGE))
def test_the_work_grows_with_the_book_and_not_with_its_square(kind: str) -> None:
    """Åtta gånger så lång bok får inte ge sexton gånger så mycket arbete; kvadraten vore 64."""

    def work(n: int) -> int:
        slices, n_lines = sliced_and_counted(LARGE[kind](n), "def f():\n    return x")
        assert not slices.syntax_errors
        assert "def f" in slices.needed["f"][-1].text
        return n_lines

    assert run(sliced(LARGE[kind](15), "def f():\n    return x"))["f"]() == 7
    assert work(3200) < 16 * work(400)


def test_long_chains_in_many_versions_do_not_take_forever() -> None:
    """Tre gånger så lång kedja ger tre gånger så mycket arbete; alla par hade gett nio."""

    def work(length: int) -> int:
        functions = [f"def a{i}(): return a{i + 1}()" for i in range(length)]
        chain = "\n".join([*functions, f"a{length} = len"])
        versions = "\n".join(f"x = a{i}(x)" for i in range(length))
        slices, n_lines = sliced_and_counted(f"x = 1\n{chain}", versions, "def f():\n    return x")
        assert slices.needed["f"]
        return n_lines

    assert work(300) < 6 * work(100)


def test_warnings_in_the_code_are_not_errors(recwarn: pytest.WarningsRecorder) -> None:
    assert value("x = '\\d'; y = 1 is 1", "def f():\n    return 7 if x else y") == 7
    assert not sliced("x = '\\d'; y = 1 is 1").syntax_errors
    # `value` kompilerar själv; skivaren ska inte varna.
    recwarn.clear()
    sliced("x = '\\d'; y = 1 is 1")
    assert not recwarn.list


def test_an_import_is_not_a_solution() -> None:
    for cell in (
        "from dqn_helpers import f",
        "import f",
        "try:\n    import f\nexcept E:\n    pass",
    ):
        slices = sliced(cell, "def g():\n    return f()")
        assert "f" not in slices.names
        assert set(slices.needed) == {"g"}
        assert slices.uses["g"] == {"f"}


def test_names_are_those_the_notebook_defines_itself() -> None:
    slices = sliced("import math\nx = y, z = 1, 2\ndef h(a): b = a\nclass K: c = 1\n[q for q in y]")
    assert slices.names == {"x", "y", "z", "h", "K"}


def test_uses_other_exercises() -> None:
    slices = sliced("def h():\n    return g()", "def g():\n    pass", "def f():\n    return h()")
    assert slices.uses == {"f": {"g"}, "g": frozenset()}
    assert sliced("def f():\n    return g()").uses == {"f": {"g"}}, "också när g saknas"
    assert sliced("def f(g):\n    return g()").uses == {"f": frozenset()}


def test_a_later_template_does_not_beat_a_solution() -> None:
    solved = "class Klass:\n    def a(self):\n        return 1\n    def b(self):\n        pass"
    stub = "class Klass:\n    '''Mall.'''\n    def a(self):\n        raise NotImplementedError"
    slices = sliced(solved, stub)
    assert run(slices, "Klass")["Klass"]().a() == 1
    assert (
        "cell 2, rad 1: här är `Klass` olöst igen; lösningen i cell 1, rad 1 räknas" in slices.notes
    )
    twice = sliced(stub, stub)
    assert [c.name for c in twice.needed["Klass"]] == ["cell 2"]
    assert not twice.notes


def test_a_stub_that_a_helper_calls_is_skipped_too() -> None:
    cells = [
        "def g():\n    return 7",
        "def g():\n    raise NotImplementedError()",
        "def f():\n    return g()",
    ]
    assert value(*cells) == 7


def target_of(*cells: str) -> Slices:
    sources = [CellSource(f"cell {i}", text) for i, text in enumerate(cells, 1)]
    return slice_notebook(sources, ["td_target", "chosen_q_values"])


@pytest.mark.parametrize(
    "cells",
    [
        ["def mål():\n    return 7", "check('3.1', mål)"],
        ["check('3.1', mål)", NEVER, "def mål():\n    return 7"],
        ["mål = lambda: 7", "check('3.1', a)", "svar = check('3.1', mål, 1)", "check('3.2', b)"],
        ["def mål():\n    return 1", "check('3.1', mål)", "def mål2():\n    return 7",
         "if True:\n    exercises.check('3.1', mål2)"],
        ["class Agent:\n    def mål(self):\n        return 7", "agent = Agent()",
         "check('3.1', agent.mål)"],
        # Namnet självt går före.
        ["def mål():\n    return 1", "check('3.1', mål)", "def td_target():\n    return 7"],
    ],
)  # fmt: skip
def test_a_missing_name_is_what_check_is_called_with(cells: list[str]) -> None:
    slices = target_of(*cells)
    assert run(slices, "td_target")["td_target"]() == 7
    assert "td_target" in slices.names


STUB = "def td_target():\n    raise NotImplementedError"


@pytest.mark.parametrize(
    "cells",
    [
        [STUB, "def mål():\n    return 7", "check('3.1', mål)"],
        ["def mål():\n    return 7", "check('3.1', mål)", STUB, "check('3.1', td_target)"],
    ],
)
def test_an_untouched_template_does_not_hide_what_check_is_called_with(cells: list[str]) -> None:
    slices = target_of(*cells)
    assert run(slices, "td_target")["td_target"]() == 7
    assert "`td_target` är inte löst, så `mål` räknas i stället" in slices.notes[-1]


def test_a_solution_is_not_exchanged_for_another_that_check_has_tried() -> None:
    slices = target_of(
        "def td_target():\n    return 7", "def försök():\n    return 8", "check('3.1', försök)"
    )
    assert run(slices, "td_target")["td_target"]() == 7 and not slices.notes


def test_the_note_says_what_counts_instead() -> None:
    slices = target_of("def mål():\n    return chosen_q_values()", "\ncheck('3.1', mål)")
    assert slices.uses == {"td_target": {"chosen_q_values"}}
    assert slices.notes == (
        "cell 2, rad 2: `td_target` finns inte, så `mål` räknas i stället, eftersom det är den som "
        '`check("3.1", …)` prövar',
    )


@pytest.mark.parametrize(
    "call",
    [
        "check('3.1', td_target)",
        "check('3.1', finns_inte)",
        "check('3.1', math.floor)",
        "check('3.1', *mål)",
        "check('3.1')",
        "check(3.1, mål)",
        "check('3.2', mål)",
        "def senare():\n    check('3.1', mål)",
        "def chosen_q_values(): pass\ncheck('3.1', chosen_q_values)",
    ],
)
def test_check_with_anything_else_leaves_the_name_missing(call: str) -> None:
    slices = target_of("import math\ndef mål():\n    return 7", call)
    assert "td_target" not in slices.names | slices.needed.keys()
    if "3.1" in call:
        assert not slices.notes


def test_data_comes_back_the_same() -> None:
    slices = sliced("import math\n!ls", "x = (", "def f():\n    return math", "def g():\n    f()")
    assert from_data(json.loads(json.dumps(to_data(slices)))) == slices


def test_many_notes_still_fit() -> None:
    cells = [*(f"!ls {'x' * 1000}\n!ls" for _ in range(60)), *["x = ("] * 60]
    slices = sliced(*cells, f"%{'x' * 1000}")
    assert len(slices.notes) == len(slices.syntax_errors) == 50
    assert from_data(to_data(slices)) == slices


GOOD = {
    "needed": {"f": [["cell 1", "x"]]},
    "names": ["f"],
    "uses": {"f": ["g"]},
    "syntax_errors": ["cell 2, rad 1: fel"],
    "notes": [],
    "everything": [["cell 1", "x"]],
    "reach": [["cell 1", 1, "gc"]],
}


@pytest.mark.parametrize(
    "change",
    [
        {"needed": []},
        {"needed": {"f": "x"}},
        {"needed": {"f": [["cell 1", "x"]], "g": []}},
        {"needed": {"f": [["cell 1"]]}},
        {"needed": {"f": [["cell 1", "x", "y"]]}},
        {"needed": {"f": [["cell 1", 3]]}},
        {"needed": {"f": [["<script>", "x"]]}},
        {"needed": {"f": [["cell 1\n", "x"]]}},
        {"needed": {"f": [["cell ²", "x"]]}},
        {"needed": {"<b>": []}, "uses": {"<b>": []}},
        {"names": ["f", 3]},
        {"names": ["<script>"]},
        {"names": ["a" * 500]},
        {"names": {"f": 1}},
        {"names": ["a"] * 30_000},
        {"uses": {}},
        {"uses": {"f": [True]}},
        {"needed": {f"f{i}": [] for i in range(200)}, "uses": {f"f{i}": [] for i in range(200)}},
        {"syntax_errors": ["x" * 5000]},
        {"syntax_errors": "fel"},
        {"notes": [None]},
        {"notes": ["x"] * 1000},
        {"everything": [["cell 1", "x" * 21_000_000], ["cell 2", "x" * 21_000_000]]},
        {"everything": None},
        {"reach": None},
        {"reach": [["cell 1", "1", "gc"]]},
        {"reach": [["<b>", 1, "gc"]]},
        {"reach": [["cell 1", 1, "gc" * 200]]},
        {"reach": [["cell 1", True, "gc"]]},
        {"reach": [["cell 1", 1, "gc"]] * 1000},
        {"everything": [["cell 1", "x"]] * 6000},
        {"extra": 1},
    ],
)
def test_invented_data_is_refused(change: dict) -> None:
    assert from_data(GOOD).needed == {"f": (CellSource("cell 1", "x"),)}
    with pytest.raises(ValueError):
        from_data(GOOD | change)


@pytest.mark.parametrize("data", [None, [], "x", 3, {}, {1: 2}])
def test_invented_shapes_are_refused(data: object) -> None:
    with pytest.raises(ValueError):
        from_data(data)


def test_the_largest_honest_notebook_fits() -> None:
    """Varje övning får ta hela boken, om den är så lång den får vara."""
    line = "x = 1\n"
    cell = CellSource("cell 1", line * (MAX_CODE // len(line) // 60) + "def f(): pass")
    assert from_data(to_data(slice_notebook([cell], WANTED))).names == {"x", "f"}


def test_parsing_does_not_need_ipython(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "IPython.core.inputtransformer2", None)
    assert parse_cell("x = 1").tree is not None
    assert "förstår inte" in parse_cell("!ls").error
