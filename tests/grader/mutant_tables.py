"""Mutanternas ändringar vid funktionens gräns, och vilka namn som är sanna om varje ändring.

I `BOUNDARY` är {reward} det som argumentet heter i stilen och {x} det som den returnerar.
`TRUE_NAMES` säger, för en sort (eller "övning sort"), vilka misstag som får nämnas (början av
namnet räcker för de gjorda: "axis." är alla med regeln `axis`) och vad kortet kan säga i stället.
"""

import re

HARD_CODED = "{discount_factor} = 0.93"

MASKS = {
    "mask saknas": ("in", "{terminated} = {terminated} & False"),
    "mask omvänd": ("in", "{terminated} = ~{terminated}"),
    "allt maskerat": ("in", "{terminated} = {terminated} | True"),
    "belöningen maskerad": ("in", "{reward} = {reward} * ~{terminated}"),
}
DISCOUNTS = {
    "utan gamma": ("in", "{discount_factor} = 1.0"),
    "gamma fast": ("in", HARD_CODED),
    "gamma två gånger": ("in", "{discount_factor} = {discount_factor} ** 2"),
}
GAMMA_ON_REWARD = {"gamma på belöningen": ("in", "{reward} = {discount_factor} * {reward}")}
NO_REWARD = {"utan belöning": ("in", "{reward} = 0 * {reward}")}
OUT = {
    "svaret omvänt": ("ut", "return -({x})"),
    "inget svar": ("ut", "{x}"),
}
ARRAY_OUT = {
    "kolumn": ("ut", "return ({x}).reshape(-1, 1)"),
    "summan": ("ut", "return ({x}).sum()"),
    "avrundat": ("ut", "return ({x}).round()"),
}
SIX = "tillstånd, handling, belöning, nästa, slut, avbruten = {x}\n"
ROWS = "{replay_buffer} = [{replay_buffer}[i] for i in {{}}]"
SEEDS = "import random, numpy, torch; random.seed(1); numpy.random.seed(1); torch.manual_seed(1)"


def _batch(text: str) -> tuple[str, str]:
    """En batch ur 2.2 i annat skick."""
    return "ut", f"{SIX}return [{text}]"


def _rows(places: str) -> tuple[str, str]:
    """Bara några av buffertens rader."""
    return "in", f"{{replay_buffer}} = [{{replay_buffer}}[i] for i in {places}]"


def _row(text: str) -> tuple[str, str]:
    """Varje rad i bufferten ändrad: s, a, r, s2, slut, avbruten."""
    rows = "list({replay_buffer}[i] for i in range(len({replay_buffer})))"
    return "in", f"{{replay_buffer}} = [{text} for s, a, r, s2, slut, avbruten in {rows}]"


def _saved(text: str) -> tuple[str, str]:
    """En annan erfarenhet sparas än den som kom."""
    return "in.append", f"s, a, r, s2, slut, avbruten = {{value}}\n{{value}} = ({text})"


STEPS = {
    "utan gamma": ("in", "{discount_factor} = 1.0"),
    "gamma fast": ("in", HARD_CODED),
    "batchen fast": ("in", "{batch_size} = 2"),
    "mask saknas": _row("(s, a, r, s2, False, avbruten)"),
    "mask omvänd": _row("(s, a, r, s2, not slut, avbruten)"),
    "avbruten som slut": _row("(s, a, r, s2, slut or avbruten, avbruten)"),
    "flaggor ombytta": _row("(s, a, r, s2, avbruten, slut)"),
    "tillstånd ombytta": _row("(s2, a, r, s, slut, avbruten)"),
    "målet i s": _row("(s, a, r, s, slut, avbruten)"),
    "förutsägelsen i nästa": _row("(s2, a, r, s2, slut, avbruten)"),
    "utan belöning": _row("(s, a, 0 * r, s2, slut, avbruten)"),
    "belöningen maskerad": _row("(s, a, 0.0 if slut else r, s2, slut, avbruten)"),
    "belöningen klippt": _row("(s, a, max(-1.0, min(1.0, r)), s2, slut, avbruten)"),
    "bara de nyaste": _rows("range(len({replay_buffer}) - {batch_size}, len({replay_buffer}))"),
    "samma slump": ("in", SEEDS),
    "inget svar": ("ut", "{x}"),
    "svaret omvänt": ("ut", "return -({x})"),
}  # fmt: skip

