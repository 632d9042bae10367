//! switchback
fn main() {}
