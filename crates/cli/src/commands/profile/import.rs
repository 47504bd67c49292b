//! `bitting profile import`: a vendor's guide, as it is pasted, into a profile to look through.

use crate::whole_file;
use anyhow::{Context as _, Result, bail};
use bitting_catalog::profile::pasted::{self, Head, Pasted, Remark, Row};
use bitting_policy::{Level, Registry, Verb};
use clap::Args;
use std::fs;
use std::io::{IsTerminal as _, Read as _, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What a guide is imported from, and into.
#[derive(Args)]
pub struct Import {
    /// The guide as text or HTML, `-` for standard input. Not a Word or PDF file: open it, select all, copy and
    /// paste into a text file.
    guide: PathBuf,
    /// Who makes the integration.
    #[arg(long)]
    vendor: String,
    /// What it is called.
    #[arg(long)]
    product: String,
    /// Where the vendor publishes it.
    #[arg(long, value_name = "URL", default_value = "https://example.com/guide")]
    url: String,
    /// File to write; by default the product's name with .toml, in this folder.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Import {
    pub fn run(&self, registry: &Registry, today: &str) -> Result<ExitCode> {
        let (name, text) = self.text()?;
        let guide = pasted::read(&text, registry);
        if guide.rows.is_empty() {
            for remark in guide.unread.iter().chain(&guide.remarks) {
                eprintln!("{}", told(&name, remark));
            }
            bail!(
                "{name}: no right was found in its {} lines, so nothing was written; paste the table with its heading \
                 (Module, Action, Add, Edit, Delete, Inquire), or lines such as `Companies > Contacts: Inquire All`; \
                 a guide of pictures has to be written down: bitting profile new FILE{}",
                text.lines().count(),
                if guide.administrator {
                    "; a guide that knows an administrator's role only can be learned: bitting learn"
                } else {
                    ""
                }
            );
        }
        let out = self.out.clone().unwrap_or_else(|| file_of(&self.product));
        if out.exists() {
            bail!(
                "{} is there already; nothing was written. Name another file with --out",
                out.display()
            );
        }
        let head = Head {
            vendor: &self.vendor,
            product: &self.product,
            guide: &name,
            url: &self.url,
            today,
        };
        whole_file::write_new(&out, pasted::profile(&guide, &head))
            .with_context(|| format!("cannot write {}", out.display()))?;
        report(&name, &guide, &out);
        Ok(if guide.unread.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        })
    }

    /// The guide's text and what to call it.
    fn text(&self) -> Result<(String, String)> {
        let (name, bytes) = if self.guide == Path::new("-") {
            if stdin().is_terminal() {
                eprintln!("Paste the guide, then press Ctrl-D in a line of its own.");
            }
            let mut bytes = Vec::new();
            stdin()
                .read_to_end(&mut bytes)
                .context("cannot read standard input")?;
            ("standard input".to_owned(), bytes)
        } else {
            let bytes = fs::read(&self.guide)
                .with_context(|| format!("cannot read {}", self.guide.display()))?;
            (self.guide.display().to_string(), bytes)
        };
        if bytes.starts_with(b"%PDF")
            || bytes.starts_with(b"PK\x03\x04")
            || bytes.starts_with(b"\xd0\xcf\x11\xe0")
        {
            bail!(
                "{name} is a PDF or Office file; open it, select all, copy, and paste into a text file"
            );
        }
        Ok((name, decoded(bytes)))
    }
}

/// UTF-8, or UTF-16 and the Windows code page that Notepad and Excel write.
fn decoded(bytes: Vec<u8>) -> String {
    let pairs = |turn: fn([u8; 2]) -> u16| -> String {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(|pair| turn([pair[0], pair[1]]))
            .collect();
        String::from_utf16_lossy(&units)
    };
    if bytes.starts_with(&[0xff, 0xfe]) {
        return pairs(u16::from_le_bytes);
    }
    if bytes.starts_with(&[0xfe, 0xff]) {
        return pairs(u16::from_be_bytes);
    }
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let western = |byte: &u8| match byte {
            0x91 | 0x92 => '\'',
            0x93 | 0x94 => '"',
            0x95 => '•',
            0x96 | 0x97 => '-',
            byte => char::from(*byte),
        };
        error.as_bytes().iter().map(western).collect()
    })
}

fn file_of(product: &str) -> PathBuf {
    let letters = product.chars().flat_map(char::to_lowercase);
    let name: String = letters
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    PathBuf::from(format!("{}.toml", name.trim_matches('_')))
}

fn told(name: &str, remark: &Remark) -> String {
    format!(
        "{name}:{}: {}\n    {}",
        remark.line, remark.text, remark.advice
    )
}

fn report(name: &str, guide: &Pasted, out: &Path) {
    let names = guide.rows.iter().map(|row| title(row).chars().count());
    let width = names.max().unwrap_or(0);
    for row in &guide.rows {
        let cells = Verb::EVERY
            .iter()
            .zip(row.levels)
            .filter_map(|(verb, level)| {
                let level = level.filter(|level| *level > Level::None)?;
                Some(format!("{verb} {level}"))
            });
        println!(
            "  {:<width$}  {}",
            title(row),
            cells.collect::<Vec<_>>().join(", ")
        );
        for table in &row.tables {
            println!("      {} {table}", if row.deny { "not" } else { "only" });
        }
    }
    println!();
    for remark in &guide.remarks {
        println!("look at {}", told(name, remark));
    }
    for remark in &guide.unread {
        println!("not read: {}", told(name, remark));
    }
    let file = out.display();
    println!(
        "{} read, {} not read; wrote {file}\nnext: compare it with the guide, then: bitting profile check {file}",
        super::counted(guide.rows.len(), "row"),
        super::counted(guide.unread.len(), "thing")
    );
}

fn title(row: &Row) -> String {
    format!("{} / {}", row.module, row.action)
}
