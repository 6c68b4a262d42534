//! The private decryption keys as a file that only a target of ours is told of.

use super::error::TargetError;
use crate::model::Secret;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file that only its owner can read, removed when its last holder is gone.
#[derive(Debug, Clone)]
pub(super) struct KeyFile(Arc<Owned>);

#[derive(Debug)]
struct Owned(PathBuf);

impl KeyFile {
    /// Writes it into the folder for temporary files, under a name that nobody can foresee.
    pub(super) fn write(keys: &Secret<String>) -> Result<Self, TargetError> {
        let mut random = [0_u8; 12];
        let folder = std::env::temp_dir();
        let failed = |path: &Path, source| TargetError::KeyFile { path: path.to_owned(), source };
        aws_lc_rs::rand::fill(&mut random).map_err(|error| failed(&folder, io::Error::other(error)))?;
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("gauntlet-decryption-keys-{name}.json"));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(|error| failed(&path, error))?;
        let written = Owned(path);
        file.write_all(keys.reveal().as_bytes()).map_err(|error| failed(&written.0, error))?;
        Ok(KeyFile(Arc::new(written)))
    }

    /// Where it lies.
    pub(super) fn path(&self) -> String {
        self.0.0.to_string_lossy().into_owned()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // It may be gone already; there is nobody left to tell.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_private_and_goes_away_with_its_last_holder() {
        let file = KeyFile::write(&Secret::new("{}".to_owned())).unwrap();
        let (path, other) = (PathBuf::from(file.path()), file.clone());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}");
        drop(file);
        assert!(path.exists());
        drop(other);
        assert!(!path.exists());
    }
}
