//! How an agency's own file becomes one that the service reads: its columns renamed, its words replaced by codes.
//!
//! It is done before the file leaves the agency's machine, so that a column that is not to be sent never is.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::http::import_file::csv_rows;

/// What a map file says.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ColumnMap {
    /// Their name of a column, and ours; the column is not sent when ours is empty.
    #[serde(default)]
    columns: BTreeMap<String, String>,
    /// For each of our columns: their word, and our code.
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
    /// Columns that are the same in every row.
    #[serde(default)]
    fixed: BTreeMap<String, String>,
}

impl ColumnMap {
    /// Reads a map file.
    ///
    /// # Errors
    /// It is not there, or says something else than a map does.
    pub fn read(path: &Path) -> Result<Self, String> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| told(&error))?;
        toml::from_str(&text).map_err(|error| told(&error))
    }

    /// The file as the service reads it, each row on the line on which it was.
    ///
    /// # Errors
    /// The file cannot be read, or a column of the map is not in it.
    pub fn applied(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut rows =
            csv_rows(bytes).map_err(|problem| problem.document().detail.clone())?.into_iter();
        let Some(header) = rows.next() else { return Ok(bytes.to_vec()) };
        let theirs: Vec<&str> = header.cells.iter().map(|it| it.trim()).collect();
        let lacking: Vec<&str> =
            self.columns.keys().map(String::as_str).filter(|it| !theirs.contains(it)).collect();
        if !lacking.is_empty() {
            return Err(format!(
                "the map names columns that the file does not have: {}",
                lacking.join(", ")
            ));
        }
        let ours: Vec<String> = theirs
            .iter()
            .map(|it| self.columns.get(*it).cloned().unwrap_or_else(|| (*it).to_owned()))
            .collect();
        let sent = |cells: Vec<String>| -> Vec<String> {
            ours.iter()
                .zip(cells)
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, cell)| {
                    let known = self.values.get(name).and_then(|words| words.get(cell.trim()));
                    known.cloned().unwrap_or(cell)
                })
                .collect()
        };
        let mut file = Lines::default();
        let names = ours.iter().filter(|it| !it.is_empty()).chain(self.fixed.keys()).cloned();
        file.add(header.line, names.collect())?;
        for row in rows {
            // What is ragged stays so, and is refused by its line.
            let whole = row.cells.len() == ours.len();
            let mut cells = if whole { sent(row.cells) } else { row.cells };
            if whole {
                cells.extend(self.fixed.values().cloned());
            }
            file.add(row.line, cells)?;
        }
        Ok(file.bytes)
    }
}

/// A file whose rows are put on given lines.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    ended: usize,
}

impl Lines {
    fn add(&mut self, line: usize, cells: Vec<String>) -> Result<(), String> {
        while self.ended + 1 < line {
            self.bytes.push(b'\n');
            self.ended += 1;
        }
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        let written = writer.write_record(&cells).map_err(|error| error.to_string());
        written?;
        let row = writer.into_inner().map_err(|error| error.to_string())?;
        self.ended += row.iter().filter(|byte| **byte == b'\n').count();
        self.bytes.extend(row);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_renamed_words_replaced_and_lines_kept() {
        let map: ColumnMap = toml::from_str(
            "[columns]\n\"Occ No\" = \"external_reference\"\nComments = \"\"\nWhat = \"theme\"\n\
             [values.theme]\n\"Strat late\" = \"strategy_meeting_late\"\n[fixed]\nurgency = \"urgent\"\n",
        )
        .unwrap();
        let file = "\nOcc No;Comments;What;desired_outcome\n1;\"two\nlines\"; Strat late ;\"a;b\"\n\n\n2;x;icpc_late;c\n3;x\n";
        let sent = String::from_utf8(map.applied(file.as_bytes()).unwrap()).unwrap();
        let expected = "\nexternal_reference,theme,desired_outcome,urgency\n1,strategy_meeting_late,a;b,urgent\n\n\n\n\
                        2,icpc_late,c,urgent\n3,x\n";
        assert_eq!(sent, expected);
        let error = map.applied(b"What,Comments\n").unwrap_err();
        assert!(error.ends_with("does not have: Occ No"), "{error}");
        assert!(toml::from_str::<ColumnMap>("colums = {}").is_err());
    }
}