BOUNDARY: dict[str, dict[str, tuple[str, str]]] = {
    "1.1": {
        **DISCOUNTS,
        **OUT,
        "första saknas": ("in", "{rewards} = list({rewards})[1:]"),
        "sista saknas": ("in", "{rewards} = list({rewards})[:-1]"),
        "baklänges": ("in", "{rewards} = list({rewards})[::-1]"),
        "heltal": ("in", "{rewards} = [int(r) for r in {rewards}]"),
        "bara första": ("in", "{rewards} = list({rewards})[:1]"),
        "storlekar": ("in", "{rewards} = [abs(r) for r in {rewards}]"),
        "gamma en gång för mycket": ("ut", "return ({x}) * {discount_factor}"),
        "medelvärde": ("ut", "return ({x}) / max(len({rewards}), 1)"),
        "i en lista": ("ut", "return [{x}]"),
        "till heltal": ("ut", "return int({x})"),
        "utan tecken på svaret": ("ut", "return abs({x})"),
    },
    "1.2": {
        **DISCOUNTS,
        **OUT,
        "utan belöning": ("in", "{rewards} = 0 * {rewards}"),
        "gamma på belöningen": ("in", "{rewards} = {discount_factor} * {rewards}"),
        "från noll": ("in", "{q_values} = np.maximum({q_values}, 0)"),
        "medel för max": ("in", "{q_values} = {q_values}.mean(axis=1, keepdims=True)\n"
                          "{q_values} = np.repeat({q_values}, {rewards}.shape[1], axis=1)"),
        "min för max": ("in", "{q_values} = {q_values}.min(axis=1, keepdims=True)\n"
                        "{q_values} = np.repeat({q_values}, {rewards}.shape[1], axis=1)"),
        "max av allt": ("in", "{q_values} = np.full_like({q_values}, {q_values}.max())"),
        "indexen vända": (
            "in", "{rewards} = np.swapaxes({rewards}, 0, 2)\n"
            "{transition_probabilities} = np.swapaxes({transition_probabilities}, 0, 2)"),
        "skriver i argumentet": ("ut", "{q_values}[:] = {x}\nreturn {q_values}"),
        "läggs till det gamla": ("ut", "return ({x}) + {q_values}"),
        "tillståndens värden": ("ut", "return ({x}).max(axis=1)"),
        "summan": ("ut", "return ({x}).sum()"),
        "utan tecken på svaret": ("ut", "return np.abs({x})"),
        "avrundat": ("ut", "return np.round({x})"),
    },
    "1.3": {
        **DISCOUNTS,
        **OUT,
        "mask saknas": ("in", "{terminated} = False"),
        "mask omvänd": ("in", "{terminated} = not {terminated}"),
        "allt maskerat": ("in", "{terminated} = True"),
        "belöningen maskerad": ("in", "{reward} = 0 if {terminated} else {reward}"),
        "hoppar över slutet": ("in", "if {terminated}:\n    return 0.0"),
        **GAMMA_ON_REWARD,
        **NO_REWARD,
        "alfa saknas": ("in", "{learning_rate} = 1"),
        "alfa fast": ("in", "{learning_rate} = 0.07"),
        "alfa omvänt": ("in", "{learning_rate} = 1 - {learning_rate}"),
        "alfa och gamma ombytta": (
            "in", "{learning_rate}, {discount_factor} = {discount_factor}, {learning_rate}"),
        "tillstånd ombytta": ("in", "{state}, {next_state} = {next_state}, {state}"),
        "målet i s": ("in", "{next_state} = {state}"),
        "flyttar i nästa": ("in", "{state} = {next_state}"),
        "bästa handlingen": ("in", "{action} = {q_values}[{state}].argmax()"),
        "handling noll": ("in", "{action} = 0"),
        "egen kopia": ("in", "{q_values} = {q_values}.copy()"),
        "utan tecken på svaret": ("ut", "return abs({x})"),
        "kvadraten": ("ut", "return ({x}) ** 2"),
        "steget": ("ut", "return {learning_rate} * ({x})"),
        "tabellen": ("ut", "{x}\nreturn {q_values}"),
        "nya värdet": ("ut", "{x}\nreturn {q_values}[{state}, {action}]"),
        "till heltal": ("ut", "return int({x})"),
    },
    "1.4": {
        "aldrig slump": ("in", "{epsilon} = 0.0"),
        "alltid slump": ("in", "{epsilon} = 1.0"),
        "epsilon omvänt": ("in", "{epsilon} = 1 - {epsilon}"),
        "noll är falskt": ("in", "{epsilon} = {epsilon} or 0.1"),
        "epsilon fast": ("in", "{epsilon} = 0.2"),
        "sämsta": ("in", "{action_values} = -{action_values}"),
        "storlekar": ("in", "{action_values} = abs({action_values})"),
        "eget frö": ("in", "{rng} = np.random.default_rng(0)"),
        "egen slump": ("in", "{rng} = np.random.default_rng()"),
        "två handlingar": ("in", "{action_values} = {action_values}[:2]"),
        "värdet": ("ut", "return {action_values}[{x}]"),
        "i en lista": ("ut", "return [{x}]"),
        "decimaltal": ("ut", "return float({x})"),
        "inget svar": ("ut", "{x}"),
        "ett för mycket": ("ut", "return ({x}) + 1"),
    },
    "2.1": {
        "en för mycket": ("in.__init__", "{value} = {value} + 1"),
        "en för lite": ("in.__init__", "{value} = max({value} - 1, 1)"),
        "glömmer aldrig": ("in.__init__", "{value} = 100000"),
        "fyra fält": _saved("s, a, r, s2"),
        "tillståndet två gånger": _saved("s, a, r, s, slut, avbruten"),
        "flaggorna som en": _saved("s, a, r, s2, slut or avbruten, slut or avbruten"),
        "samma flagga två gånger": _saved("s, a, r, s2, slut, slut"),
        "flaggor ombytta": _saved("s, a, r, s2, avbruten, slut"),
        "tillstånd ombytta": _saved("s2, a, r, s, slut, avbruten"),
        "belöningen heltal": _saved("s, a, int(r), s2, slut, avbruten"),
        "läser runt": ("in.__getitem__", "{value} = {value} % max(len({self}), 1)"),
        "None utanför": ("in.__getitem__", "if {value} >= len({self}):\n    return None"),
        "annat fel utanför": ("in.__getitem__", "assert {value} < len({self})"),
        "längden ett för mycket": ("ut.__len__", "return ({x}) + 1"),
        "längden ett för lite": ("ut.__len__", "return max(({x}) - 1, 0)"),
        "längden är tom": ("ut.__len__", "{x}"),
        "läsningen utan svar": ("ut.__getitem__", "{x}"),
        "bara tillståndet": ("ut.__getitem__", "return ({x})[0]"),
    },
    "2.2": {
        "batchen fast": ("in", "{batch_size} = 7"),
        "aldrig den nyaste": _rows("range(len({replay_buffer}) - 1)"),
        "aldrig den äldsta": _rows("range(1, len({replay_buffer}))"),
        "bara de nyaste": _rows("range(len({replay_buffer}) - {batch_size}, len({replay_buffer}))"),
        "bara de äldsta": _rows("range({batch_size})"),
        "samma slump": ("in", SEEDS),
        "avbruten borta": _batch("tillstånd, handling, belöning, nästa, slut"),
        "tillstånd ombytta": _batch("nästa, handling, belöning, tillstånd, slut, avbruten"),
        "flaggor ombytta": _batch("tillstånd, handling, belöning, nästa, avbruten, slut"),
        "flaggorna som en": _batch(
            "tillstånd, handling, belöning, nästa, slut | avbruten, slut | avbruten"),
        "avbruten som slut": _batch(
            "tillstånd, handling, belöning, nästa, slut | avbruten, avbruten"),
        "belöning och nästa ombytta": _batch(
            "tillstånd, handling, nästa, belöning, slut, avbruten"),
        "fälten var för sig": _batch(
            "tillstånd, handling, belöning[torch.randperm(len(belöning))], nästa, slut, avbruten"),
        "arrayer": ("ut", "return [del_.numpy() for del_ in {x}]"),
        "bara decimaltal": ("ut", "return [del_.float() for del_ in {x}]"),
        "kolumner": _batch("tillstånd, handling[:, None], belöning[:, None], nästa, "
                           "slut[:, None], avbruten[:, None]"),
        "float64": ("ut", "return [d.double() if d.is_floating_point() else d for d in {x}]"),
        "inget svar": ("ut", "{x}"),
    },
    "2.3": {
        "aldrig slump": ("in", "{epsilon} = 0.0"),
        "alltid slump": ("in", "{epsilon} = 1.0"),
        "epsilon omvänt": ("in", "{epsilon} = 1 - {epsilon}"),
        "epsilon fast": ("in", "{epsilon} = 0.3"),
        "utan frö": ("in", "{seed} = None"),
        "fast frö": ("in", "{seed} = 42"),
        "frö noll": ("in", "{seed} = {seed} or 0"),
        "inget svar": ("ut", "{x}"),
        "svaret omvänt": ("ut", "return -({x})"),
        "antalet steg": ("ut", "{x}\nreturn len({replay_buffer})"),
        "sista belöningen": ("ut", "{x}\nreturn {replay_buffer}[len({replay_buffer}) - 1][2]"),
    },
    "3.1": {
        **MASKS,
        **DISCOUNTS,
        **GAMMA_ON_REWARD,
        **NO_REWARD,
        **OUT,
        **ARRAY_OUT,
        "medel för max": ("in", "{next_q_values} = {next_q_values}.mean(1, keepdim=True)"),
        "min för max": ("in", "{next_q_values} = {next_q_values}.min(1, keepdim=True).values"),
        "summa för max": ("in", "{next_q_values} = {next_q_values}.sum(1, keepdim=True)"),
        "handling noll": ("in", "{next_q_values} = {next_q_values}[:, :1]"),
        "platsen för värdet": (
            "in", "{next_q_values} = {next_q_values}.argmax(1, keepdim=True).float()"),
        "från noll": ("in", "{next_q_values} = {next_q_values}.clamp(min=0)"),
        "storlekar": ("in", "{next_q_values} = {next_q_values}.abs()"),
        "max av allt": (
            "in", "{next_q_values} = {next_q_values}.max().expand({next_q_values}.shape)"),
        "belöningen klippt": ("in", "{reward} = {reward}.clip(-1, 1)"),
        "skriver i belöningen": ("ut", "{reward}[:] = torch.as_tensor({x})\nreturn {reward}"),
    },
    "3.2": {
        **OUT,
        **ARRAY_OUT,
        "bästa handlingen": ("in", "{action} = {q_values}.argmax(1)"),
        "handling noll": ("in", "{action} = 0 * {action}"),
        "klipper gradienten": ("in", "{q_values} = {q_values}.detach()"),
        "andra handlingen": ("in", "{action} = {q_values}.shape[1] - 1 - {action}"),
        "raderna vända": ("in", "{action} = {action}.flip(0)"),
        "alla former borta": ("ut", "return ({x}).squeeze()"),
        "utan tecken på svaret": ("ut", "return ({x}).abs()"),
        "medelvärde": ("ut", "return ({x}).mean()"),
    },
    "3.3": STEPS,
    "4.1": {
        **OUT,
        "ett steg före": ("in", "{step} = {step} + 1"),
        "ett steg efter": ("in", "{step} = max({step} - 1, 0)"),
        "start och slut ombytta": ("in", "{start}, {end} = {end}, {start}"),
        "slutet noll": ("in", "{end} = 0.0"),
        "slutet fast": ("in", "{end} = 0.07"),
        "starten fast": ("in", "{start} = 1.0"),
        "längden fast": ("in", "{decay_steps} = 1000"),
        "en kortare": ("in", "{decay_steps} = max({decay_steps} - 1, 1)"),
        "börjar om": ("in", "{step} = {step} % {decay_steps}"),
        "heltalsdivision": ("in", "{step} = {step} // {decay_steps} * {decay_steps}"),
        "None efteråt": ("in", "if {step} > {decay_steps}:\n    return None"),
        "går åt andra hållet": ("ut", "return 2 * {start} - ({x})"),
        "golv noll": ("ut", "return max(0.0, ({x}) - {end})"),
        "till heltal": ("ut", "return int({x})"),
    },
    "4.2": {
        "alltid hel kopia": ("in", "{tau} = 1.0"),
        "tau fast": ("in", "{tau} = 0.005"),
        "tau omvänt": ("in", "{tau} = 1 - {tau}"),
        "fel håll": ("in", "{model}, {target_model} = {target_model}, {model}"),
        "ny kopia": ("in", "{target_model} = copy.deepcopy({target_model})"),
        "gör inget": ("in", "return"),
    },
    "4.3": {
        "start och slut ombytta": (
            "in", "{epsilon_start}, {epsilon_end} = {epsilon_end}, {epsilon_start}"),
        "längden fast": ("in", "{epsilon_decay_steps} = 10000"),
        "slutet noll": ("in", "{epsilon_end} = 0.0"),
        "starten fast": ("in", "{epsilon_start} = 1.0"),
        "utan uppvärmning": ("in", "{warmup} = 0"),
        "uppvärmning en för mycket": ("in", "{warmup} = {warmup} + 1"),
        "tränar varje steg": ("in", "{train_every} = 1"),
        "kopierar alltid": ("in", "{target_update_every} = 1"),
        "kopierar aldrig": ("in", "{target_update_every} = 10 ** 9"),
        "batchen fast": ("in", "{batch_size} = 32"),
        "samma nätverk": ("in", "{target_model} = {model}"),
        "utan målnätverk": (
            "in", "{training_step} = lambda *a, s={training_step}: s(*a[:-1], None)"),
        "gamma fast": ("in", "{discount_factor} = 0.5"),  # 0,93 kan vara det rätta i ett fall
        "inget svar": ("ut", "{x}"),
        "summan": ("ut", "return sum({x})"),
        "sista avkastningen": ("ut", "return ({x})[-1]"),
        "svaret omvänt": ("ut", "return [-v for v in {x}]"),
    },
    "5.1": {
        **MASKS,
        **DISCOUNTS,
        **GAMMA_ON_REWARD,
        **NO_REWARD,
        **OUT,
        **ARRAY_OUT,
        "rollerna ombytta": ("in", "{model}, {target_model} = {target_model}, {model}"),
        "bara online": ("in", "{target_model} = {model}"),
        "bara målnätverket": ("in", "{model} = {target_model}"),
        "belöningen klippt": ("in", "{reward} = {reward}.clip(-1, 1)"),
        "lista": ("ut", "return ({x}).tolist()"),
        "array": ("ut", "return ({x}).numpy()"),
        "skriver i belöningen": ("ut", "{reward}[:] = {x}\nreturn {reward}"),
        "alla former borta": ("ut", "return ({x}).squeeze()"),
    },
    "5.2": {
        **STEPS,
        "bara online": ("in", "{target_model} = {model}"),
    },
    "5.3": {
        **DISCOUNTS,
        **OUT,
        "baklänges": ("in", "{rewards} = list({rewards})[::-1]"),
        "nästa steg": ("in", "{rewards} = [*list({rewards})[1:], 0.0]"),
        "gamma på belöningen": ("in", "{rewards} = [{discount_factor} * r for r in {rewards}]"),
        "utan belöning": ("in", "{rewards} = [0.0 for _ in {rewards}]"),
        "utan Q": ("in", "{predicted_q_values} = [0.0 for _ in {rewards}]"),
        "heltal": ("in", "{rewards} = [int(r) for r in {rewards}]"),
        "första steget": ("in", "{predicted_q_values} = list({predicted_q_values})[:1]\n"
                          "{rewards} = list({rewards})[:1]"),
        "summan": ("ut", "return ({x}) * len({rewards})"),
        "utan tecken på svaret": ("ut", "return abs({x})"),
        "kvadraten": ("ut", "return ({x}) ** 2"),
        "i en lista": ("ut", "return [{x}]"),
        "till heltal": ("ut", "return int({x})"),
    },
}  # fmt: skip

