//! Where dockerd looks for a plugin (moby `pkg/plugins/discovery.go`): the folders are the machine's, so names
//! are ours alone and files go when the test does.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A plugin's entry.
#[derive(Debug)]
pub struct Plugin {
    /// For `--authorization-plugin`.
    pub name: String,
    file: PathBuf,
}

fn unique() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("portcullis-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Plugin {
    /// A socket in `/run/docker/plugins`. Nothing is made there: the program that serves the plugin makes its socket.
    pub fn socket() -> Self {
        let name = unique();
        let file = Path::new("/run/docker/plugins").join(format!("{name}.sock"));
        Self { name, file }
    }

    /// A `.spec` that names a URL: `unix:///path` or `tcp://host:port`.
    pub fn spec(url: &str) -> Self {
        Self::written("spec", url)
    }

    /// A `.json`, as needed for TLS: `{"Name", "Addr", "TLSConfig": {"CAFile", "CertFile", "KeyFile"}}`.
    pub fn json(value: &serde_json::Value) -> Self {
        Self::written("json", &value.to_string())
    }

    fn written(ending: &str, text: &str) -> Self {
        let name = unique();
        let folder = Path::new("/etc/docker/plugins");
        fs::create_dir_all(folder).unwrap();
        let file = folder.join(format!("{name}.{ending}"));
        fs::write(&file, text).unwrap();
        Self { name, file }
    }

    /// The entry's file: for [`Plugin::socket`] where to listen.
    pub fn path(&self) -> &Path {
        &self.file
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        // The folder stays: another test may be about to use it.
        let _ = fs::remove_file(&self.file);
    }
}
