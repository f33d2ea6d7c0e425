#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| escalation_tracker::fuzzing::import_csv(data));
