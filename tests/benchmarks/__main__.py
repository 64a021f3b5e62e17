"""Jämförelserna i ett kommando, från kursens mapp: `python tests/benchmarks`."""

import os
import sys
from pathlib import Path

# En kärna, bestämt innan numpy och torch läses in.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
# Mappen själv ligger först i sökvägen; paketet `benchmarks` hittas i mappen ovanför.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.command import main  # noqa: E402

sys.exit(main())
