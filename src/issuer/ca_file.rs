//! The certificate authority as a private file that a target can be told to trust.

use super::error::IssuerError;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A file that only its owner can read, removed when dropped.
#[derive(Debug)]
pub(super) struct CaFile(PathBuf);

impl CaFile {
    /// Writes it into the folder for temporary files, under a name that nobody can foresee.
    pub(super) fn write(pem: &str) -> Result<Self, IssuerError> {
        let mut random = [0_u8; 12];
        let folder = std::env::temp_dir();
        let failed = |path: &Path, source| IssuerError::CaFile { path: path.to_owned(), source };
        aws_lc_rs::rand::fill(&mut random).map_err(|error| failed(&folder, io::Error::other(error)))?;
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("gauntlet-issuer-ca-{name}.pem"));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(|error| failed(&path, error))?;
        let written = CaFile(path);
        file.write_all(pem.as_bytes()).map_err(|error| failed(&written.0, error))?;
        Ok(written)
    }

    /// Where it lies.
    pub(super) fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for CaFile {
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
    fn it_is_private_and_goes_away() {
        let file = CaFile::write("pem").unwrap();
        let path = PathBuf::from(file.path());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "pem");
        drop(file);
        assert!(!path.exists());
    }
}
