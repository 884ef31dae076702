# Every target first makes .venv when it is missing or stale; `make help` lists the targets.
# `demo` and `serve` need the run-time environment only, the others the development environment on top of it.

MAKEFLAGS += --no-print-directory --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
UV := $(BIN)/uv --quiet

# The first Python on this machine that is new enough; `make PYTHON=/path/to/python demo` chooses another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3,\
	$(shell $(name) -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && echo $(name))))

# The tests of a file stay on one process, so that what they share is started once.
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

CODE := mfn_grpc server clients/python tests benchmarks protos docs releasing
OURS := git ls-files --cached --others --exclude-standard -z
# Not generated: digests of packages, and commits, look like secrets.
WRITTEN := ':!benchmarks/history/*' ':!clients/*/gen/*' ':!*/go.sum' ':!clients/node/package-lock.json'

.PHONY: help
help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: $(VENV)/.runtime ## Stream simulations from a local server; pictures go to demo/.
	@MFN_ENV=dev $(BIN)/mfn demo

.PHONY: serve
serve: $(VENV)/.runtime ## Run a development server on the loopback interface.
	@MFN_ENV=dev $(BIN)/mfn serve

.PHONY: test
test: $(VENV)/.dev ## Run the tests; make test ARGS="-k nernst" chooses.
	@MFN_ENV=dev $(PYTEST) --ignore tests/deploy $(ARGS)

.PHONY: test-deploy
test-deploy: $(VENV)/.dev ## Check image, manifests, monitoring and supply chain with the tools of others.
	@MFN_ENV=dev $(PYTEST) tests/deploy $(ARGS)

.PHONY: coverage
coverage: $(VENV)/.dev ## Run make test, and fail when it leaves more than a tenth of a package's lines out.
	@mkdir -p build
	@$(MAKE) test ARGS="--cov --cov-report json:build/coverage.json --cov-report xml:build/coverage.xml $(ARGS)"
	@$(BIN)/python -m releasing.covered build/coverage.json build/coverage.svg

