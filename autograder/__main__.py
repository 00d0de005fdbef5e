"""``python -m autograder``."""

import sys

try:
    from autograder.cli import main

    code = main()
except KeyboardInterrupt:
    # While all is being loaded, before anything was begun.
    print("interrupted", file=sys.stderr)
    code = 130
sys.exit(code)
