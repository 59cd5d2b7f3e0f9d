# make demo · make test · make check · make bench · make simulate: each makes its own .venv from the lock, with nothing but Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/dev.txt
PARITY := .venv-parity
NEWEST := .venv-newest-cdk
CDK := .venv-cdk
PYAIRBYTE := .venv-pyairbyte
PARITY_PYTHON ?= $(shell command -v python3.11 || echo $(PYTHON))
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet

VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' src/tiktok_marketing/_version.py)

.PHONY: demo test thorough browser check lint types docs site bench peers crash parity clients destinations dbt cluster simulate mutants lock dist \
	image image-push image-command airbyte clean

demo: $(VENV)/ready
	$(BIN)/tiktok-marketing demo

# Tests wait for sockets and processes as much as they compute, so three of them share two processors.
WORKERS ?= $(shell $(PYTHON) -c 'import os; cores = os.cpu_count() or 1; print(min(8, cores + cores // 2))')

test: $(VENV)/ready
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not thorough and not browser"

# The rest of the tests: what `make test` tries once, in many more forms, with both kinds of database and real networks.
# PART=2 runs an eleventh of their files, 0 to 10. A fixture can make a test thorough, so all files beside such a word count.
PART ?=
PARTS := 11
THOROUGH = $(shell grep -rlE 'thorough|quickly' tests --include='*.py' | xargs -n1 dirname | sort -u | \
	xargs -I{} find {} -maxdepth 1 -name 'test_*.py' | sort | awk 'NR % $(PARTS) == $(PART) % $(PARTS)')
thorough: $(VENV)/ready
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m thorough $(if $(PART),$(THOROUGH))

# The tests of pages, in headless Chromium. It is installed where apt-get may do it; elsewhere, CHROMIUM names one.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
browser: $(VENV)/ready
	@test -n "$(CHROMIUM)" || tests/install_chromium.sh
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -q -m browser $(shell grep -rl "mark.browser" tests --include='test_*.py')

check: lint types docs

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready
	$(BIN)/mypy

docs: $(VENV)/ready
	$(BIN)/python docs/check.py

# The docs as a site, in the folder site: a warning is an error. An environment of its own, for nothing else needs it.
SITE := .venv-site
site: $(SITE)/ready
	NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --strict --quiet

$(SITE)/ready: requirements/site.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# The figures of docs/performance.md. ONLY="quota load" for some of them; SIZE=full for 10,000,000 rows, and for quotas that
# are watched longer; SIZE=small to see that they run.
ONLY ?=
SIZE ?= usual
bench: $(VENV)/ready $(if $(filter against_airbyte,$(or $(ONLY),against_airbyte)),peers)
	$(BIN)/python benchmarks/run.py $(ONLY) --size $(SIZE)

# What benchmarks/against_airbyte.py runs, which is left out where these two cannot be made.
peers: $(VENV)/ready
	@$(MAKE) --no-print-directory $(PARITY)/ready $(NEWEST)/ready || echo "Without them benchmarks/against_airbyte.py is left out."

# Whole syncs under a virtual clock, each with faults, kills and resumes of its own: SCHEDULES=1000 SEED=1 for fewer.
SCHEDULES ?= 100000
SEED ?= 1
simulate: $(VENV)/ready
	$(BIN)/python tests/simulation/run.py --schedules $(SCHEDULES) --seed $(SEED)

# Breaks each rule of planning and reading in turn, and counts what the tests notice: hours for all of it.
# ONLY="frontier listing" for some modules, SAMPLE=100 for a hundred mutants at random, STAGES=1 for the modules' own tests
# alone, which takes seconds per mutant.
SAMPLE ?=
STAGES ?=
mutants: $(VENV)/ready
	$(BIN)/python tests/mutants/run.py $(ONLY) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(STAGES),--stages $(STAGES)) --seed $(SEED)

# Kills hundreds of syncs at random moments, resumes them, and holds what is there against an undisturbed run.
crash: $(VENV)/ready
	PYTHONPATH=tests $(BIN)/python tests/crash/killing.py --kills 150

# Airbyte's own connector, in an environment of its own, against the same emulator. Its 4.7.0 is under the MIT licence
# and runs on Python 3.10 and 3.11 only.
parity: $(VENV)/ready $(PARITY)/ready
	PARITY_PEER=$(PARITY) $(BIN)/python -m pytest -q tests/parity

