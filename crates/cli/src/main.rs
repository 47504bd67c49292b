//! `bitting`: cuts least-privilege keys for PSA integrations, and runs the PSA they open.

mod allocator;
mod autotask;
mod bench;
mod chosen;
mod commands;
mod connection;
mod forms;
mod handover;
mod jobs;
mod laying;
mod overlay;
mod place;
mod private_file;
mod progress;
mod prompt;
mod results;
mod runtime;
mod table;
mod whole_file;

use bitting_client::ClientError;
use bitting_connect::ConnectError;
use bitting_connect::symptom::{Diagnosis, explain};
use clap::{CommandFactory as _, Parser, Subcommand};
use std::process::ExitCode;

/// Cuts least-privilege keys for PSA integrations, and runs the PSA they open.
#[derive(Parser)]
#[command(name = "bitting", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a PSA that speaks the ConnectWise and the Autotask REST API and enforces every right.
    Serve(commands::serve::Serve),
    Gate(commands::gate::Gate),
    Demo(commands::demo::Demo),
    Catalog(commands::catalog::Catalog),
    Role(commands::role::Role),
    Member(commands::member::Member),
    Key(commands::key::Key),
    Instance(commands::instance::Instance),
    Fault(commands::fault::Fault),
    Listen(commands::listen::Listen),
    Log(commands::log::Log),
    Profile(commands::profile::Profile),
    Guide(commands::guide::Guide),
    Plan(commands::plan::Plan),
    Apply(commands::apply::Apply),
    Verify(commands::verify::Verify),
    Connect(commands::connect::Connect),
    Audit(commands::audit::Audit),
    Learn(commands::learn::Learn),
    Sync(commands::sync::Sync),
    Completions(commands::completions::Completions),
    /// Print docs/commands.md.
    #[command(hide = true)]
    Reference,
    /// Lay down what a server orders on standard input. The server starts this by itself.
    #[command(hide = true)]
    LayDown,
}

/// The command line of a server alone. To describe the others takes a megabyte of code and texts, which the server
/// would hold for as long as it runs.
#[derive(Parser)]
#[command(name = "bitting", version, max_term_width = 100)]
struct ServeArguments {
    #[command(subcommand)]
    command: ServeAlone,
}

#[derive(Subcommand)]
enum ServeAlone {
    /// Run a PSA that speaks the ConnectWise and the Autotask REST API and enforces every right.
    Serve(commands::serve::Serve),
}

/// What was asked for on the command line; ends the process where that cannot be told.
fn asked() -> Command {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == "serve")
    {
        let ServeAlone::Serve(serve) = ServeArguments::parse().command;
        return Command::Serve(serve);
    }
    Arguments::parse().command
}

/// A reader that has enough (`| head`) is no fault of ours, and printing to it must not look like one.
fn end_quietly_when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let said = info.payload().downcast_ref::<String>();
        if said.is_some_and(|text| text.starts_with("failed printing to stdout: Broken pipe")) {
            std::process::exit(0);
        }
        usual(info);
    }));
}

/// What is behind a PSA's refusal or silence, wherever in a command it came up.
fn behind(error: &anyhow::Error) -> Option<Diagnosis> {
    let of = |cause: &(dyn std::error::Error + 'static)| {
        let client = match cause.downcast_ref::<ConnectError>() {
            Some(error) => error.client(),
            None => cause.downcast_ref::<ClientError>(),
        };
        client.and_then(explain)
    };
    error.chain().find_map(of)
}

fn main() -> ExitCode {
    end_quietly_when_nobody_reads();
    let done = |()| ExitCode::SUCCESS;
    let outcome = match asked() {
        Command::Serve(serve) => {
            allocator::give_back_soon();
            serve.run().map(done)
        }
        Command::Gate(gate) => gate.run().map(done),
        Command::Catalog(catalog) => catalog.run().map(done),
        Command::Demo(demo) => demo.run().map(done),
        Command::Role(role) => role.run().map(done),
        Command::Member(member) => member.run().map(done),
        Command::Key(key) => key.run().map(done),
        Command::Instance(instance) => instance.run().map(done),
        Command::Fault(fault) => fault.run().map(done),
        Command::Listen(listen) => listen.run().map(done),
        Command::Log(log) => log.run().map(done),
        Command::Profile(profile) => profile.run(),
        Command::Guide(guide) => guide.run(),
        Command::Plan(plan) => plan.run(),
        Command::Apply(apply) => apply.run(),
        Command::Verify(verify) => verify.run(),
        Command::Connect(connect) => connect.run(),
        Command::Audit(audit) => audit.run(),
        Command::Learn(learn) => learn.run(),
        Command::Sync(sync) => sync.run(),
        Command::Completions(completions) => {
            completions.run(Arguments::command());
            Ok(ExitCode::SUCCESS)
        }
        Command::Reference => {
            print!("{}", commands::reference::page(Arguments::command()));
            Ok(ExitCode::SUCCESS)
        }
        Command::LayDown => laying::run().map(done),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bitting: {error:#}");
            if let Some(found) = behind(&error) {
                eprintln!("  cause  {}\n  cure   {}", found.cause, found.cure);
            }
            ExitCode::FAILURE
        }
    }
}
