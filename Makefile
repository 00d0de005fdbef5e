# Thin: each target calls a tool. `make course` does everything, `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin
# nbgrader calls alembic by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

GRADER := $(shell find autograder -name '*.py')
PAGES := _config.yml _toc.yml genindex.md tests/attacks/corpus.py tests/attacks/outcomes.json \
	$(shell find book -type f -not -name '*.pyc')

.PHONY: course book exercises example test lab lab-example serve bench \
	mutants tolerance torture experiments clean

course: book example
	@$(BIN)/python -m autograder summary

book: _build/html/index.html
example: _build/grades.csv

.venv/.installed: requirements.lock pyproject.toml autograder/jupyter/nbgrader_config.py
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --no-compile --requirement requirements.lock
	@# pip would compile on one core. Some packages carry files that no Python can compile.
	$(BIN)/python -m compileall -qq --workers 0 .venv/lib autograder book tests || true
	$(BIN)/pip install --disable-pip-version-check --no-build-isolation --no-deps --editable .
	mkdir -p .venv/etc/jupyter
	cp autograder/jupyter/nbgrader_config.py .venv/etc/jupyter/
	touch $@

_build/html/index.html: .venv/.installed _build/exercises.made $(PAGES)
	$(BIN)/jupyter-book build . -W -n --keep-going
	touch $@

# Asked for by name, they are made in any case: a new gradebook has to be told of them.
exercises _build/exercises.made: .venv/.installed $(GRADER) $(wildcard solutions/*.md)
	$(BIN)/python -m autograder exercises
	touch _build/exercises.made

_build/grades.csv: _build/exercises.made nbgrader_config.py
	$(BIN)/python -m autograder example

# The book and the example class each have stretches that keep one core busy, so beside each other.
# Files of tests are run whole, the longest first; three at a time, as many of them wait.
test: .venv/.installed _build/exercises.made
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(MAKE) --no-print-directory --jobs 2 book example
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

lab: .venv/.installed _build/exercises.made
	mkdir -p exchange
	$(BIN)/jupyter lab $(LAB_FLAGS)

lab-example: .venv/.installed example
	mkdir -p _build/example_class/exchange
	cd _build/example_class && COURSE_EXCHANGE="$$PWD/exchange" jupyter lab $(LAB_FLAGS)

serve: book
	$(BIN)/python -m http.server --bind localhost --directory _build/html 8000

bench: .venv/.installed _build/exercises.made
	$(BIN)/python -m autograder bench

mutants: .venv/.installed
	$(BIN)/python -m autograder.proof.mutants

tolerance: .venv/.installed
	$(BIN)/python -m autograder.proof.tolerance

# Every attack, 220 killed processes, 2,000 broken notebooks and as many broken archives.
torture: .venv/.installed _build/exercises.made
	COURSE_FAULTS=220 COURSE_BROKEN=2000 $(BIN)/pytest -v --numprocesses 2 --dist loadgroup \
		tests/attacks $(addprefix tests/grading/test_,archives.py broken.py faults.py)

experiments: .venv/.installed
	$(BIN)/python -m experiments

clean:
	rm -rf _build
