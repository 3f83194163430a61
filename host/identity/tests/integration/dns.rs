//! What a host is called, by a small DNS server on this machine.

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, PTR, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use http::HeaderMap;
use portcullis_contract::types::Principal;
use portcullis_files::FileWatcher;
use portcullis_identity::AuthError;
use portcullis_identity::source::{AuthMethod, AuthRequest, Authenticator, AuthenticatorOptions, HostNames};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

/// What the server says of one name: records, an answer without any, or nothing at all.
#[derive(Debug, Clone)]
enum Says {
    Records(Vec<(RData, u32)>),
    Code(ResponseCode),
    Nothing,
}

/// A server that counts what it is asked, and knows of no name what it is not told.
struct Server {
    zone: Mutex<Vec<(Name, RecordType, Says)>>,
    asked: AtomicUsize,
    address: SocketAddr,
}

/// By its labels, so that a name can have in it what no host's name may.
fn name(text: &str) -> Name {
    let labels = text.split('.').filter(|label| !label.is_empty()).map(str::as_bytes);
    let mut name = Name::from_labels(labels).unwrap();
    name.set_fqdn(true);
    name
}

impl Server {
    async fn start() -> Arc<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let server = Arc::new(Self { zone: Mutex::default(), asked: AtomicUsize::new(0), address });
        let serving = Arc::clone(&server);
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..length]).unwrap();
                if let Some(answer) = serving.answer(&question) {
                    socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
                }
            }
        });
        server
    }

    fn says(&self, of: &str, kind: RecordType, says: Says) {
        self.zone.lock().unwrap().push((name(of), kind, says));
    }

    fn points(&self, of: &str, to: &[&str]) {
        let records = to.iter().map(|to| (RData::PTR(PTR(name(to))), 60));
        self.says(of, RecordType::PTR, Says::Records(records.collect()));
    }

    fn has(&self, of: &str, addresses: &[&str]) {
        let records = addresses.iter().map(|address| (RData::A(A(address.parse().unwrap())), 60));
        self.says(of, RecordType::A, Says::Records(records.collect()));
    }

    fn answer(&self, question: &Message) -> Option<Message> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let query = question.queries.first().unwrap().clone();
        let zone = self.zone.lock().unwrap();
        let known = zone.iter().rev().find(|(of, kind, _)| of == query.name() && *kind == query.query_type());
        let says = known.map_or(Says::Code(ResponseCode::NXDomain), |(_, _, says)| says.clone());
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        match says {
            Says::Nothing => return None,
            Says::Records(records) => {
                for (data, ttl) in records {
                    // What follows an alias stands under the alias's own name.
                    let of = match (&data, answer.answers.last().map(|record| record.data.clone())) {
                        (_, Some(RData::CNAME(alias))) => alias.0,
                        _ => query.name().clone(),
                    };
                    answer.add_answer(Record::from_rdata(of, ttl, data));
                }
            }
            Says::Code(code) => {
                answer.metadata.response_code = code;
                if matches!(code, ResponseCode::NXDomain | ResponseCode::NoError) {
                    let soa = SOA::new(name("ns."), name("me."), 1, 60, 60, 60, 60);
                    answer.add_authority(Record::from_rdata(name("."), 60, RData::SOA(soa)));
                }
            }
        }
        Some(answer)
    }

    async fn source(&self, timeout: Duration) -> Authenticator {
        let host_name = Some(HostNames { servers: vec![self.address], timeout });
        let proof = AuthMethod::Address { host_name };
        let options = AuthenticatorOptions { proof, groups: Vec::new(), max_stale: None };
        Authenticator::open(options, &FileWatcher::idle()).await.unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn ask(source: &Authenticator, peer: &str) -> Result<Principal, AuthError> {
    let headers = HeaderMap::new();
    source
        .authenticate(AuthRequest { headers: &headers, peer: Some(peer.parse().unwrap()), certificate: None })
        .await
        .map(|authenticated| authenticated.principal)
}

/// The name by which the host is known, or `None` if the request was refused.
async fn host_name(source: &Authenticator, peer: &str) -> Option<Option<String>> {
    let principal = ask(source, peer).await.ok()?;
    assert_eq!(principal.name.as_deref(), Some(peer));
    assert_eq!(principal.authentication, "address");
    let mut attributes = principal.attributes.into_iter();
    let found = attributes.next().map(|(key, value)| {
        assert_eq!(key, "host-name");
        value
    });
    assert_eq!(attributes.next(), None);
    Some(found)
}

#[tokio::test]
async fn a_name_counts_only_if_it_leads_back() {
    let server = Server::start().await;
    server.points("1.2.0.192.in-addr.arpa.", &["Host-1.Example.ORG."]);
    server.has("host-1.example.org.", &["192.0.2.99", "192.0.2.1"]);
    // It says that it is another host.
    server.points("2.2.0.192.in-addr.arpa.", &["host-1.example.org."]);
    // The name is not known, or has no address of this kind.
    server.points("3.2.0.192.in-addr.arpa.", &["gone.example.org."]);
    server.points("4.2.0.192.in-addr.arpa.", &["six.example.org."]);
    server.says("six.example.org.", RecordType::A, Says::Code(ResponseCode::NoError));
    // Two names of which one leads back, and two that both do.
    server.points("5.2.0.192.in-addr.arpa.", &["a.example.org.", "b.example.org."]);
    server.has("a.example.org.", &["192.0.2.99"]);
    server.has("b.example.org.", &["192.0.2.5", "192.0.2.6"]);
    server.points("6.2.0.192.in-addr.arpa.", &["c.example.org.", "b.example.org."]);
    server.has("c.example.org.", &["192.0.2.6"]);
    // Names that are none.
    server.points("7.2.0.192.in-addr.arpa.", &["a b.example.org.", "."]);
    server.has("a b.example.org.", &["192.0.2.7"]);
    // By an alias.
    server.points("8.2.0.192.in-addr.arpa.", &["alias.example.org."]);
    let alias = RData::CNAME(CNAME(name("real.example.org.")));
    let real = RData::A(A("192.0.2.8".parse().unwrap()));
    server.says("alias.example.org.", RecordType::A, Says::Records(vec![(alias, 60), (real, 60)]));
    let six = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";
    server.points(six, &["six.example.org."]);
    let address = RData::AAAA(AAAA("2001:db8::1".parse().unwrap()));
    server.says("six.example.org.", RecordType::AAAA, Says::Records(vec![(address, 60)]));
    let source = server.source(Duration::from_secs(10)).await;
    for (peer, expected) in [
        ("192.0.2.1", Some("host-1.example.org")),
        ("192.0.2.2", None),
        ("192.0.2.3", None),
        ("192.0.2.4", None),
        ("192.0.2.5", Some("b.example.org")),
        ("192.0.2.6", Some("b.example.org")),
        ("192.0.2.7", None),
        ("192.0.2.8", Some("alias.example.org")),
        ("192.0.2.9", None),
        ("2001:db8::1", Some("six.example.org")),
    ] {
        assert_eq!(host_name(&source, peer).await, Some(expected.map(String::from)), "{peer}");
    }
    assert!(
        matches!(ask(&source, "::ffff:192.0.2.1").await, Ok(principal) if principal.attributes.len() == 1)
    );
}

#[tokio::test]
async fn a_server_that_does_not_know_better_is_no_answer() {
    let server = Server::start().await;
    for (last, code) in [(1, ResponseCode::ServFail), (2, ResponseCode::Refused), (3, ResponseCode::NotImp)] {
        server.says(&format!("{last}.2.0.192.in-addr.arpa."), RecordType::PTR, Says::Code(code));
    }
    server.points("4.2.0.192.in-addr.arpa.", &["broken.example.org."]);
    server.says("broken.example.org.", RecordType::A, Says::Code(ResponseCode::ServFail));
    let source = server.source(Duration::from_secs(10)).await;
    for peer in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"] {
        let result = ask(&source, peer).await;
        assert!(matches!(&result, Err(AuthError::Unavailable { .. })), "{peer}: {result:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let server = Server::start().await;
    server.says("1.2.0.192.in-addr.arpa.", RecordType::PTR, Says::Nothing);
    let source = server.source(Duration::from_millis(400)).await;
    let start = Instant::now();
    let result = ask(&source, "192.0.2.1").await;
    assert!(matches!(&result, Err(AuthError::Unavailable { .. })), "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "it took {:?}", start.elapsed());
    assert!(server.asked() >= 1);
}

#[tokio::test]
async fn answers_are_kept_for_as_long_as_their_owner_says() {
    let server = Server::start().await;
    server.points("1.2.0.192.in-addr.arpa.", &["host.example.org."]);
    server.has("host.example.org.", &["192.0.2.1"]);
    let once = |of: &str, data| server.says(of, RecordType::PTR, Says::Records(vec![(data, 0)]));
    once("2.2.0.192.in-addr.arpa.", RData::PTR(PTR(name("other.example.org."))));
    let address = RData::A(A("192.0.2.2".parse().unwrap()));
    server.says("other.example.org.", RecordType::A, Says::Records(vec![(address, 0)]));
    let source = server.source(Duration::from_secs(10)).await;
    for (peer, asked) in [("192.0.2.1", 2), ("192.0.2.1", 2), ("192.0.2.2", 4), ("192.0.2.2", 6)] {
        assert!(host_name(&source, peer).await.unwrap().is_some());
        assert_eq!(server.asked(), asked, "{peer}");
    }
}
