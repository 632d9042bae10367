//! Devices, the trainable switch module and burn's optimisers.
