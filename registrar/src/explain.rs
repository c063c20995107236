//! Explains a filter: its types, its tree, and what a source system would be told of it. No I/O.

mod guess;
mod translated;
mod tree;

pub use guess::guess;
pub use translated::{Translated, translate};
pub use tree::{json, text};
