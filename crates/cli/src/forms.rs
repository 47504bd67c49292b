//! Forms of what is typed behind a flag, where it is neither a name nor a file: a text that does not have its form is
//! refused before anything is asked of a server, and the refusal shows one that has.

use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// A day or a moment with its zone, as the server takes it.
pub fn moment(text: &str) -> Result<String, String> {
    let text = text.trim();
    let day = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let read = if day {
        text.parse::<Date>().map(|_| ())
    } else {
        text.parse::<Timestamp>().map(|_| ())
    };
    read.map(|()| text.to_owned()).map_err(|_| {
        "write a day, such as 2030-01-01 (it counts to its end, UTC), or a moment with its zone, such as \
         2030-01-01T08:00:00Z"
            .to_owned()
    })
}

/// A moment with its zone.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    text.trim()
        .parse()
        .map_err(|_| "write a moment with its zone, such as 2026-01-31T09:00:00Z".to_owned())
}

/// A whole number within a range; `such` is one that is meant often.
pub fn whole<T>(range: RangeInclusive<T>, such: T) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: TryFrom<i128> + Into<i128> + Copy + Display,
{
    let (low, high): (i128, i128) = ((*range.start()).into(), (*range.end()).into());
    move |text: &str| {
        let number = text.trim().parse::<i128>().ok();
        number
            .filter(|number| (low..=high).contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| {
                format!("write a whole number from {low} to {high}, digits alone, such as {such}")
            })
    }
}

/// Two words with an equals sign between; `such` is a pair that is meant often.
pub fn pair(such: &'static str) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |text: &str| match text.split_once('=') {
        Some((name, _)) if !name.trim().is_empty() => Ok(text.to_owned()),
        _ => Err(format!(
            "write a name, an equals sign and what it stands for, such as {such}"
        )),
    }
}

/// An address of a web server.
pub fn address(such: &'static str) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |text: &str| {
        let text = text.trim();
        let read = reqwest::Url::parse(text).ok();
        let fits = read.is_some_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some()
        });
        if fits {
            Ok(text.to_owned())
        } else {
            Err(format!(
                "write an address with http:// or https://, such as {such}"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Arguments;
    use clap::builder::ValueParser;
    use clap::{Arg, Command, CommandFactory as _};
    use std::any::TypeId;
    use std::path::PathBuf;

    /// Every command with the words before it.
    fn commands(command: &Command, before: &str, found: &mut Vec<(String, Command)>) {
        let words = format!("{before} {}", command.get_name());
        for inner in command.get_subcommands() {
            commands(inner, &words, found);
        }
        found.push((words.trim().to_owned(), command.clone()));
    }

    fn all() -> Vec<(String, Command)> {
        let mut whole = Arguments::command();
        whole.build();
        let mut found = Vec::new();
        commands(&whole, "", &mut found);
        found.retain(|(words, _)| !words.contains("help") && !words.contains("lay-down"));
        found
    }

    fn is_named(argument: &Arg) -> bool {
        !["help", "version"].contains(&argument.get_id().as_str())
    }

    fn is_free(parser: &ValueParser) -> bool {
        let of = parser.type_id();
        let texts = [TypeId::of::<String>(), TypeId::of::<PathBuf>()];
        texts.iter().any(|text| of == *text)
    }

    #[test]
    fn every_argument_of_every_command_says_what_it_is() {
        let mut silent = Vec::new();
        for (words, command) in all() {
            for argument in command.get_arguments().filter(|one| is_named(one)) {
                if argument.get_help().is_none() {
                    silent.push(format!("{words} {}", argument.get_id()));
                }
            }
        }
        assert!(silent.is_empty(), "without help: {silent:#?}");
    }

    /// What has a form of its own is refused with the flag, the text and an example or the words it takes.
    #[test]
    fn what_has_no_form_is_refused_with_one_that_has() {
        let mut tried = 0;
        for (words, command) in all() {
            for argument in command.get_arguments().filter(|one| is_named(one)) {
                let formed = !is_free(argument.get_value_parser())
                    || FORMED.contains(&argument.get_id().as_str());
                if !argument.get_action().takes_values() || !formed {
                    continue;
                }
                let error = argument.get_value_parser().clone();
                let probe = Command::new("probe")
                    .no_binary_name(true)
                    .arg(Arg::new("value").long("probe").value_parser(error));
                let refused = probe
                    .try_get_matches_from(["--probe", "?no:form"])
                    .expect_err(&format!("{words} {}", argument.get_id()))
                    .to_string();
                assert!(
                    refused.contains("?no:form")
                        && (refused.contains("such as") || refused.contains("possible values")),
                    "{words} {}: {refused}",
                    argument.get_id()
                );
                tried += 1;
            }
        }
        assert!(tried > 25, "only {tried} arguments have a form");
    }

    /// Texts that have a form all the same.
    const FORMED: [&str; 6] = [
        "expires",
        "forward_to",
        "psa_url",
        "answers",
        "only",
        "names",
    ];

    #[test]
    fn days_and_moments_are_taken_and_nothing_else() {
        for fine in [
            "2030-01-01",
            " 2030-01-01 ",
            "2030-01-01T08:00:00Z",
            "2030-01-01T08:00:00+02:00",
            "2030-01-01 08:00:00Z",
        ] {
            assert_eq!(moment(fine).as_deref(), Ok(fine.trim()));
        }
        for wrong in [
            "",
            "tomorrow",
            "2030-13-01",
            "2030-02-30",
            "01.01.2030",
            "1/1/2030",
            "90d",
            "2030-01-01T08:00:00",
        ] {
            let said = moment(wrong).unwrap_err();
            assert!(said.contains("2030-01-01T08:00:00Z"), "{wrong}: {said}");
        }
    }

    #[test]
    fn numbers_keep_to_their_range_whatever_is_typed() {
        let port = whole::<u16>(0..=65_535, 8080);
        assert_eq!(
            (port("0"), port("65535"), port(" 80 ")),
            (Ok(0), Ok(65_535), Ok(80))
        );
        for wrong in [
            "-1",
            "65536",
            "http",
            "8o80",
            "1,000",
            "1e3",
            "",
            "99999999999999999999999999999999999999999",
        ] {
            assert!(port(wrong).unwrap_err().contains("such as 8080"), "{wrong}");
        }
    }

    #[test]
    fn addresses_have_a_scheme_and_a_host() {
        let read = address("http://localhost:3000/hook?id=");
        for fine in ["http://localhost:3000/hook?id=", "https://psa.example"] {
            assert!(read(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "localhost:3000",
            "psa.example",
            "ftp://psa.example",
            "http://",
            "/hook",
            "",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
