//! Layers as tar archives: entries, compression, and files written beneath one directory.
