//! The comments at the head of a CmdStan CSV file.

use std::fmt::Write;

use crate::draws::{CmdStanInfo, DrawsInfo};

/// The head of one chain's file, with the places of what is known only at its end.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) text: String,
    pub(super) num_samples: Slot,
    pub(super) num_warmup: Slot,
}

/// Where a number stands in a file, with room for its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) offset: usize,
    pub(super) width: usize,
}

impl Head {
    /// The head of chain number `id`, counted from 1, in the words of CmdStan 2.33.
    pub(super) fn new(
        info: &DrawsInfo<'_>,
        cmdstan: &CmdStanInfo<'_>,
        (is_nuts, saves_warmup): (bool, bool),
        id: usize,
    ) -> Self {
        let mut head = Self {
            text: String::new(),
            num_samples: Slot {
                offset: 0,
                width: 0,
            },
            num_warmup: Slot {
                offset: 0,
                width: 0,
            },
        };
        head.line("stan_version_major = 2");
        head.line("stan_version_minor = 33");
        head.line("stan_version_patch = 0");
        head.line(&format!("model = {}", one_line(cmdstan.model)));
        head.line(&format!("start_datetime = {}", info.created_at));
        head.line("method = sample");
        head.line("  sample");
        head.num_samples = head.number("    num_samples = ", info.num_samples);
        // cmdstanpy 1.3.2 takes no 0 here; without draws of a warm-up in the file the number says nothing.
        head.num_warmup = head.number("    num_warmup = ", info.num_warmup.max(1));
        let save_warmup = u8::from(saves_warmup);
        head.line(&format!("    save_warmup = {save_warmup}"));
        head.line("    thin = 1");
        head.algorithm(cmdstan, is_nuts);
        head.line("    num_chains = 1");
        head.line(&format!("id = {id}"));
        head.line("data");
        let data = cmdstan.data.map(|path| path.display().to_string());
        head.line(&format!("  file = {}", one_line(&data.unwrap_or_default())));
        head.line(&format!("init = {}", one_line(cmdstan.init)));
        head.line("random");
        head.line(&format!("  seed = {}", cmdstan.seed));
        head.line("output");
        head.line(&format!("sampler = {}", one_line(info.sampler)));
        head.line("inference_library = switchback");
        head.line(&format!(
            "inference_library_version = {}",
            env!("CARGO_PKG_VERSION")
        ));
        head
    }

    fn algorithm(&mut self, cmdstan: &CmdStanInfo<'_>, is_nuts: bool) {
        if !is_nuts {
            self.line("    algorithm = fixed_param");
            return;
        }
        self.line("    adapt");
        self.line("      engaged = 1");
        self.line(&format!("      delta = {}", cmdstan.delta));
        self.line("    algorithm = hmc");
        self.line("      hmc");
        self.line("        engine = nuts");
        self.line("          nuts");
        self.line(&format!("            max_depth = {}", cmdstan.max_depth));
        self.line("        metric = diag_e");
        self.line(&format!("        stepsize = {}", cmdstan.stepsize));
    }

    fn line(&mut self, text: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "# {text}");
    }

    fn number(&mut self, words: &str, number: u64) -> Slot {
        let digits = number.to_string();
        let _ = write!(self.text, "# {words}");
        let slot = Slot {
            offset: self.text.len(),
            width: digits.len(),
        };
        let _ = writeln!(self.text, "{digits}");
        slot
    }
}

/// `text` without what would end a comment.
fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}
