//! Messages to agencies' systems: how they are signed, when they are tried again, and when a receiver is given up.

use super::codes::codes;

codes! {
    /// How messages to an endpoint are signed.
    pub enum SigningScheme {
        /// With a private key that never leaves the service; receivers hold the public one (`v1a`).
        Ed25519 => "ed25519",
        /// With a secret that both sides hold (`v1`).
        HmacSha256 => "hmac_sha256",
    }
}
