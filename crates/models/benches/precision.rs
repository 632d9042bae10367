//! How many digits the fused density and its gradient have: greatest errors against a dense sum in 31 digits.
//!
//! `cargo bench -p switchback-models --bench precision`, or `-- poisson 1e6` for the rows that hold these words. Prints CSV: the
//! errors are relative, that of a gradient to the sum of the absolute values of a derivative's terms. Offsets and steps are in
//! standard deviations of the data; the switches are at all places of `Case::places`, beyond either end among them.

#![allow(clippy::print_stdout)]

#[path = "../tests/truth/mod.rs"]
mod truth;

use switchback_models::Likelihood;
use truth::series::Case;

const REGIMES: [&str; 4] = ["0,1", "0,1,0", "0,1,2", "0,1,2,3,4,5"];
const LENGTHS: [usize; 4] = [90, 1_000, 100_000, 10_000_000];
const LAYOUTS: [[f64; 2]; 5] = [[0.0, 3.0], [1e3, 3.0], [1e6, 3.0], [1e6, 1e3], [0.0, 1e6]];
const STEEPNESSES: [f64; 5] = [0.01, 0.1, 1.0, 10.0, 100.0];

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    println!("model,n,offset,step,steepness,value,gradient");
    for n in LENGTHS {
        for likelihood in Likelihood::ALL {
            for regimes in REGIMES {
                for [offset, step] in LAYOUTS {
                    let case = Case {
                        likelihood,
                        regimes,
                        n,
                        offset,
                        step,
                    };
                    rows(&case, &words);
                }
            }
        }
    }
}

fn rows(case: &Case, words: &[String]) {
    let Case {
        likelihood,
        regimes,
        n,
        offset,
        step,
    } = case;
    let regimes = regimes.replace(',', "-");
    let name = format!("{likelihood} {regimes},{n},{offset:e},{step:e}");
    let cells: Vec<&str> = name.split([',', ' ']).collect();
    if words.iter().any(|word| !cells.contains(&word.as_str())) {
        return;
    }
    let mut modelled = case.modelled();
    // A dense sum of ten million terms takes half a second.
    let mut places = case.places();
    if *n > 1_000_000 {
        places.truncate(1);
    }
    for steepness in STEEPNESSES {
        let worst = modelled.worst(steepness, &places);
        println!(
            "{name},{steepness},{:.1e},{:.1e}",
            worst.value, worst.gradient
        );
    }
}
