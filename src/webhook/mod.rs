//! What leaves to receivers of webhooks: the signature, the addresses that may be called, and the call itself.

pub mod address;
pub mod message;
pub mod send;
pub mod signature;