.PHONY: chaos
chaos: $(VENV)/.dev ## Kill a coordinator 100 times and require the models of an undisturbed run.
	@MFN_ENV=dev MFN_CHAOS_KILLS=100 $(BIN)/python -m pytest -rP tests/e2e/federation/test_killed_coordinator.py $(ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.dev ## Send 100,000 hostile requests to a server and look for what breaks or grows.
	@MFN_ENV=dev MFN_FUZZ_REQUESTS=100000 $(BIN)/python -m pytest -rP tests/fuzz/test_fuzz.py tests/attack $(ARGS)

.PHONY: soak
soak: $(VENV)/.dev ## Half an hour of mixed load; fails when memory, files or threads of the server grow.
	@MFN_ENV=dev $(BIN)/python -m benchmarks.soak $(ARGS)

.PHONY: load
load: $(VENV)/.dev ## Have many users call a server; make load ARGS="spike" chooses the profile.
	@MFN_ENV=dev $(BIN)/python -m benchmarks.load $(ARGS)

.PHONY: bench
bench: $(VENV)/.dev ## Measure speed and memory, each figure beside its peer.
	@MFN_ENV=dev $(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-compare
bench-compare: $(VENV)/.dev ## Two recorded runs side by side: make bench-compare A=COMMIT B=FILE.
	@$(BIN)/python -m benchmarks.records compare "$(A)" "$(B)"

.PHONY: bench-page
bench-page: $(VENV)/.dev ## Write two recorded runs into docs/performance.md: make bench-page A=FIRST B=SECOND.
	@$(BIN)/python -m benchmarks.records page "$(A)" "$(B)"

.PHONY: bench-trend
bench-trend: $(VENV)/.dev ## Draw the recorded runs: docs/images/bench-trend.png.
	@$(BIN)/python -m benchmarks.records trend $(ARGS)

.PHONY: bench-stability
bench-stability: $(VENV)/.dev ## Show how far figures move from run to run; RUNS=5 measures the gate's candidates.
	@MFN_ENV=dev $(BIN)/python -m benchmarks.records stability $(if $(RUNS),--runs $(RUNS)) $(ARGS)

.PHONY: bench-gate
bench-gate: $(VENV)/.dev ## Fail when a stable ratio is more than 20 % worse than the baseline.
	@MFN_ENV=dev $(BIN)/python -m benchmarks.records gate $(ARGS)

.PHONY: flames
flames: $(VENV)/.dev ## Draw flame graphs of a unary call, a stream and an aggregation: docs/images/flame-*.svg.
	@MFN_ENV=dev $(BIN)/python -m benchmarks.flames $(ARGS)

.PHONY: growth
growth: $(VENV)/.dev ## Measure how cost grows with size, and draw docs/images/growth.png.
	@MFN_ENV=dev $(BIN)/python -m benchmarks.growth $(or $(ARGS),--plot)

.PHONY: bench-peers
bench-peers: $(VENV)/.dev ## Install what the benchmarks compare with, in .peers (about 3 GB).
	@$(UV) venv --allow-existing .peers
	@$(UV) pip install --python .peers/bin/python --requirement benchmarks/peers/requirements.txt

.PHONY: protos
protos: $(VENV)/.dev ## Write the stubs in mfn_grpc/v1 anew from protos/.
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python protos/generate.py

.PHONY: lint
lint: $(VENV)/.dev ## Check style, types, layers, contract, texts and secrets.
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy --no-error-summary $(CODE)
	$(BIN)/lint-imports --no-cache
	$(BIN)/buf lint
	PATH="$(CURDIR)/$(BIN):$$PATH" bash protos/check_breaking.sh
	$(BIN)/yamllint --strict .
	$(OURS) '*.md' | xargs -0 $(BIN)/pymarkdown --strict-config scan
	@$(MAKE) security

.PHONY: security
security: $(VENV)/.dev ## Look for risky calls and for secrets; a part of make lint.
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml mfn_grpc server clients/python protos docs releasing
	$(OURS) $(WRITTEN) | xargs -0 $(BIN)/detect-secrets-hook --no-verify --baseline .secrets.baseline

.PHONY: audit
audit: $(VENV)/.dev ## Ask which known vulnerabilities concern what is pinned; fails as well when nobody answers.
	@$(BIN)/python -m releasing.audit $(wildcard requirements/*.txt)

.PHONY: package
package: $(VENV)/.dev ## Build sdist and wheel in dist/, and refuse a wheel that installs anything beside our packages.
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	@$(BIN)/python -m releasing.archives dist

# What an image holds: the lock of the same name, in an environment without pip.
build/%-environment: requirements/%.txt $(VENV)/.dev
	@rm -rf $@
	@$(BIN)/python -m venv --without-pip $@
	@$(PIP) --python $@/bin/python install --require-hashes --only-binary :all: -r $< || { rm -rf $@; exit 1; }

.PHONY: sbom
sbom: build/image-environment build/edge-environment ## Write what the images hold to build/*.cdx.json (CycloneDX).
	@$(BIN)/python -m releasing.sbom build/image-environment requirements/image.txt build/mfn-grpc.cdx.json
	@$(BIN)/python -m releasing.sbom build/edge-environment requirements/edge.txt build/mfn-grpc-edge.cdx.json

.PHONY: licences
licences: build/image-environment ## Write the licences of the image's packages to build/licences.json; all must be allowed.
	@$(BIN)/python -m releasing.licences build/image-environment build/licences.json

# Pins that are still allowed stay; `make lock ARGS=--upgrade` moves them to the newest releases. One version serves every Python.
COMPILE = $(UV) pip compile --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--custom-compile-command "make lock" $(ARGS)

# What the server's image holds beside the package itself.
IMAGE_EXTRAS := server redis jwt zipkin vault aws

.PHONY: lock
lock: $(VENV)/.dev ## Pin the environments in requirements/ anew from pyproject.toml.
	@echo setuptools | $(COMPILE) - --output-file requirements/build.txt
	@$(COMPILE) pyproject.toml --extra demo --output-file requirements/runtime.txt
	@$(COMPILE) pyproject.toml $(addprefix --extra ,$(IMAGE_EXTRAS)) --constraint requirements/runtime.txt \
		--output-file requirements/image.txt
	@$(COMPILE) pyproject.toml --extra server --constraint requirements/image.txt --output-file requirements/edge.txt
	@$(COMPILE) pyproject.toml --all-extras --constraint requirements/runtime.txt \
		--constraint requirements/image.txt --constraint requirements/build.txt --output-file requirements/dev.txt

.PHONY: clean
clean: ## Remove the environment, caches and build results; demo/ stays.
	@rm -rf $(VENV) .peers .tools build dist *.egg-info .coverage htmlcov clients/node/node_modules
	@rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find mfn_grpc server clients tests benchmarks protos docs releasing -name __pycache__ -prune -exec rm -rf {} +

# An environment holds absolute paths: in a tree that was moved or copied it is made anew.
ifneq ($(shell cat $(VENV)/.place 2>/dev/null),$(CURDIR))
.PHONY: $(BIN)/python
endif

$(BIN)/python:
	@python="$(PYTHON)"; \
	if [ -z "$$python" ] || ! "$$python" -c '$(NEW_ENOUGH)'; then \
		echo "mfn-grpc needs Python 3.11 or newer and found none: install one, or say where it is with 'make PYTHON=/path/to/python'." >&2; \
		exit 1; \
	fi; \
	echo "Making the environment $(VENV) with $$("$$python" --version)" && \
	"$$python" -m venv --clear $(VENV) && \
	echo "$(CURDIR)" >$(VENV)/.place

$(VENV)/.runtime: $(BIN)/python pyproject.toml requirements/build.txt requirements/runtime.txt
	@echo "Installing what the server and the client need"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@echo "Installing what tests and checks need"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
