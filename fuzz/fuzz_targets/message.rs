#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use oci_mcp_tests::Fuzzed;

static FUZZED: LazyLock<Fuzzed> = LazyLock::new(Fuzzed::new);

fuzz_target!(|data: &[u8]| FUZZED.message(data));
