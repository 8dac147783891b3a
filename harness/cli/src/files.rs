//! Files are written whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::exit::Trouble;

/// Writes a file by way of a temporary one beside it, and its folders where they are missing.
///
/// # Errors
/// The place cannot be written; what was there before is untouched.
pub fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    put(path, text).map_err(|error| Trouble::Unwritable(path.display().to_string(), error))
}

fn put(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".kickout-")
        .permissions(ordinary())
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Readable by others, as any file a program writes; temporary files are not by default.
#[cfg(unix)]
fn ordinary() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o644)
}
