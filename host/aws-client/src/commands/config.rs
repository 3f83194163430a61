//! `portcullis aws config`: a profile for each role, so that SDKs and the AWS CLI find credentials by name.

use serde_json::json;
use std::path::{Path, PathBuf};

use super::{block_on, print};
use crate::api::Api;
use crate::connection::{Connection, Method, Resolved};
use crate::error::AwsClientError;
use crate::files;
use crate::profiles::{profile, profile_name, replace, word};
use crate::role::RoleName;
use crate::settings;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file [default: `~/.aws/config`]
    #[arg(long, value_name = "FILE", env = "AWS_CONFIG_FILE")]
    file: Option<PathBuf>,
    /// The AWS region of the profiles [default: that of the login, or none]
    #[arg(long)]
    region: Option<String>,
    /// The program that the profiles run [default: this one]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), AwsClientError> {
    let connection = arguments.connection.resolve()?;
    let path = match &arguments.file {
        Some(file) => file.clone(),
        None => settings::home("AWS_CONFIG_FILE")?.join(".aws/config"),
    };
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?,
    };
    let roles = block_on(async { Api::new(&connection).await?.roles().await })?;
    let region = arguments.region.as_ref().or(connection.region.as_ref());
    if let Some(region) = region.filter(|region| !is_region(region)) {
        return Err(AwsClientError::Unquotable(region.clone()));
    }
    let region = region.map(String::as_str);
    let options = options(&arguments.connection.effective(), &connection)?;
    let program = quoted(&program.to_string_lossy())?;
    let mut profiles = Vec::new();
    for role in &roles {
        profiles.push(entry(role, &program, &options, region)?);
    }
    let old = files::read(&path)?;
    let old = old.as_ref().map(|bytes| bytes.as_slice()).unwrap_or_default();
    let new = replace(old, &profiles).map_err(|why| AwsClientError::Profiles { path: path.clone(), why })?;
    let is_changed = new != old;
    if is_changed {
        files::write(&path, &new)?;
    }
    let names: Vec<_> = profiles.iter().map(|(name, _)| name).collect();
    if arguments.json {
        let text = json!({ "file": path.to_string_lossy(), "changed": is_changed, "profiles": names });
        return print(&format!("{text}\n"));
    }
    let what = if is_changed { "written" } else { "unchanged" };
    let mut text = format!("{}: {} profiles, {what}\n", path.display(), names.len());
    for name in names {
        text.extend(["  ", name, "\n"]);
    }
    print(&text)
}

/// The profile of a role, by its name.
fn entry(
    role: &RoleName,
    program: &str,
    options: &str,
    region: Option<&str>,
) -> Result<(String, String), AwsClientError> {
    let name = profile_name(role);
    let command =
        format!("{program} aws credentials {} --format process{options}", quoted(&role.to_string())?);
    let text = profile(&name, &command, region);
    Ok((name, text))
}

/// The options that a profile's command has: those that were given, and the mount. What `login` stored is looked up when
/// the command runs.
fn options(given: &Connection, resolved: &Resolved) -> Result<String, AwsClientError> {
    let mut text = format!(" --url {}", quoted(resolved.url.as_str())?);
    let mut add = |option: &str, value: &str| -> Result<(), AwsClientError> {
        text.extend([" ", option, " ", &quoted(value)?]);
        Ok(())
    };
    if let Some(ca) = &given.ca {
        add("--ca", &absolute(ca)?)?;
    }
    match &resolved.method {
        Method::TokenFile(file) => add("--token-file", &absolute(file)?)?,
        Method::Basic { user, password_file } if given.user.is_some() => {
            add("--user", user)?;
            if let Some(file) = password_file {
                add("--password-file", &absolute(file)?)?;
            }
        }
        _ => {}
    }
    Ok(text)
}

/// SDKs run the command in their own folder.
fn absolute(path: &Path) -> Result<String, AwsClientError> {
    Ok(std::path::absolute(path)?.to_string_lossy().into_owned())
}

fn quoted(text: &str) -> Result<String, AwsClientError> {
    word(text).ok_or_else(|| AwsClientError::Unquotable(crate::error::sanitize(text)))
}

fn is_region(region: &str) -> bool {
    !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
