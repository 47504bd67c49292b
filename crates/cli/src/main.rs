//! `bitting`: cuts least-privilege keys for PSA integrations, and runs the PSA they open.

mod chosen;
mod commands;
mod connection;
mod handover;
mod place;
mod private_file;
mod table;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Cuts least-privilege keys for PSA integrations, and runs the PSA they open.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a PSA that speaks the ConnectWise REST API and enforces every right.
    Serve(commands::serve::Serve),
    Role(commands::role::Role),
    Member(commands::member::Member),
    Key(commands::key::Key),
    Instance(commands::instance::Instance),
    Profile(commands::profile::Profile),
    Guide(commands::guide::Guide),
    Plan(commands::plan::Plan),
    Apply(commands::apply::Apply),
    Verify(commands::verify::Verify),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = |()| ExitCode::SUCCESS;
    let outcome = match arguments.command {
        Command::Serve(serve) => serve.run().map(done),
        Command::Role(role) => role.run().map(done),
        Command::Member(member) => member.run().map(done),
        Command::Key(key) => key.run().map(done),
        Command::Instance(instance) => instance.run().map(done),
        Command::Profile(profile) => profile.run(),
        Command::Guide(guide) => guide.run(),
        Command::Plan(plan) => plan.run(),
        Command::Apply(apply) => apply.run(),
        Command::Verify(verify) => verify.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bitting: {error:#}");
            ExitCode::FAILURE
        }
    }
}
