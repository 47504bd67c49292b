//! `bitting`: cuts least-privilege keys for PSA integrations, and runs the PSA they open.

mod commands;
mod connection;
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
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Serve(serve) => serve.run(),
        Command::Role(role) => role.run(),
        Command::Member(member) => member.run(),
        Command::Key(key) => key.run(),
        Command::Instance(instance) => instance.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bitting: {error:#}");
            ExitCode::FAILURE
        }
    }
}
