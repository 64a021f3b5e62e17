"""Ärliga anteckningsböcker med ovanliga importer och hjälpare: allt som fungerar i Jupyter."""

from typing import Any

from .honest import answered, bare, book, code, full, honest, right, solved
from .honest_code import CHOSEN, CHOSEN_ALONE, IMPORTS, SHORT, STEP, TARGET_ALONE, in_style

EPSILON_ALONE = book("04") | right("4.1")
RETURN_ALONE = book("01a") | right("1.1")
BUFFER_ALONE = book("02") | right("2.1")
DOUBLE_ALONE = book("05") | right("5.1")


# --- importer ------------------------------------------------------------------------------------


@honest(solved("05"))
def every_import_on_one_line() -> Any:
    built = in_style("05", 0)
    built["cells"].insert(
        2,
        code("import dqn_helpers.figures as fig, dqn_helpers as dh, dqn_helpers.mdp, numpy as np; "
             "from dqn_helpers import DQN, ReplayBuffer, chosen_q_values, figures, make_cartpole"),
    )  # fmt: skip
    return built


@honest(book("05", "unsolved") | right("5.1"))
def names_added_to_the_pages_import() -> Any:
    built = answered(
        "05",
        double_dqn_target="""
            def double_dqn_target(model, target_model, r, s2, done, gamma):
                with torch.no_grad():
                    best = model(s2).argmax(dim=1)
                    return r + gamma * chosen_q_values(target_model(s2), best) * ~done
        """,
    )
    line = "from dqn_helpers import DQN, ReplayBuffer, figures, make_cartpole"
    for cell in built["cells"]:
        text = "".join(cell["source"])
        cell["source"] = text.replace(line, f"{line}, chosen_q_values, realised_returns")
    return built


@honest(TARGET_ALONE)
def only_the_classes_from_torch() -> Any:
    return bare(
        "from torch import nn, Tensor, where as där\nimport torch.nn.functional as F",
        "def td_target(r: Tensor, q: Tensor, d: Tensor, g: float) -> Tensor:\n"
        "    return där(d, r, r + g * F.max_pool1d(q[None], q.shape[1])[0, :, 0])",
    )


@honest(CHOSEN_ALONE)
def imports_inside_functions() -> Any:
    return bare(
        "def rader(q):\n    from torch import arange\n    return arange(q.shape[0])",
        """
        def chosen_q_values(q, a):
            import dqn_helpers.figures as fig, dqn_helpers as dh
            from dqn_helpers.figures import replay_plots
            from dqn_helpers.studies import overestimation as studie
            from matplotlib import pyplot as plt
            assert fig.COLORS and dh.DQN and studie.CASINO and replay_plots and plt
            return q[rader(q), a]
        """,
    )


@honest(RETURN_ALONE)
def packages_that_the_course_lacks() -> Any:
    return bare(
        "import finns_verkligen_inte as fvi, numpy as np",
        "from finns_inte_heller import *\nfrom math import fsum, finns_inte, pow as upphöjt",
        "def discounted_return(rewards, g):\n"
        "    return fsum(upphöjt(g, t) * r for t, r in enumerate(np.asarray(rewards)))",
    )


@honest(book("01a", discounted_return=(0, "error")))
def needs_a_package_that_the_course_lacks() -> Any:
    return bare(
        "def discounted_return(rewards, g):\n    import finns_inte as fi\n"
        "    return fi.sum(g**t * r for t, r in enumerate(rewards))"
    )


@honest(EPSILON_ALONE)
def everything_from_the_standard_library() -> Any:
    return bare(
        "import os, sys, re, json, time, math, copy, random, string, logging, warnings, itertools",
        "from pathlib import Path\nfrom operator import itemgetter, mul\nimport heapq, bisect",
        "HÄR = Path.cwd()\nDATA = Path('data') / 'tal.json'\nDATA.mkdir(exist_ok=True)",
        "logging.basicConfig(level=logging.INFO)\nlogg = logging.getLogger(__name__)",
        """
        def linear_epsilon(step, start, end, decay_steps):
            logg.info("steg %d i %s", step, DATA.suffix)
            andel = sorted([0.0, step / decay_steps, 1.0])[1]
            return start + mul(andel, end - start)
        """,
    )


# --- inställningar överst ------------------------------------------------------------------------


@honest(book("03", "unsolved") | right("3.1", "3.2"))
def settings_first_of_all() -> Any:
    settings = """
        %matplotlib inline
        !pip install -q dqn-helpers
        import warnings
        warnings.filterwarnings("ignore")
        import matplotlib.pyplot as plt
        plt.style.use("ggplot")
        plt.rcParams["figure.figsize"] = 8, 4
        np.random.seed(0); torch.manual_seed(0); random.seed(0)
        np.set_printoptions(precision=3)
        torch.set_printoptions(sci_mode=False)
        torch.set_num_threads(2)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    """
    built = answered(
        "03",
        td_target=SHORT.replace("q.max(1)", "q.to(device).max(1)"),
        chosen_q_values=CHOSEN,
    )
    built["cells"].insert(1, code("import random\n" + IMPORTS))
    built["cells"].insert(2, code(settings))
    return built


