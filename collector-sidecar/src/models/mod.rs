//! Serves the folder of the user's own models: an index of each model with the
//! hashes of its files, and the files, whole or in ranges.

mod download;
mod error;
mod folder;
mod hashes;
mod http;
mod path;
mod range;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

pub use error::{FolderError, ModelsError};
pub use folder::{Folder, MODEL_FILE, Stamp};
pub use hashes::{Entry, Index, sha256};
pub use http::{Shelf, router};
pub use path::ModelPath;

use hashes::Hashes;

/// The models in a folder, and what is known of them.
#[derive(Debug)]
pub struct Models {
    folder: Folder,
    hashes: Hashes,
    /// Held while files are hashed: one reader is enough for a disk, and who
    /// waits finds the hash there.
    turn: Arc<Mutex<()>>,
}

impl Models {
    /// The models in the folder at `root`.
    ///
    /// # Errors
    /// When it is no folder, or cannot be read.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let folder = Folder::open(root)?;
        Ok(Self { folder, hashes: Hashes::default(), turn: Arc::default() })
    }

    /// The folder; what is asked of it waits for the disk.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Opens a file.
    ///
    /// # Errors
    /// Why it is not there.
    pub async fn file(self: &Arc<Self>, path: ModelPath) -> Result<(File, Stamp), ModelsError> {
        self.beside(move |models| models.folder.file(&path)).await
    }

    /// The index of a model's folder; hashes files where that was not done yet,
    /// which goes on when nobody waits for it any more.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn index(self: &Arc<Self>, folder: &str) -> Result<Index, ModelsError> {
        let name = folder.to_owned();
        let known = self.beside(move |models| models.hashes.known(&models.folder, &name));
        if let Some(index) = known.await? {
            return Ok(index);
        }
        let turn = self.turn.clone().lock_owned().await;
        let name = folder.to_owned();
        self.beside(move |models| {
            let _turn = turn;
            models.hashes.index(&models.folder, &name)
        })
        .await
    }

    /// Hashes the files of `models` before they are asked for.
    pub async fn prepare(self: Arc<Self>, models: Vec<String>) {
        for model in models {
            match self.index(&model).await {
                Ok(_) => tracing::debug!("hashed the files of the model {model}"),
                Err(error) => tracing::warn!("cannot hash the files of the model {model}: {error}"),
            }
        }
    }

    /// Runs what waits for the disk beside the threads that serve connections.
    async fn beside<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, ModelsError> + Send + 'static,
    ) -> Result<T, ModelsError> {
        let models = self.clone();
        let done = spawn_blocking(move || work(&models));
        done.await.map_err(|error| ModelsError::Internal(error.to_string()))?
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    /// A folder of one test, gone when dropped.
    pub(crate) struct Scratch(PathBuf);

    impl Scratch {
        pub(crate) fn new(name: &str) -> Self {
            let process = std::process::id();
            let path = std::env::temp_dir().join(format!("collector-{name}-{process}"));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }

        pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn path(folder: &str, file: &str) -> ModelPath {
        ModelPath { folder: folder.to_owned(), file: file.to_owned() }
    }

    #[test]
    fn only_what_is_in_the_folder_is_opened() {
        let outside = Scratch::new("outside");
        let secret = outside.write("secret", b"secret");
        let scratch = Scratch::new("links");
        // As Kubernetes mounts a volume.
        scratch.write("m/..data/model.onnx", b"model");
        symlink("..data/model.onnx", scratch.path().join("m/model.onnx")).unwrap();
        symlink(&secret, scratch.path().join("m/secret")).unwrap();
        symlink(outside.path(), scratch.path().join("m/way-out")).unwrap();
        symlink(outside.path(), scratch.path().join("out")).unwrap();
        symlink("circle", scratch.path().join("m/circle")).unwrap();
        scratch.write("m/.hidden", b"");
        scratch.write("a/b/model.onnx", b"model");

        let models = Folder::open(scratch.path()).unwrap();
        assert_eq!(models.names("m").unwrap(), ["model.onnx"]);
        assert_eq!(models.models(), ["a/b", "m"]);
        assert_eq!(models.file(&path("m", "model.onnx")).unwrap().1.bytes, 5);
        for (folder, file) in [
            ("m", "secret"),
            ("m/way-out", "secret"),
            ("out", "secret"),
            ("m", ".hidden"),
            ("m", "..data"),
            ("m/..data", "model.onnx"),
            ("m/..", "m"),
            ("a", "b"),
            ("a/b/model.onnx", "x"),
            ("", "m"),
            ("m", &"x".repeat(300)),
        ] {
            let error = models.file(&path(folder, file)).unwrap_err();
            let is_none = matches!(error, ModelsError::NoFolder(_) | ModelsError::NoFile { .. });
            assert!(is_none, "{folder} {file}: {error}");
        }
        let error = models.file(&path("m", "circle")).unwrap_err();
        assert!(matches!(error, ModelsError::Unreadable { .. }), "{error}");
    }

    #[test]
    fn a_folder_that_is_none_is_named() {
        let scratch = Scratch::new("none");
        let file = scratch.write("file", b"");
        for missing in [scratch.path().join("missing"), file] {
            let error = Folder::open(&missing).unwrap_err().to_string();
            let expected = format!("the models folder {} cannot be read: ", missing.display());
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[tokio::test]
    async fn an_index_is_made_once() {
        let scratch = Scratch::new("index");
        scratch.write("m/model.onnx", b"model");
        let models = Arc::new(Models::open(scratch.path()).unwrap());
        models.clone().prepare(vec!["m".to_owned(), "missing".to_owned()]).await;
        // Answered although it is somebody's turn: everything is known.
        let _turn = models.turn.lock().await;
        let index = models.index("m").await.unwrap();
        assert_eq!(index.files["model.onnx"], Entry { bytes: 5, sha256: sha256(b"model") });
    }
}
