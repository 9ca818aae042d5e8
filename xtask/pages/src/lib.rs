//! A page of the book, taken apart: front matter off, then sections, and in each section
//! the instructor's notes, hints, terminal blocks and other code, in order.
//!
//! Everything that reads pages does it through this crate: `hint` and `demo` of
//! the harness, and the book's tool. It knows the few marks that the pages of this
//! workbook use, not Markdown as a whole. A page with faults is still read as far
//! as possible, and [`Page::faults`] names them.
//!
//! Line numbers count from 1, in the whole file.

mod console;
mod fault;
mod front;
mod page;
mod read;

pub use console::{Attributes, Command, Console, Report, Shown};
pub use fault::Fault;
pub use front::cut;
pub use page::{Code, Hint, Note, Page, Part, Section, Unseen};
