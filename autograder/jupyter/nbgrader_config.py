"""What nbgrader loads wherever it runs, even where a course's own configuration does not load.

The set-up copies it to ``etc/jupyter`` beside Python, where all commands of nbgrader and formgrader
look, too. Without it a slip of the pen in a course's ``nbgrader_config.py`` would leave grading to
stock nbgrader, which runs students' code with the instructor's rights.
"""

try:
    from autograder.grading.plugin import use
except Exception as error:
    # Nothing else stops nbgrader, which goes on where a configuration fails.
    raise SystemExit(
        f"autograder can't be loaded ({type(error).__name__}: {error}), and nbgrader would run "
        "students' code with your rights; install it again"
    ) from error

use()
