# Two commands matter: `make run` and `make test`.
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)

.DEFAULT_GOAL := help
.PHONY: help run test test-long bench bench-quick fmt docs

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and start the gateway; needs Rust and a C compiler, nothing else (console: http://127.0.0.1:8800/)
	$(CARGO) run --release -p waxwing -- serve

test: ## Install the test peers, check formatting and lints, run every test
	scripts/test.sh

test-long: ## The same with 200 kills, 40 power cuts and long property runs
	WAXWING_KILLS=200 WAXWING_POWER_CUTS=40 WAXWING_MUTATIONS=100000 PROPTEST_CASES=4000 scripts/test.sh

bench: ## Measure every case beside its peers, several times, and write bench/RESULTS.md; takes hours, wants a quiet machine
	-scripts/install-test-peers.sh
	$(CARGO) build --release --locked -p waxwing -p waxwing-bench
	$(TARGET)/release/waxwing-bench run --binary $(TARGET)/release/waxwing --tmp $(TARGET)/bench $(BENCH)

bench-quick: ## The same once and briefly, to see that it works; writes nothing
	-scripts/install-test-peers.sh
	$(CARGO) build --release --locked -p waxwing -p waxwing-bench
	$(TARGET)/release/waxwing-bench run --quick --binary $(TARGET)/release/waxwing --tmp $(TARGET)/bench $(BENCH)

fmt: ## Format the code
	$(CARGO) fmt --all

docs: ## Build the API documentation, and the book where mdbook is installed
	$(CARGO) doc --workspace --no-deps
	if command -v mdbook >/dev/null; then mdbook build docs; fi
