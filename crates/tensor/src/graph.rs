//! The module's graph of operations, for TensorBoard.

use switchback_core::GraphNode;
use switchback_models::{Likelihood, SwitchModel};

/// The graph of the log-likelihood of the sigmoid form of `model` for `starts` starts, with the names of the talk's script.
///
/// Regimes of one switch weigh `weight1` and `weight2`; of several, stretches are named likewise and added where one regime
/// has two.
pub fn switch_graph(model: &SwitchModel, starts: usize) -> Vec<GraphNode> {
    let rows = model.data().values().iter();
    let n = rows.filter(|value| !value.is_nan()).count();
    let mut graph = Graph {
        nodes: Vec::new(),
        each: vec![starts, 1],
        all: vec![starts, n],
    };
    graph.inputs(model, n);
    graph.weights(model);
    match model.likelihood() {
        Likelihood::Normal => {
            graph.mixed("mu", model);
            graph.mixed("sigma", model);
            graph.normal("sigma/sigma");
        }
        Likelihood::NormalSharedSd => {
            graph.mixed("mu", model);
            graph.normal("parameters/sigma");
        }
        Likelihood::Poisson => {
            graph.mixed("rate", model);
            graph.poisson();
        }
    }
    let total = ["likelihood/likelihood_arr"];
    graph.push("likelihood/total", "Sum", &total, vec![starts]);
    graph.nodes
}

struct Graph {
    nodes: Vec<GraphNode>,
    /// The shape of a parameter.
    each: Vec<usize>,
    /// The shape of what every observation has.
    all: Vec<usize>,
}

impl Graph {
    fn push(&mut self, name: &str, op: &'static str, inputs: &[&str], shape: Vec<usize>) {
        self.nodes.push(GraphNode {
            name: name.to_owned(),
            op,
            inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
            shape,
        });
    }

    /// A node of which there is one an observation.
    fn row(&mut self, name: &str, op: &'static str, inputs: &[&str]) {
        self.push(name, op, inputs, self.all.clone());
    }

    fn inputs(&mut self, model: &SwitchModel, n: usize) {
        self.push("data/time_all", "Const", &[], vec![n]);
        self.push("data/x_all", "Const", &[], vec![n]);
        let names = model.likelihood().parameter_names(model.n_regimes());
        for name in names.into_iter().chain(model.switch_names("tau")) {
            let name = format!("parameters/{name}");
            self.push(&name, "VariableV2", &[], self.each.clone());
        }
    }

    /// The weights of the stretches: a sigmoid at either end, and between two switches a product.
    fn weights(&mut self, model: &SwitchModel) {
        let k = model.n_switches();
        for (tau, number) in model.switch_names("tau").iter().zip(1..) {
            let suffix = if k == 1 {
                String::new()
            } else {
                number.to_string()
            };
            let [distance, negative] =
                ["distance", "negative"].map(|name| format!("switch/{name}{suffix}"));
            let [before, after] = match k {
                1 => [1, 2].map(|side| format!("switch/weight{side}")),
                _ => ["before", "after"].map(|side| format!("switch/{side}{number}")),
            };
            let tau = format!("parameters/{tau}");
            self.row(&distance, "Sub", &[&tau, "data/time_all"]);
            self.row(&before, "Sigmoid", &[&distance]);
            self.row(&negative, "Neg", &[&distance]);
            self.row(&after, "Sigmoid", &[&negative]);
        }
        if k == 1 {
            return;
        }
        self.row("switch/weight1", "Identity", &["switch/before1"]);
        for next in 2..=k {
            let [gap, share] = ["gap", "share"].map(|name| format!("switch/{name}{next}"));
            let taus = [next, next - 1].map(|number| format!("parameters/tau{number}"));
            self.push(&gap, "Sub", &[&taus[0], &taus[1]], self.each.clone());
            self.push(&share, "Expm1", &[&gap], self.each.clone());
            let sides = [
                format!("switch/after{}", next - 1),
                format!("switch/before{next}"),
            ];
            let weight = format!("switch/weight{next}");
            self.row(&weight, "Mul", &[&sides[0], &sides[1], &share]);
        }
        let last = format!("switch/weight{}", k + 1);
        self.row(&last, "Identity", &[&format!("switch/after{k}")]);
    }

