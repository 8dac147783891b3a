#![no_main]

use hostile::subjects::{Side, played};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| played(bytes, Side::Client));
