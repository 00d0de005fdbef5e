"""Grade again what a receipt tells of, on the same inputs, and say whether anything differs."""

from .assignment import Assignment
from .grade import grade_all
from .outputs import in_a_line
from .receipts import ReceiptError

RESTS_ON = {
    "submitted": "the submission has changed since",
    "handed_in": "the time at which it was handed in has changed since",
    "released": "the released notebook has changed since",
    "version": "the grader has changed since",
}
"""What a grading rests on, and how a change of it is told."""


def again(coursedir, receipt, sandboxed=True, budget=None):
    """Grade what a receipt tells of once more; nothing is recorded.

    Parameters
    ----------
    coursedir : nbgrader's CourseDirectory
    receipt : dict, as ``receipts.load`` gives it
    sandboxed : bool, as ``grade.grade_all``
    budget : assess.Budget

    Returns
    -------
    differs : list of str, what differs; empty where all is the same to the bit
    notes : list of str, what is different and makes no difference: the layers of the sandbox

    Errors
    ------
    AssignmentError, GraderError, Unfit; ReceiptError where it lacks a seed.
    """
    assignment = Assignment(coursedir, receipt["assignment"])
    templates = [t for t in assignment.templates if t.name == receipt["notebook"]]
    if not templates:
        named = in_a_line(receipt["notebook"], 100)
        raise ReceiptError(f"tells of a notebook that is not there: {named}")
    names = {e.name for k, e in assignment.exercises.items() if k in templates[0].marked}
    seeds = receipt["seeds"]
    if seeds and (lacking := names.difference(seeds)):
        raise ReceiptError(f"has no seed for {', '.join(sorted(lacking))}")
    (graded,) = grade_all(
        assignment, templates, receipt["student"], sandboxed, budget=budget, seeds=seeds or None
    )
    now = graded.receipt
    differs = [said for key, said in RESTS_ON.items() if receipt.get(key) != now[key]]
    ran = [bool(there["seeds"]) for there in (receipt, now)]
    if ran == [True, False]:
        # The first of its remarks is the reason.
        return [*differs, f"nothing can be graded any more: {now['remarks'][0]}"], []
    for what in ("scores", "verdicts"):
        for name in sorted({*receipt[what], *now[what]}):
            old, new = (_shown(there[what].get(name)) for there in (receipt, now))
            if old != new:
                differs.append(f"{what} of {name}: {old} became {new}")
    if receipt.get("remarks") != now["remarks"]:
        differs.append("what the grader noticed is not the same")
    layers = set(receipt["layers"]) ^ set(now["layers"])
    notes = [f"other layers of the sandbox are in force: {', '.join(sorted(layers))}"]
    return differs, notes if layers and all(ran) else []


def _shown(value):
    if isinstance(value, list):
        return "“" + " / ".join(str(line).strip() for line in value) + "”"
    return "none" if value is None else f"{value}"
