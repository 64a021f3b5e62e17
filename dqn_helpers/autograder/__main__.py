"""`python -m dqn_helpers.autograder SÖKVÄG…` är detsamma som `python kurs.py grade SÖKVÄG…`."""

import sys

from dqn_helpers.teacher.grading import main

if __name__ == "__main__":
    sys.exit(main())
