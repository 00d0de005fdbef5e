PYTHON ?= python3
BIN := .venv/bin

.PHONY: test clean

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --requirement requirements.lock
	$(BIN)/pip install --no-build-isolation --no-deps --editable .
	touch $@

test: .venv/.installed
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/pytest

clean:
	rm -rf _build
