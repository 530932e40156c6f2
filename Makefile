# Everything a developer runs. CI runs `make check`, `make test`, `make bench-check` and `make image-test`, and nothing else.
.DEFAULT_GOAL := help
.PHONY: help run test conformance peers judge catalogue check fmt taplo typos size deny clippy features doc bench bench-check bench-tokens \
	bench-tools fuzz binary reproducible image image-test function-zip model-artifact stack sbom tools cargo-deny cargo-cyclonedx cargo-fuzz

TYPOS := 1.52.0
TAPLO := 0.9.3
DENY := 0.20.2
CYCLONEDX := 0.5.9
FUZZ := 0.13.2
# In the clone, so that nothing of the machine's own is changed or relied on.
TOOLS := target/tools
INSTALLED := $(TOOLS)/typos-$(TYPOS)-taplo-$(TAPLO)

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Serves the tools from an emulated Function on 127.0.0.1; ARGS="--port 9000" adds arguments
	@cargo run --locked -p oci-mcp-cli -- dev $(ARGS)

# The binaries first, because tests start them; what was skipped last, even when a test failed.
test: peers ## Runs every test this machine can run, and says at the end which it could not
	@rm -f target/skipped.txt
	cargo build --workspace --bins --locked
	@echo 'cargo test --workspace --all-features --locked --no-fail-fast'; \
	cargo test --workspace --all-features --locked --no-fail-fast; status=$$?; \
	score-shim/test.sh || status=1; \
	deploy/test.sh || status=1; \
	if [ -s target/skipped.txt ]; then printf '\nSkipped:\n'; sort -u target/skipped.txt; fi; \
	exit $$status

conformance: peers ## Runs MCP's conformance suite against examples on every host, and prints a table
	@mkdir -p target/conformance; rm -f target/conformance/*.txt
	@cargo test --quiet --locked -p conformance -p minimal -p rmcp-example --test suite --no-fail-fast; status=$$?; \
	cat target/conformance/*.txt; \
	[ $$status -ne 0 ] || echo 'What failed is what tests/conformance.yml expects.'; \
	exit $$status

peers: ## Installs the MCP clients, the conformance suite, the Python FDK and what else tests talk to, in target/peers
	@tests/peers/install.sh

judge: ## Has the official OCI SDK for Python, in target/judge, judge the simulated OCI and our client
	@tests/judge/install.sh
	cargo build --locked -p oci-emulator -p oci-rest --features oci-rest/session-keys,oci-rest/catalogue \
		--example simulated_oci --example judge --example catalogue
	cargo build --locked -p oci-mcp-cli
	@target/judge/bin/python tests/judge/verify_server.py --self-check
	@target/judge/bin/python tests/judge/client.py $(EXAMPLES)/simulated_oci
	@target/judge/bin/python tests/judge/principals.py $(EXAMPLES)/simulated_oci $(EXAMPLES)/judge
	@target/judge/bin/python tests/judge/catalogue.py $(EXAMPLES)/catalogue
	@target/judge/bin/python -B tests/judge/terraform.py
	@target/judge/bin/python tests/judge/render.py $(EXAMPLES)/../oci-mcp

catalogue: ## Writes the catalogue of operations, oci/catalogue/data, from the official OCI SDK for Python
	@python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest target/catalogue oci==$(CATALOGUE)
	python3 oci/catalogue/generate.py target/catalogue/oci-$(CATALOGUE)-py3-none-any.whl

CATALOGUE = $(shell sed -n 's/^VERSION = "\(.*\)"/\1/p' oci/catalogue/generate.py)

EXAMPLES := $(or $(CARGO_TARGET_DIR),target)/debug/examples

check: fmt taplo typos size deny clippy features doc ## Checks everything but behaviour: the eight below

fmt: ## Rust layout; `cargo fmt --all` repairs it
	cargo fmt --all --check

taplo: $(INSTALLED) ## TOML layout; `target/tools/bin/taplo fmt` repairs it
	RUST_LOG=warn $(TOOLS)/bin/taplo fmt --check --diff

typos: $(INSTALLED) ## Spelling; `target/tools/bin/typos --write-changes` repairs it
	$(TOOLS)/bin/typos

size: ## No file of code over 500 lines
	@git ls-files '*.rs' '*.py' '*.mjs' '*.sh' | xargs awk 'FNR == 501 { print FILENAME " has over 500 lines"; bad = 1 } END { exit bad }'

deny: cargo-deny ## Which crates, licences and sources the binaries may be built from
	cargo deny --locked check bans licenses sources

clippy: ## Lints
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings

features: ## Lints, with each host alone in a build, one with access control, and the builds of functions and images
	for host in container datascience functions stdio access,container; do \
		cargo clippy --quiet -p oci-mcp-hosts --no-default-features --features $$host --locked -- -D warnings || exit 1; \
	done
	for build in functions server; do \
		cargo clippy --quiet -p oci-mcp-cli --no-default-features --features $$build --locked -- -D warnings || exit 1; \
	done

doc: ## Documentation, and every link in it
	python3 tests/docs.py
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

binary: ## Builds the static binary of images and archives: target/dist/oci-mcp
	@deploy/build.sh

reproducible: ## Builds it twice, of the last commit, in places of other names; fails unless the bytes are the same
	@deploy/reproducible.sh

image: ## Builds the image oci-mcp:VERSION; VARIANT=datascience the one for model deployments
	@deploy/image.sh $(VARIANT)

image-test: ## Runs the images as their hosts do, in a container engine of its own where none runs
	@deploy/image-test.sh

function-zip: binary ## Packs the binary as a code-only function, target/dist/function.zip: experimental
	@python3 deploy/zip.py $(DIST)/function.zip func=$(DIST)/oci-mcp

model-artifact: binary ## Packs it for Data Science: model-artifact.zip for conda, empty-artifact.zip beside an image
	@python3 deploy/zip.py $(DIST)/model-artifact.zip score.py=score-shim/score.py runtime.yaml=score-shim/runtime.yaml \
		oci-mcp=$(DIST)/oci-mcp
	@python3 deploy/zip.py $(DIST)/empty-artifact.zip README.md=score-shim/README.md

stack: ## Packs the Terraform modules for Resource Manager, target/dist/stack.zip; its working directory is `complete`
	@mkdir -p $(DIST)
	@python3 deploy/zip.py $(DIST)/stack.zip $(foreach file,$(STACK),$(file:deploy/terraform/%=%)=$(file))

STACK := $(wildcard deploy/terraform/*/*.tf) deploy/terraform/complete/schema.yaml

