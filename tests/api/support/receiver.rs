//! Receivers of webhooks that answer well, badly or not at all, and names that lead where a test wants.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use escalation_tracker::webhook::address::{Names, Rules};
use escalation_tracker::webhook::send::Outside;
use escalation_tracker::webhook::signature::{
    ID, Refused, SIGNATURE, SignedHeaders, TIMESTAMP, VerifyingKey, verify,
};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Got {
    /// The first line.
    pub line: String,
    /// The headers, by small names.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Got {
    /// A header, empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// `webhook-id`.
    pub fn id(&self) -> &str {
        self.header(ID)
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether one of these keys signed it.
    pub fn verify(&self, keys: &[&str], now: Timestamp) -> Result<(), Refused> {
        let keys: Vec<_> = keys.iter().map(|key| VerifyingKey::parse(key).unwrap()).collect();
        let header = |name: &str| self.headers.get(name).map(String::as_str);
        let headers = SignedHeaders {
            id: header(ID),
            timestamp: header(TIMESTAMP),
            signature: header(SIGNATURE),
        };
        verify(&keys, headers, &self.body, now)
    }
}

/// What a receiver does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers with this status and further headers.
    Status(u16, Vec<(&'static str, String)>),
    /// Waits, then answers 200.
    After(Duration),
    /// Never answers.
    Hang,
    /// Sends exactly this, and closes.
    Bytes(Vec<u8>),
    /// Sends this, then so much of the second over and over until nobody listens.
    Endless(Vec<u8>, Vec<u8>, Duration),
}

/// Answers 200.
pub fn ok() -> Reply {
    Reply::Status(200, Vec::new())
}

/// A running receiver.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    connections: Arc<Mutex<usize>>,
}

impl Receiver {
    /// A receiver that does what `script` says of each request and how many came before it.
    pub async fn start(script: impl Fn(&Got, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (got, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let script = Arc::new(script);
        let (all, count) = (Arc::clone(&got), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *count.lock().unwrap() += 1;
                let (script, all) = (Arc::clone(&script), Arc::clone(&all));
                tokio::spawn(async move {
                    let _ = serve(stream, &*script, &all).await;
                });
            }
        });
        Self { address, got, connections }
    }

    /// A receiver that answers 200.
    pub async fn good() -> Self {
        Self::start(|_, _| ok()).await
    }

    /// Its address for messages.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What arrived.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

async fn serve(
    mut stream: TcpStream,
    script: &(impl Fn(&Got, usize) -> Reply + Send + Sync),
    all: &Mutex<Vec<Got>>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    let got = Got { line, headers, body: bytes[end + 4..].to_vec() };
    let before = {
        let mut all = all.lock().unwrap();
        all.push(got.clone());
        all.len() - 1
    };
    match script(&got, before) {
        Reply::Status(status, headers) => {
            let headers: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let answer = format!(
                "HTTP/1.1 {status} X\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await?;
        }
        Reply::After(wait) => {
            tokio::time::sleep(wait).await;
            stream
                .write_all(b"HTTP/1.1 200 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .await?;
        }
        Reply::Hang => tokio::time::sleep(Duration::from_secs(600)).await,
        Reply::Bytes(bytes) => stream.write_all(&bytes).await?,
        Reply::Endless(first, more, every) => {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&more).await?;
                tokio::time::sleep(every).await;
            }
        }
    }
    stream.shutdown().await
}

/// Names that lead where a test says; all others to a public address that nobody calls.
#[derive(Default)]
pub struct TestNames(Mutex<HashMap<String, Vec<IpAddr>>>);

impl TestNames {
    /// From now on this name leads there.
    pub fn lead(&self, name: &str, to: &[&str]) {
        let to = to.iter().map(|text| text.parse().unwrap()).collect();
        self.0.lock().unwrap().insert(name.to_owned(), to);
    }
}

impl Names for TestNames {
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let known = self.0.lock().unwrap().get(host).cloned();
        let usual = || vec!["93.184.215.14".parse().unwrap()];
        Box::pin(async move { Ok(known.unwrap_or_else(usual)) })
    }
}

/// A way out that may call these receivers, and port 9, where nobody listens.
pub fn outside(receivers: &[&Receiver]) -> Outside {
    outside_by(receivers.iter().map(|it| it.address.to_string()).collect(), None)
        .with_names(Arc::new(TestNames::default()))
}

/// The same for listed receivers by their names, with further certificates.
pub fn outside_by(listed: Vec<String>, roots: Option<&[u8]>) -> Outside {
    let listed = listed.iter().map(String::as_str).chain(["127.0.0.1:9"]);
    let rules = Rules {
        listed: listed.map(|it| it.parse().unwrap()).collect(),
        listed_without_tls: true,
        own: ["tracker.example.org".to_owned()].into(),
    };
    Outside::new(rules, roots).unwrap().with_deadline(Duration::from_secs(2))
}
