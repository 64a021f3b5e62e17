"""Förfalskade meddelanden: studentens kod skriver själv på kanalen till rättaren."""

from .hostile import Hostile, in_body

SEND = """
import json, os

def write(data):
    while data:
        data = data[os.write(3, data):]

def send(message):
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    write(len(data).to_bytes(8, "big") + data)

def ok(**observed):
    return {"status": "ok", "observed": observed}
"""


def forged(id: str, tries: str, attack: str, **more: object) -> Hostile:
    """Skriver på kanalen och slutar sedan."""
    code = in_body(f"{attack.strip()}\nos._exit(0)", before=SEND)
    return Hostile(id, tries, code, **more)  # type: ignore[arg-type]


def message(id: str, tries: str, content: str) -> Hostile:
    """Skickar ett och samma meddelande som svar på alla fall."""
    return forged(id, tries, f"for _ in range(3):\n    send({content})")


STATUSES = (
    message("ok_zeros", "ett svar med nollor", "ok(target=[0.0] * 5, changed='')"),
    message("ok_empty", "ett svar utan iakttagelser", "ok()"),
    message("more_keys", "poäng och dom i svaret",
            "ok() | {'points': 2, 'passed': True, 'verdict': 'passed', 'mark': 'passed'}"),
    message("passed", "en status som inte finns", "{'status': 'passed', 'observed': {}}"),
    message("not_run", "en status som bara rättaren sätter",
            "{'status': 'not_run', 'observed': {}}"),
    message("crashed", "säger att arbetaren kraschade", "{'status': 'internal', 'observed': {}}"),
    message("status_array", "en array som status",
            "{'status': {'__array__': ['int64', [2], 'A' * 22 + '==']}, 'observed': {}}"),
    message("status_list", "en lista som status", "{'status': ['ok'], 'observed': {}}"),
    message("observed_list", "iakttagelser som inte är en ordbok",
            "{'status': 'ok', 'observed': [1]}"),
    message("no_status", "ett tomt meddelande", "{}"),
    forged("many", "tusen extra svar", "for _ in range(1000): send(ok(target=[1.0]))"),
    forged("defined_again", "fler definitionssvar", "for _ in range(9): send({'defined': True})"),
)  # fmt: skip

FORMS = (
    forged("garbage", "skräp på kanalen", "write(os.urandom(5000))"),
    forged("not_json", "inte JSON", "send(b'\\xff\\xfe{')"),
    forged("json_list", "JSON som inte är ett objekt", "send([1, 2])"),
    forged("truncated", "lovar tusen bytes och skickar tio",
            "write((1000).to_bytes(8, 'big') + b'x' * 10)"),
    forged("half_header", "ett halvt huvud", "write(b'\\0\\0\\0')"),
    forged("enormous", "lovar 2**60 bytes", "write((2**60).to_bytes(8, 'big') + b'x' * 1000)"),
    forged("flood", "lovar 2**60 bytes och skickar så länge det går",
           "write((2**60).to_bytes(8, 'big'))\nwhile True: write(b'x' * 10**6)",
           statuses=("crashed",)),
    forged("deep", "200 000 nivåer", "send(b'[' * 200000)"),
    forged("deep_dicts", "200 000 nivåer av ordböcker", "send(b'{\"a\":' * 200000)"),
    message("almost_deep", "så djupt som det får plats",
            "b'{\"status\": \"ok\", \"observed\": {\"target\": '"
            " + b'[' * 400 + b']' * 400 + b'}}'"),
    message("deep_text", "djupa listor där det ska stå text",
            "b'{\"status\": \"error\", \"observed\": {}, \"problem\": '"
            " + b'[' * 450 + b']' * 450 + b'}'"),
    message("huge_integer", "ett heltal med en miljon siffror",
            "b'{\"status\": \"ok\", \"observed\": {\"target\": [' + b'9' * 10**6 + b']}}'"),
    message("nan", "nan och oändligheter",
            "ok(target=[float('nan'), float('inf')] * 3, changed='')"),
    message("wide", "en lista med en miljon tal", "ok(target=[0] * 10**6)"),
    message("twelve_by_twelve", "listor i listor, som blir en lång text",
            "ok(target=[[[[['x' * 20] * 11] * 11] * 11] * 11])"),
    message("type_bomb", "en text på tio miljoner tecken där klassens namn ska stå",
            "ok(target={'type': '<script>' * 10**6})"),
    message("type_array", "en ordbok i ordboken", "ok(target={'type': {'type': {'type': [1]}}})"),
    message("text", "en text i stället för tal", "ok(target='1.9', changed='')"),
    message("surrogates", "halva surrogatpar i alla texter",
            "{'status': 'error', 'observed': {}, 'problem': '\\ud800<b>', 'signature': '\\udfff', "
            "'output': '\\ud800\\x00\\x1b[2J'}"),
    message("long_text", "femton miljoner tecken",
            "{'status': 'error', 'observed': {}, 'problem': 'x' * 15 * 10**6}"),
    forged("too_long_text", "tjugo miljoner tecken", "send(ok(target='x' * 20 * 10**6))",
           statuses=("crashed",)),
    forged("notes", "definitionssvar med hundratusen anmärkningar",
           "send({'defined': True, 'notes': ['<script>' * 1000] * 1000})"),
)  # fmt: skip

_ARRAYS = {
    "object_array": ("object", [1], "AAAAAAAAAAA="),
    "structured": ("V8", [1], "AAAAAAAAAAA="),
    "dtype_list": (["int64"], [1], "AAAAAAAAAAA="),
    "negative_shape": ("int64", [-1], "AAAAAAAAAAA="),
    "huge_shape": ("int64", [2**40, 2**40], "AAAAAAAAAAA="),
    "zero_by_huge": ("int64", [0] + [16_000_000] * 7, ""),
    "wrong_size": ("float64", [5], "AAAAAAAAAAA="),
    "nine_dimensions": ("float64", [1] * 9, "AAAAAAAAAAA="),
    "no_base64": ("float64", [1], "åäö"),
    "booleans_as_shape": ("float64", [True], "AAAAAAAAAAA="),
    "two_parts": ("float64", [1]),
}
ARRAYS = tuple(
    message(name, f"en array som inte stämmer: {str(parts)[:60]}",
            f"ok(target={{'__array__': {list(parts)!r}}}, changed='')")
    for name, parts in _ARRAYS.items()
)  # fmt: skip

AT_DEFINITION = (
    Hostile("before_defined", "svarar på allt redan medan cellen körs", SEND + """
def forge():
    send({"defined": True, "notes": []})
    for n in (5, 1, 7):
        send(ok(target=[0.0] * n, changed=""))
    os._exit(0)
x = forge()
def td_target(r, q, d, g): return x
"""),
    Hostile("other_channels", "skriver på alla filnummer", in_body("""
for fd in range(0, 300):
    try: os.write(fd, (2).to_bytes(8, "big") + b"{}")
    except OSError: pass
""", before=SEND)),
    Hostile("reply_and_hang", "svarar på allt och slutar läsa", in_body("""
import time
for n in (5, 1, 7): send(ok(target=[0.0] * n, changed=""))
time.sleep(10**6)
""", before=SEND), statuses=("failed",)),
    Hostile("reply_and_burn", "svarar på allt och räknar vidare", in_body("""
for n in (5, 1, 7): send(ok(target=[0.0] * n, changed=""))
while True: pass
""", before=SEND), statuses=("failed",)),
)  # fmt: skip

MESSAGES: tuple[Hostile, ...] = (*STATUSES, *FORMS, *ARRAYS, *AT_DEFINITION)