    /// The sum of the regimes' `parameter`, by their weights.
    fn mixed(&mut self, parameter: &str, model: &SwitchModel) {
        let terms: Vec<String> = (1..=model.n_switches() + 1)
            .map(|stretch| format!("{parameter}/{}", ordinal(stretch)))
            .collect();
        for ((term, regime), stretch) in terms.iter().zip(model.regimes().of_stretch()).zip(1..) {
            let weight = format!("switch/weight{stretch}");
            let value = format!("parameters/{parameter}{}", regime + 1);
            self.row(term, "Mul", &[&weight, &value]);
        }
        let op = if terms.len() == 2 { "Add" } else { "AddN" };
        let inputs: Vec<&str> = terms.iter().map(String::as_str).collect();
        self.row(&format!("{parameter}/{parameter}"), op, &inputs);
    }

    fn normal(&mut self, sigma: &str) {
        self.row("likelihood/variance", "Square", &[sigma]);
        self.row("likelihood/residual", "Sub", &["data/x_all", "mu/mu"]);
        self.row("likelihood/square", "Square", &["likelihood/residual"]);
        let ratio = ["likelihood/square", "likelihood/variance"];
        self.row("likelihood/ratio", "Div", &ratio);
        self.row("likelihood/log", "Log", &["likelihood/variance"]);
        let terms = ["likelihood/log", "likelihood/ratio"];
        self.row("likelihood/likelihood_arr", "Add", &terms);
    }

    fn poisson(&mut self) {
        self.row("likelihood/log", "Log", &["rate/rate"]);
        let of_counts = ["data/x_all", "likelihood/log"];
        self.row("likelihood/of_counts", "Mul", &of_counts);
        let terms = ["likelihood/of_counts", "rate/rate"];
        self.row("likelihood/likelihood_arr", "Sub", &terms);
    }
}

fn ordinal(number: usize) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        more => format!("number{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::Series;
    use switchback_models::{RegimePriors, SwitchPrior, SwitchSettings};

    fn model(likelihood: Likelihood, regimes: &str) -> SwitchModel {
        let values = [1.0, 2.0, 0.0, 3.0, 7.0, 9.0, 8.0, 5.0, 1.0, 2.0].map(Some);
        let series = Series::new("counts", &values).expect("a series");
        let settings = SwitchSettings {
            likelihood,
            regimes: regimes.parse().expect("it is offered"),
            priors: RegimePriors::scaled_to(likelihood, &series).expect("it has a scale"),
            switch_prior: SwitchPrior::Sequential,
        };
        SwitchModel::new(&series, settings).expect("it can be modelled")
    }

    #[test]
    fn every_input_is_a_node_that_came_before_and_no_name_comes_twice() {
        for likelihood in Likelihood::ALL {
            for regimes in ["0,1", "0,1,0", "0,1,2", "0,1,2,3,4"] {
                let nodes = switch_graph(&model(likelihood, regimes), 3);
                for (i, node) in nodes.iter().enumerate() {
                    let came_before =
                        |name: &String| nodes[..i].iter().any(|before| &before.name == name);
                    assert!(node.inputs.iter().all(came_before), "{node:?}");
                    assert!(!came_before(&node.name), "{node:?}");
                }
                let parameters = nodes.iter().filter(|node| node.op == "VariableV2");
                let model = model(likelihood, regimes);
                let dim = model.n_parameters() + model.n_switches();
                assert_eq!(parameters.count(), dim);
            }
        }
    }

    #[test]
    fn one_switch_has_the_names_of_the_talk() {
        let nodes = switch_graph(&model(Likelihood::Normal, "0,1"), 1);
        let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        let groups: [(&str, &[&str]); 6] = [
            ("data", &["time_all", "x_all"]),
            ("parameters", &["mu1", "mu2", "sigma1", "sigma2", "tau"]),
            ("switch", &["distance", "weight1", "negative", "weight2"]),
            ("mu", &["first", "second", "mu"]),
            ("sigma", &["first", "second", "sigma"]),
            (
                "likelihood",
                &[
                    "variance",
                    "residual",
                    "square",
                    "ratio",
                    "log",
                    "likelihood_arr",
                    "total",
                ],
            ),
        ];
        let expected: Vec<String> = groups
            .iter()
            .flat_map(|(group, names)| names.iter().map(move |name| format!("{group}/{name}")))
            .collect();
        assert_eq!(names, expected);
    }
}
