//! work in progress
pub mod llm;
pub mod wire;
