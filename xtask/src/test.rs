//! `cargo xtask test`: everything that CI runs.
use crate::error::Result;
use crate::tree::Tree;

pub fn run(_tree: &Tree, _yes: bool) -> Result<u8> {
    Ok(0)
}
