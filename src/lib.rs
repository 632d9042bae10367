//! switchback
