"""What students get in the place of a solution."""

from nbformat.v4 import new_code_cell, new_notebook

from autograder.assignments.stubs import ClearSolutionsToStubs

MIXED = """\
class Reader(nn.Module):
    def __init__(self):
        ### BEGIN SOLUTION
        super().__init__()
        ### STUDENTS GET
        # super(Writer, self).__init__()
        #
        #     # a comment of theirs
        ### END SOLUTION
        self.layer = nn.Linear(2, 1)

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.layer(x)
        ### END SOLUTION"""

RELEASED = """\
class Reader(nn.Module):
    def __init__(self):
        super(Writer, self).__init__()

            # a comment of theirs
        self.layer = nn.Linear(2, 1)

    def forward(self, x):
        # YOUR CODE HERE
        raise NotImplementedError()"""

ONLY_GIVEN = """\
### BEGIN SOLUTION
x = 1
### STUDENTS GET
# x = 2
### END SOLUTION"""


def released(source, **marks):
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = {"grade_id": "a", "schema_version": 3, "solution": True}
    cell.metadata["nbgrader"] |= {"grade": False, "locked": False, "task": False, **marks}
    notebook, _ = ClearSolutionsToStubs().preprocess(new_notebook(cells=[cell]), {})
    lines = notebook.cells[0].source.splitlines()
    return "\n".join(line.rstrip() for line in lines)


def test_a_region_gives_its_own_text_or_the_usual_stub():
    assert released(MIXED) == RELEASED


def test_a_cell_of_given_text_alone_is_not_replaced_by_a_stub():
    assert released(ONLY_GIVEN) == "x = 2"
