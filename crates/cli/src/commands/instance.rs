//! `bitting instance`: the companies of a running server, and their switches.

use crate::connection::Target;
use crate::table;
use anyhow::Result;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

/// The companies of a running server.
#[derive(Args)]
pub struct Instance {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Subcommand)]
enum Action {
    /// List the companies.
    List,
    /// Show one company.
    Show { company: String },
    /// List the switches of a company.
    Settings,
    /// Set a switch, or clear it by leaving the value out.
    Set { name: String, value: Option<String> },
}

const COLUMNS: [(&str, &str); 4] = [("COMPANY", "company"), ("NAME", "name"), ("KIND", "kind"), ("DATA", "place")];
const SETTINGS: [(&str, &str); 4] = [("NAME", "name"), ("VALUE", "value"), ("TAKES", "takes"), ("MEANING", "meaning")];

impl Instance {
    pub fn run(self) -> Result<()> {
        let connection = self.target.connect()?;
        let json = self.target.json;
        match self.action {
            Action::List => {
                let all = connection.own(Method::GET, "instances", None)?;
                table::print(all.as_array().map_or(&[], Vec::as_slice), &COLUMNS, json)
            }
            Action::Show { company } => {
                let one = connection.own(Method::GET, &format!("instances/{company}"), None)?;
                table::print_one(&one, &COLUMNS, json)
            }
            Action::Settings => {
                let all = connection.own(Method::GET, "settings", None)?;
                table::print(all.as_array().map_or(&[], Vec::as_slice), &SETTINGS, json)
            }
            Action::Set { name, value } => {
                let body = json!({ "value": value });
                let one = connection.own(Method::PUT, &format!("settings/{name}"), Some(&body))?;
                table::print_one(&one, &SETTINGS, json)
            }
        }
    }
}