NONE = "None|inget"
FIRST = "allra första handlingen var girig"
Truth = tuple[str, str]

TRUE_NAMES: dict[str, Truth] = {
    "utan gamma": (r"\w*discount_missing|return_undiscounted|part_missing\.|argument\.", ""),
    "gamma två gånger": (r"discount_twice\.", ""),
    "gamma på belöningen": (
        r"\w*discount_on_reward|discount_everything\.|discounts_one_step_.*",
        "",
    ),
    "gamma en gång för mycket": (r"starts_at_one|discount_everything\.", ""),
    "mask saknas": (r"\w*mask_missing", ""),
    "mask omvänd": (r"\w*mask_inverted", ""),
    "allt maskerat": (r"mask_always\.|part_missing\.", ""),
    "belöningen maskerad": (r"\w*mask_removes_reward", ""),
    "utan belöning": (r"part_missing\.", ""),
    "svaret omvänt": (r"sign\.|error_sign|sign_reversed|climbs", ""),
    "inget svar": (r"\w*returns_nothing|no_return|prints_instead", NONE),
    "kolumn": (r"gather_keeps_dimension|shape\.", "[Ff]orm"),
    "summan": (r"sum_for_mean|sums_everything|single_number_returned", "[Ff]orm|ett tal"),
    "första saknas": (r"first_reward_missing", ""),
    "sista saknas": (r"last_reward_missing", ""),
    "baklänges": (r"weights_reversed|accumulates_forwards", ""),
    "heltal": (r"integers_truncated|returns_in_whole_numbers|dtype\.", ""),
    "bara första": (r"returns_in_loop|return_in_loop\.", ""),
    "medelvärde": (r"average|reduce\.", "[Ff]orm|ett tal"),
    "i en lista": ("", "lista|en array|[Ff]orm"),
    "lista": ("returns_list", "list"),
    "array": ("returns_array", "array"),
    "till heltal": (r"dtype\.|returns_in_whole_numbers", ""),
    "utan tecken på svaret": (r"absolute\w*", ""),
    "kvadraten": (r"squared_\w+", ""),
    "från noll": (r"\w*max_from_zero", ""),
    "medel för max": (r"\w*mean_for_max|reduce\.", ""),
    "min för max": (r"reduce\.", ""),
    "summa för max": (r"reduce\.", ""),
    "max av allt": (r"\w*max_over_everything|axis_missing\.", ""),
    "platsen för värdet": (r"argmax_for_max", ""),
    "indexen vända": (r"indices_transposed", ""),
    "skriver i argumentet": (r"overwrites_argument", "ändr"),
    "skriver i belöningen": (r"changes_reward", "ändr"),
    "läggs till det gamla": (r"adds_to_old", ""),
    "tillståndens värden": (r"returns_state_values", ""),
    "hoppar över slutet": (r"skips_terminal", ""),
    "alfa saknas": (r"learning_rate_missing", ""),
    "alfa omvänt": (r"weights_swapped", ""),
    "alfa och gamma ombytta": (r"rates_swapped", ""),
    "tillstånd ombytta": (r"\w*states_swapped|stored_backwards", "state"),
    "målet i s": (r"\w*target_from_state|max_in_current_state|argument\.", ""),
    "flyttar i nästa": (r"updates_next_state|argument\.", ""),
    "förutsägelsen i nästa": (r"predicts_in_next_state|predicts_from_next_state|argument\.", ""),
    "bästa handlingen": (r"updates_best_action|best_instead_of_chosen", ""),
    "egen kopia": (r"updates_a_copy", ""),
    "steget": (r"returns_step", ""),
    "tabellen": (r"returns_table|returns_other\.", ""),
    "nya värdet": (r"returns_new_value", ""),
    "aldrig slump": (r"never_explores", ""),
    "alltid slump": (r"always_explores|always_random", ""),
    "epsilon omvänt": (r"chance_inverted|epsilon_reversed", ""),
    "noll är falskt": (r"zero_is_falsy", ""),
    "sämsta": (r"worst_action", ""),
    "1.4 storlekar": (r"largest_without_sign", ""),
    "eget frö": (r"seeds_inside|ignores_rng", "`rng` påverkar ingenting"),
    "egen slump": (r"ignores_rng", ""),
    "två handlingar": (r"two_actions_hard_coded", ""),
    "värdet": (r"value_for_action", "heltal|decimaltal"),
    "decimaltal": ("", "decimaltal"),
    "ett för mycket": (r"one_action_too_many", "ingen handling har"),
    "en för mycket": (r"one_too_many", ""),
    "en för lite": (r"one_too_few", ""),
    "glömmer aldrig": (r"never_overwrites", ""),
    "fyra fält": ("", "4 fält"),
    "tillståndet två gånger": (r"state_stored_twice", ""),
    "flaggorna som en": (r"flags_become_one|flags_merged|same_flag_twice", ""),
    "samma flagga två gånger": (r"same_flag_twice", ""),
    "flaggor ombytta": (r"flags_\w*swapped|\w*truncated_for_terminated", "ombytta"),
    "belöningen heltal": ("", "reward|belöning"),
    "läser runt": (r"reading_wraps", ""),
    "None utanför": (r"none_outside", ""),
    "annat fel utanför": (r"another_error_outside", ""),
    "längden ett för mycket": (r"off_by_one\.", "längd"),
    "längden ett för lite": (r"off_by_one\.", "längd"),
    "längden är tom": (r"length_without_return", ""),
    "läsningen utan svar": (r"read_without_return", ""),
    "bara tillståndet": ("", "fält"),
    "batchen fast": (r"(large_|step_)?batch_size_hard_coded\w*", "Fel form: state har"),
    "aldrig den nyaste": (r"never_the_newest", ""),
    "aldrig den äldsta": (r"never_the_first", ""),
    "bara de nyaste": (r"\w*(newest_only|same_batch_every_time)", ""),
    "bara de äldsta": (r"oldest_only", ""),
    "samma slump": (r"\w*same_batch_every_time", ""),
    "avbruten borta": (r"one_field_dropped", "5 delar"),
    "avbruten som slut": (r"\w*truncated_(counted_as_terminated|as_terminal)", ""),
    "belöning och nästa ombytta": (r"reward_and_next_state_\w+", ""),
    "fälten var för sig": (r"fields_drawn_apart", "reward"),
    "arrayer": (r"numpy_arrays", "ndarray"),
    "bara decimaltal": (r"everything_is_float32", "float32"),
    "kolumner": (r"columns", "Fel form"),
    "float64": (r"observation_dtype_kept|dtypes_from_numpy", "float64"),
    "utan frö": (r"seed_not_passed", "inget slumpfrö"),
    "fast frö": (r"seed_hard_coded", "slumpfröet 42"),
    "frö noll": (r"seed_or_zero", "Utan frö"),
    "antalet steg": (r"counts_steps|returns_other\.", ""),
    "sista belöningen": (r"returns_last_reward|overwrites\.", ""),
    "handling noll": (r"first_action", ""),
    "belöningen klippt": (r"\w*clips_reward", ""),
    "klipper gradienten": (r"detached", ""),
    "alla former borta": (r"\w*squeezes_everything", "[Ff]orm|ett tal"),
    "gamma fast": (r"\w*discount_hard_coded", ""),
    "ett steg före": (r"one_step_early", ""),
    "ett steg efter": (r"off_by_one\.", ""),
    "4.1 start och slut ombytta": (r"wrong_direction", ""),
    "slutet noll": (r"epsilon_ends_at_zero|slope_to_zero", ""),
    "starten fast": (r"epsilon_starts_at_one", ""),
    "längden fast": (r"epsilon_hard_coded", ""),
    "en kortare": (r"divides_by_one_less", ""),
    "börjar om": (r"starts_over", ""),
    "heltalsdivision": (r"integer_division", ""),
    "None efteråt": (r"nothing_after", NONE),
    "går åt andra hållet": (r"grows", ""),
    "alltid hel kopia": (r"always_hard", ""),
    "tau fast": (r"tau_hard_coded", ""),
    "tau omvänt": (r"tau_swapped", ""),
    "fel håll": (r"\w*wrong_way|\w*mixed_into_online", "Online-nätverkets tal"),
    "ny kopia": (r"binds_new_network|binds_loop_variable|parameters_not_written", "som de var"),
    "gör inget": (r"binds_new_network|binds_loop_variable", "som de var"),
    "4.3 start och slut ombytta": (r"epsilon_swapped", ""),
    # Får inte 32 plats i bufferten tränas det aldrig, och texten frågar efter egna tal.
    "4.3 batchen fast": (r"batch_size_hard_coded\w*|never_trains", r"fel argument \(batch_size\)"),
    "4.3 gamma fast": ("", r"fel argument \(discount_factor\)"),
    "4.3 summan": (r"single_number_returned", "returnera en lista"),
    "sista avkastningen": (r"single_number_returned", ""),
    "4.3 längden fast": (r"epsilon_constant", ""),  # tiotusen steg: ε sjunker för långsamt
    # Räknaren står stilla, eller är summan eller räknaren för kopior; texten säger vad som hände.
    "4.3 lika med plus": (r"last_reward_returned|never_trains|target_never_updated", ""),
    # Alla formlerna ger ett annat ε än `epsilon_start` vid steg 0, eller ett som växer.
    "4.3 parentes borta": (r"epsilon_one_step_early", FIRST),
    "4.3 minus framför": (r"epsilon_(one_step_early|constant|at_its_end\w+)|no_episodes", FIRST),
    "4.3 taket borta": (r"epsilon_(one_step_early|ends_at_zero|at_its_end_\w+)", FIRST),
    # Räknaren ökar med två i varje steg, eller så gör ε det; eller så spelas en episod för mycket.
    "4.3 ett till": (r"epsilon_\w+|trains_every_step|off_by_one\.|range\.", ""),
    "4.3 två gånger": (r"epsilon_too_fast|never_trains", ""),  # räknaren är alltid udda
    "4.3 led dubblerat": (r"epsilon_too_fast|never_trains", ""),
    "4.3 byter plats i tupeln": (
        r"\w*swapped|reward_after_next_state",
        "[Hh]andlingen i bufferten är en annan",
    ),
    "4.3 break sist i loopen": (r"returns_after_first_episode|one_step_per_episode", ""),
    "4.3 två steg ner": (r"order\.|counts_from_zero|first_observation_not_copied", ""),
    "utan uppvärmning": (r"warmup_ignored", ""),
    "uppvärmning en för mycket": (r"warmup_one_too_many", ""),
    "tränar varje steg": (r"trains_every_step", ""),
    "kopierar alltid": (r"target_updated_every_time", ""),
    "kopierar aldrig": (r"target_never_updated", ""),
    "samma nätverk": (r"model_as_target", ""),
    "utan målnätverk": (r"target_not_passed", r"fel argument \(target_model\)"),
    "rollerna ombytta": (r"roles_swapped", ""),
    "bara online": (r"\w*online_only", ""),
    "bara målnätverket": (r"plain_dqn_with_target", ""),
    "nästa steg": (r"return_from_next_step|range\.|off_by_one\.", ""),
    "första steget": (r"first_step_only|return_in_loop\.", ""),
    "1.3 lika med plus": (r"overwrites\.|replaces_old_value|updates_a_copy", ""),
    "lika med plus": (
        r"overwrites\.|last_next_state_only|replaces_old_value|returns_last_reward",
        "",
    ),
    "5.1 parentes borta": (r"grouping\.|target_discount_missing", ""),
    "parentes borta": (r"grouping\.|precedence|future_unweighted|\w*discount_on_reward", ""),
    "5.3 minus framför": (r"sign\.|return_undiscounted", ""),
    "5.3 ett till": (r"off_by_one\.|discounts_one_step_too_many", ""),
    "minus framför": (r"sign\.|grows|\w*error_reversed|moves_away", ""),
    "4.1 ett till": (r"one_step_early|off_by_one\.", ""),
    "2.1 ett till": (r"one_too_many|off_by_one\.", ""),
    "ett till": (r"off_by_one\.", ""),
    "2.1 index bredvid": (r"only_the_latest|pointer_stuck", ""),
    "1.4 index bredvid": (r"always_explores|last_action_always", ""),
    "5.1 index bredvid": (r"one_minus_bool", ""),
    "3.1 index bredvid": (r"mask_missing", ""),
    "taket borta": (r"never_stops|length_counts_everything", ""),
    "byter plats i tupeln": (
        r"\w*swapped|stored_backwards|reward_after_next_state",
        "state|reward",
    ),
    "utan tecken": (r"grows|absolute\w*", ""),
    "2.2 break sist i loopen": (r"oldest_only", ""),  # bara den första läses
    "2.2 loopen utan den första": (r"one_field_dropped", ""),
    "2.2 loopen utan den sista": (r"one_field_dropped", ""),
    # Alla får ε/n utom den bästa, som får 1 − ε: det är att bara lotta bland de andra.
    "2.3 lika med plus": (r"explores_among_the_others", ""),
    "2.3 loopen utan den sista": (r"last_step_lost|last_reward_not_added", ""),
    # Loopen som sparar körs före den som spelar: då sparas inget.
    "2.3 två steg ner": (r"order\.|step_missing\.", "Inget sparades"),
    "2.3 inget svar": (r"\w*returns_nothing|no_return|one_flag_does_not_stop", NONE),
    "2.1 loopen utan den första": (r"flags_become_one", ""),
    "2.1 loopen utan den sista": (r"flags_become_one", ""),
    "loopen utan den första": (
        r"(first|last)_reward_missing|range\.|off_by_one\.|first_action_never",
        "",
    ),
    "loopen utan den sista": (
        r"(first|last)_reward_missing|range\.|off_by_one\.|last_action_never",
        "",
    ),
    "loopen baklänges": (r"weights_reversed|accumulates_forwards", ""),
    "4.2 break sist i loopen": (r"first_only", ""),
    "break sist i loopen": (r"returns_in_loop|return_in_loop\.|returns_after_one_step", ""),
    # `zero_grad` sist, eller mellan `backward` och `step`
    "3.3 två steg ner": (r"order\.|zero_grad_\w+", ""),
    "5.2 två steg ner": (r"order\.|step_zero_grad_\w+", ""),
    "två steg ner": (r"order\.", ""),
}

