"""Kursens böcker, och övningarnas nummer och namn. Poängen är beteendenas (`notebook_NN`).

En *bok* är ett ämne ("01"), en *anteckningsbok* är en fil ("01a"). Bok 01 är två anteckningsböcker,
de andra är en var.

5.4 är en skriven reflektion som läraren bedömer; den har inget namn och rättas inte av kod.
"""

BOOKS: dict[str, tuple[str, str, str]] = {
    "00": ("00_start.ipynb", "Start", "se att allt fungerar, och lära känna kontrollen"),
    "01a": (
        "01a_mdp_och_q_varden.ipynb",
        "MDP:er och Q-värden",
        "veta vad en agent vill, och räkna ut det bästa den kan göra",
    ),
    "01b": (
        "01b_q_inlarning.ipynb",
        "Q-inlärning",
        "låta en agent lära sig samma sak av det som händer, utan att känna reglerna",
    ),
    "02": (
        "02_replay_buffer.ipynb",
        "Erfarenheter och replay buffer",
        "ge agenten ett minne att lära sig av",
    ),
    "03": (
        "03_traningssteget.ipynb",
        "Träningssteget",
        "byta tabellen mot ett neuralt nätverk och träna det",
    ),
    "04": (
        "04_dqn_loopen.ipynb",
        "Hela DQN-loopen",
        "sätta ihop allt, så att stången hålls upprätt",
    ),
    "05": (
        "05_double_dqn.ipynb",
        "Double DQN",
        "mäta hur mycket DQN överskattar, och göra något åt det: inlämningsuppgiften",
    ),
}
"""Anteckningsbokens nummer → dess fil, dess rubrik och vad man får av den."""

OLD_FILES = {"01": "01_mdp_och_q_varden.ipynb"}
"""Böcker som förr var en enda fil. En sådan inlämning rättas med bokens alla övningar."""

SYLLABUS: dict[str, str] = {
    "1.1": "discounted_return",
    "1.2": "bellman_backup",
    "1.3": "q_learning_update",
    "1.4": "epsilon_greedy",
    "2.1": "ReplayBuffer",
    "2.2": "sample_experiences",
    "2.3": "play_and_record_episode",
    "3.1": "td_target",
    "3.2": "chosen_q_values",
    "3.3": "dqn_training_step",
    "4.1": "linear_epsilon",
    "4.2": "update_target_network",
    "4.3": "train_dqn",
    "5.1": "double_dqn_target",
    "5.2": "double_dqn_training_step",
    "5.3": "q_value_bias",
    "5.4": "",
}

WRITTEN = {"5.4": 4}
"""De skrivna svaren, som läraren bedömer → full poäng."""

NUMBER_OF = {name: number for number, name in SYLLABUS.items() if name}
"""Övningens namn → dess nummer."""


_SECOND_FILE = {"1.3": "01b", "1.4": "01b"}


def book_of(number: str) -> str:
    """Bokens nummer: `"3.1"` → `"03"`, `"1.3"` → `"01"`."""
    return number.split(".")[0].zfill(2)


def notebook_of(number: str) -> str:
    """Anteckningsbokens nummer: `"3.1"` → `"03"`, `"1.1"` → `"01a"` och `"1.3"` → `"01b"`."""
    book = book_of(number)
    return book if book in BOOKS else _SECOND_FILE.get(number, f"{book}a")


def exercises_of(book: str | None) -> list[str]:
    """Övningarnas nummer i en bok ("01") eller en anteckningsbok ("01a"); tomt om den är okänd."""
    return [number for number in SYLLABUS if book in (book_of(number), notebook_of(number))]


PARTS = {book: {notebook_of(number) for number in exercises_of(book)} for book in OLD_FILES}
"""Böcker som är flera anteckningsböcker → deras nummer."""
