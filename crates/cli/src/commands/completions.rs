//! `bitting completions`: what a shell needs to complete commands and options.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

/// Print the completion script of a shell: `source <(bitting completions bash)`
#[derive(Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub fn run(&self, mut command: Command) {
        generate(self.shell, &mut command, "bitting", &mut std::io::stdout());
    }
}
