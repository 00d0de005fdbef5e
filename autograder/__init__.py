"""The course's grader: reference implementations, checks, grading and reports."""
