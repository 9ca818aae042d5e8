//! Dockerfiles as text: the grammar, where something is wrong, and the patterns of
//! `.dockerignore`.
//!
//! [`parse`] turns a [`Source`] into [`Instruction`]s, and [`plan()`] keeps those that
//! the wanted stage needs. What is wrong is a [`Diagnostic`]; with its place it is
//! [`Located`]. Filling in variables is not done here: whoever wants it passes a
//! function of the type [`Expand`].

mod ast;
mod diagnostic;
mod flags;
mod heredoc;
mod parser;
mod pattern;
mod plan;
mod source;
mod variable;
mod words;

pub use ast::{Action, Command, Copy, Expand, HereDoc, Instruction, Pair, Run};
pub use diagnostic::{Diagnostic, Located};
pub use parser::parse;
pub use pattern::{IgnoreRule, Pattern, ignore_rules};
pub use plan::{Plan, Stage, plan};
pub use source::Source;
pub use variable::Variable;
