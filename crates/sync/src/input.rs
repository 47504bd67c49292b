//! Files with one JSON object per line, as the integrations' own side hands its records over. A bad line is
//! named and left out; the others go on.

use crate::Failure;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Reads a file. A missing one is empty. Second: what is wrong with which line.
pub fn read<T: DeserializeOwned>(file: &Path) -> Result<(Vec<T>, Vec<String>), Failure> {
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((Vec::new(), Vec::new()));
        }
        Err(error) => return Err(Failure::file(file, error)),
    };
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (at, line) in BufReader::new(opened).lines().enumerate() {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let line = match line {
            Ok(line) => line,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                faults.push(format!("{name} line {}: it is no UTF-8; left out", at + 1));
                continue;
            }
            Err(error) => return Err(Failure::file(file, error)),
        };
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match serde_json::from_str(&line) {
            Ok(row) => rows.push(row),
            Err(error) => faults.push(format!("{name} line {}: {error}; left out", at + 1)),
        }
    }
    Ok((rows, faults))
}

/// Writes rows, one object per line.
pub fn write<T: Serialize>(file: &Path, rows: &[T]) -> Result<(), Failure> {
    let mut lines = Lines::begin(file)?;
    for row in rows {
        let text = serde_json::to_string(row).map_err(|error| Failure::file(file, error))?;
        lines.put(&text);
    }
    lines.end()
}

/// A file that is written line by line, and is there as a whole or as it was before.
pub struct Lines {
    file: PathBuf,
    partial: PathBuf,
    writer: BufWriter<File>,
    /// The first fault; nothing is written after it.
    fault: Option<std::io::Error>,
}

impl Lines {
    pub fn begin(file: &Path) -> Result<Self, Failure> {
        let partial = crate::private::partial(file);
        let opened = crate::private::create(&partial)?;
        Ok(Self {
            file: file.to_owned(),
            partial,
            writer: BufWriter::new(opened),
            fault: None,
        })
    }

    pub fn put(&mut self, line: &str) {
        self.put_bytes(line.as_bytes());
    }

    /// The same of text that was written as bytes.
    pub fn put_bytes(&mut self, line: &[u8]) {
        if self.fault.is_none() {
            let mut write = || {
                self.writer.write_all(line)?;
                self.writer.write_all(b"\n")
            };
            self.fault = write().err();
        }
    }

    pub fn end(mut self) -> Result<(), Failure> {
        let written = match self.fault.take() {
            Some(fault) => Err(fault),
            None => self
                .writer
                .flush()
                .and_then(|()| self.writer.get_ref().sync_all())
                .and_then(|()| std::fs::rename(&self.partial, &self.file)),
        };
        written.map_err(|error| {
            // What was there before stays; half a file helps nobody.
            let _ = std::fs::remove_file(&self.partial);
            Failure::file(&self.file, format!("cannot be written: {error}"))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_bad_line_is_named_and_the_rest_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rows.jsonl");
        std::fs::write(&file, b"1\n\n# a remark\n\"x\"\n\xff\n3").expect("written");
        let (rows, faults) = read::<i64>(&file).expect("read");
        assert_eq!(rows, [1, 3]);
        assert_eq!(faults.len(), 2);
        assert!(
            faults[0].starts_with("rows.jsonl line 4:") && faults[1].contains("line 5"),
            "{faults:?}"
        );
        assert!(
            read::<i64>(&folder.path().join("none"))
                .expect("empty")
                .0
                .is_empty()
        );
    }
}
