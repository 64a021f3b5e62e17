"""Ärliga anteckningsböcker: hur studenter skriver, flyttar, prövar, kör och glömmer."""

import json
from typing import Any

from dqn_helpers.autograder.catalogue import solution_path

from .honest import (
    Notebook,
    answered,
    bare,
    book,
    cell_of,
    code,
    full,
    honest,
    in_style,
    page,
    right,
    solved,
    style,
    zero,
)

IMPORTS = "import numpy as np\nimport torch\nimport dqn_helpers"
TARGET = style("td_target", "with_where")
CHOSEN = style("chosen_q_values", "with_gather")
SHORT = "def td_target(r, q, d, g):\n    return r + g * q.max(1).values * ~d"

TARGET_ALONE = book("03", td_target=full("td_target"))
CHOSEN_ALONE = book("03", chosen_q_values=full("chosen_q_values"))


# --- hela böcker, i olika stilar -----------------------------------------------------------------


def _whole_books() -> None:
    for notebook in ("01", "01a", "01b", "02", "03", "04", "05"):  # 01 är den äldre, hela boken
        for index in range(3):

            def build(notebook: str = notebook, index: int = index) -> Notebook:
                return in_style(notebook, index)

            build.__name__ = f"whole_book_{notebook}_style_{index}"
            honest(solved(notebook))(build)

        def untouched(notebook: str = notebook) -> Notebook:
            return page(notebook)

        untouched.__name__ = f"untouched_{notebook}"
        honest(book(notebook, "unsolved"))(untouched)


_whole_books()


# --- rätt, delvis, fel, olöst, saknas ------------------------------------------------------------


@honest(book("03", "unsolved", td_target=(1, "partial")))
def without_the_mask() -> Any:
    return answered("03", td_target=SHORT.replace(" * ~d", ""))


@honest(book("03", "unsolved", td_target=(0, "failed")))
def mask_upside_down() -> Any:
    return answered("03", td_target=SHORT.replace("~d", "d"))


@honest(book("03", "unsolved", chosen_q_values=(1, "partial")))
def gradient_lost() -> Any:
    return answered(
        "03", chosen_q_values=CHOSEN.replace("q_values.gather", "q_values.detach().gather")
    )


@honest(book("01", "unsolved", epsilon_greedy=(1.5, "partial"), discounted_return=(0.5, "partial")))
def two_half_right() -> Any:
    return answered(
        "01",
        epsilon_greedy="""
            def epsilon_greedy(action_values, epsilon, rng):
                if np.random.random() < epsilon:  # inte rng
                    return np.random.randint(len(action_values))
                return int(np.argmax(action_values))
        """,
        discounted_return="""
            def discounted_return(rewards, discount_factor):
                total = rewards[0]  # går inte när följden är tom
                for t in range(1, len(rewards)):
                    total += discount_factor**t * rewards[t]
                return total
        """,
    )


@honest(book("03", "unsolved", td_target=(0, "failed")))
def forgot_to_return() -> Any:
    return answered(
        "03", td_target="def td_target(r, q, d, g):\n    mål = r + g * q.max(1).values * ~d"
    )


@honest(book("03", "unsolved", td_target=(0, "error")))
def misspelt_a_name() -> Any:
    return answered("03", td_target=SHORT.replace("return r", "return belning"))


@honest(book("03", "unsolved", td_target=(0, "error")))
def wrong_number_of_parameters() -> Any:
    return answered(
        "03", td_target="def td_target(r, q, d):\n    return r + 0.9 * q.max(1).values * ~d"
    )


@honest(book("03", "unsolved", td_target=(0, "missing")))
def renamed_the_function() -> Any:
    return answered("03", td_target=TARGET.replace("def td_target", "def mitt_td_target"))


@honest(book("03", "unsolved") | right("3.1"))
def renamed_the_function_and_checked_that() -> Any:
    built = answered("03", td_target=TARGET.replace("def td_target", "def mitt_td_target"))
    for cell in built["cells"]:
        text = "".join(cell["source"])
        cell["source"] = text.replace('check("3.1", td_target)', 'check("3.1", mitt_td_target)')
    return built


@honest(book("03", "unsolved", td_target=(0, "missing")) | right("3.2"))
def deleted_a_cell() -> Any:
    built = answered("03", chosen_q_values=CHOSEN)
    built["cells"].remove(cell_of(built, "3.1"))
    return built


