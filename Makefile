# Two commands do everything: `make run` and `make test`. The environment is made on first use.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
export PYTHONHASHSEED := 0

.PHONY: run test check slow format bench clean console

run: .venv/ready
	$(BIN)/postroad run jilin --out out

test: .venv/ready
	$(BIN)/pytest -n 2 --dist loadfile

slow: .venv/ready
	$(BIN)/pytest -n 2 -m "slow or browser"

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.check_words
	$(BIN)/python -m tools.reference --check
	$(BIN)/python -m tools.console --check

# Only for those who change console/: needs Node 20 or newer. The built files are committed.
console: .venv/ready
	$(BIN)/python -m tools.console describe
	cd console && npm ci --no-audit --no-fund && npm run types && npm run check && npm run build
	$(BIN)/python -m tools.console seal

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/ready: uv.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. 需要 Python 3.11 或更新版本。"; exit 2; }
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet uv; }
	$(BIN)/uv sync --frozen --inexact --python $(BIN)/python
	@touch $@

bench: .venv/ready
	$(BIN)/uv sync --frozen --inexact --group bench
	$(BIN)/python -m benchmarks --help

clean:
	rm -rf .venv out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
