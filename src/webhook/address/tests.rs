//! The list B130 to B141 of addresses that must not be called, and some that may.

use super::*;

fn read(text: &str) -> Result<String, NotAllowed> {
    let own = BTreeSet::from(["tracker.example.org".to_owned()]);
    Rules { own, ..Rules::default() }.read(text).map(|url| url.to_string())
}

#[test]
fn public_https_names_may_be_called() {
    for text in [
        "https://hooks.example.org/escalations",
        "https://hooks.example.org",
        "HTTPS://Hooks.Example.org:443/a?b=c",
        "https://hooks.example.org:8443/a",
        "https://xn--bcher-kva.example/",
        "https://a.b.c.d.example.co.uk/x%20y",
        "https://hooks.example.org./",
    ] {
        assert!(read(text).is_ok(), "{text}");
    }
}

#[test]
fn other_schemes_and_forms_are_refused() {
    for text in [
        "http://hooks.example.org/",
        "file:///etc/passwd",
        "gopher://hooks.example.org/",
        "ftp://hooks.example.org/",
        "data:text/plain,x",
        "//hooks.example.org/",
        "https:hooks.example.org",
        "https:/hooks.example.org",
        "https:///hooks.example.org",
        "https://",
        "https://?x",
        "https://:443/",
        "hooks.example.org",
        "",
        "javascript://hooks.example.org/",
        "wss://hooks.example.org/",
    ] {
        assert_eq!(read(text), Err(NotAllowed::NotHttps), "{text}"); // B130
    }
}

#[test]
fn numbers_are_refused_however_they_are_written() {
    for host in [
        // B131
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "0",
        "0x7f.1",
        "[::]",
        "[::1]",
        // B132
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "[fc00::1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        // B133
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "8.8.8.8",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
    ] {
        assert_eq!(read(&format!("https://{host}/")), Err(NotAllowed::Number), "{host}");
    }
}

#[test]
fn names_of_inside_networks_are_refused() {
    for host in [
        // B134
        "localhost",
        "localhost.",
        "LOCALHOST",
        "a.internal",
        "metadata.google.internal",
        "intranet",
        "a..b.example",
        "printer.local",
        "x.home.arpa",
        "a.localhost",
        "%6cocalhost",
        "xn--a.example",
        "-a.example.org",
        "a_b.example.org",
        "a.1a.test",
        ".example.org",
    ] {
        assert_eq!(read(&format!("https://{host}/")), Err(NotAllowed::Name), "{host}");
    }
    let long = format!("https://{}.example.org/", "a".repeat(64));
    assert_eq!(read(&long), Err(NotAllowed::Name));
    for look_alike in ["https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "https://１２７.０.０.１/", "https://bücher.example/"]
    {
        assert_eq!(read(look_alike), Err(NotAllowed::Characters), "{look_alike}");
    }
    assert_eq!(read("https://tracker.example.org/v1/escalations"), Err(NotAllowed::Own)); // B141
    assert_eq!(read("https://Tracker.Example.ORG./"), Err(NotAllowed::Own));
}

#[test]
fn user_names_fragments_and_other_ports_are_refused() {
    // B135
    for text in [
        "https://user:password@hooks.example.org/",
        "https://user@hooks.example.org/",
        "https://@hooks.example.org/",
        "https://hooks.example.org/#x",
        "https://hooks.example.org#",
    ] {
        assert_eq!(read(text), Err(NotAllowed::Parts), "{text}");
    }
    for port in [22, 80, 5432, 6379, 8080, 1] {
        let text = format!("https://hooks.example.org:{port}/");
        assert_eq!(read(&text), Err(NotAllowed::Port), "{port}");
    }
    assert_eq!(read("https://a.example\\@127.0.0.1/"), Err(NotAllowed::Characters));
}

#[test]
fn what_a_reader_would_strip_is_refused_in_the_text() {
    // B136
    for text in [
        "https://hooks.example.org/\r\nx",
        "https://hooks.exam\tple.org/",
        "https://hooks.example.org/a b",
        " https://hooks.example.org/",
        "https://hooks.example.org/ ",
        "ht\ntps://hooks.example.org/",
        "https://hooks.example.org/\u{0}",
        "https://hooks.example.org/\u{7f}",
    ] {
        assert_eq!(read(text), Err(NotAllowed::Characters), "{text:?}");
    }
    let long = format!("https://hooks.example.org/{}", "a".repeat(MOST_CHARACTERS));
    assert_eq!(read(&long), Err(NotAllowed::TooLong));
}

/// Gives these addresses for every name.
struct Leads(Vec<&'static str>);

impl Names for Leads {
    fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(self.0.iter().map(|text| text.parse().unwrap()).collect()) })
    }
}

#[tokio::test]
async fn every_address_of_a_name_must_be_public() {
    let rules = Rules::default();
    let ask = async |leads: Vec<&'static str>| {
        let vetted = rules.vet("https://hooks.example.org/", &Leads(leads)).await;
        vetted.map(|it| it.connect)
    };
    let public: Vec<SocketAddr> =
        vec!["93.184.215.14:443".parse().unwrap(), "[2606:4700::1]:443".parse().unwrap()];
    assert_eq!(ask(vec!["93.184.215.14", "2606:4700::1"]).await, Ok(public));
    for inside in [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
    ] {
        assert_eq!(ask(vec![inside]).await, Err(NotAllowed::Inside), "{inside}"); // B137
        assert_eq!(ask(vec!["93.184.215.14", inside]).await, Err(NotAllowed::Inside), "{inside}");
    }
    assert_eq!(ask(vec![]).await, Err(NotAllowed::Unresolved));
}

#[tokio::test]
async fn only_exactly_what_is_listed_may_be_called_inside() {
    let listed = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    let rules = Rules {
        listed: listed(&["127.0.0.1:9000", "hooks.inside.internal:8443", "[::1]:9000"]),
        ..Rules::default()
    };
    let inside = Leads(vec!["10.0.0.7"]);
    for text in
        ["https://127.0.0.1:9000/", "https://[::1]:9000/x", "https://HOOKS.inside.internal:8443/"]
    {
        assert!(rules.vet(text, &inside).await.is_ok(), "{text}");
    }
    for text in [
        "https://127.0.0.1:9001/",
        "https://127.0.0.1/",
        "https://hooks.inside.internal/",
        "http://127.0.0.1:9000/",
        "https://u@127.0.0.1:9000/",
        "https://127.0.0.2:9000/",
    ] {
        assert!(rules.vet(text, &inside).await.is_err(), "{text}");
    }
    let without_tls = Rules { listed_without_tls: true, ..rules };
    assert!(without_tls.read("http://127.0.0.1:9000/").is_ok());
    assert_eq!(without_tls.read("http://hooks.example.org/"), Err(NotAllowed::NotHttps));
    for wrong in
        ["", "a", "a:", ":1", "a:b", "a:0", "a/b:1", "http://a:1", "a b:1", "a:99999", "u@a:1"]
    {
        assert_eq!(wrong.parse::<Listed>(), Err(BadListed), "{wrong}");
    }
}
