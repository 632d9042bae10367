//! The module's graph of operations, for TensorBoard.

use switchback_core::GraphNode;

/// The graph of [`SwitchModule::log_likelihood`](crate::SwitchModule::log_likelihood) for `starts` starts and
/// `n` observations, with the names of the talk's script.
pub fn switch_graph(starts: usize, n: usize) -> Vec<GraphNode> {
    let node = |name: &str, op, inputs: &[&str], shape: &[usize]| GraphNode {
        name: name.to_owned(),
        op,
        inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
        shape: shape.to_vec(),
    };
    let (each, all) = ([starts, 1], [starts, n]);
    vec![
        node("data/time_all", "Const", &[], &[n]),
        node("data/x_all", "Const", &[], &[n]),
        node("parameters/mu1", "VariableV2", &[], &each),
        node("parameters/mu2", "VariableV2", &[], &each),
        node("parameters/sigma1", "VariableV2", &[], &each),
        node("parameters/sigma2", "VariableV2", &[], &each),
        node("parameters/tau", "VariableV2", &[], &each),
        node(
            "switch/distance",
            "Sub",
            &["parameters/tau", "data/time_all"],
            &all,
        ),
        node("switch/weight1", "Sigmoid", &["switch/distance"], &all),
        node("switch/negative", "Neg", &["switch/distance"], &all),
        node("switch/weight2", "Sigmoid", &["switch/negative"], &all),
        node(
            "mu/first",
            "Mul",
            &["switch/weight1", "parameters/mu1"],
            &all,
        ),
        node(
            "mu/second",
            "Mul",
            &["switch/weight2", "parameters/mu2"],
            &all,
        ),
        node("mu/mu", "Add", &["mu/first", "mu/second"], &all),
        node(
            "sigma/first",
            "Mul",
            &["switch/weight1", "parameters/sigma1"],
            &all,
        ),
        node(
            "sigma/second",
            "Mul",
            &["switch/weight2", "parameters/sigma2"],
            &all,
        ),
        node("sigma/sigma", "Add", &["sigma/first", "sigma/second"], &all),
        node("likelihood/variance", "Square", &["sigma/sigma"], &all),
        node("likelihood/residual", "Sub", &["data/x_all", "mu/mu"], &all),
        node(
            "likelihood/square",
            "Square",
            &["likelihood/residual"],
            &all,
        ),
        node(
            "likelihood/ratio",
            "Div",
            &["likelihood/square", "likelihood/variance"],
            &all,
        ),
        node("likelihood/log", "Log", &["likelihood/variance"], &all),
        node(
            "likelihood/likelihood_arr",
            "Add",
            &["likelihood/log", "likelihood/ratio"],
            &all,
        ),
        node(
            "likelihood/total",
            "Sum",
            &["likelihood/likelihood_arr"],
            &[starts],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_is_a_node_that_came_before() {
        let nodes = switch_graph(1, 90);
        for (i, node) in nodes.iter().enumerate() {
            for input in &node.inputs {
                assert!(
                    nodes[..i].iter().any(|before| &before.name == input),
                    "{input}"
                );
            }
        }
    }
}