@honest(book("03", "unsolved", td_target=(0, "missing")))
def lent_the_courses_solution() -> Any:
    return answered("03", td_target="from dqn_helpers import td_target")


@honest(book("03", "unsolved", td_target=(0, "error")))
def calls_the_courses_solution() -> Any:
    return answered(
        "03", td_target="def td_target(*allt):\n    return dqn_helpers.training.td_target(*allt)"
    )


@honest(book("03", td_target=(0, "missing")) | right("3.2"))
def exercise_cell_became_markdown() -> Any:
    built = bare(IMPORTS, CHOSEN)
    built["cells"].append({"cell_type": "markdown", "metadata": {}, "source": TARGET})
    return built


# --- syntaxfel -----------------------------------------------------------------------------------


@honest(book("03", "unsolved", td_target=(0, "syntax_error")) | right("3.2"))
def syntax_error_in_the_answer() -> Any:
    return answered("03", td_target=TARGET.replace("):", ")", 1), chosen_q_values=CHOSEN)


@honest(book("03", "unsolved") | right("3.1", "3.2"))
def syntax_errors_elsewhere() -> Any:
    built = answered("03", td_target=TARGET, chosen_q_values=CHOSEN)
    for place, text in (
        (3, "x = 1 +"),
        (9, "def f(:\n    pass"),
        (12, "  y = [1, 2"),
        (15, "print 'hej'"),
    ):
        built["cells"].insert(place, code(text))
    return built


@honest(book("03", "unsolved") | right("3.1"))
def syntax_error_first_then_right() -> Any:
    built = answered("03", td_target="def td_target(reward:\n    return")
    built["cells"].append(code(TARGET))
    return built


# --- flyttat, kopierat, flera versioner ----------------------------------------------------------


@honest(book("03", "unsolved") | right("3.1"))
def answered_last_in_the_notebook() -> Any:
    built = page("03")
    built["cells"].append(code(TARGET))
    return built


@honest(book("03", "unsolved") | right("3.1"))
def answered_above_the_template() -> Any:
    built = page("03")
    built["cells"].insert(0, code(TARGET))
    return built


@honest(book("02", "unsolved") | right("2.1"))
def answered_above_the_template_of_a_class() -> Any:
    built = page("02")
    built["cells"].insert(0, code(style("ReplayBuffer", "RingAvPlatser")))
    return built


@honest(TARGET_ALONE)
def several_versions_last_right() -> Any:
    return bare(
        IMPORTS, SHORT.replace("~d", "d"), "# försök 2\n" + SHORT.replace("max", "min"), TARGET
    )


@honest(book("03", td_target=(1, "partial")))
def several_versions_last_wrong() -> Any:
    return bare(IMPORTS, TARGET, SHORT.replace(" * ~d", ""))


@honest(book("03", "unsolved") | right("3.1", "3.2", "3.3"))
def every_cell_twice() -> Any:
    built = in_style("03", 0)
    built["cells"] = [cell for cell in built["cells"] for _ in range(2)]
    return built


@honest(solved("03"))
def cells_in_reverse_order() -> Any:
    built = in_style("03", 1)
    built["cells"] = built["cells"][::-1]
    return built


@honest(solved("03"))
def everything_in_one_cell() -> Any:
    built = in_style("03", 2)
    texts = ["".join(c["source"]) for c in built["cells"] if c["cell_type"] == "code"]
    return bare("\n\n".join(texts))


@honest(solved("05"))
def metadata_and_ids_stripped() -> Any:
    built = in_style("05", 1)
    built["metadata"] = {}
    for cell in built["cells"]:
        cell.pop("id", None)
        cell["metadata"] = {}
    return built


@honest(solved("05"))
def colab_metadata_and_cells() -> Any:
    built = in_style("05", 2)
    built["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU"}
    for place, cell in enumerate(built["cells"]):
        cell["metadata"] = {"id": f"x{place}", "colab": {"base_uri": "https://localhost"}}
    built["cells"].insert(0, code("from google.colab import drive\ndrive.mount('/content/drive')"))
    built["cells"].insert(1, code("%cd /content/drive/MyDrive\n!pip install -q gymnasium"))
    return built


