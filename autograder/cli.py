"""The verbs: ``python -m autograder VERB``."""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from autograder import course
from autograder.assignments.source import SolutionError
from autograder.grading.assignment import AssignmentError, demand_known
from autograder.grading.remote import GraderError


def say(text):
    """Tell the person at the terminal how things go."""
    print(text, file=sys.stderr, flush=True)


def tell(text):
    """Print what was asked for; ends with a line where that can't be written."""
    try:
        print(text, flush=True)
    except OSError as error:
        # Python would try to write the rest, and complain, when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        say(f"what was done stays, but can't be printed: {error.strerror}")
        sys.exit(1)


def exercises(args):
    """Make exercises/ from solutions/: nbgrader's source notebooks, then its released version."""
    from autograder.exercises import CHAPTERS

    assignments = args.assignment or list(CHAPTERS)
    for assignment in assignments:
        demand_known(assignment)
    with ProcessPoolExecutor() as workers:
        for assignment, _ in zip(assignments, workers.map(_source, assignments), strict=True):
            course.generate(assignment)
            say(f"exercises/{assignment}: made")


def _source(assignment):
    """Write the source folder of one assignment."""
    from autograder.assignments.folder import write_source
    from autograder.exercises import CHAPTERS

    solution, released = course.SOLUTIONS / f"{assignment}.md", course.RELEASED / assignment
    write_source(solution, CHAPTERS[assignment], course.SOURCE, course.book_address(), released)


def example(args):
    """Make an example class, grade it and write its grade sheet."""
    from autograder import example_class

    return example_class.run(say)


def grade(args):
    """Grade all submissions that have no up-to-date receipt."""
    done = course.grade(
        args.assignment,
        args.root,
        students=args.student,
        jobs=args.jobs,
        force=args.force,
        sandboxed=not args.without_sandbox,
        scheduler=args.scheduler,
    )
    if args.json:
        tell(done.as_json())
    else:
        graded = len(done.done) - len(done.failed)
        tell(
            f"{graded} graded, {len(done.failed)} without a verdict, {done.skipped} graded before "
            f"and not changed; {done.seconds:.1f} s"
        )
    # What was graded has been told by now, whatever becomes of the pages.
    pageless = (
        course.write_pages(args.assignment, args.root, args.student, args.jobs)
        if args.feedback
        else []
    )
    return 1 if done.failed or done.unseen or pageless else 0


def regrade(args):
    """Grade again what receipts tell of, on the same inputs, and say whether anything differs."""
    from autograder.grading.outputs import in_a_line
    from autograder.grading.receipts import ReceiptError, load

    code = 0
    for path in args.receipt:
        # A receipt lies in receipts/STUDENT/ASSIGNMENT/ of its course.
        root = args.root or path.resolve().parent.parent.parent.parent
        try:
            receipt = load(path)
            if not (root / "nbgrader_config.py").is_file():
                raise ReceiptError("lies in no course directory; name its own with --root")
            differs, notes = course.regrade(receipt, root, sandboxed=not args.without_sandbox)
        except ReceiptError as error:
            say(f"{path} {error}")
            code = 1
            continue
        tell(f"{path}: {'not the same' if differs else 'the same, to the bit'}")
        for line in (*differs, *notes):
            tell(f"  {in_a_line(line, 2000)}")
        code = 1 if differs else code
    return code


def doctor(args):
    """Say which layers of the sandbox this machine grants."""
    from autograder.grading.sandbox import missing, probe

    layers = probe()
    for layer in layers.values():
        tell(layer)
    lacking = missing(name for name, layer in layers.items() if layer.in_force)
    if lacking:
        say(f"grading refuses to run here: {', '.join(lacking)} missing")
    guard = Path(sys.prefix, "etc", "jupyter", "nbgrader_config.py")
    if not guard.is_file():
        own = _shown(course.ROOT / "autograder" / "jupyter" / guard.name)
        say(
            "nbgrader would grade without all of this where a course's nbgrader_config.py can't be "
            f"loaded: copy {own} to {guard.parent}"
        )
    return 1 if lacking or not guard.is_file() else 0


def summary(args):
    """Say where everything is and what to type next."""
    from autograder import example_class

    tell(
        f"""
The book:       {_shown(course.BOOK)}   (read it at localhost: make serve)
The exercises:  {_shown(course.RELEASED)}/   (what students take)
The example class: {example_class.outcome()}
The grades:     {_shown(example_class.GRADES)}

Next: make lab (JupyterLab with nbgrader's formgrader), make test, or read README.md."""
    )


def bench(args):
    """Measure how long builds, checks and grading take."""
    from autograder import bench

    return bench.run(say, args.measure)


def _at_least_one(text):
    """A number of workers, as it is typed."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of workers: it must be 1 or more")
    return int(text)


def _here():
    """The course directory that someone is in; this repository's where they are in none."""
    return Path.cwd() if Path("nbgrader_config.py").is_file() else course.ROOT


def _shown(path):
    return path.relative_to(course.ROOT)


def main(argv=None):
    """Run one verb; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m autograder", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    parsers = {}
    for verb in (exercises, example, grade, regrade, doctor, summary, bench):
        sub = verbs.add_parser(verb.__name__, help=verb.__doc__, description=verb.__doc__)
        sub.set_defaults(run=verb)
        parsers[verb] = sub
    for verb in (exercises, grade):
        parsers[verb].add_argument("assignment", nargs="*", help="which; all if none is named")
    parsers[bench].add_argument(
        "measure", nargs="*", help="which of check, grading, book; all if none is named"
    )
    add = parsers[grade].add_argument
    add("--student", action="append", default=[], metavar="ID", help="this one only; repeatable")
    add("--jobs", type=_at_least_one, metavar="N", help="workers; one for each core if not given")
    add("--force", action="store_true", help="grade again what has been graded")
    add("--scheduler", metavar="ADDRESS", help="let the workers of a Dask cluster do the work")
    add("--feedback", action="store_true", help="write the feedback pages, too")
    add("--json", action="store_true", help="print the summary for machines")
    add(
        "--root",
        type=Path,
        default=_here(),
        help="the course directory; if not given, where you are if that is one, or else this one",
    )
    add = parsers[regrade].add_argument
    add("receipt", nargs="+", type=Path, help="a file in receipts/")
    add(
        "--root",
        type=Path,
        help="the course directory; the one that the receipt lies in if not given",
    )
    for verb in (grade, regrade):
        parsers[verb].add_argument(
            "--without-sandbox",
            action="store_true",
            help="grade on a machine that can't lock student code in; it then has your rights",
        )
    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except (course.StepFailed, AssignmentError, GraderError, SolutionError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted; what was done stays, start again for the rest")
        return 130


if __name__ == "__main__":
    sys.exit(main())
