"""Omskrivningarna: varje regel har ett exempel, pekar på rätt rad och ändrar bara det den ska."""

import ast
import textwrap

import pytest

from dqn_helpers.exercises.rewrites import RULES, Rewrite, rewrites

ARGUMENTS = ("reward", "next_q_values", "terminated", "discount_factor")
HEAD = "def f(r, q, done, g):\n"

EXAMPLES = [  # regeln, raderna, och en av de rader som den gör i stället
    ("axis", "return q.max(dim=1)", "return q.max(dim=0)"),
    ("axis", "return q.sum(1)", "return q.sum(-1)"),
    ("axis_missing", "return q.mean(axis=1)", "return q.mean()"),
    ("axis_added", "return np.max(q)", "return np.max(q, axis=1)"),
    ("reduce", "return q.max(1).values", "return q.mean(1)"),
    ("reduce", "return max(r)", "return min(r)"),
    ("indices", "return q.max(1).values", "return q.max(1).indices"),
    ("indices", "best, where = q.max(1)", "where, best = q.max(1)"),
    ("part_added", "return q.max(1)", "return q.max(1)[0]"),
    ("mask_missing", "return r + g * q * ~done", "return r + g * q"),
    ("mask_missing", "return torch.where(done, r, q)", "return q"),
    ("mask_always", "return torch.where(done, r, q)", "return r"),
    ("mask_always", "return q if not done else r", "return r"),
    ("mask_inverted", "return r + q * (1 - done)", "return r + q * done"),
    ("mask_inverted", "return r if done else q", "return r if not done else q"),
    ("mask_everything", "return r + q * ~done", "return (r + q) * ~done"),
    ("mask_on_less", "return (r + q) * ~done", "return r + q * ~done"),
    ("mask_added", "return r + g * q", "return r + g * q * (done == 0)"),
    ("discount_missing", "return r + g * q", "return r + q"),
    ("discount_missing", "return g ** t * r", "return r"),
    ("discount_everything", "return r + g * q", "return g * (r + q)"),
    ("discount_everything", "return r + g * q * ~done", "return g * (r + q * ~done)"),
    ("discount_on_less", "return g * (r + q)", "return r + g * q"),
    ("discount_twice", "return r + g * q", "return r + g * (g * q)"),
    ("discount_times_steps", "return g ** t", "return g * t"),
    ("discount_as_power", "return g * t", "return g ** t"),
    ("power_swapped", "return g ** t", "return t ** g"),
    ("discount_added", "return r + q", "return r + g * q"),
    ("argument", "return r + q", "return q + q"),
    ("arguments_swapped", "return h(r, q)", "return h(q, r)"),
    ("arguments_swapped", "a, b = h(r)", "b, a = h(r)"),
    ("sign", "return r - q", "return q - r"),
    ("sign", "total += r", "total -= r"),
    ("absolute", "return abs(r)", "return r"),
    ("off_by_one", "return r[0]", "return r[1]"),
    ("off_by_one", "return len(r)", "return len(r) - 1"),
    ("range", "return range(n)", "return range(n - 1)"),
    ("range", "return range(1, n)", "return range(n)"),
    ("slice", "return r[1:]", "return r[:]"),
    ("compare", "return r < q", "return r <= q"),
    ("logic", "return a or b", "return a and b"),
    ("logic", "return a and b", "return b"),
    ("condition", "x = r if a else q", "x = r if True else q"),
    ("flipped", "done = False", "done = True"),
    ("operator", "return r * q", "return r + q"),
    ("grouping", "return r + g * q", "return (r + g) * q"),
    ("grouping", "return (r + g) * q", "return r + g * q"),
    ("grouping", "return q / (r - g)", "return q / r - g"),
    ("fixed_number", "return r + 0.9 * q", "return r + g * q"),
    ("part_missing", "return r + q", "return r"),
    ("overwrites", "total += r", "total = r"),
    ("accumulates", "total = r", "total += r"),
    ("return_in_loop", "for x in r:\n    y()\nreturn t", "for x in r:\n    y()\n    return t"),
    ("return_after_loop", "for x in r:\n    y()\n    return t", "for x in r:\n    y()\nreturn t"),
    ("returns_other", "total = 0\nreturn total", "total = 0\nreturn r"),
    ("return_added", "total = r", "total = r\nreturn total"),
    ("return_added", "r + q", "return r + q"),
    ("copy_missing", "h(r.copy())", "h(r)"),
    ("copy_missing", "h(copy.deepcopy(r))", "h(r)"),
    ("copy_added", "h(r)", "h(__import__('copy').deepcopy(r))"),
    ("gradient_kept", "y = q.detach()", "y = q"),
    ("detach_added", "y = r + q", "y = (r + q).detach()"),
    ("gradient_lost", "with torch.no_grad():\n    y = q", "if True:\n    y = q"),
    ("shape", "return q.squeeze(1)", "return q"),
    ("shape_added", "return q", "return q.squeeze(1)"),
    ("dtype", "return r * done.float()", "return r * done"),
    ("not_in_place", "r.copy_(q)", "r.copy(q)"),
    ("not_in_place", "r.lerp(q, g)", "r.lerp_(q, g)"),
    ("step_missing", "o.zero_grad()\no.step()", "o.step()"),
    ("step_twice", "o.step()\no.zero_grad()", "o.step()\no.step()\no.zero_grad()"),
    ("order", "a = r\nb = q", "b = q\na = r"),
    ("indented", "for x in r:\n    a += x\n    b += 1", "for x in r:\n    a += x\nb += 1"),
    ("keyword", "obs = env.reset(seed=seed)", "obs = env.reset()"),
    ("keyword", "obs = env.reset(seed=seed)", "obs = env.reset(seed=0)"),
    ("reset_old", "obs, _ = env.reset()", "obs = env.reset()"),
    ("reset_old", "obs = env.reset()", "obs = env.reset()[0]"),
    ("unwrapped", "return abs(r)", "return r"),
    ("variable", "best = q\nreturn r + best", "best = q\nreturn best + best"),
]  # fmt: skip


