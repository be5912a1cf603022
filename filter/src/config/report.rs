//! What was found wrong or doubtful in a configuration, and where.

use std::fmt;

/// One finding: the path of a key in the file and what is the matter with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path from the top of the file, as in `decisions[2].modelRefs[0].model`;
    /// empty for the file as a whole.
    pub path: String,
    /// The matter, in words.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            out.write_str(&self.message)
        } else {
            write!(out, "{}: {}", self.path, self.message)
        }
    }
}

/// Everything found while reading one configuration.
///
/// A configuration with an error is refused whole; warnings are logged and the
/// configuration is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What makes the configuration unusable.
    pub errors: Vec<Finding>,
    /// What is accepted but has no effect, or not the one its author expects.
    pub warnings: Vec<Finding>,
}

impl Report {
    /// Adds an error at `path`, once.
    pub fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        add(&mut self.errors, Finding { path: path.into(), message: message.into() });
    }

    /// Adds a warning at `path`, once.
    pub fn warn(&mut self, path: impl Into<String>, message: impl Into<String>) {
        add(&mut self.warnings, Finding { path: path.into(), message: message.into() });
    }

    /// Adds all of another report.
    pub fn add(&mut self, other: Self) {
        other.errors.into_iter().for_each(|finding| add(&mut self.errors, finding));
        other.warnings.into_iter().for_each(|finding| add(&mut self.warnings, finding));
    }

    /// Puts every finding at another path.
    pub fn relocate(&mut self, path: impl Fn(&str) -> String) {
        for finding in self.errors.iter_mut().chain(&mut self.warnings) {
            finding.path = path(&finding.path);
        }
    }
}

fn add(findings: &mut Vec<Finding>, finding: Finding) {
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            writeln!(out, "error: {error}")?;
        }
        for warning in &self.warnings {
            writeln!(out, "warning: {warning}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}
