"""Kursens bilder: diagram, teckningar och filmer, i samma färger överallt.

Allt som böckerna visar finns direkt här, som i `figures.learning_curves(…)`. Var det ligger:

- `theme`: färgerna, en för varje betydelse
- `pictures`: en färdig bild, och tal på svenska
- `player`: filmer och reglage, som fungerar utan att Python är i gång
- `worlds` och `episodes`: CartPole, sjön och klippan, och en spelad episod i dem
- `plots`: stilen för diagram; `learning_plots`, `study_plots`, `replay_plots` och
  `overestimation_plots` ritar dem
- `simple_plots`: linjer och fördelningar av sidans egna tal
- `table_films`: Q-tabeller som växer fram över sjön och klippan
- `value_maps` och `mdp_diagram`: rutnät med värden, och en MDP som graf
- `step_plots` och `corridor`: träningssteget i bild, och korridoren som det lär sig
- `diagrams`: hur delarna i DQN hänger ihop; `shapes` är det som de och teckningarna byggs av
"""

from dqn_helpers.figures.corridor import corridor_film
from dqn_helpers.figures.diagrams import (
    LOOP_PARTS,
    double_dqn_wirings,
    dqn_loop,
    dqn_loop_film,
    loss_flow,
    q_network,
)
from dqn_helpers.figures.episodes import show_episodes_together, show_one_episode
from dqn_helpers.figures.learning_plots import (
    dots_per_seed,
    learning_curves,
    predicted_against_realised,
    training_curve,
)
from dqn_helpers.figures.mdp_diagram import backup_diagram, mdp_graph
from dqn_helpers.figures.overestimation_plots import (
    largest_estimate,
    seed_dots,
    spread_in_words,
)
from dqn_helpers.figures.pictures import Picture, swedish_number, swedish_ticks
from dqn_helpers.figures.player import Film, film_of_pictures, slider
from dqn_helpers.figures.plots import (
    COLORS,
    MARKS,
    label_lines,
    legend_above,
    new_figure,
)
from dqn_helpers.figures.replay_plots import (
    alike_over_time,
    batches_in_cloud,
    cost_lines,
    drawn_places,
    last_moments,
    learned_against_exact,
    ring_film,
    tried_actions,
)
from dqn_helpers.figures.simple_plots import lines, return_distributions, returns_by_length
from dqn_helpers.figures.step_plots import (
    chosen_numbers,
    loss_curves,
    losses_and_gradients,
    target_parts,
    values_on_states,
)
from dqn_helpers.figures.study_plots import difference_of, shares
from dqn_helpers.figures.table_films import q_film, visit_film
from dqn_helpers.figures.value_maps import (
    CLIFF_WALKING_ARROWS,
    FROZEN_LAKE_ARROWS,
    grid_walks,
    number_table,
    q_function,
    q_grid,
    value_grid,
)

__all__ = [
    "CLIFF_WALKING_ARROWS",
    "COLORS",
    "FROZEN_LAKE_ARROWS",
    "LOOP_PARTS",
    "MARKS",
    "Film",
    "Picture",
    "alike_over_time",
    "backup_diagram",
    "batches_in_cloud",
    "chosen_numbers",
    "corridor_film",
    "cost_lines",
    "difference_of",
    "dots_per_seed",
    "double_dqn_wirings",
    "dqn_loop",
    "dqn_loop_film",
    "drawn_places",
    "film_of_pictures",
    "grid_walks",
    "label_lines",
    "largest_estimate",
    "last_moments",
    "learned_against_exact",
    "learning_curves",
    "legend_above",
    "lines",
    "loss_curves",
    "loss_flow",
    "losses_and_gradients",
    "mdp_graph",
    "new_figure",
    "number_table",
    "predicted_against_realised",
    "q_film",
    "q_function",
    "q_grid",
    "q_network",
    "return_distributions",
    "returns_by_length",
    "ring_film",
    "seed_dots",
    "shares",
    "show_episodes_together",
    "show_one_episode",
    "slider",
    "spread_in_words",
    "swedish_number",
    "swedish_ticks",
    "target_parts",
    "training_curve",
    "tried_actions",
    "value_grid",
    "values_on_states",
    "visit_film",
]