# The newest CDK is outside of what 4.7.0 asks for, so that nothing may be resolved: the lock names all there is.
$(PARITY)/ready: requirements/parity.txt
$(NEWEST)/ready: requirements/newest-cdk.txt
$(PARITY)/ready $(NEWEST)/ready:
	@$(PARITY_PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Airbyte's connector needs Python 3.11. Try again with PARITY_PYTHON=…/python3.11"; exit 1; }
	$(PARITY_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# What Airbyte's own tools say of this connector: the standard tests of its newest CDK, in the checkout and on the image, and
# PyAirbyte with its cache. No container engine is needed: the Dockerfile is stepped through.
airbyte: $(VENV)/ready $(CDK)/ready $(PYAIRBYTE)/ready $(PARITY)/ready
	AIRBYTE=1 $(BIN)/python -m pytest -q tests/airbyte

$(PYAIRBYTE)/ready: requirements/pyairbyte.txt
	$(PARITY_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

$(CDK)/ready: requirements/cdk.txt pyproject.toml src/tiktok_marketing/_version.py
	$(PARITY_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	TIKTOK_PURE_PYTHON=1 $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Clients that nobody here wrote, each in an environment of its own, against the emulator: docs/clients.md.
# ONLY="sdk tap" for some of them.
CLIENTS = $(or $(ONLY),airbyte $(sort $(patsubst requirements/clients-%.txt,%,$(wildcard requirements/clients-*.txt)) \
	$(patsubst requirements/clients-%/package-lock.json,%,$(wildcard requirements/clients-*/package-lock.json))))
clients: $(VENV)/ready $(patsubst .venv-client-airbyte/ready,$(PARITY)/ready,$(CLIENTS:%=.venv-client-%/ready))
	CLIENTS="$(CLIENTS)" $(BIN)/python -m pytest -q tests/clients

.venv-client-%/ready: requirements/clients-%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# Clients for Node.js. Their locks have hashes and name no index either.
.venv-client-%/ready: requirements/clients-%/package-lock.json
	mkdir -p $(@D)/bin
	cp $(<D)/package.json $< $(@D)
	cd $(@D) && npm ci --silent --ignore-scripts --no-audit --no-fund
	ln -sf "$$(command -v node)" $(@D)/bin/node
	@touch $@

# Destinations besides those of `make test`, each in an environment of its own, against the emulator: docs/destinations.md.
# ONLY="delta s3" for some of them. s3_delta shares the environment of s3; duckdb, postgres and parquet need none.
DESTINATIONS = $(or $(ONLY),duckdb postgres parquet s3_delta $(sort $(patsubst requirements/destinations-%.txt,%,$(wildcard requirements/destinations-*.txt))))
DESTINATION_LOCKS = $(wildcard $(patsubst %,requirements/destinations-%.txt,$(subst s3_delta,s3,$(DESTINATIONS))))
destinations: $(VENV)/ready $(DESTINATION_LOCKS:requirements/destinations-%.txt=.venv-destination-%/ready)
	DESTINATIONS="$(DESTINATIONS)" $(BIN)/python -m pytest -q tests/destinations

.venv-destination-%/ready: requirements/destinations-%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# What runs on more than one machine: docs/cluster.md. Each part has an environment of its own; Spark needs Java 17 or later.
# ONLY="spark kubernetes" for some of them; the shards run with kubernetes, and need none.
CLUSTER = $(or $(ONLY),$(sort $(patsubst requirements/cluster-%.txt,%,$(wildcard requirements/cluster-*.txt))))
cluster: $(VENV)/ready $(CLUSTER:%=.venv-cluster-%/ready)
	CLUSTER="$(CLUSTER)" $(BIN)/python -m pytest -q tests/cluster tests/unit/cluster tests/library/test_partitions.py tests/protocol/test_shards.py

.venv-cluster-%/ready: requirements/cluster-%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# The example for dbt, with dbt-duckdb in an environment of its own: docs/schedules.md.
dbt: $(VENV)/ready .venv-dbt/ready
	DBT=.venv-dbt $(BIN)/python -m pytest -q tests/dbt

.venv-dbt/ready: requirements/dbt.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# The lock holds for every Python from 3.11 on and names no index: whichever one pip is set up with serves.
lock: $(VENV)/ready
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) pyproject.toml --extra dev --output-file $(LOCK)
	$(COMPILE) pyproject.toml --output-file requirements/base.txt
	$(COMPILE) requirements/build.in --output-file requirements/build.txt
	$(COMPILE) pyproject.toml requirements/cdk.in --output-file requirements/cdk.txt
	$(COMPILE) requirements/pyairbyte.in --output-file requirements/pyairbyte.txt
	$(COMPILE) pyproject.toml --extra postgres --extra report --extra mcp --output-file requirements/command.txt
	$(COMPILE) requirements/site.in --output-file requirements/site.txt
	$(COMPILE) requirements/dbt.in --output-file requirements/dbt.txt
	$(COMPILE) requirements/parity.in --output-file requirements/parity.txt
	$(COMPILE) requirements/parity.in --override requirements/newest-cdk.in --output-file requirements/newest-cdk.txt
	for client in requirements/clients-*.in; do $(COMPILE) $$client --output-file $${client%.in}.txt; done
	for part in airflow dagster spark; do \
		$(COMPILE) pyproject.toml requirements/cluster-$$part.in --extra load --output-file requirements/cluster-$$part.txt; done
	$(COMPILE) requirements/cluster-kubernetes.in --output-file requirements/cluster-kubernetes.txt
	for client in requirements/clients-*/package.json; do (cd "$$(dirname $$client)" && \
		npm install --silent --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts); done
	for destination in requirements/destinations-*.in; do \
		$(COMPILE) pyproject.toml $$destination --extra load --output-file $${destination%.in}.txt; done

# What an index accepts: the source, a wheel without the C extension for every machine, and on Linux one with it. The wheels are
# built from the source distribution, so that one that lacks a file fails here. auditwheel finds the oldest glibc that the
# extension runs with, and refuses a wheel without the extension.
DIST ?= dist
dist: $(VENV)/ready
	rm -rf $(DIST)
	TIKTOK_PURE_PYTHON=1 $(BIN)/python -m build --no-isolation --outdir $(DIST)
ifeq ($(shell uname -s),Linux)
	CFLAGS=-g0 $(BIN)/python -m build --no-isolation --wheel --outdir $(DIST)/linux $(DIST)/tiktok_marketing-$(VERSION).tar.gz
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m auditwheel repair --wheel-dir $(DIST) $(DIST)/linux/*.whl
	rm -r $(DIST)/linux
endif

# The Airbyte source as an image of this machine's kind, labelled and tagged with the version. DOCUMENTATION_URL is where you
# publish the site of the docs; Airbyte's form links to it. image-push builds for PLATFORMS and pushes to IMAGE, for example
# IMAGE=registry.example.com/source-tiktok-marketing.
IMAGE ?= source-tiktok-marketing
PLATFORMS ?= linux/amd64,linux/arm64
DOCUMENTATION_URL ?=
BUILD_IMAGE = --build-arg VERSION=$(VERSION) $(if $(DOCUMENTATION_URL),--build-arg DOCUMENTATION_URL=$(DOCUMENTATION_URL)) \
	--tag $(IMAGE):$(VERSION) .
image:
	docker buildx build --load $(BUILD_IMAGE)

image-push:
	docker buildx build --platform $(PLATFORMS) --push $(BUILD_IMAGE)

# The command as an image, for those who have no Python.
COMMAND_IMAGE ?= tiktok-marketing
image-command:
	docker buildx build --load --file Dockerfile.command --build-arg VERSION=$(VERSION) --tag $(COMMAND_IMAGE):$(VERSION) .

# The C extension is built along where there is a compiler; `make test` says if it should have been and was not.
$(VENV)/ready: pyproject.toml setup.py src/tiktok_marketing/_version.py $(wildcard native/*) $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; $(PYTHON) is older. Try: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@rm -f src/tiktok_marketing/sync/decode/_rows.*so # an old one would hide that a new one cannot be built
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf $(VENV) $(PARITY) $(NEWEST) $(CDK) $(PYAIRBYTE) $(SITE) .venv-dbt .venv-client-* .venv-destination-* .venv-cluster-* site build dist src/*.egg-info src/tiktok_marketing/sync/decode/_rows.*so .pytest_cache .mypy_cache .ruff_cache
