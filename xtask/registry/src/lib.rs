//! A small registry for class and tests.
