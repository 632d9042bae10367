//! The run folder: manifest, comparison and TensorBoard events.
