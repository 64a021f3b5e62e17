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
| `judging`, `card`, `checking`, `registry` | dom, kort, `check()`, uppslag |
| `own_code` | `run_own()`: studentens egen kod driver sidans försök |

Så lägger man till en övning (mönster: 3.1 i `notebook_03.py`, `hidden.py` i `book_03/`, …)
-------------------------------------------------------------------------------
1. `dqn_helpers/exercises/notebook_NN.py`: drivaren `f(student, inputs) -> dict`, övningen
   `Exercise(...)` och sist `EXERCISES = (...)`. Anropa alltid med argumenten i ordning;
   `call_and_watch` säger också vilka argument som ändrades; gör returvärden till data med
   `plain(...)` (tensor, array och lista av tal blir array, 0-d blir tal). Beteendenas poäng ska bli
   övningens. Varje beteende behöver minst ett exempel. `expected` i exemplen är tal räknade för
   hand, `by_hand` är räkningen i ord (en per rad, eller en enda); kortet lägger till
   "; du fick 4,4". `Observable.wrong` används i stället där räkningen inte hjälper.
2. `solutions/grading/book_NN/hidden.py`: `@cases("N.M") def …(rng) -> list[Case]`, slumpade
   indata med B ≥ 3, B ≠ A och alla tal olika (`distinct` i `book_03`). Facit fylls i av sig
   självt, ur dqn_helpers (01–04) eller solutions/ (05); `answers=` när flera svar godtas.
3. `solutions/grading/book_NN/mistakes.py`: minst fem `@misconception("N.M")`, var och en en
   funktion (eller klass) vars docstring är återkopplingen: vad som är fel, varför det spelar roll,
   var i kursen det står; aldrig svaret. Långa lösningar: `@misconception("N.M", edited(TEXT, "rad",
   "annan rad"))` över en tom funktion med docstring. Går två inte att skilja åt:
   `equivalent_to=("den_andra",)` med en kommentar om varför.
4. `solutions/grading/book_NN/accepted.py`: minst fem `@correct("N.M")` i verkligt olika stilar.
5. `solutions/NN_*.ipynb`: rubriken (`### Övning N.M: …`), den lösta cellen, `check`-cellen och en
   tom cell `ledtradar-N-M`. `python kurs.py release` skriver in poängen och ledtrådarna.
6. `python solutions/grading/make_table.py` gör om tabellen (kör det efter varje ändring av exempel,
   drivare eller misstag; är två samtidigt igång: kör det igen efter hopslagningen).
7. `pytest tests/grader -k N.M` och `pytest tests/autograder`; `--seeds 1000` då och då.

Slump hos studenten: iakttag hellre något bestämt (3.3 `pairs`, `distinct`) än dragningen själv.
Går det inte: `expected={"andel": Within(låg, hög)}` med risken för falskt larm uträknad i en
kommentar (under 1e-6), `tolerance` vid nog att känna igen samma misstag med annan slump, och
`random=("nyckel",)` för iakttagelser som bara är tur. En egen form av godtagande är en klass med
`accepts(värde)`: ärv `Within`. Drivaren får ett seedat slumptillstånd: torch, numpy och `random`.

De sista bitarna i ett flyttal beror på datorns processor. Låt därför inget bero på dem: ordna inte
rader efter flyttal (`any_order` i `plain` jämför dem som en mängd), låt inte ett nästan lika val
avgöra, och avrunda bara till en plats långt ifrån talen. `another_processor` i testen prövar det.
"""

from dqn_helpers.exercises.card import CheckResult
from dqn_helpers.exercises.checking import check
from dqn_helpers.exercises.own_code import run_own
from dqn_helpers.exercises.registry import EXERCISES

__all__ = ["EXERCISES", "CheckResult", "check", "run_own"]
