# make demo    the story of a platform, typed in a shell, and tokens judged against policies
# make test    every test: Rust, the command, C, Python, the shipped policies
# make ratios  the figures, each against its peer in one process
# make instructions   instructions of four decisions under callgrind, against the kept ones
# make bench   the core's own operations, by criterion
# make fuzz    generated policies against cedar-policy, and the fuzz targets, for FUZZ_SECONDS each

CARGO ?= cargo
export CARGO_TARGET_DIR ?= $(CURDIR)/target

.PHONY: demo test test-rust test-c test-cross test-python test-python-integrations test-policies header wheel ratios ratios-python bench lint clean

demo:
	$(CARGO) build --quiet --release -p bailiwick-cli
	examples/story.sh "$(CARGO_TARGET_DIR)/release/bailiwick"
	$(CARGO) run --quiet --release --example demo

test: test-rust test-c test-python test-python-integrations test-policies

test-rust:
	$(CARGO) test --workspace --exclude bailiwick-python --features bailiwick/fetch,bailiwick/suites,bailiwick/sqlite

test-c:
	$(MAKE) -C bindings/c test

test-python:
	$(MAKE) -C bindings/python test

test-python-integrations:
	$(MAKE) -C bindings/python test-integrations

.PHONY: test-native
# The C tests under valgrind and gcc's sanitizers.
test-native:
	$(MAKE) -C bindings/c native

# Writes include/bailiwick.h anew.
header:
	$(MAKE) -C bindings/c header

# Tokens to and from PyJWT, joserfc and jose; what cannot be installed is skipped and said, unless CROSS_REQUIRED is set.
test-cross:
	tests/cross/run.sh

test-policies:
	$(CARGO) build --quiet -p bailiwick-cli
	for directory in policies/construction policies/platform policies/examples/*/; do \
		"$(CARGO_TARGET_DIR)/debug/bailiwick" check "$$directory" && \
		"$(CARGO_TARGET_DIR)/debug/bailiwick" test "$$directory" | tail -n 1 || exit 1; \
	done

# How long `make fuzz` goes on with each of its targets, in seconds, and where its generated cases begin.
FUZZ_SECONDS ?= 300
FUZZ_SEED ?= $(shell date +%s)

.PHONY: fuzz
# Generated cases against cedar-policy for a while; then, where cargo-fuzz is installed, every fuzz target guided by coverage.
# What is sought are wrong answers and panics; the code forbids `unsafe`, so the sanitizer would only make it slower, by 20
# times for the differential one. Long inputs from the start, for each byte is a choice of the generator.
fuzz:
	BAILIWICK_DIFFERENTIAL_SECONDS=$(FUZZ_SECONDS) BAILIWICK_DIFFERENTIAL_SEED=$(FUZZ_SEED) \
		$(CARGO) test --quiet --release --test differential -- --nocapture
	@if ! $(CARGO) +nightly fuzz --version >/dev/null 2>&1; then \
		echo "no coverage-guided run: it needs a nightly toolchain and cargo-fuzz (cargo install cargo-fuzz)"; \
	else \
		mkdir -p fuzz/target && cd fuzz && for target in $$($(CARGO) +nightly fuzz list); do \
			echo "$$target"; \
			CARGO_TARGET_DIR=$(CURDIR)/fuzz/target $(CARGO) +nightly fuzz run --sanitizer none $$target -- \
				-max_total_time=$(FUZZ_SECONDS) -timeout=60 -len_control=0 -max_len=4096 >target/$$target.log 2>&1; \
			ended=$$?; \
			grep -E "^error|panicked|ERROR|^Done " target/$$target.log; \
			[ $$ended = 0 ] || exit 1; \
		done; \
	fi

ratios-python:
	$(MAKE) --no-print-directory -C bindings/python ratios

# Transparent huge pages for malloc: at a million links most of a decision is misses of the TLB otherwise.
ratios:
	GLIBC_TUNABLES=glibc.malloc.hugetlb=1 $(CARGO) bench --quiet --features sqlite --bench ratios
	$(MAKE) --no-print-directory peers
	$(MAKE) --no-print-directory -C bindings/c ratios

# Against rivals with many dependencies of their own: regorus, casbin, jsonwebtoken.
.PHONY: peers
peers:
	cd benches/peers && $(CARGO) run --quiet --release

# A wheel and a source distribution for release, in target/python-wheels/release.
wheel:
	$(MAKE) -C bindings/python wheel

.PHONY: instructions
instructions:
	benches/instructions.sh

bench:
	$(CARGO) bench --quiet --bench core

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings

clean:
	$(CARGO) clean
