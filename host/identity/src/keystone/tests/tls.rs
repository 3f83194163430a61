//! Keystone behind TLS.

use super::*;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::path::PathBuf;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

async fn serve(fake: &Arc<fake::Keystone>, names: &[&str]) -> (SocketAddr, String) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = fake.router();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let service = TowerToHyperService::new(router.clone());
            let serving =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(serving);
        }
    });
    (address, made.cert.pem())
}

#[tokio::test]
async fn keystone_is_believed_only_with_a_certificate_that_is_vouched_for() {
    let fake = fake::Keystone::recorded();
    let folder = tempfile::tempdir().unwrap();
    let ca = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path
    };
    let (good, pem) = serve(&fake, &["127.0.0.1"]).await;
    let (named, other_pem) = serve(&fake, &["keystone.example"]).await;
    let vouched = ca("vouched.pem", &pem);
    let other = ca("other.pem", &other_pem);
    for (address, ca, expected) in [
        (good, Some(&vouched), true),
        (good, Some(&other), false),
        (good, None, false),
        (named, Some(&other), false),
    ] {
        let url = format!("https://{address}/v3");
        let options = KeystoneOptions { url, ca: ca.cloned(), ..options(address) };
        match Keystone::new(options) {
            Ok(keystone) => {
                let result = ask(&keystone, &[("X-Auth-Token", "owner")], &Method::GET, "/", start()).await;
                assert_eq!(result.is_ok(), expected, "{address} {ca:?} {result:?}");
                assert!(expected || unavailable(&result));
            }
            // A system without any CA.
            Err(error) => assert!(ca.is_none() && matches!(error, IdentityError::Roots(_)), "{error}"),
        }
    }
    let mut wrong = vec![ca("empty.pem", ""), ca("key.pem", "no PEM"), PathBuf::from("/nowhere/ca.pem")];
    wrong.push(ca("torn.pem", &pem[..pem.len() / 2]));
    for ca in wrong {
        assert!(Keystone::new(KeystoneOptions { ca: Some(ca), ..options(good) }).is_err());
    }
}