@honest(TARGET_ALONE)
def result_saved_under_the_functions_name() -> Any:
    return bare(
        IMPORTS, TARGET, "r = torch.ones(2)\ntd_target = td_target(r, torch.ones(2, 2), r > 2, 0.9)"
    )


@honest(TARGET_ALONE)
def imported_everything_afterwards() -> Any:
    return bare(IMPORTS, TARGET, "from dqn_helpers import *\nfrom dqn_helpers.training import *")


@honest(TARGET_ALONE)
def imported_the_name_afterwards() -> Any:
    return bare("import torch", TARGET, "from dqn_helpers import td_target, sample_experiences")


@honest(book("03") | right("3.1", "3.2") | book("05") | right("5.3"))
def several_books_in_one() -> Any:
    return bare(
        IMPORTS, TARGET, CHOSEN, "import itertools", style("q_value_bias", "bias_in_a_loop")
    )


# --- hjälpare i andra celler ---------------------------------------------------------------------


@honest(TARGET_ALONE)
def helper_in_another_cell() -> Any:
    return bare(
        "def bästa_framtid(q):\n    return q.max(dim=1).values",
        "print('hej')",
        "def td_target(r, q, d, g):\n    return r + g * bästa_framtid(q) * lever(d)",
        "def lever(d):\n    return 1 - d.float()",
    )


@honest(TARGET_ALONE)
def helper_class_and_base_class() -> Any:
    return bare(
        "class Bas:\n    def __init__(self, g):\n        self.g = g",
        "class Mål(Bas):\n    def __call__(self, r, q, d): return r + self.g * q.amax(1) * ~d",
        "def td_target(r, q, d, g):\n    return Mål(g)(r, q, d)",
    )


@honest(TARGET_ALONE)
def object_instead_of_function() -> Any:
    return bare(
        "class TDMål:\n    def __call__(self, r, q, d, g):\n        return r + g * q.amax(1) * ~d",
        "td_target = TDMål()",
    )


@honest(TARGET_ALONE)
def a_lambda_under_another_name() -> Any:
    return bare("mål = lambda r, q, d, g: r + g * q.max(1)[0] * ~d", "input()", "td_target = mål")


@honest(TARGET_ALONE)
def a_partial_function() -> Any:
    return bare(
        "from functools import partial",
        "def mål(sort, r, q, d, g):\n    return r + g * getattr(q, sort)(1).values * ~d",
        "td_target = partial(mål, 'max')",
    )


@honest(TARGET_ALONE)
def own_decorator() -> Any:
    return bare(
        "import functools, time",
        """
        def tidtagen(f):
            @functools.wraps(f)
            def inre(*args, **kwargs):
                start = time.perf_counter()
                svar = f(*args, **kwargs)
                print("tog", time.perf_counter() - start)
                return svar
            return inre
        """,
        "@tidtagen\n" + SHORT,
    )


@honest(TARGET_ALONE)
def decorated_afterwards() -> Any:
    return bare("import torch", SHORT, "td_target = torch.no_grad()(td_target)")


@honest(CHOSEN_ALONE)
def table_filled_by_a_loop() -> Any:
    return bare(
        "import torch",
        "EN_HETTOR = {}",
        "for antal in range(1, 60):\n    EN_HETTOR[antal] = torch.eye(antal)",
        "def chosen_q_values(q, a):\n    return (q * EN_HETTOR[q.shape[1]][a]).sum(1)",
    )


@honest(CHOSEN_ALONE)
def table_made_by_a_later_function() -> Any:
    """Cellerna kördes i en annan ordning än de står i."""
    return bare(
        "import torch",
        "EN_HETTOR = gör_tabell(60)",
        "def chosen_q_values(q, a):\n    return (q * EN_HETTOR[q.shape[1]][a]).sum(1)",
        "def gör_tabell(n):\n    return [torch.eye(antal) for antal in range(n)]",
    )


@honest(book("02") | right("2.1"))
def methods_added_in_other_cells() -> Any:
    return bare(
        "class ReplayBuffer:\n    def __init__(self, n): self.n, self.rader = n, []",
        "def append(self, e):\n    self.rader = [*self.rader, e][-self.n:]",
        "ReplayBuffer.append = append",
        "ReplayBuffer.__len__ = lambda self: len(self.rader)",
        "setattr(ReplayBuffer, '__getitem__', lambda self, i: self.rader[i])",
    )


