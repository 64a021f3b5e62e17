"""Kör en bok från början till slut i IPython och skriv varje cells processortid som JSON.

python tests/benchmarks/book_clock.py solutions/03_traningssteget.ipynb
"""

import contextlib
import io
import json
import sys
import time
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell


def seconds_per_cell(book: Path) -> dict[str, float]:
    """Cellens namn → processortid, barnens inräknad.

    Raises:
        RuntimeError: om en cell inte gick att köra.
    """
    shell = InteractiveShell.instance()
    spent = {}
    for cell in json.loads(book.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        start = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            result = shell.run_cell("".join(cell["source"]))
        if not result.success:
            raise RuntimeError(f"{cell['id']}: {result.error_in_exec or result.error_before_exec}")
        spent[cell["id"]] = time.process_time() - start
    return spent


if __name__ == "__main__":
    print(json.dumps(seconds_per_cell(Path(sys.argv[1]))))