def body(lines: str) -> str:
    return HEAD + textwrap.indent(lines, "    ")


def found(source: str) -> list[Rewrite]:
    return list(rewrites(ast.parse(source), ARGUMENTS, "f"))


@pytest.mark.parametrize(("rule", "before", "after"), EXAMPLES)
def test_the_rule_makes_its_example(rule: str, before: str, after: str) -> None:
    made = [ast.unparse(one.tree) for one in found(body(before)) if one.rule.id == rule]
    assert ast.unparse(ast.parse(body(after))) in made


def test_every_rule_has_an_example_and_something_to_say() -> None:
    assert {rule for rule, *_ in EXAMPLES} == set(RULES)
    assert all(rule.effect or rule.fault for rule in RULES.values())
    for rule in RULES.values():
        assert not rule.effect or rule.effect.endswith("."), rule.id
        # Svaren är desamma, men koden kan vara en annan: texten liknar, och påstår inget om den.
        likens = ("Svaret blir detsamma som ", "Det blir som ", "Talen blir desamma som ")
        assert not rule.effect or rule.effect.startswith(likens), rule.id
        assert not rule.fault or rule.fault[0].islower() or rule.fault[0] == "`", rule.id


def test_the_program_itself_is_left_alone_and_every_rewrite_compiles() -> None:
    tree = ast.parse("\n".join(body(lines) for _, lines, _ in EXAMPLES))
    before = ast.dump(tree, include_attributes=True)
    for one in rewrites(tree, ARGUMENTS, "f"):
        compile(ast.Module([one.tree], []), "<cell 1>", "exec")
        assert 1 < one.place[0] <= one.place[2]
    assert ast.dump(tree, include_attributes=True) == before


def test_the_place_is_the_students_own_line() -> None:
    source = body("best = q.max(dim=0).values\nreturn r + g * best")
    places = {one.place for one in found(source) if one.rule.id == "axis"}
    assert places == {(2, 17, 2, 22)}
    assert source.split("\n")[1][17:22] == "dim=0"


def test_words_are_the_exercises_not_the_students() -> None:
    words = {one.word for one in found(body("return r + g * q * ~done")) if one.rule.effect}
    assert "`terminated`" in words and "`next_q_values`" in words
    assert not any("done" in word for word in words)


def test_texts_and_types_are_not_rewritten() -> None:
    source = 'def f(r: list[int], q, done, g) -> int:\n    """Ger 1."""\n    return r'
    assert not [one for one in found(source) if one.rule.id == "off_by_one"]


def test_what_has_changed_places_is_said() -> None:
    """Ett anrop nämns bara där det finns ett."""
    for lines, word in (("a, b = h", "namn"), ("return h(r, q)", "anrop")):
        words = {one.word for one in found(body(lines)) if one.rule.id == "arguments_swapped"}
        assert len(words) == 1 and word in words.pop()