@honest(book("02") | right("2.1"))
def class_continued_in_another_cell() -> Any:
    return bare(
        "from collections import deque",
        "class ReplayBuffer:\n    def __init__(self, n):\n        self.d = deque(maxlen=n)",
        "class ReplayBuffer(ReplayBuffer):\n    def append(self, e):\n        self.d.append(e)",
        """
        class ReplayBuffer(ReplayBuffer):
            def __len__(self):
                return len(self.d)
            def __getitem__(self, i):
                return self.d[i]
        """,
    )


@honest(book("04") | right("4.1"))
def constants_and_default_arguments() -> Any:
    return bare(
        "STANDARD = {'golv': 0}",
        "STANDARD['golv'] = 1 - 1",
        "NOLL = STANDARD['golv']; EPISODER = int(input('Hur många? ')); ETT: float = NOLL + 1",
        "def linear_epsilon(step, start, end, decay_steps, ett=ETT):\n"
        "    return start + min(step / decay_steps, ett) * (end - start)",
    )


@honest(book("04") | right("4.1"))
def defined_in_blocks() -> Any:
    return bare(
        "try:\n    import snabbmatte as m\nexcept ImportError:\n    import math as m",
        """
        if hasattr(m, 'sjunk'):
            linear_epsilon = m.sjunk
        else:
            def linear_epsilon(step, start, end, decay_steps):
                return m.fsum([start, min(step, decay_steps) / decay_steps * (end - start)])
        """,
    )


@honest(book("04") | right("4.1"))
def counts_its_calls() -> Any:
    return bare(
        "anrop = 0",
        """
        def linear_epsilon(step, start, end, decay_steps):
            global anrop
            anrop += 1
            return max(end, start - (start - end) * step / decay_steps)
        """,
    )


@honest(TARGET_ALONE)
def typed_with_names_from_the_future() -> Any:
    return bare(
        "from __future__ import annotations",
        "class Mål:\n    def dubbel(self) -> Mål:\n        return self",
        "def td_target(r: Tensor, q: Tensor, d: Tensor, g: float) -> Mål:\n"
        "    Mål().dubbel()\n    return r + g * q.max(1).values * ~d",
    )


@honest(book("02") | right("2.1"))
def percent_first_on_the_line() -> Any:
    """Jupyters magi och en ringbuffert i samma cell: `% self.n` är ingen magi."""
    return bare(
        """
        %load_ext autoreload
        !pip install numpy
        class ReplayBuffer:
            def __init__(self, n):
                self.n, self.antal, self.rader = n, 0, [None] * n
            def append(self, e):
                self.rader[self.antal
                           % self.n] = e
                self.antal += 1
            def __len__(self):
                return min(self.antal, self.n)
            def __getitem__(self, i):
                if i >= len(self):
                    raise IndexError(i)
                return self.rader[i]
        """
    )


@honest(book("02") | right("2.1"))
def dataclass_with_class_variable() -> Any:
    """`dataclass` känner igen ClassVar och InitVar på namnen i `__main__`."""
    return bare(
        "from dataclasses import InitVar, dataclass, field\nfrom typing import ClassVar",
        """
        import pickle
        @dataclass
        class ReplayBuffer:
            sparade: ClassVar[dict] = {"antal": 0}
            max_length: InitVar[int]
            rader: list = field(default_factory=list)
            def __post_init__(self, max_length):
                self.n = max_length
            def append(self, e):
                self.sparade["antal"] += 1
                self.rader = pickle.loads(pickle.dumps(self)).rader[-self.n + 1:] + [e]
                self.rader = self.rader[-self.n:]
            def __len__(self):
                return len(self.rader)
            def __getitem__(self, i):
                return self.rader[i]
        """,
    )


# --- det som körs runt omkring -------------------------------------------------------------------


@honest(book("03", "unsolved") | right("3.1"))
def asks_for_input() -> Any:
    built = answered("03", td_target="namn = input('Vad heter du? ')\n" + TARGET)
    built["cells"].insert(1, code("svar = input('Tryck Enter ')\nassert svar == ''"))
    return built


@honest(book("03", "unsolved") | right("3.1"))
def trains_for_a_long_time() -> Any:
    built = answered("03", td_target=TARGET + "\n\nimport time\ntime.sleep(40)")
    training = "for episod in range(10**9):\n    td_target(one, torch.ones(1, 2), one > 2, 0.9)"
    built["cells"][2:2] = [code(training), code("while True:\n    pass")]
    return built


