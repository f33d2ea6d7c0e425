//! The integration tests, in one binary: linking the library once per file would cost more than all of them.

mod embedded;
mod life;
mod support;
