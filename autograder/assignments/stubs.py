"""Let a solution say what students get in its place: broken code to mend, in place of a stub.

Where a solution region holds the line ``### STUDENTS GET``, the commented lines that follow it are
released, uncommented:

    ### BEGIN SOLUTION
    super().__init__()
    ### STUDENTS GET
    # super(Other, self).__init__()
    ### END SOLUTION
"""

import re

from nbgrader.preprocessors import ClearSolutions

REGION = re.compile(
    r"^ *### BEGIN SOLUTION\n"
    r"(?:(?! *### (?:BEGIN|END) SOLUTION).*\n)*?"
    r" *### STUDENTS GET\n"
    r"(?P<given>(?: *#(?: .*)?\n)*)"
    r" *### END SOLUTION(?:\n|\Z)",
    re.MULTILINE,
)


def _given(region):
    """The lines that students get of a region (a match)."""
    return re.sub(r"^( *)# ?", r"\1", region["given"], flags=re.MULTILINE)


class ClearSolutionsToStubs(ClearSolutions):
    """Clears solutions as nbgrader does, but for those that say what students get."""

    def _replace_solution_region(self, cell, language):
        cell.source, own = REGION.subn(_given, cell.source)
        cell.source = cell.source.rstrip("\n")
        return super()._replace_solution_region(cell, language) or own > 0
