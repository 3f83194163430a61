//! `portcullis docker spec`: what to write where, so that dockerd asks this host.
//!
//! dockerd looks for a plugin by name: a socket in `/run/docker/plugins`, then a `.spec` or `.json` file in
//! `/etc/docker/plugins` (moby `pkg/plugins/discovery.go`). Only a `.json` file can make it check our certificate.

use portcullis_listen::Address;
use serde_json::json;
use std::path::{Path, PathBuf};

use super::{config_of, print};
use portcullis_server::{Config, Endpoint, ServeError};

/// The plugin's name where nothing else gives it one.
const NAME: &str = "portcullis";
/// Where dockerd looks for sockets.
const SOCKETS: &str = "/run/docker/plugins";
/// Where it looks for files.
const FILES: &str = "/etc/docker/plugins";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration that says where the Docker plugin listens
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The plugin's name for dockerd
    #[arg(long, default_value = NAME)]
    name: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let config = config_of(arguments.config.as_deref())?;
    let Some(endpoint) = config.listen.docker.first() else {
        return Err(ServeError::Usage(
            "`[listen] docker` is empty: the Docker plugin listens nowhere".into(),
        ));
    };
    let (name, file) = plugin(endpoint, &arguments.name);
    if let Some((path, text)) = file {
        print(format_args!("# {}\n{text}\n", path.display()));
    } else {
        print(format_args!("# {} is where dockerd looks: no further file is needed\n", endpoint.address));
    }
    print(format_args!(
        "# /etc/docker/daemon.json, beside what is there\n{:#}\n",
        json!({ "authorization-plugins": [name] })
    ));
    print("# then restart dockerd, and see that it asks:\nportcullis docker doctor");
    Ok(())
}

/// The name by which dockerd knows the plugin.
pub(super) fn name(config: &Config) -> String {
    config.listen.docker.first().map_or_else(|| NAME.to_owned(), |endpoint| plugin(endpoint, NAME).0)
}

/// The plugin's name, and the file that dockerd finds it by where the socket alone does not do.
fn plugin(endpoint: &Endpoint, name: &str) -> (String, Option<(PathBuf, String)>) {
    let file = |ending: &str, text: String| Some((Path::new(FILES).join(format!("{name}.{ending}")), text));
    match &endpoint.address {
        Address::Unix(path) => match path.file_stem().and_then(|stem| stem.to_str()) {
            Some(stem) if path.parent() == Some(Path::new(SOCKETS)) => (stem.to_owned(), None),
            _ => (name.to_owned(), file("spec", format!("unix://{}", path.display()))),
        },
        Address::Tcp { host, port } => {
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            let written = match &endpoint.tls {
                None => file("spec", format!("tcp://{host}:{port}")),
                Some(tls) => {
                    let mut keys = json!({ "CAFile": "CA-OF-THIS-HOST.pem" });
                    if tls.client_ca.is_some() {
                        keys["CertFile"] = "CERTIFICATE-OF-DOCKERD.pem".into();
                        keys["KeyFile"] = "KEY-OF-DOCKERD.pem".into();
                    }
                    let addr = format!("https://{host}:{port}");
                    file("json", format!("{:#}", json!({ "Name": name, "Addr": addr, "TLSConfig": keys })))
                }
            };
            (name.to_owned(), written)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_config::Location;
    use portcullis_listen::TlsFiles;

    fn endpoint(address: &str, tls: Option<TlsFiles>) -> Endpoint {
        let address = Address::parse(address).unwrap();
        Endpoint { address, tls, mode: None, group: None, location: Location::default() }
    }

    #[test]
    fn what_dockerd_needs_for_each_kind_of_address() {
        assert_eq!(
            plugin(&endpoint("unix:/run/docker/plugins/guard.sock", None), "p"),
            ("guard".into(), None)
        );
        let (name, file) = plugin(&endpoint("unix:/run/p/guard.sock", None), "p");
        assert_eq!((name.as_str(), file.unwrap().1.as_str()), ("p", "unix:///run/p/guard.sock"));
        let file = plugin(&endpoint("[::1]:9000", None), "p").1.unwrap();
        assert_eq!(file, ("/etc/docker/plugins/p.spec".into(), "tcp://[::1]:9000".into()));
    }

    #[test]
    fn tls_needs_the_json_file_since_a_spec_is_never_checked() {
        let tls = |client_ca| TlsFiles { certificate: "c".into(), key: "k".into(), client_ca };
        let (path, text) = plugin(&endpoint("10.0.0.1:9000", Some(tls(Some("ca".into())))), "p").1.unwrap();
        assert_eq!(path, Path::new("/etc/docker/plugins/p.json"));
        assert!(text.contains("https://10.0.0.1:9000") && text.contains("CertFile"), "{text}");
        assert!(!plugin(&endpoint("10.0.0.1:9000", Some(tls(None))), "p").1.unwrap().1.contains("CertFile"));
    }
}
