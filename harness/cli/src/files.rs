//! Files are written whole or not at all, and read up to a limit.

use std::io::{Read, Write};
use std::path::Path;

use crate::exit::Trouble;

/// Writes a file by way of a temporary one beside it, and its folders where they are missing.
///
/// # Errors
/// The place cannot be written; what was there before is untouched.
pub fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    put(path, text).map_err(|error| Trouble::Unwritable(path.display().to_string(), error))
}

/// Reads a text file of at most `most` bytes.
///
/// # Errors
/// It cannot be read, is larger, or is no text.
pub fn read(path: &Path, most: u64) -> Result<String, Trouble> {
    let shown = path.display().to_string();
    let mut text = String::new();
    let unreadable = |error| Trouble::Unreadable(shown.clone(), error);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let size = file
        .take(most + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    match size as u64 > most {
        true => Err(Trouble::Usage(format!(
            "{shown} is larger than {most} bytes"
        ))),
        false => Ok(text),
    }
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
