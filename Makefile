# `make` alone prints what there is. Every target sets up first what it needs (setup/bootstrap.py).

PYTHON = .venv/bin/python
TEST = $(PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder
unexport PYTHONPATH VIRTUAL_ENV

.DEFAULT_GOAL = help
.PHONY: help setup demo hazard-demo study study-full test test-slow coverage verify lint format bench-small bench docs site wheel lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## install all that is needed: system libraries (as root), .venv with the locked packages
	@python3 setup/bootstrap.py

demo: setup ## a flood closes a bridge of Balzers, and a plan answers it: a table here, the report in reports/balzers/
	.venv/bin/evac run scenarios/balzers --plan bridge-closed --plan flood

hazard-demo: setup ## a made-up flood comes over Balzers: who gets out, and until when each zone can be ordered out
	.venv/bin/evac safe-order scenarios/balzers-flood --fidelity meso --step 20
	.venv/bin/evac run scenarios/balzers-flood --no-sensitivity

SEEDS = 1
STUDY = $(PYTHON) scenarios/mill-valley-schematic/study.py --seeds $(SEEDS)

study: setup ## the Mill Valley study on its schematic map, over an hour; SEEDS=5 for replications
	$(STUDY)

study-full: setup ## the same and areas one at a time, driving styles, other departures: hours; it can be stopped and goes on
	$(STUDY) --full

test: lint ## check style and types, run the tests (without the slow ones)
	$(TEST) -m "not slow"

test-slow: setup ## run the tests that take minutes
	$(TEST) -m slow

coverage: setup ## run the tests and show which lines they don't reach
	$(TEST) -m "not slow" --cov=evac --cov-report=term-missing

verify: setup ## hold the toolkit against theory: forty-one small scenarios, two minutes
	.venv/bin/evac verify

lint: setup ## check style, format, types, and that no stage imports from a later one
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports --no-cache --no-logo

format: setup ## format the code and mend what ruff can mend by itself; `make lint` tells the rest
	$(PYTHON) -m ruff check --fix-only --quiet .
	$(PYTHON) -m ruff format .

bench-small: setup ## the tables of benchmarks/ that take under ten minutes together, all on Balzers
	$(PYTHON) benchmarks/toolkit_overhead.py scenarios/balzers
	$(PYTHON) benchmarks/screening.py scenarios/balzers --plan baseline --plan flood --plan bridge-closed
	$(PYTHON) benchmarks/search.py
	$(PYTHON) benchmarks/mixed_fidelity.py

bench: bench-small ## all tables: also the engines, the published way, cost against size, five towns (hours)
	$(PYTHON) benchmarks/toolkit_overhead.py
	$(PYTHON) benchmarks/engines.py
	$(PYTHON) benchmarks/published_way.py
	$(PYTHON) benchmarks/cost_and_size.py
	$(PYTHON) benchmarks/cache_scale.py
	$(PYTHON) benchmarks/screening.py --seed 1 --seed 2 --long

docs: setup ## write the pages that are made from the models: the JSON schemas and references of scenarios and plans
	.venv/bin/evac schema scenario > docs/scenario.schema.json
	.venv/bin/evac schema plan > docs/plan.schema.json
	$(PYTHON) -m evac.reference scenario > docs/scenario-reference.md
	$(PYTHON) -m evac.reference plan > docs/plan-reference.md
	$(PYTHON) -m evac.reference words > docs/report-words.yaml
	$(PYTHON) -m evac.studio.words > docs/studio-words.yaml

site: setup ## build the docs site into site/, warnings as errors
	$(PYTHON) setup/site.py

wheel: setup ## build the wheel into dist/: the package with the example that `evac demo` runs
	$(PYTHON) -m build --wheel --no-isolation

lock: ## lock the packages that pyproject.toml asks for; pins that still fit stay (remove requirements.lock to renew all)
	@python3 setup/bootstrap.py lock

clean: ## remove the set-up and the tools' caches; simulations (.evac) and reports stay
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis pipeline/*.egg-info
