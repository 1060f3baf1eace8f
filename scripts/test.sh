#!/usr/bin/env bash
# Everything that has to hold before a change is taken: peers installed, formatting, lints, all tests.
# The closing lines say how many tests passed, failed and were skipped.
#   WAXWING_KILLS, WAXWING_POWER_CUTS   rounds of the crash tests
#   WAXWING_TEST_PROGRAMS               test programs at the same time (2)
#   WAXWING_BIN                         a waxwing binary to test instead of the one built here
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
log=$target/test-output.log
started=$SECONDS

step() { printf '\n== %s (after %d s)\n' "$*" "$((SECONDS - started))"; }

step "test peers"
scripts/install-test-peers.sh
step "formatting"
cargo fmt --all --check
step "lints"
cargo clippy --workspace --all-targets --locked -- -D warnings
step "build"
# All targets in one go: one set of features, so that the tests below compile nothing again and find the binary in place.
cargo build --workspace --all-targets --locked
export WAXWING_BIN=${WAXWING_BIN:-$(realpath "$target")/debug/waxwing}

step "tests"
status=0
scripts/run-tests.py 2>&1 | tee "$log" || status=$?

step "result"
grep -aoE 'SKIPPED .*' "$log" || true
grep -aE '^test .* \.\.\. FAILED$' "$log" || true
awk -v skipped="$(grep -acE 'SKIPPED ' "$log" || true)" '
  /^test result: / {
    programs++
    for (i = 1; i <= NF; i++) {
      if ($i == "passed;") passed += $(i - 1)
      if ($i == "failed;") failed += $(i - 1)
      if ($i == "ignored;") ignored += $(i - 1)
    }
  }
  END { printf "%d passed, %d failed, %d ignored, %d skipped, in %d test programs\n", passed - skipped, failed, ignored, skipped, programs }
' "$log"
exit "$status"
