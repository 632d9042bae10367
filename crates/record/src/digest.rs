//! The digest by which a run knows its series again.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// SHA-256 of `values` as little-endian IEEE 754 bits, in lower-case hexadecimal.
///
/// Every NaN counts as the one with bits `7ff8000000000000`, so that a missing value is the same on every
/// machine.
pub fn sha256(values: &[f64]) -> String {
    let mut hasher = Sha256::new();
    for value in values {
        let value = if value.is_nan() { MISSING } else { *value };
        hasher.update(value.to_le_bytes());
    }
    hasher
        .finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

const MISSING: f64 = f64::from_bits(0x7ff8_0000_0000_0000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_python() {
        // hashlib.sha256(struct.pack("<3d", 1.0, -0.5, math.nan)).hexdigest()
        assert_eq!(sha256(&[1.0, -0.5, f64::NAN]), PYTHON_THREE);
        assert_eq!(sha256(&[1.0, -0.5, -f64::NAN]), PYTHON_THREE);
        // hashlib.sha256(b"").hexdigest()
        assert_eq!(
            sha256(&[]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    const PYTHON_THREE: &str = "64b40eb34435f110956c64d0562f4055a970575e2f05fda4d71e5cf796aa4628";
}