@honest(book("03") | right("3.1", "3.2", "3.3"))
def shows_things_on_the_way() -> Any:
    return bare(
        IMPORTS,
        "if get_ipython() is not None:\n    print('i Jupyter')",
        SHORT.replace("    ", "    display(q.shape, clear=True)\n    "),
        CHOSEN,
        STEP,
        "%config InlineBackend.figure_format = 'retina'",
        "display(dqn_helpers.figures)",
    )


@honest(book("03") | right("3.1"))
def saves_a_picture_on_the_way() -> Any:
    return bare(
        IMPORTS,
        "import matplotlib.pyplot as plt",
        """
        def td_target(reward, next_q, terminated, gamma):
            plt.plot(reward.numpy())
            plt.savefig("belöningar.png")
            plt.gcf().savefig("en gång till.png", dpi=150)
            return reward + gamma * next_q.max(dim=1).values * ~terminated
        """,
    )


@honest(EPSILON_ALONE)
def settings_in_a_dataclass() -> Any:
    return bare(
        """
        from dataclasses import dataclass, field, replace
        from typing import Any, Final

        GOLV: Final = 0.0

        @dataclass(frozen=True, slots=True)
        class Inställningar:
            golv: float = GOLV
            tak: float = 1.0
            extra: dict[str, Any] = field(default_factory=dict)
        """,
        "CFG = replace(Inställningar(), extra={'namn': 'anna'})",
        "def linear_epsilon(step, start, end, decay_steps, cfg=CFG):\n"
        "    del_ = min(max(step / decay_steps, cfg.golv), cfg.tak)\n"
        "    return (1 - del_) * start + del_ * end",
    )


@honest(EPSILON_ALONE)
def an_enum_and_a_match_statement() -> Any:
    return bare(
        "from enum import Enum, auto\nclass Läge(Enum):\n    FALLER = auto()\n    KLAR = auto()",
        """
        def linear_epsilon(step, start, end, decay_steps):
            läge = Läge.FALLER if step < decay_steps else Läge.KLAR
            match läge:
                case Läge.FALLER if (kvar := decay_steps - step) > 0:
                    return end + (start - end) * kvar / decay_steps
                case _:
                    return end
        """,
    )


# --- hjälpare ------------------------------------------------------------------------------------


@honest(TARGET_ALONE)
def functions_inside_functions() -> Any:
    return bare(
        """
        def gör_mål(värde):
            räknare = 0
            def mål(r, q, d, g):
                nonlocal räknare
                räknare += 1
                def ett_värde(rad):
                    return värde(rad)
                import torch
                return r + g * torch.stack([ett_värde(rad) for rad in q]) * ~d
            return mål
        """,
        "td_target = gör_mål(lambda rad: rad.max())",
    )


@honest(book("01", "missing") | right("1.1", "1.4"))
def global_caches() -> Any:
    return bare(
        "import functools, numpy as np",
        "_VIKTER = {}\nantal = 0",
        """
        def vikt(g, t):
            global antal
            if (g, t) not in _VIKTER:
                antal += 1
                _VIKTER[g, t] = g**t
            return _VIKTER[g, t]
        """,
        "@functools.lru_cache(maxsize=None)\ndef handlingar(n):\n    return tuple(range(n))",
        "def discounted_return(rewards, g):\n"
        "    return sum(vikt(g, t) * r for t, r in enumerate(rewards))",
        """
        def epsilon_greedy(action_values, epsilon, rng):
            if rng.random() < epsilon:
                return int(rng.choice(handlingar(len(action_values))))
            return int(np.argmax(action_values))
        """,
    )


@honest(CHOSEN_ALONE)
def a_decorator_with_arguments_and_a_partial() -> Any:
    return bare(
        "from functools import partial, wraps",
        """
        def med_form(antal):
            def dekorera(f):
                @wraps(f)
                def inre(*args, **kwargs):
                    svar = f(*args, **kwargs)
                    assert svar.ndim == antal
                    return svar
                return inre
            return dekorera
        """,
        "plocka = partial(lambda rad, q, a: q[rad(len(a)), a], __import__('torch').arange)",
        "@med_form(antal=1)\ndef chosen_q_values(q, a):\n    return plocka(q, a)",
    )


