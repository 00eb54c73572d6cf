use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use super::*;
use crate::token::fixture::{ISSUER, NOW, claims, claims_with, profile};
use crate::{SigningKey, Verifier};

const CERTIFICATE: &[u8] = include_bytes!("../../tests/data/localhost.test-cert.pem");
const KEY: &[u8] = include_bytes!("../../tests/data/localhost.test-key.pk8");

/// A server on this machine, which answers each request for a path with what a function makes of the path.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivatePkcs8KeyDer::from(KEY.to_vec());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()],
                key.into(),
            )
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind(("localhost", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        // The thread ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    request.push(byte[0]);
                }
                // A client that does not trust the certificate says nothing.
                let request = String::from_utf8(request).unwrap();
                if let Some(path) = request.split(' ').nth(1).map(str::to_owned) {
                    seen.lock().unwrap().push(request);
                    // A client may go away before the end.
                    let _ = stream.write_all(answer(&path).as_bytes());
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        });
        Self { port, requests }
    }

    fn uri(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn response(headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// With the server's certificate as the one root.
fn https() -> Https {
    Https::new().root_certificates(CERTIFICATE).unwrap()
}

fn failure(https: &Https, uri: &str) -> String {
    let error = https.keys(uri).unwrap().refresh(NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
    error.to_string()
}

#[test]
fn keys_are_got_and_asked_for_again_when_their_time_is_over() {
    let key = SigningKey::generate_ed25519("k1").unwrap();
    let jwks = key.jwks();
    let server = Server::new(move |path| {
        assert_eq!(path, "/jwks.json");
        response("Cache-Control: public, max-age=900\r\n", &jwks)
    });
    let keys = https().keys(&server.uri("/jwks.json")).unwrap();
    let own = crate::Profile::issuer(ISSUER).audience("api").keys(keys);
    let verifier = Verifier::new([own]).unwrap();
    let mut long = claims();
    long["exp"] = (NOW + 100_000).into();
    let token = key.sign(&long, "at+jwt").unwrap();
    assert_eq!(server.asked(), 0);
    for (seconds, asked) in [(0, 1), (899, 1), (900, 2), (1_799, 2), (1_800, 3)] {
        verifier.verify(&token, NOW + seconds).unwrap();
        assert_eq!(server.asked(), asked, "{seconds}");
    }
    let request = server.requests.lock().unwrap()[0].to_ascii_lowercase();
    assert!(request.starts_with("get /jwks.json http/1.1\r\n"), "{request}");
    assert!(request.contains("accept: application/jwk-set+json"), "{request}");
    for secret in ["cookie", "authorization", "referer"] {
        assert!(!request.contains(secret), "{request}");
    }
}

#[test]
fn a_time_to_keep_that_is_absurd_is_cut_to_its_bounds() {
    for (headers, expected) in [
        ("Cache-Control: max-age=0\r\n", Some(60)),
        ("Cache-Control: max-age=4294967295\r\n", Some(86_400)),
        ("Cache-Control: no-cache, MAX-AGE=\"120\"\r\n", Some(120)),
        ("Cache-Control: max-age=-1\r\n", None),
        ("Cache-Control: max-age=soon\r\n", None),
        ("Cache-Control: no-store\r\n", None),
        ("", None),
    ] {
        let server = Server::new(move |_| response(headers, "x"));
        let got = get(&https().agent(), &server.uri("/"), KEYS_TYPE, 10).unwrap();
        assert_eq!(got, (b"x".to_vec(), expected), "{headers}");
    }
}

#[test]
fn a_server_that_fails_leaves_the_last_good_keys() {
    let key = SigningKey::generate_ed25519("k1").unwrap();
    let (jwks, asked) = (key.jwks(), AtomicUsize::new(0));
    let server = Server::new(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => response("", &jwks),
        1 => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        _ => response("", "{\"keys\":[]}"),
    });
    let source = https().keys(&server.uri("/")).unwrap();
    assert!(source.refresh(NOW).unwrap());
    assert!(source.refresh(NOW + 1).unwrap_err().to_string().contains("503"));
    let empty = source.refresh(NOW + 2).unwrap_err();
    assert_eq!(empty.kind(), ErrorKind::KeyInvalid);
    assert_eq!(source.keys().iter().count(), 1);
    assert_eq!(source.status().failed.unwrap().0, NOW + 2);
}

#[test]
fn no_redirect_is_followed() {
    for target in ["https://localhost/elsewhere", "http://localhost/", "/other"] {
        let server = Server::new(move |_| {
            format!(
                "HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        });
        assert!(
            failure(&https(), &server.uri("/")).contains("redirect"),
            "{target}"
        );
        assert_eq!(server.asked(), 1);
    }
}

#[test]
fn an_answer_that_is_too_long_is_refused_at_the_bound() {
    let fits = "x".repeat(MAX_FETCHED_KEYS_BYTES);
    let server = Server::new(move |path| match path {
        "/fits" => response("", &fits),
        "/counted" => response("", &format!("{fits}x")),
        // Without a length, and without an end that the client would wait for.
        _ => format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{fits}{fits}"),
    });
    let agent = https().agent();
    let body = |path: &str| get(&agent, &server.uri(path), KEYS_TYPE, MAX_FETCHED_KEYS_BYTES);
    assert_eq!(body("/fits").unwrap().0.len(), MAX_FETCHED_KEYS_BYTES);
    for path in ["/counted", "/endless"] {
        assert!(body(path).unwrap_err().contains("longer"), "{path}");
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind(("localhost", 0)).unwrap();
    let uri = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    assert!(failure(&https().timeout(1), &uri).contains("timeout"));
}

#[test]
fn a_certificate_of_no_known_root_or_of_another_name_is_refused() {
    let server = Server::new(|_| response("", "{}"));
    let unknown = failure(&Https::new(), &server.uri("/"));
    assert!(unknown.contains("certificate"), "{unknown}");
    let other = failure(&https(), &format!("https://127.0.0.1:{}/", server.port));
    assert!(
        other.contains("certificate") || other.contains("refused"),
        "{other}"
    );
    assert_eq!(server.asked(), 0);
}

#[test]
fn only_https_addresses_are_taken() {
    for uri in [
        "http://id.example.com/jwks.json",
        "HTTPS://id.example.com/jwks.json",
        "file:///etc/passwd",
        "https://",
        "https:///jwks.json",
        "https://user@id.example.com/",
        "id.example.com/jwks.json",
        "",
    ] {
        assert_eq!(
            https().keys(uri).unwrap_err().kind(),
            ErrorKind::Configuration,
            "{uri}"
        );
        assert!(https().status_lists(uri).is_err(), "{uri}");
    }
    let error = https().status_lists("https://id.example.com/lists").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn root_certificates_are_certificates_in_pem() {
    for pem in [
        &b"no pem"[..],
        b"",
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        let error = Https::new().root_certificates(pem).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
}

#[test]
fn status_lists_are_got_below_their_address_alone() {
    let key = Arc::new(SigningKey::generate_ed25519("k1").unwrap());
    let signer = Arc::clone(&key);
    let port = Arc::new(AtomicUsize::new(0));
    let of_server = Arc::clone(&port);
    let server = Server::new(move |path| {
        let sub = format!("https://localhost:{}{path}", of_server.load(Ordering::SeqCst));
        let list = json!({"sub": sub, "iat": NOW, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}});
        response("", &signer.sign(&list, "statuslist+jwt").unwrap())
    });
    port.store(server.port.into(), Ordering::SeqCst);
    let lists = https().status_lists(&server.uri("/lists/")).unwrap();
    let verifier = Verifier::new([profile(&[&key]).status_lists(lists)]).unwrap();
    let verify = |uri: &str, index: u32| {
        let status = json!({"status_list": {"idx": index, "uri": uri}});
        let token = key.sign(&claims_with("status", status), "at+jwt").unwrap();
        verifier
            .verify(&token, NOW)
            .map(drop)
            .map_err(|error| error.kind())
    };
    assert_eq!(verify(&server.uri("/lists/1"), 1), Ok(()));
    assert_eq!(verify(&server.uri("/lists/1"), 0), Err(ErrorKind::TokenStatus));
    assert_eq!(server.asked(), 1);
    for path in [
        "/",
        "/lists/",
        "/list/1",
        "/lists/../1",
        "/lists/.",
        "/lists//1",
        "/lists/1?a",
        "/lists/%2e%2e/1",
    ] {
        assert_eq!(
            verify(&server.uri(path), 1),
            Err(ErrorKind::StatusUnavailable),
            "{path}"
        );
    }
    assert_eq!(
        verify("https://169.254.169.254/lists/1", 1),
        Err(ErrorKind::StatusUnavailable)
    );
    assert_eq!(server.asked(), 1);
}
