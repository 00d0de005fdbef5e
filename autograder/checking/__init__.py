"""How an answer is judged: cases, observation, verdict, diagnosis, and the words a student reads.

An answer is judged in two steps that may happen in two processes. ``probe.observe`` calls the
answer on a case and writes down what happened as plain data. ``judge.judge`` compares what was
observed with what the reference did, and never touches the answer itself.

The modules that a released folder carries (``SHIPPED``) import one another and NumPy, nothing
else (but IPython, for a text that IPython alone understands), and know no right answer: what is
right comes to them as arrays.
"""

SHIPPED = (
    "__init__",
    "client",
    "contract",
    "diagnosis",
    "feedback",
    "judge",
    "plain",
    "probe",
    "reading",
    "rules",
)
