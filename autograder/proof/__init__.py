"""Proof of the grader: mutants of right answers, and the margins of the tolerance."""
