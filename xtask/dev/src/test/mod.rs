//! `cargo xtask test`: everything that CI runs, in stages.

mod chapters;
mod demo;
mod docker_registry;
mod end_to_end;
mod leak_check;
mod run;
mod teardown;
mod tmux;
mod tools;
mod upstream_dockerfile;

pub use run::run;
