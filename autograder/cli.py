"""The verbs: ``python -m autograder VERB``."""

import argparse
import sys
import time

from autograder import course


def say(text):
    """Tell the person at the terminal how things go."""
    print(text, file=sys.stderr, flush=True)


def exercises(args):
    """Make exercises/ from solutions/: nbgrader's source notebooks, then its released version."""
    from autograder.assignments.folder import write_source
    from autograder.exercises import CHAPTERS

    for assignment in args.assignment or CHAPTERS:
        start = time.perf_counter()
        solution = course.SOLUTIONS / f"{assignment}.md"
        released = course.RELEASED / assignment
        write_source(solution, CHAPTERS[assignment], course.SOURCE, course.book_address(), released)
        course.generate(assignment)
        say(f"exercises/{assignment}: made in {time.perf_counter() - start:.1f} s")


def example(args):
    """Make an example class, grade it and write its grade sheet."""
    from autograder import example_class

    return example_class.run(say)


def summary(args):
    """Say where everything is and what to type next."""
    from autograder import example_class

    print(
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

    return bench.run(say)


def _shown(path):
    return path.relative_to(course.ROOT)


def main(argv=None):
    """Run one verb; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m autograder", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in (exercises, example, summary, bench):
        sub = verbs.add_parser(verb.__name__, help=verb.__doc__, description=verb.__doc__)
        sub.set_defaults(run=verb)
        if verb is exercises:
            sub.add_argument("assignment", nargs="*", help="which ones; all if none is named")
    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except course.StepFailed as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