@honest(DOUBLE_ALONE)
def an_abstract_class_and_a_context_manager() -> Any:
    return bare(
        "from abc import ABC, abstractmethod\nfrom contextlib import contextmanager\nimport torch",
        "class Mål(ABC):\n    @abstractmethod\n    def värde(self, s2): ...",
        """
        class Dubbelt(Mål):
            __slots__ = ("väljer", "värderar")
            def __init__(self, väljer, värderar):
                self.väljer, self.värderar = väljer, värderar
            def värde(self, s2):
                bäst = self.väljer(s2).argmax(1, keepdim=True)
                return self.värderar(s2).gather(1, bäst)[:, 0]
        """,
        """
        @contextmanager
        def utan_gradient():
            with torch.no_grad():
                yield
        """,
        """
        def double_dqn_target(model, target_model, reward, next_state, terminated, gamma):
            with utan_gradient():
                värde = Dubbelt(model, target_model).värde(next_state)
            return reward + gamma * värde.masked_fill(terminated, 0)
        """,
    )


@honest(BUFFER_ALONE)
def types_of_every_sort() -> Any:
    return bare(
        """
        from __future__ import annotations
        from collections import deque
        from collections.abc import Iterator, Sequence
        from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias, TypeVar
        import numpy.typing as npt, numpy as np
        if TYPE_CHECKING:
            from jaxtyping import Float
        """,
        "T = TypeVar('T')\nObs: TypeAlias = npt.NDArray[np.float32]",
        "class Steg(NamedTuple):\n    obs: Obs\n    handling: int",
        """
        class ReplayBuffer(Generic[T]):
            data: deque[T]
            def __init__(self, max_length: int) -> None:
                self.data = deque([], max_length)
            def append(self, erfarenhet: T) -> None:
                self.data.append(erfarenhet)
            def __len__(self) -> int:
                return len(self.data)
            def __getitem__(self, i: int) -> T | Float[np.ndarray, "6"]:
                return self.data[i]
            def __iter__(self) -> Iterator[T]:
                return iter(self.data)
        """,
    )


@honest(book("03") | right("3.1", "3.2"))
def double_precision_everywhere() -> Any:
    return bare(
        "import torch\ntorch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(True)",
        "def td_target(r, q, d, g):\n"
        "    lever = torch.ones(len(r), dtype=r.dtype) - d.to(r.dtype)\n"
        "    return r + g * q.amax(1) * lever",
        CHOSEN,
    )


@honest(book("04", "unsolved") | right("4.1", "4.2"))
def operators_and_generators() -> Any:
    return answered(
        "04",
        linear_epsilon="""
            import itertools as it
            from operator import add
            def trappa(start, end, n):
                yield from it.chain((start + (end - start) * k / n for k in range(n)),
                                    it.repeat(end))
            def linear_epsilon(step, start, end, decay_steps):
                return next(it.islice(trappa(start, end, decay_steps), step, None))
        """,
        update_target_network="""
            import copy as kopia
            def update_target_network(model, target_model, tau=1.0):
                nya = kopia.deepcopy(model).state_dict()
                lärda = dict(target_model.named_parameters())
                for namn, p in target_model.state_dict().items():
                    nytt = nya[namn]
                    if namn in lärda:
                        nytt = tau * nytt + (1 - tau) * p
                    p.copy_(nytt)
        """,
    )


# --- halvrätt ------------------------------------------------------------------------------------


@honest(book("03", td_target=(1, "partial")) | right("3.2"))
def half_right_with_odd_imports() -> Any:
    return bare(
        "import dqn_helpers.figures as fig, torch as t, finns_inte",
        "mål = lambda r, q, d, g: r + g * t.max(q, dim=1).values  # masken saknas",
        "from functools import wraps\n@wraps(mål)\ndef td_target(*allt):\n    return mål(*allt)",
        "def chosen_q_values(q, a):\n    assert fig\n"
        "    return t.take_along_dim(q, a[:, None], 1)[:, 0]",
    )


@honest(book("01", discounted_return=(0.5, "partial"), epsilon_greedy=full("epsilon_greedy")))
def half_right_with_a_class() -> Any:
    return bare(
        """
        class Avkastning:
            def __init__(self, g):
                self.g = g
            def __call__(self, rewards):
                första, *resten = rewards  # går inte när följden är tom
                return första + (self.g * self(resten) if resten else 0)
        """,
        "def discounted_return(rewards, g):\n    return Avkastning(g)(rewards)",
        """
        import numpy as np
        def epsilon_greedy(action_values, epsilon, rng):
            utforska = rng.random() < epsilon
            n = len(action_values)
            return int(rng.integers(n)) if utforska else int(np.argmax(action_values))
        """,
    )


@honest(book("05", double_dqn_target=(0.0, "failed")))
def half_right_double_dqn() -> Any:
    return bare(
        "from dqn_helpers import DQN, ReplayBuffer, figures, make_cartpole, td_target",
        "def double_dqn_target(model, target_model, *rest):\n    from torch import no_grad\n"
        "    r, s2, done, g = rest\n    with no_grad():\n"
        "        return r + g * target_model(s2).max(1)[0] * ~done  # bara ett nätverk",
    )
