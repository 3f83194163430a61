//! `settings_files`: settings of a policy that are read from files, so that a policy's text and data stay what they are.
//!
//! What a file comes to follows from its name alone: `.json` is its value, `.tar.gz` and `.tgz` are an object of the texts
//! in it by path, and any other file is its text. A list of files is an object by name. The policy gets one JSON object,
//! as if all of it were in `settings`.

use flate2::read::MultiGzDecoder;
use portcullis_config::{ConfigError, SourceFile};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use toml::Spanned;

use super::raw::FileOrFiles;

/// The most that one file may hold, unpacked too.
const MAX_BYTES: u64 = 32 << 20;
/// The most files of an archive.
const MAX_ENTRIES: usize = 10_000;

/// Adds what the files come to. Each path that is read is added to `paths`.
pub(super) fn add(
    files: BTreeMap<String, Spanned<FileOrFiles>>,
    settings: &mut Map<String, Value>,
    paths: &mut Vec<PathBuf>,
    source_file: &SourceFile<'_>,
) -> Result<(), ConfigError> {
    for (key, files) in files {
        let wrong = |message: String| source_file.wrong(&files.span(), message);
        if settings.contains_key(&key) {
            return Err(wrong(format!("`{key}` is in `settings` too")));
        }
        let mut read = |name: &str| {
            let path = source_file.path(name);
            paths.push(path.clone());
            self::read(&path).map_err(|error| wrong(format!("`{}`: {error}", path.display())))
        };
        let value = match files.get_ref() {
            FileOrFiles::File(name) => read(name)?,
            FileOrFiles::Files(names) => {
                let values = names.iter().map(|name| Ok((name.clone(), read(name)?)));
                values.collect::<Result<Map<_, _>, ConfigError>>()?.into()
            }
        };
        settings.insert(key, value);
    }
    Ok(())
}

fn read(path: &Path) -> Result<Value, ReadError> {
    // Opening a pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(ReadError::NotAFile);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReadError::TooLong);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        return texts(&bytes).map(Value::Object);
    }
    if name.ends_with(".json") {
        return Ok(serde_json::from_slice(&bytes)?);
    }
    String::from_utf8(bytes).map(Value::String).map_err(|_| ReadError::NotText(None))
}

/// The texts of an archive. Nothing is written anywhere, so paths need no check.
fn texts(archive: &[u8]) -> Result<Map<String, Value>, ReadError> {
    let mut archive = tar::Archive::new(MultiGzDecoder::new(archive).take(MAX_BYTES + 1));
    let mut texts = Map::new();
    let mut left = MAX_BYTES;
    for (count, entry) in archive.entries()?.enumerate() {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        let path = entry.path()?.to_string_lossy().into_owned();
        if kind.is_dir() {
            continue;
        }
        if !kind.is_file() {
            return Err(ReadError::NotAFileInArchive(path));
        }
        left = left.checked_sub(entry.size()).ok_or(ReadError::TooLong)?;
        if count >= MAX_ENTRIES {
            return Err(ReadError::TooLong);
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| ReadError::NotText(Some(path.clone())))?;
        if texts.insert(path.clone(), text.into()).is_some() {
            return Err(ReadError::Twice(path));
        }
    }
    Ok(texts)
}

/// Why a file cannot be a setting.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is no regular file")]
    NotAFile,
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("it has more than 32 MiB, unpacked, or more than {MAX_ENTRIES} files")]
    TooLong,
    #[error("{}it is not UTF-8 text", .0.as_ref().map(|path| format!("`{path}` in it: ")).unwrap_or_default())]
    NotText(Option<String>),
    #[error("`{0}` in it is neither a file nor a folder")]
    NotAFileInArchive(String),
    #[error("it has `{0}` twice")]
    Twice(String),
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use flate2::write::GzEncoder;
    use std::fs;
    use std::path::Path;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), flate2::Compression::default()));
        let mut folder = tar::Header::new_gnu();
        folder.set_entry_type(tar::EntryType::Directory);
        folder.set_size(0);
        archive.append_data(&mut folder, "app/", &[][..]).unwrap();
        for (path, contents) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(contents.len() as u64);
            archive.append_data(&mut header, path, *contents).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }

    fn load(folder: &Path, policy: &str) -> Result<Config, String> {
        let file = folder.join("portcullis.toml");
        let text = format!("[[policies]]\nname = \"p\"\nmodule = \"builtin:allow\"\n{policy}");
        fs::write(&file, text).unwrap();
        Config::load(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn files_become_settings_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("a.rego"), "package a\n").unwrap();
        fs::write(path.join("data.json"), "{\"b\": [1]}").unwrap();
        fs::write(path.join("b.tar.gz"), archive(&[("app/x.rego", b"package x"), ("data.json", b"{}")]))
            .unwrap();
        let config = load(
            path,
            "settings = { query = \"q\" }\nsettings_files = { text = \"a.rego\", files = [\"a.rego\"], data = \"data.json\", \
             bundle = \"b.tar.gz\" }",
        )
        .unwrap();
        assert_eq!(
            config.policies[0].settings,
            r#"{"bundle":{"app/x.rego":"package x","data.json":"{}"},"data":{"b":[1]},"files":{"a.rego":"package a\n"},"query":"q","text":"package a\n"}"#
        );
        let read = ["b.tar.gz", "data.json", "a.rego", "a.rego"].map(|name| path.join(name));
        assert_eq!(config.policy_files, read);
    }

    #[test]
    fn what_cannot_be_a_setting_is_refused_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("bad.json"), "{").unwrap();
        fs::write(path.join("bad.txt"), [0xff]).unwrap();
        fs::write(path.join("bad.tgz"), archive(&[("policy.wasm", &[0xff])])).unwrap();
        fs::write(path.join("twice.tgz"), archive(&[("a", b"1"), ("a", b"2")])).unwrap();
        fs::write(path.join("cut.tgz"), &archive(&[("a", b"1")])[..40]).unwrap();
        // Unpacked, it has more than it may.
        let zeros = vec![0; 33 << 20];
        fs::write(path.join("bomb.tgz"), archive(&[("a", &zeros)])).unwrap();
        for (files, expected) in [
            ("{ a = \"none\" }", "none`: No such file or directory"),
            ("{ a = \".\" }", "it is no regular file"),
            ("{ a = \"bad.json\" }", "bad.json`: EOF while parsing an object"),
            ("{ a = \"bad.txt\" }", "bad.txt`: it is not UTF-8 text"),
            ("{ a = \"bad.tgz\" }", "`policy.wasm` in it: it is not UTF-8 text"),
            ("{ a = \"twice.tgz\" }", "it has `a` twice"),
            ("{ a = \"cut.tgz\" }", "cut.tgz`: "),
            ("{ a = \"bomb.tgz\" }", "it has more than 32 MiB, unpacked"),
            ("{ x = \"bad.txt\" }", "`x` is in `settings` too"),
            ("{ a = 1 }", "expected a file's name in quotes, or a list of them"),
        ] {
            let error = load(path, &format!("settings = {{ x = 1 }}\nsettings_files = {files}")).err();
            let error = error.unwrap_or_default();
            assert!(error.contains("portcullis.toml:5:") && error.contains(expected), "{files}: {error}");
        }
    }
}
