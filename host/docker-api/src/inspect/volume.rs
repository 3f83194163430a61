//! A volume that is there. The one who mounts it names it and nothing else, and it may be a directory of the host: the `local`
//! driver hands its options to mount(2).
//!
//! Who looks things up asks for each of [`volumes`] of what is made, and of `Container::volumes`, and adds the mounts that it
//! is. What was made once stays so: a volume has its options for as long as it is there, and it is there for as long as a
//! container has it.

use portcullis_contract::Pairs;
use portcullis_contract::docker::{Mount, Workload};
use std::collections::BTreeSet;

use super::{InspectError, MAX_OPTIONS, check_added};
use crate::facts::volume::reached;
use crate::json::{Value, parse};

/// A volume as it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
    driver: Option<String>,
    options: Pairs,
}

impl Volume {
    /// Reads the response of `VolumeInspect`.
    ///
    /// # Errors
    /// It cannot be read, or not as dockerd writes it.
    pub fn read(text: &[u8]) -> Result<Self, InspectError> {
        let value = parse(text)?;
        let found = value.as_object().ok_or(InspectError::Missing("object"))?;
        let driver = found.get("Driver").and_then(Value::as_str).ok_or(InspectError::Missing("Driver"))?;
        let options = match found.get("Options") {
            None | Some(Value::Null) => Pairs::new(),
            Some(options) => {
                let options = options.as_object().ok_or(InspectError::Missing("Options"))?;
                let pairs =
                    options.iter().map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned())));
                pairs.collect::<Option<_>>().ok_or(InspectError::Missing("Options"))?
            }
        };
        Ok(Self { driver: Some(driver.to_owned()), options })
    }

    /// Adds to a workload what the volume of this name is, beside the mounts that name it.
    ///
    /// # Errors
    /// It has too many mounts, or the options of the volume are too long.
    pub fn add_to(&self, name: &str, workload: &mut Workload) -> Result<(), InspectError> {
        let found = self.mounts(name, &workload.mounts, &workload.mounts)?;
        workload.mounts.extend(found);
        Ok(())
    }

    /// What the volume is where these mounts name it, to be added to `all`. Nothing for one that reaches nothing of the host: who
    /// mounts it has not chosen its file system.
    ///
    /// # Errors
    /// There would be too many mounts, or the options are too long.
    pub(super) fn mounts(
        &self,
        name: &str,
        named: &[Mount],
        all: &[Mount],
    ) -> Result<Vec<Mount>, InspectError> {
        let Some(reached) = reached(self.driver.as_deref(), &self.options) else { return Ok(Vec::new()) };
        let options: usize = self.options.iter().map(|(key, value)| key.len() + value.len()).sum();
        if options > MAX_OPTIONS {
            return Err(InspectError::LongOptions);
        }
        let naming = named.iter().filter(|mount| names(mount) == Some(name)).count();
        check_added(all, naming.saturating_mul(reached.len().max(1)))?;
        let mut found = Vec::new();
        for mount in named.iter().filter(|mount| names(mount) == Some(name)) {
            let mount = Mount {
                driver: self.driver.clone(),
                driver_options: self.options.clone(),
                host_path: None,
                ..mount.clone()
            };
            found.extend(reached.iter().map(|path| Mount { host_path: Some(path.clone()), ..mount.clone() }));
            if reached.is_empty() {
                found.push(mount);
            }
        }
        Ok(found)
    }
}

/// The names of the volumes that a workload mounts, each once. One that is not there is made by the daemon.
pub fn volumes(workload: &Workload) -> BTreeSet<&str> {
    workload.mounts.iter().filter_map(names).collect()
}

/// The volume that a mount names.
pub(super) fn names(mount: &Mount) -> Option<&str> {
    mount.source.as_deref().filter(|name| mount.kind == "volume" && !name.is_empty())
}
