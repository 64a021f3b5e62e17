"""Trasiga och elaka filer: anteckningsböcker, zip-filer, filnamn, länkar och rör."""

import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from .hostile import RIGHT

ELSEWHERE = "står utanför inlämningen"  # det som står i filer som ingen får läsa


def notebook(*sources: object, **more: object) -> bytes:
    """En anteckningsbok med de kodcellerna."""
    cells = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4} | more).encode()


# --- anteckningsböcker som inte går att läsa -----------------------------------------------------

UNREADABLE: dict[str, bytes] = {
    "tom": b"",
    "nollor": b"\0" * 1000,
    "avbruten": notebook(RIGHT)[:-40],
    "lista": b"[]",
    "tal": b"7",
    "celler_tal": b'{"cells": 5}',
    "celler_blandat": b'{"cells": [1, "x", null]}',
    "cell_utan_slag": b'{"cells": [{"source": "x = 1"}]}',
    "kod_som_ordbok": notebook({"a": 1}),
    "kod_som_tal": notebook([1, 2]),
    "metadata_lista": notebook(RIGHT, metadata=[1]),
    "djup_lista": b"[" * 100_000,
    "djup_ordbok": b'{"cells": [], "metadata": ' + b'{"a":' * 100_000,
    "stort_tal": b'{"cells": ' + b"9" * 1_000_000 + b"}",
    "hundratusen_celler": b'{"cells": [' + b",".join([b"{}"] * 100_000) + b"]}",
    "lång_kod": notebook("x = 1\n" * 200_000),
    "utf16_skräp": b"\xff\xfe" + b"\0\xd8" * 100,
    "inga_övningar": notebook("x = 1"),
    "ingen_cell": notebook(),
}

# --- en elak cell bredvid en rätt: bara den elaka cellen får förstöras ---------------------------

BESIDE_A_RIGHT_ONE: dict[str, str] = {
    "sextiotusen_termer": "x = 1" + "+1" * 60_000,
    "tiotusen_parenteser": "(" * 10_000 + ")" * 10_000,
    "hundratusen_minus": "x = " + "-" * 100_000 + "1",
    "femtiotusen_punkter": "x = a" + ".b" * 50_000,
    "femtusen_lambda": "x = " + "lambda:" * 5_000 + "1",
    "hundra_indrag": "\n".join(" " * i + "if 1:" for i in range(150)),
    "nolltecken": "x = 1\0",
    "en_rad_på_en_megabyte": "x = '" + "a" * 950_000 + "'",
    "tal_med_många_siffror": "x = " + "9" * 500_000,
    "halva_surrogatpar": "x = '\ud800\udfff'",
    "radslut": "x = 1\r\x0c\x0by = 2\u2028z = 3\x1c",
    "åttatusen_satser": "\n".join(f"x{i} = x{i - 1}" for i in range(1, 8_000)),
    "ingen_python": "<script>alert(1)</script>\n%%bash\nrm -rf /",
}


# --- zip-filer -----------------------------------------------------------------------------------


def zipped(entries: dict[str, bytes] | list[tuple[object, bytes]], packed: bool = True) -> bytes:
    """En zip-fil."""
    pairs = entries.items() if isinstance(entries, dict) else entries
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as z:
        for name, data in pairs:
            z.writestr(name, data)  # type: ignore[arg-type]
    return buffer.getvalue()


def nested(depth: int) -> bytes:
    """En zip i en zip i en zip …"""
    data = zipped({"03_traningssteget.ipynb": notebook(RIGHT)})
    for level in range(depth):
        data = zipped({f"{level}.zip": data})
    return data


