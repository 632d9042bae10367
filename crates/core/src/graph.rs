//! A model's graph of operations, as TensorBoard draws it.

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    /// Unique name; `/` nests it in a scope.
    pub name: String,
    /// What it does: `Parameter`, `Const`, `Sigmoid`, `Sum`, ...
    pub op: &'static str,
    /// Names of the nodes that it reads.
    pub inputs: Vec<String>,
    /// Shape of its output.
    pub shape: Vec<usize>,
}