sbom: cargo-cyclonedx ## Lists what the binary is made of, target/dist/oci-mcp.cdx.json
	@deploy/sbom.sh

DIST := $(or $(CARGO_TARGET_DIR),target)/dist

tools: $(INSTALLED) cargo-deny ## Installs what `check` needs: typos and taplo in target/tools, cargo-deny with cargo

$(INSTALLED):
	@python3 -c 'import ensurepip' 2>/dev/null || { \
		echo 'typos and taplo need python3 with venv; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@echo 'installing typos and taplo ...'
	@rm -rf $(TOOLS)
	@python3 -m venv $(TOOLS)
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check typos==$(TYPOS) taplo==$(TAPLO)
	@touch $@

cargo-deny:
	@cargo deny --version >/dev/null 2>&1 || { \
		echo 'building cargo-deny $(DENY): some minutes, once'; cargo install --locked cargo-deny@$(DENY); }

cargo-cyclonedx:
	@cargo cyclonedx --version >/dev/null 2>&1 || { \
		echo 'building cargo-cyclonedx $(CYCLONEDX): some minutes, once'; cargo install --locked cargo-cyclonedx@$(CYCLONEDX); }

bench: ## Measures what a request, a start and an instance cost beside other servers; writes bench/RESULTS.md
	@bench/build.sh rmcp
	@bench/peers/install.sh
	@$(BENCH)/bench report $(BENCH) target/bench-peers > $(BENCH)/RESULTS.md
	@mv $(BENCH)/RESULTS.md bench/RESULTS.md

bench-check: ## Fails if a function exceeds a budget of bench/src/budget.rs
	@bench/build.sh
	@$(BENCH)/bench check $(BENCH)

bench-tools: ## Fails if a warm tool adds more to what OCI takes than 1.25 signatures, 1 ms where one takes 0.8 ms
	CARGO_PROFILE_RELEASE_LTO=off cargo test --release --locked -p oci-mcp-tools --test tools overhead -- --nocapture

BENCH := $(or $(CARGO_TARGET_DIR),target)/bench

bench-tokens: ## Asks us and Oracle's MCP servers the same of a simulated OCI; writes bench/TOKENS.md
	@bench/tokens/install.sh
	cargo build --locked -p oci-emulator -p oci-mcp-cli --example simulated_oci --bin oci-mcp
	@python3 -B bench/tokens/tokens.py $(EXAMPLES)/../oci-mcp $(EXAMPLES)/simulated_oci target/bench-peers/oracle > $(TOKENS)
	@mv $(TOKENS) bench/TOKENS.md

TOKENS := $(or $(CARGO_TARGET_DIR),target)/TOKENS.md

FUZZ_SECONDS := 600

# The compiler's options for it are not stable. No sanitizer, which watches `unsafe` code: we have none. What is found stays out of the
# corpus of the repository, which is read only.
fuzz: cargo-fuzz ## Looks for input that a server does not withstand, FUZZ_SECONDS (600) for each target of fuzz/
	@for target in $(or $(TARGETS),$$(cargo fuzz list)); do \
		mkdir -p $(FOUND)/corpus/$$target; \
		RUSTC_BOOTSTRAP=1 cargo fuzz run -s none --codegen-units 16 --target-dir $(FOUND) $$target $(FOUND)/corpus/$$target fuzz/corpus/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

FOUND := $(or $(CARGO_TARGET_DIR),target)/fuzz

cargo-fuzz:
	@cargo fuzz --version >/dev/null 2>&1 || { \
		echo 'building cargo-fuzz $(FUZZ): some minutes, once'; cargo install --locked cargo-fuzz@$(FUZZ); }