def link_entry(name: str, target: str) -> tuple[object, bytes]:
    """En symbolisk länk inne i en zip-fil."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target.encode()


def encrypted() -> bytes:
    """En zip-fil som säger att den är låst."""
    data = bytearray(zipped({"03.ipynb": notebook(RIGHT)}))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


def many_entries(count: int, overlapping: bool = True) -> bytes:
    """En innehållsförteckning med många rader som alla pekar på samma fil."""
    data = zipped({"03.ipynb": notebook("x = 1")})
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    record = data[start:end]
    directory = record * count
    ending = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, min(count, 65535), min(count, 65535),
                         len(directory), start, 0)  # fmt: skip
    return data[:start] + directory + ending


def lying_size() -> bytes:
    """En fil som säger sig vara tio byte och är hundra miljoner."""
    data = bytearray(zipped({"03.ipynb": b"\0" * 30_000_000}))
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = data.index(signature) + offset
        data[place : place + 4] = struct.pack("<I", 10)
    return bytes(data)


ZIPS: dict[str, tuple[bytes, str]] = {
    "ingen_zip": (b"PK\3\4" + b"x" * 100, "ingen hel zip-fil"),
    "tom_zip": (b"", "ingen hel zip-fil"),
    "halv_zip": (zipped({"03.ipynb": notebook(RIGHT)})[:-30], "ingen hel zip-fil"),
    "bomb": (zipped({"03.ipynb": b"\0" * 15_000_000}), "orimligt hårt packad"),
    "utanför": (
        zipped({"../../03.ipynb": notebook(RIGHT), "a/../../b.ipynb": notebook(RIGHT)}),
        "pekar utanför",
    ),
    "absolut": (
        zipped({"/etc/03.ipynb": notebook(RIGHT), "C:\\x\\03.ipynb": notebook(RIGHT)}),
        "pekar utanför",
    ),
    "länk": (zipped([link_entry("03.ipynb", "/etc/passwd")]), "är en länk"),
    "låst": (encrypted(), "lösenord"),
    "tio_djup": (nested(10), "3 nivåer"),
    "hundratusen": (many_entries(100_000), "fler än"),
    "överlappande": (many_entries(30), "samma namn"),
    "fel_storlek": (lying_size(), "skadad"),
}
"""Namn → innehållet, och ord ur förklaringen."""

# --- namn, länkar och annat på disken ------------------------------------------------------------

NAMES = (
    "rad\nbrytning.ipynb",
    "\u202egnp.ipynb",
    "å" * 120 + ".ipynb",
    "<script>alert(1)<\u2215script>.ipynb",
    "<img src=x onerror=alert(1)>.ipynb",
    "=HYPERLINK(1).ipynb",
    "'; DROP TABLE--.ipynb",
    "\x1b[2J.ipynb",
    "con.ipynb",
)


def bytes_name(folder: Path) -> None:
    """Ett namn som inte är UTF-8."""
    with open(os.fsencode(folder) + b"/\xff\xfe.ipynb", "wb") as file:
        file.write(notebook(RIGHT))


def link_to_canary(folder: Path) -> None:
    """Länkar till en fil och en mapp utanför."""
    (folder / "länk.ipynb").symlink_to(folder.parent / "hemlig.ipynb")
    (folder / "länkad_mapp").symlink_to(folder.parent)
    (folder / "sig_själv.ipynb").symlink_to("sig_själv.ipynb")


def pipe_file(folder: Path) -> None:
    """Ett rör som ingen skriver i, och en enhet utan slut."""
    os.mkfifo(folder / "rör.ipynb")
    os.mkfifo(folder / "rör.zip")
    (folder / "oändlig.ipynb").symlink_to("/dev/zero")


def folder_as_file(folder: Path) -> None:
    """En mapp som heter som en anteckningsbok, och en djup mapp."""
    (folder / "mapp.ipynb").mkdir()
    deep = folder.joinpath(*["djup"] * 40)
    deep.mkdir(parents=True)
    (deep / "03.ipynb").write_bytes(notebook(RIGHT))


def too_large(folder: Path) -> None:
    """En gles fil på hundra megabyte."""
    with (folder / "stor.ipynb").open("wb") as file:
        file.truncate(100 * 2**20)


ON_DISK: tuple[Callable[[Path], None], ...] = (
    bytes_name,
    link_to_canary,
    pipe_file,
    folder_as_file,
    too_large,
)


def fill(folder: Path) -> None:
    """Lägg alla elaka filer i en ny mapp."""
    folder.mkdir(parents=True)
    (folder.parent / "hemlig.ipynb").write_bytes(notebook(f"# {ELSEWHERE}", RIGHT))
    for name, data in UNREADABLE.items():
        (folder / f"oläslig_{name}.ipynb").write_bytes(data)
    for name, cell in BESIDE_A_RIGHT_ONE.items():
        (folder / f"rätt_{name}.ipynb").write_bytes(notebook(cell, RIGHT))
    for name, (data, _) in ZIPS.items():
        (folder / f"{name}.zip").write_bytes(data)
    for name in NAMES:
        (folder / name).write_bytes(notebook(RIGHT))
    for make in ON_DISK:
        make(folder)
