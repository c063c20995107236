//! Translations against the evaluator.
