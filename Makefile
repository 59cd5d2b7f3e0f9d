# make demo · make test · make check · make bench: each makes its own .venv from the lock, with nothing but Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/dev.txt
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet

.PHONY: demo test check lint types docs bench crash parity lock clean

demo: $(VENV)/ready
	$(BIN)/tiktok-marketing demo

test: $(VENV)/ready
	$(BIN)/python -m pytest -q

check: lint types docs

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready
	$(BIN)/mypy

docs: $(VENV)/ready
	$(BIN)/python docs/check.py

bench: $(VENV)/ready
	$(BIN)/python benchmarks/run.py

# Kills hundreds of syncs at random moments, resumes them, and holds what is there against an undisturbed run.
crash: $(VENV)/ready
	PYTHONPATH=tests $(BIN)/python tests/crash/killing.py --kills 150

# Airbyte's own connector, in an environment of its own, against the same emulator. Its 4.7.0 is under the MIT licence.
parity: $(VENV)/ready .venv-parity/ready
	PYTHONPATH=tests $(BIN)/python tests/parity/compare.py .venv-parity

.venv-parity/ready:
	$(PYTHON) -m venv .venv-parity
	.venv-parity/bin/python -m pip install --quiet --disable-pip-version-check airbyte-source-tiktok-marketing==4.7.0
	@touch $@

# The lock holds for every Python from 3.11 on and names no index: whichever one pip is set up with serves.
lock: $(VENV)/ready
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --extra dev --output-file $(LOCK)
	$(COMPILE) --output-file requirements/base.txt

$(VENV)/ready: pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; $(PYTHON) is older. Try: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf $(VENV) .venv-parity build dist .pytest_cache .mypy_cache .ruff_cache