# --- likvärdiga -----------------------------------------------------------------------------------

EQUIVALENT: tuple[tuple[str, str], ...] = (
    (r"[35]\.1/\w+/utan tecken/\d", "γ, masken och deras produkt är aldrig negativa"),
    (r"1\.1/\w+/utan tecken/\d", "γ och dess potenser är aldrig negativa"),
    (r"1\.2/\w+/utan tecken/[02]", "γ och sannolikheterna är aldrig negativa"),
    (
        r"1\.2/backup_with_loops/loopen baklänges/\d",
        "summan är densamma i vilken ordning som helst",
    ),
    (
        r"1\.1/return_accumulated/loopen baklänges/0",
        "termerna läggs ihop i vilken ordning som helst",
    ),
    (r"5\.3/bias_in_torch/utan tecken/[01]", "stegens nummer är aldrig negativa"),
    (r"5\.3/\w+/loopen baklänges/\d", "medelvärdet är detsamma i vilken ordning som helst"),
    (r"(3\.1|5\.3)/\w+/två steg ner/0", "de två stegen läser inte varandras namn"),
    (r"4\.1/\w+/utan tecken/\d", "start, slut, steg och skillnaden dem emellan är aldrig negativa"),
    (r"4\.1/epsilon_with_loop/loopen baklänges/0", "varven är lika"),
    (r"1\.3/\w+/utan tecken/\d", "α är aldrig negativ"),
    (r"4\.2/\w+/utan tecken/[23]", "τ ligger mellan 0 och 1"),
    (r"4\.2/\w+/loopen baklänges/\d", "parametrarna kopieras i vilken ordning som helst"),
    (r"4\.2/update_with_lerp/två steg ner/0", "parametrarna och buffertarna är var för sig"),
    (r"4\.2/update_from_deep_copy/två steg ner/0", "bara dokumentationen flyttades"),
    (r"1\.4/choice_with_last_tie/loopen baklänges/0", "en annan av de bästa duger också"),
    (
        r"1\.4/choice_with_last_tie/loopen utan den första/0",
        "den första är redan bäst hittills",
    ),
    (r"1\.4/choice_with_last_tie/två steg ner/1", "valet står före svaret ändå"),
    (r"1\.4/choice_with_seeded_random/två steg ner/0", "bara dokumentationen flyttades"),
    (r"2\.1/RingAvPlatser/två steg ner/0", "bara utskriften flyttades"),
    (r"2\.1/\w+/utan tecken/\d", "platser och antal är aldrig negativa"),
    (r"2\.2/\w+/loopen baklänges/\d", "raderna byter ordning, och den är fri"),
    (r"2\.2/sample_by_iterating/samma slump/0", "slumpen kommer ur en egen, ny generator"),
    (
        r"2\.2/\w+/två steg ner/\d",
        "bara dokumentationen eller utskriften flyttades",
    ),
    (r"2\.2/\w+/index bredvid/0", "plats −1 är den sista: alla läses lika ofta ändå"),
    (
        r"2\.3/(spela_med_en_enda_observation|play_by_recursion)/utan tecken/0",
        "ε och antalet sparade är aldrig negativa",
    ),
    (r"2\.3/play_then_save/loopen baklänges/1", "summan är densamma i vilken ordning som helst"),
    (r"2\.3/\w+/två steg ner/0", "bara dokumentationen flyttades"),
    (
        r"5\.2/step_(with_own_sampling|layer_by_layer)/utan tecken/3"
        r"|5\.2/step_with_permutation/utan tecken/2",
        "γ är aldrig negativ",
    ),
    (
        r"5\.2/step_(with_own_sampling|in_columns)/loopen baklänges/0"
        r"|5\.2/step_with_permutation/loopen baklänges/[12]",
        "raderna dras, och gradienterna nollas, i vilken ordning som helst",
    ),
    (r"5\.2/step_with_permutation/index bredvid/0", "plats −1 är den sista: alla dras lika ofta"),
    (
        r"5\.2/step_(in_columns|with_permutation)/två steg ner/0",
        "bara dokumentationen eller utskriften flyttades",
    ),
    (
        r"3\.3/step_(one_forward_pass/utan tecken/2|through_forward/utan tecken/3"
        r"|row_by_row_in_vmap/utan tecken/2)",
        "γ och masken är aldrig negativa",
    ),
    (
        r"3\.3/\w+/loopen baklänges/0",
        "raderna dras, och gradienterna nollas, i vilken ordning som helst",
    ),
    (r"3\.3/\w+/två steg ner/0", "bara dokumentationen flyttades"),
    (r"4\.3/\w+/utan tecken/\d", "antal och steg är aldrig negativa, och ε växer aldrig"),
    (
        r"4\.3/train_(in_one_loop|copies_first)/två steg ner/\d",
        "satserna före loopen läser inte varandras namn, och nätverken är lika från början",
    ),
    (
        r"4\.3/train_with_generator/två steg ner/[23]",
        "kopian hinner bli till före nästa träningssteg, och summan före episodens slut",
    ),
    (r"3\.2/with_one_hot/utan tecken/1", "ettor och nollor är aldrig negativa"),
)
"""Godkända mutanter som är likvärdiga med den rätta lösningen, och varför."""


def is_equivalent(id: str) -> bool:
    """Sant om mutanten med det id:t ger samma svar som den rätta lösningen, på allt den kan få."""
    return any(re.fullmatch(pattern, id) for pattern, _ in EQUIVALENT)
