//! The folder of models on disk. Everything here waits for the disk.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::{FolderError, ModelsError};
use super::path::{ModelPath, is_folder, is_served};

/// The file that makes a folder a model.
pub const MODEL_FILE: &str = "model.onnx";

/// The most parts of a model's folder that is found by itself.
const MAX_DEPTH: usize = 4;

/// A folder of models. Nothing outside is opened: links are followed as far as
/// they stay in it.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

/// Tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its length.
    pub bytes: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Stamp {
    /// The stamp of a file.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        Self { bytes: metadata.len(), modified, inode: metadata.ino() }
    }

    /// As an entity tag.
    #[must_use]
    pub fn tag(&self) -> String {
        let since = self.modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanoseconds = since.unwrap_or_default().as_nanos();
        format!("\"{:x}-{nanoseconds:x}-{:x}\"", self.bytes, self.inode)
    }
}

impl Folder {
    /// The folder at `root`.
    ///
    /// # Errors
    /// When it is no folder, or cannot be read.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let failed = |error| FolderError { folder: root.to_owned(), error };
        let real = fs::canonicalize(root).map_err(failed)?;
        fs::read_dir(&real).map_err(failed)?;
        Ok(Self { root: real })
    }

    /// Opens a plain file of a model.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn file(&self, path: &ModelPath) -> Result<(File, Stamp), ModelsError> {
        let folder = self.folder(&path.folder)?;
        let ModelPath { folder: name, file } = path;
        let none = || ModelsError::NoFile { folder: name.clone(), file: file.clone() };
        let failed = |error| ModelsError::Unreadable { path: format!("{name}/{file}"), error };
        if !is_served(file) {
            return Err(none());
        }
        let real = self.real(&folder.join(file)).map_err(failed)?.ok_or_else(none)?;
        // Looked at before it is opened: opening a pipe would wait for a writer.
        if !fs::metadata(&real).map_err(failed)?.is_file() {
            return Err(none());
        }
        let opened = File::open(&real).map_err(failed)?;
        let stamp = Stamp::of(&opened.metadata().map_err(failed)?);
        Ok((opened, stamp))
    }

    /// The names of the plain files of a model, in order.
    ///
    /// # Errors
    /// Why they are not known.
    pub fn names(&self, folder: &str) -> Result<Vec<String>, ModelsError> {
        let path = self.folder(folder)?;
        let failed = |error| ModelsError::Unreadable { path: folder.to_owned(), error };
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            let Ok(name) = entry.map_err(failed)?.file_name().into_string() else { continue };
            if is_served(&name) && self.is_plain(&path.join(&name)) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The folders that hold a model, in order.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.find(&self.root, "", MAX_DEPTH, &mut found);
        found.sort_unstable();
        found
    }

    fn find(&self, folder: &Path, name: &str, depth: usize, found: &mut Vec<String>) {
        if !name.is_empty() && self.is_plain(&folder.join(MODEL_FILE)) {
            found.push(name.to_owned());
        }
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten().filter(|_| depth > 0) {
            let Ok(part) = entry.file_name().into_string() else { continue };
            let Ok(Some(real)) = self.real(&entry.path()) else { continue };
            if is_served(&part) && real.is_dir() {
                let name = if name.is_empty() { part } else { format!("{name}/{part}") };
                self.find(&real, &name, depth - 1, found);
            }
        }
    }

    fn folder(&self, name: &str) -> Result<PathBuf, ModelsError> {
        let none = || ModelsError::NoFolder(name.to_owned());
        if !is_folder(name) {
            return Err(none());
        }
        let real = self.real(&self.root.join(name));
        let real = real
            .map_err(|error| ModelsError::Unreadable { path: name.to_owned(), error })?
            .ok_or_else(none)?;
        if real.is_dir() { Ok(real) } else { Err(none()) }
    }

    fn is_plain(&self, path: &Path) -> bool {
        matches!(self.real(path), Ok(Some(real)) if real.is_file())
    }

    /// Where a path leads, if that is in the folder.
    fn real(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        match fs::canonicalize(path) {
            Ok(real) => Ok(real.starts_with(&self.root).then_some(real)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => {
                    Ok(None)
                }
                _ => Err(error),
            },
        }
    }
}
