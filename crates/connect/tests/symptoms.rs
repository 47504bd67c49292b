//! The same few sentences of a PSA have many causes: each is brought about on a real server, and told apart.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::{ClientError, Credentials, Options, Psa, Secret};
use bitting_connect::ConnectError;
use bitting_connect::symptom::explain;
use bitting_connect::verify::{Asked, verify};
use bitting_connect::wanted::Choices;
use bitting_connect::{held, keys};
use support::{Server, applied, choices, data, profile, registry, verified};

/// The cause told for a key that opens nothing.
fn cause(key: &Psa, choices: &Choices) -> String {
    let profile = profile("umbrella");
    let report = verify(&Asked {
        key,
        profile: &profile,
        choices,
        registry: registry(),
        catalog: &data().1,
        admin: None,
        write_probes: false,
        probes_only: false,
    });
    match report {
        Err(ConnectError::Client(error)) => explain(&error).expect("a diagnosis").cause,
        Err(error) => panic!("{error}"),
        Ok(report) => panic!("{}", report.text()),
    }
}

#[test]
fn keys_that_open_nothing_are_told_apart() {
    let server = Server::start(false);
    let operator = server.operator();
    let profile = profile("umbrella");
    let choices = choices(&profile, &[]);
    let done = applied(&operator, &profile, &choices);
    let cut = keys::cut(&operator, done.member, "test", None).expect("a key");
    let open = |company: &str, private: &str, client_id: Option<&str>| {
        let credentials = Credentials {
            company: company.to_owned(),
            public_key: cut.public_key.clone(),
            private_key: Secret::new(private),
            client_id: client_id.map(str::to_owned),
        };
        Psa::open(server.http(), credentials, &Options::default())
    };
    let private = cut.private_key.reveal();
    let wrong = open("bitting", "wrong", Some(server.client_id())).expect("a way");
    assert!(cause(&wrong, &choices).contains("the key opens nothing"));
    let anonymous = open("bitting", private, None).expect("a way");
    assert!(cause(&anonymous, &choices).contains("clientId"));
    let Err(error @ ClientError::Company { .. }) =
        open("nowhere", private, Some(server.client_id()))
    else {
        panic!("an unknown company opens")
    };
    assert!(
        explain(&error)
            .expect("a diagnosis")
            .cause
            .contains("company id is wrong")
    );
    // The certificate is of a local authority, which nobody knows without its file.
    let credentials = Credentials {
        company: "bitting".to_owned(),
        public_key: cut.public_key.clone(),
        private_key: Secret::new(private),
        client_id: None,
    };
    let Err(error) = Psa::open(server.https(), credentials, &Options::default()) else {
        panic!("an unknown authority is trusted")
    };
    assert!(matches!(error, ClientError::Certificate { .. }), "{error}");
    let key = open("bitting", private, Some(server.client_id())).expect("a way");
    assert_eq!(
        verified(&key, None, &profile, &choices, false).exit_code(),
        0
    );
    operator
        .patch(
            &format!("{}/{}", held::MEMBERS, done.member),
            &[("inactiveFlag".to_owned(), true.into())],
        )
        .expect("an inactive member");
    assert!(cause(&key, &choices).contains("inactive member"));
}

#[test]
fn a_key_of_another_server_is_told() {
    let (here, there) = (Server::start(false), Server::start(false));
    let profile = profile("umbrella");
    let choices = choices(&profile, &[]);
    let done = applied(&there.operator(), &profile, &choices);
    // The same member exists here too; what differs is whose key it is.
    applied(&here.operator(), &profile, &choices);
    let cut = keys::cut(&there.operator(), done.member, "test", None).expect("a key");
    let lost = here.with(&cut.public_key, cut.private_key.reveal(), false);
    let cause = cause(&lost, &choices);
    assert!(
        cause.contains("a key of another company or server"),
        "{cause}"
    );
}

#[test]
fn what_is_no_psa_is_told_as_such() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 404 Not Found\r\ncontent-length: 15\r\nconnection: close\r\n\r\n<html>no</html>",
            );
        }
    });
    let credentials = Credentials {
        company: "bitting".to_owned(),
        public_key: "p".to_owned(),
        private_key: Secret::new("s"),
        client_id: Some("c".to_owned()),
    };
    let key = Psa::open(&address, credentials, &Options::default()).expect("a way");
    let profile = profile("umbrella");
    let cause = cause(&key, &choices(&profile, &[]));
    assert!(cause.contains("is not the API of a PSA"), "{cause}");
}

#[test]
fn a_location_that_hides_shows_in_counts() {
    let server = Server::start(true);
    let operator = server.operator();
    let profile = profile("umbrella");
    let mut choices = choices(&profile, &[]);
    choices.role = Some("Narrow".to_owned());
    choices.member = Some("narrow".to_owned());
    choices.location = Some("West".to_owned());
    let done = applied(&operator, &profile, &choices);
    let key = server.key(done.member);
    let report = verified(&key, Some(&operator), &profile, &choices, false);
    assert_eq!(report.exit_code(), 0);
    let told = report
        .diagnoses
        .iter()
        .find(|found| found.symptom.contains("company/companies"))
        .expect("a diagnosis");
    assert!(told.cause.contains("location"), "{told:?}");
}
