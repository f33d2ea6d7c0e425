#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| escalation_tracker::fuzzing::odata_filter(data));