@honest(book("03", "unsolved") | right("3.1"))
def magics_everywhere() -> Any:
    built = answered("03", td_target="%%time\n" + TARGET + "\ntd_target?\n%timeit 1 + 1")
    for place, text in enumerate(
        [
            "!pip install torch",
            "%matplotlib inline\n%time x = 3",
            "%%html\n<b>hej</b>",
            "files = !ls\nlen(files)",
        ]
    ):
        built["cells"].insert(3 * place, code(text))
    return built


@honest(book("03", "unsolved") | right("3.1"))
def warns_and_writes_to_stderr() -> Any:
    return answered(
        "03",
        td_target="""
            import sys, warnings
            warnings.warn("på väg")
            def td_target(r, q, d, g):
                warnings.warn("långsam väg", DeprecationWarning)
                print("räknar", file=sys.stderr)
                return r + g * q.max(1).values * torch.logical_not(d)
        """,
    )


@honest(TARGET_ALONE)
def prints_a_great_deal() -> Any:
    return bare(SHORT.replace("    return", "    print('x' * 20_000_000)\n    return"))


@honest(book("03", "unsolved") | right("3.1"))
def crashes_elsewhere() -> Any:
    built = answered("03", td_target=TARGET)
    built["cells"][1:1] = [
        code("1 / 0"),
        code("import sys\nsys.exit()"),
        code("raise KeyboardInterrupt"),
    ]
    built["cells"] += [code("await något()"), code("assert False, 'klart'"), code("exit()")]
    return built


@honest(TARGET_ALONE)
def clears_up_names() -> Any:
    return bare(IMPORTS, "max = 3\nr = 7", "del max, r", SHORT, "tmp = td_target\ndel tmp")


@honest(book("03", "unsolved") | right("3.1"))
def tests_of_its_own() -> Any:
    built = answered("03", td_target=TARGET)
    built["cells"].append(
        code("import unittest\nclass Test(unittest.TestCase):\n    def test(self):\n"
             "        self.assertTrue(td_target)\nunittest.main(argv=[''], exit=False)")
    )  # fmt: skip
    return built


# --- följdfel ------------------------------------------------------------------------------------

STEP = """
def dqn_training_step(model, optimizer, criterion, replay_buffer, batch_size, discount_factor):
    s, a, r, s2, done, _ = dqn_helpers.sample_experiences(replay_buffer, batch_size)
    target = td_target(r, model(s2), done, discount_factor).detach()
    loss = criterion(chosen_q_values(model(s), a), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
"""


@honest(solved("03"))
def built_on_its_own_answers() -> Any:
    return answered("03", td_target=SHORT, chosen_q_values=CHOSEN, dqn_training_step=STEP)


@honest(book("03", td_target=(1, "partial")) | zero("unsolved", "3.2") | right("3.3"))
def built_on_wrong_and_missing_answers() -> Any:
    wrong = SHORT.replace(" * ~d", "")
    return answered("03", td_target=wrong, dqn_training_step=STEP)


@honest(book("05", "unsolved") | right("5.2"))
def double_step_on_an_unsolved_target() -> Any:
    return answered(
        "05", double_dqn_training_step=style("double_dqn_training_step", "step_with_own_target")
    )


@honest(book("05", "unsolved", double_dqn_target=(0.0, "failed")))
def plain_dqn_for_double() -> Any:
    return answered(
        "05",
        double_dqn_target="""
            def double_dqn_target(model, target_model, r, next_state, terminated, gamma):
                with torch.no_grad():
                    value = target_model(next_state).max(dim=1).values
                return r + gamma * value * ~terminated
        """,
    )


@honest(book("04", "unsolved", linear_epsilon=(0.5, "partial")) | right("4.3"))
def training_loop_on_a_wrong_epsilon() -> Any:
    return answered(
        "04",
        linear_epsilon="def linear_epsilon(t, a, b, n):\n    return a + t / n * (b - a)",
        train_dqn=_train_dqn(),
    )


def _train_dqn() -> str:
    """Lösningen i lärarens bok: den använder bokens egna `linear_epsilon` och `update_…`."""
    path = solution_path("04")
    assert path is not None
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "".join(next(cell["source"] for cell in cells if cell["id"] == "ovning-4-3"))
