//! `dbtruth server`

use super::Code;
use crate::check::Failure;

/// Speaks the language server protocol on standard input and output.
pub fn run() -> Result<Code, Failure> {
    crate::server::run().map_err(|e| Failure::new(format!("the server cannot start: {e}")))
}
