//! Reads the router's configuration from a file, and says what is wrong in it.

use std::fmt;
use std::path::{Path, PathBuf};

use semantic_router_filter::config::{Config, Report, load};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{}: error: cannot be read: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file has errors.
    #[error("{0}")]
    Invalid(Problems),
}

/// A configuration and what is doubtful in it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The doubts, which do not keep it from being used.
    pub problems: Problems,
}

/// What is wrong or doubtful in one file; shown one a line.
#[derive(Debug)]
pub struct Problems {
    file: PathBuf,
    report: Report,
}

impl Problems {
    /// Adds a doubt about the key at `path`.
    pub fn warn(&mut self, path: &str, message: String) {
        self.report.warn(path, message);
    }

    /// How many doubts there are.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.report.warnings.len()
    }

    /// Every problem, as `FILE: error: PATH: message` or `FILE: warning: ...`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let file = self.file.display();
        let errors = self.report.errors.iter().map(|finding| ("error", finding));
        let warnings = self.report.warnings.iter().map(|finding| ("warning", finding));
        let all = errors.chain(warnings);
        all.map(move |(severity, finding)| format!("{file}: {severity}: {finding}"))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.lines().collect::<Vec<_>>().join("\n"))
    }
}

/// Reads the configuration in `file`, or the one that it carries.
///
/// # Errors
/// Why there is none.
pub fn read(file: &Path) -> Result<Loaded, ConfigError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| ConfigError::Unreadable { file: file.to_owned(), error })?;
    let report = match load(&text) {
        Ok((config, warnings)) => {
            let report = Report { errors: Vec::new(), warnings };
            return Ok(Loaded { config, problems: Problems { file: file.to_owned(), report } });
        }
        Err(report) => report,
    };
    Err(ConfigError::Invalid(Problems { file: file.to_owned(), report }))
}
