//! `bitting reference`: every command and option as the page docs/commands.md, which a test holds to it.

use clap::{Arg, Command};
use std::fmt::Write as _;

/// The page's text.
pub fn page(mut command: Command) -> String {
    command.build();
    let mut out = String::from(
        "# Commands\n\nEvery command with its options, as `bitting help COMMAND` tells them. This page is written by \
         `bitting reference`;\na test fails when it is not what the program says.\n\n\
         Exit codes: 0 done, 1 an error (what, where and what to do is on standard error), 2 wrong use of the command line.\n\
         `plan`, `verify`, `connect`, `apply --once`, `learn --prove`, `profile diff` and `profile import` say in their own \
         words what 2 and 3\nmean there. Options that stand in the environment too name their variable; the command line wins. \
         `BITTING_LOG`\n(`error`, `warn`, `info`, `debug`) chooses what `serve` and `gate` write to standard error.\n",
    );
    section(&mut out, &command, 2);
    out
}

fn section(out: &mut String, command: &Command, depth: usize) {
    let mut commands: Vec<&Command> = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
        .collect();
    if depth > 2 {
        commands.sort_by_key(|command| command.get_name());
    }
    for command in commands {
        let name = command.get_bin_name().unwrap_or(command.get_name());
        let _ = writeln!(out, "\n{} {name}\n", "#".repeat(depth));
        let about = command.get_long_about().or(command.get_about());
        if let Some(about) = about {
            let _ = writeln!(out, "{}", sentence(&about.to_string()));
        }
        let usage = command.clone().render_usage().to_string();
        let _ = writeln!(
            out,
            "\n    {}\n",
            usage.trim_start_matches("Usage: ").replace('\n', "\n    ")
        );
        for arg in command
            .get_arguments()
            .filter(|arg| !arg.is_hide_set() && arg.get_id() != "help")
        {
            let _ = writeln!(out, "- `{}` {}", term(arg), told(arg));
        }
        section(out, command, depth + 1);
    }
}

fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.ends_with(['.', '`', ':']) || text.is_empty() {
        text
    } else {
        format!("{text}.")
    }
}

/// `--port <PORT>`, `-f, --follow`, `<PROFILE>`.
fn term(arg: &Arg) -> String {
    if arg.is_positional() {
        return arg.to_string();
    }
    let short = arg
        .get_short()
        .map(|short| format!("-{short}, "))
        .unwrap_or_default();
    let long = arg
        .get_long()
        .map(|long| format!("--{long}"))
        .unwrap_or_default();
    let takes = arg.get_action().takes_values();
    let names = arg.get_value_names().filter(|_| takes).unwrap_or_default();
    let mut form = format!("{short}{long}");
    for name in names {
        let _ = write!(form, " <{name}>");
    }
    form
}

fn told(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help());
    let mut text = sentence(&help.map(ToString::to_string).unwrap_or_default());
    if !arg.get_action().takes_values() {
        return text;
    }
    let values = arg.get_possible_values();
    let names: Vec<&str> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(clap::builder::PossibleValue::get_name)
        .collect();
    if !names.is_empty() && names.len() < 12 {
        let _ = write!(
            text,
            " One of {}.",
            names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    let defaults: Vec<String> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    if !defaults.is_empty() {
        let _ = write!(text, " Default `{}`.", defaults.join(" "));
    }
    if let Some(name) = arg.get_env() {
        let _ = write!(text, " Environment: `{}`.", name.to_string_lossy());
    }
    text
}
