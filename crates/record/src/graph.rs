//! A model's graph of operations as the `GraphDef` that TensorBoard's Graphs tab draws.

use std::collections::HashSet;

use protobuf::RepeatedField;
use switchback_core::GraphNode;
use tensorboard_proto::attr_value::{AttrValue, AttrValue_ListValue};
use tensorboard_proto::graph::GraphDef;
use tensorboard_proto::node_def::NodeDef;
use tensorboard_proto::tensor_shape::{TensorShapeProto, TensorShapeProto_Dim};

use crate::RecordError;

/// Oldest version of the graph format that has all of what is used here.
const PRODUCER: i32 = 22;

/// The `GraphDef` of `nodes`, in their order.
///
/// # Errors
/// When two nodes share a name, or one reads a node that is not there.
pub(crate) fn graph_def(nodes: &[GraphNode]) -> Result<GraphDef, RecordError> {
    let mut names = HashSet::new();
    for node in nodes {
        if !names.insert(node.name.as_str()) {
            return Err(RecordError::GraphDuplicate {
                node: node.name.clone(),
            });
        }
    }
    let mut graph = GraphDef::new();
    graph.mut_versions().set_producer(PRODUCER);
    for node in nodes {
        if let Some(input) = node
            .inputs
            .iter()
            .find(|input| !names.contains(input.as_str()))
        {
            return Err(RecordError::GraphInput {
                node: node.name.clone(),
                input: input.clone(),
            });
        }
        graph.mut_node().push(node_def(node));
    }
    Ok(graph)
}

fn node_def(node: &GraphNode) -> NodeDef {
    let mut shapes = AttrValue_ListValue::new();
    shapes.mut_shape().push(shape_proto(&node.shape));
    let mut output_shapes = AttrValue::new();
    output_shapes.set_list(shapes);

    let mut def = NodeDef::new();
    def.set_name(node.name.clone());
    def.set_op(node.op.to_owned());
    def.set_input(RepeatedField::from_vec(node.inputs.clone()));
    def.mut_attr()
        .insert("_output_shapes".to_owned(), output_shapes);
    def
}

fn shape_proto(shape: &[usize]) -> TensorShapeProto {
    let mut proto = TensorShapeProto::new();
    for size in shape {
        let mut dim = TensorShapeProto_Dim::new();
        // No memory holds more than that; the conversion only bounds it.
        dim.set_size(i64::try_from(*size).unwrap_or(i64::MAX));
        proto.mut_dim().push(dim);
    }
    proto
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, inputs: &[&str], shape: &[usize]) -> GraphNode {
        GraphNode {
            name: name.to_owned(),
            op: "Sum",
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            shape: shape.to_vec(),
        }
    }

    #[test]
    fn a_node_keeps_its_name_operation_inputs_and_shape() {
        let nodes = [
            node("model/tau", &[], &[4]),
            node("model/weight", &["model/tau"], &[4, 90]),
        ];
        let graph = graph_def(&nodes).expect("a whole graph");
        let weight = &graph.get_node()[1];
        assert_eq!(weight.get_name(), "model/weight");
        assert_eq!(weight.get_op(), "Sum");
        assert_eq!(weight.get_input(), ["model/tau"]);
        let shapes = weight.get_attr()["_output_shapes"].get_list().get_shape();
        let sizes: Vec<i64> = shapes[0].get_dim().iter().map(|dim| dim.size).collect();
        assert_eq!((shapes.len(), sizes), (1, vec![4, 90]));
    }

    #[test]
    fn a_scalar_has_a_known_shape_without_dimensions() {
        let graph = graph_def(&[node("tau", &[], &[])]).expect("a whole graph");
        let shapes = graph.get_node()[0].get_attr()["_output_shapes"]
            .get_list()
            .get_shape();
        assert_eq!(shapes.len(), 1);
        assert!(shapes[0].get_dim().is_empty() && !shapes[0].get_unknown_rank());
    }

    #[test]
    fn two_nodes_of_one_name_and_an_input_from_nowhere_are_refused() {
        let twice = graph_def(&[node("tau", &[], &[]), node("tau", &[], &[])]);
        assert!(matches!(twice, Err(RecordError::GraphDuplicate { node }) if node == "tau"));
        let nowhere = graph_def(&[node("sum", &["tau"], &[])]);
        assert!(matches!(
            nowhere,
            Err(RecordError::GraphInput { node, input }) if node == "sum" && input == "tau"
        ));
    }
}
