//! Certificates that live as long as a test: no key is ever committed. Needs `rcgen`.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A CA, with its certificate in a file.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, as PEM files `cert.pem` and `key.pem` beside the CA's `ca.pem`: the folder is what
/// `DOCKER_CERT_PATH` wants.
pub struct Issued {
    pub folder: PathBuf,
    pub ca: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// Makes one whose files are in this folder.
    pub fn new(folder: &Path, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
        Self { folder: folder.to_owned(), issuer: Issuer::new(params, key) }
    }

    /// For a server at `localhost` and `127.0.0.1`.
    pub fn server(&self, name: &str) -> Issued {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        self.issue(name, &names, "Servers", ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// For a client: `CN=name,O=organization`.
    pub fn client(&self, name: &str, organization: &str) -> Issued {
        self.issue(name, &[], organization, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// For a workload: an X.509-SVID with this SPIFFE ID.
    pub fn workload(&self, name: &str, id: &str) -> Issued {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        self.sign(name, params, "Workloads", ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(
        &self,
        name: &str,
        names: &[String],
        organization: &str,
        purpose: ExtendedKeyUsagePurpose,
    ) -> Issued {
        self.sign(name, CertificateParams::new(names).unwrap(), organization, purpose)
    }

    fn sign(
        &self,
        name: &str,
        mut params: CertificateParams,
        organization: &str,
        purpose: ExtendedKeyUsagePurpose,
    ) -> Issued {
        let key = KeyPair::generate().unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, organization);
        params.extended_key_usages = vec![purpose];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        let issued = Issued {
            ca: folder.join("ca.pem"),
            certificate: folder.join("cert.pem"),
            key: folder.join("key.pem"),
            folder,
        };
        fs::copy(self.folder.join("ca.pem"), &issued.ca).unwrap();
        fs::write(&issued.certificate, certificate.pem()).unwrap();
        fs::write(&issued.key, key.serialize_pem()).unwrap();
        fs::set_permissions(&issued.key, fs::Permissions::from_mode(0o600)).unwrap();
        issued
    }
}
