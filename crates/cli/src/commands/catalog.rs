//! `bitting catalog`: what is served as data, with a user's own on top.

use crate::{overlay, whole_file};
use anyhow::{Context as _, Result, bail};
use bitting_catalog::Catalog as Data;
use bitting_catalog::import::import;
use clap::{Args, Subcommand};
use std::fs;
use std::path::{Path, PathBuf};

/// The API as data: what is served, and data of your own on top of it.
#[derive(Args)]
pub struct Catalog {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make an overlay of an API description of your own (OpenAPI 3, JSON or YAML): its paths and fields that
    /// are not there yet. Serve it with `bitting serve --data-overlay DIR`.
    Import {
        /// The description, OpenAPI 3 as JSON or YAML.
        spec: PathBuf,
        /// Directory for the overlay; files of the same kind of record in it are replaced.
        #[arg(long, value_name = "DIR", required_unless_present = "check")]
        into: Option<PathBuf>,
        /// Only say what is new, and write nothing.
        #[arg(long)]
        check: bool,
    },
    /// Check an overlay: every name in it leads somewhere, and it goes with what is shipped.
    Check {
        /// The overlay's directory.
        overlay: PathBuf,
    },
}

impl Catalog {
    pub fn run(self) -> Result<()> {
        match self.action {
            Action::Import { spec, into, check } => {
                let text = fs::read_to_string(&spec)
                    .with_context(|| format!("cannot read {}", spec.display()))?;
                let file = spec.display().to_string();
                let tree = tree(&spec, &text)?;
                let (registry, data) = Data::embedded()?;
                let made = import(&file, &text, &tree, (&registry, &data))?;
                print!("{}", made.report);
                let Some(into) = into.filter(|_| !check) else {
                    return Ok(());
                };
                for (path, text) in &made.files {
                    let path = into.join("connectwise").join(path);
                    if let Some(folder) = path.parent() {
                        fs::create_dir_all(folder)
                            .with_context(|| format!("cannot create {}", folder.display()))?;
                    }
                    whole_file::write(&path, text)
                        .with_context(|| format!("cannot write {}", path.display()))?;
                }
                println!("{} files in {}", made.files.len(), into.display());
                Ok(())
            }
            Action::Check { overlay } => {
                let files = overlay::files(&overlay)?;
                let count = files.len();
                let (_, data) = Data::overlaid(files)?;
                let faults = data.check(None);
                if !faults.is_empty() {
                    bail!("{}", faults.join("\n"));
                }
                println!(
                    "{count} files, {} kinds of record, {} paths: nothing wrong",
                    data.entities.len(),
                    data.routes.len()
                );
                Ok(())
            }
        }
    }
}

/// The description as a tree of values. Its kind is told by its text: JSON begins with a brace.
fn tree(spec: &Path, text: &str) -> Result<serde_json::Value> {
    let shown = spec.display();
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text)
            .with_context(|| format!("{shown} is no JSON that can be read"));
    }
    serde_norway::from_str(text).with_context(|| format!("{shown} is no YAML that can be read"))
}
