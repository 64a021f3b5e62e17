"""Övningarna och `check()`: kontrollen som säger vilket misstaget är.

    from dqn_helpers.exercises import check
    check("3.1", td_target)

Så hänger det ihop
------------------
En *drivare* kör studentens funktion på ett *falls* indata och ger det som *iakttogs*: en ordbok av
enkla data (tal, texter, listor, numpy-arrayer). Ett *beteende* ger poäng och avgörs av vissa
iakttagelser i vissa fall. De öppna *exemplen*, räknade för hand, står här och används av `check()`.
De dolda fallen, facit och katalogen av misstag har bara läraren, i `solutions/grading/`; av
misstagen finns här bara svaren och texterna (`misconceptions.json`, som görs). `check()` och
rättaren bedömer med samma kod (`judging.py`).

| modul | innehåll |
|---|---|
| `syllabus` | övningarnas nummer och namn |
| `model` | `Exercise`, `Behaviour`, `Observable`, `Case`, `Within`, `Outcome` |
| `notebook_NN` | en anteckningsboks övningar: drivare, beteenden, exempel, ledtrådar |
| `drivers`, `training_step_driver` | byggstenar till drivare |
| `plain`, `comparing` | värden som enkla data; skillnader i svenska ord |
| `limits`, `running` | tidsgräns, återställt tillstånd, undantag; kör fall → `Outcome` |
| `error_words`, `syntax` | fel från Python och torch på svenska; vad som står i koden |
| `judging`, `card`, `checking`, `registry` | bedömning, kort, `check()`, uppslag |
| `own_code` | `run_own()`: studentens egen kod driver sidans försök |
"""

from dqn_helpers.exercises.card import CheckResult
from dqn_helpers.exercises.checking import check
from dqn_helpers.exercises.own_code import run_own
from dqn_helpers.exercises.registry import EXERCISES

__all__ = ["EXERCISES", "CheckResult", "check", "run_own"]
