//! Mounts, from every one of the ways to say them.

use portcullis_contract::Pairs;
use portcullis_contract::docker::Mount;

use super::FactError;
use super::fields::Fields;
use super::{path, volume};

/// From the container's configuration and its host configuration, in the order in which dockerd registers them.
pub(super) fn of_container(config: Fields<'_>, host: Fields<'_>) -> Result<Vec<Mount>, FactError> {
    let driver = host.some_text("VolumeDriver")?;
    let mut mounts = Vec::new();
    for entry in host.texts("VolumesFrom")? {
        mounts.push(volumes_from(&entry, &host.place("VolumesFrom"))?);
    }
    for entry in host.texts("Binds")? {
        mounts.push(bind(entry, driver.as_deref(), &host.place("Binds"))?);
    }
    for mount in host.objects("Mounts", "HostConfig.Mounts")? {
        of_spec(mount, &mut mounts)?;
    }
    for (target, options) in host.pairs("Tmpfs")? {
        mounts.push(tmpfs(&target, options));
    }
    for target in config.keys("Volumes")? {
        mounts.push(Mount {
            kind: "volume".to_owned(),
            origin: "volumes".to_owned(),
            as_sent: target.to_owned(),
            target: Some(path::clean(target)),
            driver: driver.clone(),
            ..Mount::default()
        });
    }
    Ok(mounts)
}

/// One entry of `Binds`: `[source:]target[:mode]` (moby volume/mounts, `ParseMountRaw` for Linux).
fn bind(entry: String, driver: Option<&str>, place: &str) -> Result<Mount, FactError> {
    let malformed = || FactError::malformed(place, &entry, "bind such as `/source:/target:ro`");
    let mut parts = entry.split(':');
    let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if first.is_empty() || parts.next().is_some() {
        return Err(malformed());
    }
    let Some(target) = second else {
        return Ok(Mount {
            kind: "volume".to_owned(),
            origin: "binds".to_owned(),
            target: Some(path::clean(first)),
            driver: driver.map(str::to_owned),
            as_sent: entry,
            ..Mount::default()
        });
    };
    let mode = third.unwrap_or_default();
    let is_path = first.starts_with('/');
    let mut mount = Mount {
        kind: if is_path { "bind" } else { "volume" }.to_owned(),
        origin: "binds".to_owned(),
        target: Some(path::clean(target)),
        read_only: is_read_only(mode),
        propagation: mode.split(',').find(|option| is_propagation(option)).map(str::to_owned),
        extra: if mode.is_empty() { Pairs::new() } else { vec![("mode".to_owned(), mode.to_owned())] },
        ..Mount::default()
    };
    if is_path {
        let source = path::clean(first);
        mount.source = Some(source.clone());
        mount.host_path = Some(source);
    } else {
        mount.source = Some(first.to_owned());
        mount.driver = driver.map(str::to_owned);
    }
    mount.as_sent = entry;
    Ok(mount)
}

/// One entry of `VolumesFrom`: `container[:mode]`.
fn volumes_from(entry: &str, place: &str) -> Result<Mount, FactError> {
    let (container, mode) = entry.split_once(':').unwrap_or((entry, ""));
    if container.is_empty() {
        return Err(FactError::malformed(place, entry, "container such as `name:ro`"));
    }
    Ok(Mount {
        kind: "container".to_owned(),
        origin: "volumes-from".to_owned(),
        as_sent: entry.to_owned(),
        source: Some(container.to_owned()),
        read_only: is_read_only(mode),
        ..Mount::default()
    })
}

fn tmpfs(target: &str, options: String) -> Mount {
    Mount {
        kind: "tmpfs".to_owned(),
        origin: "tmpfs".to_owned(),
        as_sent: target.to_owned(),
        target: Some(path::clean(target)),
        read_only: options.split(',').rfind(|o| matches!(*o, "ro" | "rw")) == Some("ro"),
        extra: if options.is_empty() { Pairs::new() } else { vec![("options".to_owned(), options)] },
        ..Mount::default()
    }
}

/// One entry of `Mounts`. A volume whose options reach several paths of the host becomes one mount for each.
pub(super) fn of_spec(spec: Fields<'_>, mounts: &mut Vec<Mount>) -> Result<(), FactError> {
    let kind = spec.text("Type")?;
    let sent = spec.text("Source")?;
    let bind = spec.object("BindOptions", "Mounts.BindOptions")?;
    let volume = spec.object("VolumeOptions", "Mounts.VolumeOptions")?;
    let driver = volume.object("DriverConfig", "Mounts.VolumeOptions.DriverConfig")?;
    let is_path = sent.starts_with('/') && !matches!(kind, "volume" | "tmpfs" | "cluster" | "image");
    let source = if kind == "bind" || is_path { path::clean(sent) } else { sent.to_owned() };
    let mount = Mount {
        kind: kind.to_owned(),
        origin: "mounts".to_owned(),
        as_sent: sent.to_owned(),
        target: Some(spec.text("Target")?).filter(|target| !target.is_empty()).map(path::clean),
        read_only: spec.flag("ReadOnly")?,
        propagation: bind.some_text("Propagation")?,
        driver: driver.some_text("Name")?,
        driver_options: driver.pairs("Options")?,
        host_path: (kind == "bind" || is_path).then(|| source.clone()),
        source: Some(source).filter(|_| !sent.is_empty()),
        extra: spec_extra(spec, bind, volume)?,
    };
    let mut reached = volume::host_paths(mount.driver.as_deref(), &mount.driver_options).into_iter();
    match (mount.host_path.is_some(), reached.next()) {
        (true, first) => {
            let others = first.into_iter().chain(reached);
            mounts.extend(others.map(|path| Mount { host_path: Some(path), ..mount.clone() }));
            mounts.push(mount);
        }
        (false, None) => mounts.push(mount),
        (false, Some(first)) => {
            mounts.extend(reached.map(|path| Mount { host_path: Some(path), ..mount.clone() }));
            mounts.push(Mount { host_path: Some(first), ..mount });
        }
    }
    Ok(())
}

/// What the record has no field for.
fn spec_extra(spec: Fields<'_>, bind: Fields<'_>, volume: Fields<'_>) -> Result<Pairs, FactError> {
    let mut extra = Pairs::new();
    let flags = [
        (bind, "NonRecursive", "non-recursive"),
        (bind, "CreateMountpoint", "create-mountpoint"),
        (bind, "ReadOnlyNonRecursive", "read-only-non-recursive"),
        (bind, "ReadOnlyForceRecursive", "read-only-force-recursive"),
        (volume, "NoCopy", "no-copy"),
    ];
    for (fields, key, name) in flags {
        if fields.is_present() && fields.flag(key)? {
            extra.push((name.to_owned(), "true".to_owned()));
        }
    }
    let image = spec.object("ImageOptions", "Mounts.ImageOptions")?;
    for subpath in [volume.some_text("Subpath")?, image.some_text("Subpath")?].into_iter().flatten() {
        extra.push(("subpath".to_owned(), subpath));
    }
    Ok(extra)
}

fn is_read_only(mode: &str) -> bool {
    mode.split(',').any(|option| option == "ro")
}

fn is_propagation(option: &str) -> bool {
    matches!(option, "private" | "rprivate" | "slave" | "rslave" | "shared" | "rshared")
}
