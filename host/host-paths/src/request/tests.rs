//! What a request says once its paths are resolved.

use portcullis_contract::docker::{HostPath, Mount, Request, Workload};
use std::collections::BTreeMap;

use super::{add, named};
use crate::limits::MAX_PATHS;
use crate::walk::RealPath;

fn real(path: &str, changeable: &[&str]) -> RealPath {
    let links = if path == "/etc/x" { vec!["/srv".to_owned()] } else { Vec::new() };
    RealPath { path: path.into(), changeable: changeable.iter().map(|&d| d.to_owned()).collect(), links }
}

fn bind(path: &str) -> Mount {
    let path = Some(path.to_owned());
    Mount { kind: "bind".into(), source: path.clone(), host_path: path, ..Mount::default() }
}

fn host_path(path: &str) -> HostPath {
    HostPath { path: path.into(), why: "log-option".into(), access: "write".into() }
}

fn request(mounts: Vec<Mount>, host_paths: Vec<HostPath>) -> Request {
    let workload = Some(Workload { mounts, ..Workload::default() });
    Request { workload, host_paths, ..Request::default() }
}

#[test]
fn absolute_paths_are_named_once() {
    let volume = Mount { kind: "volume".into(), source: Some("data".into()), ..Mount::default() };
    let mut request =
        request(vec![bind("/srv/b"), volume, bind("/srv/a")], vec![host_path("/srv/a"), host_path("x")]);
    request.volume =
        Some(Mount { kind: "volume".into(), host_path: Some("/data".into()), ..Mount::default() });
    assert_eq!(named(&request).unwrap(), ["/data", "/srv/a", "/srv/b"]);
    let many = (0..=MAX_PATHS).map(|n| bind(&format!("/srv/{n}"))).collect();
    assert!(named(&super::tests::request(many, Vec::new())).is_err());
}

#[test]
fn a_path_that_leads_elsewhere_is_a_further_one() {
    let mut request = request(vec![bind("/srv/a"), bind("/etc")], vec![host_path("/srv/log")]);
    let found = BTreeMap::from([
        ("/srv/a".to_owned(), real("/etc/x", &["/srv"])),
        ("/etc".to_owned(), real("/etc", &[])),
        ("/srv/log".to_owned(), real("/run/x.sock", &["/srv"])),
    ]);
    add(&mut request, &found);
    let mounts = request.workload.unwrap().mounts;
    let shown: Vec<_> =
        mounts.iter().map(|mount| (mount.source.as_deref().unwrap(), &mount.extra[..])).collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let led =
        [pair("real-path", "/etc/x"), pair("changeable-directory", "/srv"), pair("link-directory", "/srv")];
    let further = [&led[..], &[pair("real-path-of", "/srv/a")]].concat();
    assert_eq!(
        shown,
        [("/srv/a", &led[..]), ("/etc", &[pair("real-path", "/etc")][..]), ("/etc/x", &further[..])]
    );
    assert_eq!(mounts[2].host_path.as_deref(), Some("/etc/x"));
    assert_eq!(request.host_paths, [host_path("/srv/log"), host_path("/run/x.sock")]);
    assert_eq!(request.extra, [pair("real-paths", "true"), pair("changeable-directory:/srv/log", "/srv")]);
}

#[test]
fn a_volume_is_judged_by_what_was_named_and_by_what_it_leads_to() {
    for (read_only, access) in [(false, "write"), (true, "read")] {
        let volume =
            Mount { kind: "volume".into(), host_path: Some("/srv/a".into()), read_only, ..Mount::default() };
        let mut request = Request { volume: Some(volume), ..Request::default() };
        add(&mut request, &BTreeMap::from([("/srv/a".to_owned(), real("/etc", &[]))]));
        assert_eq!(request.volume.unwrap().host_path.as_deref(), Some("/srv/a"));
        let led = HostPath { path: "/etc".into(), why: "volume-option".into(), access: access.into() };
        assert_eq!(request.host_paths, [led]);
    }
}

#[test]
fn each_layer_of_a_volume_is_a_path() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let volume = Mount {
        kind: "volume".into(),
        host_path: Some("/srv".into()),
        extra: vec![pair("host-path", "/srv/l"), pair("host-path", "/srv/u")],
        ..Mount::default()
    };
    let mut request = Request { volume: Some(volume), ..Request::default() };
    assert_eq!(named(&request).unwrap(), ["/srv", "/srv/l", "/srv/u"]);
    let found = [("/srv", "/srv"), ("/srv/l", "/etc"), ("/srv/u", "/srv/u")];
    add(&mut request, &found.iter().map(|(path, to)| ((*path).to_owned(), real(to, &[]))).collect());
    let paths: Vec<_> = request.host_paths.iter().map(|path| path.path.as_str()).collect();
    assert_eq!(paths, ["/srv/l", "/srv/u", "/etc"]);
}
