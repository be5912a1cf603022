//! SHA-256 of the files of models, computed once for each state of a file.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::ModelsError;
use super::folder::{Folder, Stamp};
use super::path::ModelPath;

const CHUNK_BYTES: usize = 256 << 10;

/// What `index.json` says of a folder.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Index {
    /// Its plain files, by name.
    pub files: BTreeMap<String, Entry>,
}

/// What `index.json` says of a file.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Entry {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// The hashes that are known.
#[derive(Debug, Default)]
pub struct Hashes {
    known: Mutex<HashMap<(String, String), (Stamp, String)>>,
}

impl Hashes {
    /// The index of a folder, `None` where a hash is not known yet.
    ///
    /// # Errors
    /// Why there is none.
    pub fn known(&self, models: &Folder, folder: &str) -> Result<Option<Index>, ModelsError> {
        let mut files = BTreeMap::new();
        for file in models.names(folder)? {
            let path = ModelPath { folder: folder.to_owned(), file };
            let (_, stamp) = models.file(&path)?;
            let Some(sha256) = self.get(&path, stamp) else { return Ok(None) };
            files.insert(path.file, Entry { bytes: stamp.bytes, sha256 });
        }
        Ok(Some(Index { files }))
    }

    /// The index of a folder; reads the files whose hashes are not known.
    ///
    /// # Errors
    /// Why there is none.
    pub fn index(&self, models: &Folder, folder: &str) -> Result<Index, ModelsError> {
        let mut files = BTreeMap::new();
        for file in models.names(folder)? {
            let path = ModelPath { folder: folder.to_owned(), file };
            let entry = self.entry(models, &path)?;
            files.insert(path.file, entry);
        }
        Ok(Index { files })
    }

    fn entry(&self, models: &Folder, path: &ModelPath) -> Result<Entry, ModelsError> {
        let (file, stamp) = models.file(path)?;
        if let Some(sha256) = self.get(path, stamp) {
            return Ok(Entry { bytes: stamp.bytes, sha256 });
        }
        let name = || format!("{}/{}", path.folder, path.file);
        let failed = |error| ModelsError::Unreadable { path: name(), error };
        let sha256 = hash(&file).map_err(failed)?;
        // By name: the file that was read may have been replaced meanwhile.
        if models.file(path)?.1 != stamp {
            return Err(ModelsError::Changing(name()));
        }
        let key = (path.folder.clone(), path.file.clone());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, (stamp, sha256.clone()));
        Ok(Entry { bytes: stamp.bytes, sha256 })
    }

    fn get(&self, path: &ModelPath, stamp: Stamp) -> Option<String> {
        let key = (path.folder.clone(), path.file.clone());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, sha256) = known.get(&key)?;
        (*of == stamp).then(|| sha256.clone())
    }
}

/// The SHA-256 of bytes, in lower-case hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hash(mut file: &File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hex(&hasher.finalize())),
            length => hasher.update(chunk.get(..length).unwrap_or_default()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to memory does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::models::tests::Scratch;

    /// Of nothing and of `abc`; source: FIPS 180-2.
    const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_file_is_hashed_again_when_it_changed() {
        let scratch = Scratch::new("hashes");
        scratch.write("m/empty", b"");
        let file = scratch.write("m/model.onnx", b"abc");
        let models = Folder::open(scratch.path()).unwrap();
        let hashes = Hashes::default();
        assert_eq!(hashes.known(&models, "m").unwrap(), None);
        let index = hashes.index(&models, "m").unwrap();
        assert_eq!(index.files["empty"], Entry { bytes: 0, sha256: NOTHING.to_owned() });
        assert_eq!(index.files["model.onnx"], Entry { bytes: 3, sha256: ABC.to_owned() });
        assert_eq!(hashes.known(&models, "m").unwrap(), Some(index));

        // Of the same length and time it counts as the same file.
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        let set = |time: SystemTime| {
            File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
        };
        fs::write(&file, b"abd").unwrap();
        set(modified);
        assert_eq!(hashes.index(&models, "m").unwrap().files["model.onnx"].sha256, ABC);
        set(modified + Duration::from_secs(1));
        assert_eq!(hashes.known(&models, "m").unwrap(), None);
        let index = hashes.index(&models, "m").unwrap();
        assert_eq!(index.files["model.onnx"].sha256, sha256(b"abd"));
    }
}
